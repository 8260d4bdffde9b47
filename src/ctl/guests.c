/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * usbredirctl guests, guest: what there is to know of guests.
 */
#include <stdio.h>
#include <string.h>

#include "ctl/bus.h"
#include "ctl/commands.h"
#include "ctl/listing.h"
#include "ctl/value.h"
#include "util/cleanup.h"
#include "util/macro.h"

/* An array of paths as an array of names. */
static json_t *names_of(enum object_kind kind, const json_t *paths)
{
        CLEANUP(json_decrefp) json_t *names = json_array();
        const json_t *path;
        size_t index;

        json_array_foreach (paths, index, path) {
                if (!json_is_string(path))
                        continue;
                if (json_array_append_new(names, object_name(kind, json_string_value(path))) < 0)
                        return NULL;
        }

        return TAKE(names);
}

static json_t *guest_queue(const struct object *o)
{
        return names_of(OBJECT_DEVICE, json_object_get(o->properties, "Queue"));
}

static json_t *guest_sessions(const struct object *o)
{
        return names_of(OBJECT_SESSION, json_object_get(o->properties, "Sessions"));
}

static json_t *guest_channels(const struct object *o)
{
        CLEANUP(json_decrefp) json_t *channels = json_array();
        const json_t *from;
        size_t index;

        json_array_foreach (json_object_get(o->properties, "Channels"), index, from) {
                const char *address = "", *state = "", *device = "";

                if (json_unpack((json_t *)from, "[s, s, s]", &address, &state, &device) < 0)
                        continue;
                if (json_array_append_new(channels, json_pack("{s:s, s:s, s:s}", "address", address,
                                                              "state", state, "device", device)) <
                    0)
                        return NULL;
        }

        return TAKE(channels);
}

/* "1/4": how many have a device's session, of all that can. One that listens has others for that.
 */
static json_t *guest_used(const struct object *o)
{
        const json_t *channels = json_object_get(o->properties, "Channels"), *channel;
        unsigned used = 0, all = 0;
        size_t index;

        json_array_foreach (channels, index, channel) {
                const char *state = json_string_value(json_array_get(channel, 1));

                used += state && (!strcmp(state, "occupied") || !strcmp(state, "silent"));
                all += state && strcmp(state, "listening") != 0 && strcmp(state, "unbound") != 0;
        }

        return json_sprintf("%u/%u", used, all);
}

static const struct column columns[] = {
        { "name", "Name", .is_shown = true },
        { "state", "State", .is_shown = true, .is_colored = true },
        { "used", .value = guest_used, .is_shown = true },
        { "queue", .value = guest_queue, .is_shown = true, .is_wide = true },
        { "description", "Description", .is_shown = true, .is_wide = true },
        { "last-error", "LastError" },
        { "retry-at", "RetryAtUSec", .format = TEXT_TIME },
        { "channels", .value = guest_channels },
        { "sessions", .value = guest_sessions },
        { "exposed", "Exposed" },
};

const struct listing guest_listing = { OBJECT_GUEST, columns, ELEMENTS(columns) };

enum ctl_exit command_guests(struct ctl *ctl, char **arguments)
{
        return listing_run(ctl, &guest_listing);
}

enum ctl_exit command_guest(struct ctl *ctl, char **arguments)
{
        CLEANUP(json_decrefp) json_t *path = NULL, *all = NULL, *row = NULL;
        enum ctl_exit result;
        struct object guest;

        result = bus_read(ctl, &path, "o", USBREDIR_PATH, MANAGER_INTERFACE, "GetGuest", "s",
                          arguments[0]);
        if (result == CTL_DONE)
                result = objects_get(ctl, &all);
        if (result != CTL_DONE)
                return result;

        if (!objects_find(all, OBJECT_GUEST, json_string_value(path), &guest)) {
                fputs("the guest is gone\n", stderr);
                return CTL_NOT_FOUND;
        }

        row = listing_object(&guest_listing, &guest);
        if (!row)
                return out_of_memory();
        if (ctl->json)
                return print_json(row, JSON_INDENT(2));

        return listing_print_details(&guest_listing, row, 0) < 0 ? out_of_memory() : CTL_DONE;
}
