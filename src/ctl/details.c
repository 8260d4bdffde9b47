/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The columns of a device, then those of its session, each on a line of its own. The daemon finds
 * the device by its name, so that it is found in one way only.
 */
#include "ctl/details.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "ctl/bus.h"
#include "ctl/listing.h"
#include "ctl/value.h"
#include "util/cleanup.h"
#include "util/macro.h"

/* Indentation of what belongs to the line above. */
#define INNER 2

/* Null if the device has no session. */
static enum ctl_exit get_session(struct ctl *ctl, const struct object *device, json_t **ret)
{
        CLEANUP(json_decrefp) json_t *statistics = NULL, *row = NULL;
        const char *path = value_string(device->properties, "Session");
        enum ctl_exit result;
        struct object session;

        if (!objects_find(device->all, OBJECT_SESSION, path, &session)) {
                *ret = json_null();
                return CTL_DONE;
        }

        result = bus_read(ctl, &statistics, "a{sv}", path, object_kinds[OBJECT_SESSION].interface,
                          "GetStatistics", "");
        if (result != CTL_DONE)
                return result;

        row = listing_object(&session_listing, &session);
        if (json_object_set(row, "statistics", statistics) < 0)
                return out_of_memory();

        *ret = TAKE(row);
        return CTL_DONE;
}

static int print_statistics(const json_t *statistics)
{
        const char *key;
        json_t *value;

        printf("%*sstatistics:\n", INNER, "");
        json_object_foreach ((json_t *)statistics, key, value) {
                CLEANUP(freep) char *text = text_of(value, TEXT_PLAIN);

                if (!text)
                        return -ENOMEM;
                printf("%*s", 2 * INNER, "");
                text_print(stdout, key);
                printf(": %s\n", text);
        }

        return 0;
}

static enum ctl_exit print_details(const json_t *details)
{
        const json_t *session = json_object_get(details, "session");
        int r;

        r = listing_print_details(&device_listing, json_object_get(details, "device"), 0);
        if (r == 0 && json_is_object(session)) {
                puts("session:");
                r = listing_print_details(&session_listing, session, INNER);
                if (r == 0)
                        r = print_statistics(json_object_get(session, "statistics"));
        }

        return r < 0 ? out_of_memory() : CTL_DONE;
}

enum ctl_exit details_run(struct ctl *ctl, const char *text)
{
        CLEANUP(json_decrefp) json_t *path = NULL, *all = NULL, *session = NULL, *details = NULL;
        enum ctl_exit result;
        struct object device;

        result =
                bus_read(ctl, &path, "o", USBREDIR_PATH, MANAGER_INTERFACE, "GetDevice", "s", text);
        if (result == CTL_DONE)
                result = objects_get(ctl, &all);
        if (result != CTL_DONE)
                return result;

        if (!objects_find(all, OBJECT_DEVICE, json_string_value(path), &device)) {
                fputs("the device is gone\n", stderr);
                return CTL_NOT_FOUND;
        }

        result = get_session(ctl, &device, &session);
        if (result != CTL_DONE)
                return result;

        details = json_pack("{s:o, s:O}", "device", listing_object(&device_listing, &device),
                            "session", session);
        if (!details)
                return out_of_memory();

        return ctl->json ? print_json(details, JSON_INDENT(2)) : print_details(details);
}
