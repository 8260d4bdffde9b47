/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * usbredirctl attach, detach: what is asked by hand.
 */
#include "ctl/bus.h"
#include "ctl/commands.h"
#include "ctl/listing.h"
#include "ctl/value.h"
#include "util/cleanup.h"

enum ctl_exit command_attach(struct ctl *ctl, char **arguments)
{
        CLEANUP(json_decrefp) json_t *path = NULL, *answer = NULL;
        const char *guest = arguments[1] ? arguments[1] : "", *options[3] = { "", "", "" };
        enum ctl_exit result;
        int n = 0;

        if (ctl->wait)
                options[n++] = "wait";
        if (ctl->hold)
                options[n++] = "hold";
        if (ctl->force)
                options[n++] = "force";
        /* Of the options as many are read as it says. */
        result = bus_order(ctl, &path, "o", "Attach", "ssa{sv}", arguments[0], guest, n, options[0],
                           "b", true, options[1], "b", true, options[2], "b", true);
        if (result != CTL_DONE)
                return result;

        answer =
                json_pack("{s:o}", "session", object_name(OBJECT_SESSION, json_string_value(path)));
        if (!answer)
                return out_of_memory();
        if (ctl->json)
                return print_json(answer, JSON_INDENT(2));

        printf("session %s\n", value_string(answer, "session"));
        return CTL_DONE;
}

/* Each device is tried; the first failure is the exit code. */
enum ctl_exit command_detach(struct ctl *ctl, char **arguments)
{
        enum ctl_exit result = CTL_DONE;

        if (ctl->all)
                return bus_order(ctl, NULL, "", "DetachAll", "");

        for (; *arguments; arguments++) {
                enum ctl_exit one = bus_order(ctl, NULL, "", "Detach", "sa{sv}", *arguments, 0);

                if (result == CTL_DONE)
                        result = one;
        }

        return result;
}
