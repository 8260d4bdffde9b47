/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * usbredirctl attach, detach: what is asked by hand.
 */
#include <stdio.h>
#include <string.h>

#include "ctl/bus.h"
#include "ctl/commands.h"
#include "ctl/listing.h"
#include "ctl/objects.h"
#include "ctl/value.h"
#include "util/cleanup.h"

/*
 * The daemon answers with a session when the guest uses the device, or after 20 s, and the session
 * goes on. What has come of it by then? A guest that has the device may not have started yet.
 */
static enum ctl_exit tell_outcome(struct ctl *ctl, const char *path)
{
        CLEANUP(json_decrefp) json_t *all = NULL;
        enum ctl_exit result = objects_get(ctl, &all);
        struct object session;
        const char *state;

        if (result != CTL_DONE)
                return result;
        if (!objects_find(all, OBJECT_SESSION, path, &session)) {
                fputs("the session has ended\n", stderr);
                return CTL_FAILURE;
        }

        state = value_string(session.properties, "State");
        if (!strcmp(state, "forwarding"))
                return CTL_DONE;
        if (!strcmp(state, "offered")) {
                fputs("the guest has the device, and has not used it yet: does its system run?\n",
                      stderr);
                return CTL_DONE;
        }

        fprintf(stderr, "the guest does not answer: the session is %s, and goes on until detach\n",
                state);
        return CTL_FAILURE;
}

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

        if (ctl->wait)
                result = tell_outcome(ctl, json_string_value(path));
        answer =
                json_pack("{s:o}", "session", object_name(OBJECT_SESSION, json_string_value(path)));
        if (!answer)
                return out_of_memory();
        if (ctl->json)
                return print_json(answer, JSON_INDENT(2)) ?: result;

        printf("session %s\n", value_string(answer, "session"));
        return result;
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
