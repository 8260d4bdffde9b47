/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The checks of what the daemon has: guests, their channels, devices. An object is told of if
 * something is wrong with it; where nothing is, one line says so.
 */
#include "ctl/doctor.h"

#include <string.h>

#include "ctl/value.h"
#include "util/cleanup.h"

/* All of a kind, one after the other; says so if there is none. */
static void for_each(struct doctor *d, enum object_kind kind,
                     void (*look)(struct doctor *d, const struct object *o))
{
        CLEANUP(freep) struct object *objects = NULL;
        size_t n;

        if (objects_list(d->all, kind, &objects, &n) < 0) {
                d->is_out_of_memory = true;
                return;
        }
        for (size_t i = 0; i < n; i++)
                look(d, &objects[i]);
}

size_t doctor_count(struct doctor *d, enum object_kind kind)
{
        CLEANUP(freep) struct object *objects = NULL;
        size_t n = 0;

        if (objects_list(d->all, kind, &objects, &n) < 0)
                d->is_out_of_memory = true;
        return n;
}

static void look_at_channels(struct doctor *d, const struct object *o)
{
        const char *guest = value_string(o->properties, "Name");
        const char *error = value_string(o->properties, "LastError");
        const json_t *entry;
        size_t index;

        json_array_foreach (json_object_get(o->properties, "Channels"), index, entry) {
                const char *address, *state;

                if (json_unpack((json_t *)entry, "[s, s]", &address, &state) < 0)
                        continue;
                if (!strcmp(state, "silent"))
                        doctor_say(
                                d, LEVEL_WARNING,
                                "guest %s: %s is connected, and says nothing: is the virtual machine "
                                "paused, or busy with another connection?",
                                guest, address);
                else if (!strcmp(state, "failed") || !strcmp(state, "backoff"))
                        doctor_say(d, LEVEL_PROBLEM, "guest %s: %s cannot be reached%s%s", guest,
                                   address, *error ? ": " : "", error);
        }
}

static void look_at_guest(struct doctor *d, const struct object *o)
{
        const char *guest = value_string(o->properties, "Name");
        const char *state = value_string(o->properties, "State");
        const char *error = value_string(o->properties, "LastError");
        size_t before = json_array_size(d->findings);

        if (object_state_is_trouble(state))
                doctor_say(d, LEVEL_PROBLEM, "guest %s: %s%s%s", guest, state, *error ? ": " : "",
                           error);
        else
                look_at_channels(d, o);
        if (json_array_size(d->findings) == before)
                doctor_say(d, LEVEL_OK, "guest %s: %s", guest, state);
}

void doctor_check_guests(struct doctor *d)
{
        for_each(d, OBJECT_GUEST, look_at_guest);
        if (doctor_count(d, OBJECT_GUEST) == 0)
                doctor_say(d, LEVEL_WARNING,
                           "there is no guest: write guests.d/NAME.conf, then "
                           "usbredirctl reload");
}

static void look_at_text(struct doctor *d, const struct object *o)
{
        if (json_is_true(json_object_get(o->properties, "Exposed")))
                doctor_say(
                        d, LEVEL_WARNING,
                        "guest %s: what goes through the network can be read and changed there: write "
                        "[TLS] into its file, or use a unix socket",
                        value_string(o->properties, "Name"));
}

void doctor_check_text(struct doctor *d)
{
        size_t before = json_array_size(d->findings);

        for_each(d, OBJECT_GUEST, look_at_text);
        if (json_array_size(d->findings) == before)
                doctor_say(d, LEVEL_OK, "nothing leaves this machine in clear text");
}

static void look_at_device(struct doctor *d, const struct object *o)
{
        const char *id = value_string(o->properties, "Id");
        const char *state = value_string(o->properties, "State");
        const char *error = value_string(o->properties, "LastError");

        if (object_state_is_trouble(state))
                doctor_say(d, LEVEL_PROBLEM, "device %s: %s%s%s", id, state, *error ? ": " : "",
                           error);
        else if (*error)
                doctor_say(d, LEVEL_WARNING, "device %s: %s", id, error);

        if (!strcmp(value_string(o->properties, "Verdict"), "denied") &&
            !*value_string(o->properties, "Rule") &&
            json_is_true(json_object_get(o->properties, "Settled")))
                doctor_say(d, LEVEL_WARNING,
                           "device %s (%s): not all of it matches a rule: usbredirctl explain %s",
                           id, value_string(o->properties, "Product"), id);
}

void doctor_check_devices(struct doctor *d)
{
        size_t before = json_array_size(d->findings);

        for_each(d, OBJECT_DEVICE, look_at_device);
        if (json_array_size(d->findings) == before)
                doctor_say(d, LEVEL_OK, "%zu devices, each with a rule",
                           doctor_count(d, OBJECT_DEVICE));
}

static void look_at_guard(struct doctor *d, const struct object *o)
{
        const char *guard = value_string(o->properties, "Guard");

        if (*guard)
                doctor_say(d, LEVEL_WARNING, "device %s stays here: %s",
                           value_string(o->properties, "Id"), guard);
}

void doctor_check_guards(struct doctor *d)
{
        size_t before = json_array_size(d->findings);

        for_each(d, OBJECT_DEVICE, look_at_guard);
        if (json_array_size(d->findings) == before)
                doctor_say(d, LEVEL_OK, "no guard holds a device");
}
