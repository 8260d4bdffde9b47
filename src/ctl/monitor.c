/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * usbredirctl monitor: a copy of the daemon's objects is kept, each signal is applied to it, and
 * what differs is a line. When the daemon is back after a restart, its objects are fetched anew
 * and compared in the same way, so that nothing that happened meanwhile is missed.
 *
 * The objects are fetched without waiting: their reply comes between the signals where it belongs.
 * Signals before it are older than it, and are dropped.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "ctl/bus.h"
#include "ctl/commands.h"
#include "ctl/event.h"
#include "ctl/objects.h"
#include "ctl/value.h"
#include "util/cleanup.h"
#include "util/macro.h"

struct monitor {
        struct ctl *ctl;
        json_t *all;     /* what is known; NULL before the first reply */
        bool is_current; /* the reply of this daemon has come */
        char *daemon;    /* its name on the bus, where its signals come from */
        sd_bus_slot *fetch;
        enum ctl_exit result;
        bool is_over;
};

/* sd-bus forgets what a callback returns: what ends us is kept here. */
static int finish(struct monitor *m, enum ctl_exit result)
{
        m->result = result;
        m->is_over = true;
        return 0;
}

static int check(struct monitor *m, int r)
{
        return r < 0 ? finish(m, bus_error(NULL, r)) : 0;
}

/*
 * A match keeps off what others broadcast, but not what they send to us alone.
 */
static bool is_from(sd_bus_message *message, const char *name)
{
        const char *sender = sd_bus_message_get_sender(message);

        return sender && !strcmp(sender, name);
}

/* A new copy takes the place of the former, if there was one. */
static int replace_all(struct monitor *m, json_t *all)
{
        CLEANUP(json_decrefp) json_t *former = m->all;
        int r = 0;

        m->all = json_incref(all);
        m->is_current = true;
        if (!former)
                return 0;

        for (enum object_kind kind = 0; kind < OBJECT_KINDS_END && r == 0; kind++)
                r = event_compare(m->ctl, kind, former, all);

        return r;
}

static int on_objects(sd_bus_message *reply, void *userdata, sd_bus_error *ret_error)
{
        CLEANUP(json_decrefp) json_t *all = NULL;
        struct monitor *m = userdata;
        int r;

        m->fetch = sd_bus_slot_unref(m->fetch);
        if (sd_bus_message_is_method_error(reply, NULL)) {
                /* Gone again since: the signal that says so, or that it is back, comes. */
                if (m->all)
                        return 0;
                return finish(m, bus_error(sd_bus_message_get_error(reply), 0));
        }

        free(m->daemon);
        m->daemon = strdup(sd_bus_message_get_sender(reply));
        r = m->daemon ? value_read_only(reply, OBJECTS_TYPE, &all) : -ENOMEM;
        return check(m, r < 0 ? r : replace_all(m, all));
}

static int fetch(struct monitor *m)
{
        CLEANUP(sd_bus_message_unrefp) sd_bus_message *call = NULL;
        int r;

        m->is_current = false;
        m->fetch = sd_bus_slot_unref(m->fetch);
        r = sd_bus_message_new_method_call(m->ctl->bus, &call, USBREDIR_NAME, USBREDIR_PATH,
                                           OBJECTS_INTERFACE, "GetManagedObjects");
        if (r >= 0)
                r = sd_bus_message_set_auto_start(call, false);
        if (r >= 0)
                r = sd_bus_call_async(m->ctl->bus, &m->fetch, call, on_objects, m, 0);

        return r;
}

static int on_added(struct monitor *m, sd_bus_message *message)
{
        CLEANUP(json_decrefp) json_t *interfaces = NULL;
        const char *path;
        struct object o;
        json_t *known;
        int r;

        r = sd_bus_message_read_basic(message, SD_BUS_TYPE_OBJECT_PATH, &path);
        if (r >= 0)
                r = value_read(message, &interfaces);
        if (r < 0)
                return r;

        known = json_object_get(m->all, path);
        if (known ? json_object_update(known, interfaces) < 0
                  : json_object_set(m->all, path, interfaces) < 0)
                return -ENOMEM;

        for (enum object_kind kind = 0; kind < OBJECT_KINDS_END && r >= 0; kind++)
                if (json_object_get(interfaces, object_kinds[kind].interface) &&
                    objects_find(m->all, kind, path, &o))
                        r = event_added(m->ctl, &o);

        return r;
}

/* Sessions have a signal of their own, which says why. */
static int on_removed(struct monitor *m, sd_bus_message *message)
{
        CLEANUP(json_decrefp) json_t *interfaces = NULL;
        const char *path;
        struct object o;
        int r;

        r = sd_bus_message_read_basic(message, SD_BUS_TYPE_OBJECT_PATH, &path);
        if (r >= 0)
                r = value_read(message, &interfaces);
        if (r < 0)
                return r;

        for (enum object_kind kind = 0; kind < OBJECT_KINDS_END && r >= 0; kind++) {
                if (kind != OBJECT_SESSION && objects_find(m->all, kind, path, &o))
                        r = event_removed(m->ctl, &o);
        }
        json_object_del(m->all, path);

        return r;
}

static int on_changed(struct monitor *m, sd_bus_message *message)
{
        CLEANUP(json_decrefp) json_t *changed = NULL, *former = NULL;
        const char *interface, *path = sd_bus_message_get_path(message);
        int r;

        r = sd_bus_message_read_basic(message, SD_BUS_TYPE_STRING, &interface);
        if (r >= 0)
                r = value_read(message, &changed);
        if (r < 0)
                return r;

        for (enum object_kind kind = 0; kind < OBJECT_KINDS_END; kind++) {
                struct object o;

                if (strcmp(interface, object_kinds[kind].interface) ||
                    !objects_find(m->all, kind, path, &o))
                        continue;
                former = json_copy(o.properties);
                if (!former || json_object_update(o.properties, changed) < 0)
                        return -ENOMEM;
                return event_changed(m->ctl, &o, former);
        }

        return strcmp(interface, MANAGER_INTERFACE) ? 0 : event_manager_changed(m->ctl, changed);
}

static int on_session_ended(struct monitor *m, sd_bus_message *message)
{
        const char *session, *device, *reason, *text;
        int r;

        r = sd_bus_message_read(message, "ooss", &session, &device, &reason, &text);
        return r < 0 ? r : event_session_ended(m->ctl, session, device, reason, text);
}

static int on_signal(sd_bus_message *message, void *userdata, sd_bus_error *ret_error)
{
        static const struct {
                const char *interface, *member, *types;
                int (*on)(struct monitor *m, sd_bus_message *message);
        } signals[] = {
                { PROPERTY_INTERFACE, "PropertiesChanged", "sa{sv}as", on_changed },
                { OBJECTS_INTERFACE, "InterfacesAdded", "oa{sa{sv}}", on_added },
                { OBJECTS_INTERFACE, "InterfacesRemoved", "oas", on_removed },
                { MANAGER_INTERFACE, "SessionEnded", "ooss", on_session_ended },
        };
        struct monitor *m = userdata;

        if (!m->is_current || !is_from(message, m->daemon))
                return 0;

        for (size_t i = 0; i < ELEMENTS(signals); i++) {
                if (!sd_bus_message_is_signal(message, signals[i].interface, signals[i].member))
                        continue;
                return check(m, sd_bus_message_has_signature(message, signals[i].types)
                                        ? signals[i].on(m, message)
                                        : -EBADMSG);
        }

        return 0; /* a later version's */
}

/* The daemon comes or goes. */
static int on_owner(sd_bus_message *message, void *userdata, sd_bus_error *ret_error)
{
        const char *name, *former, *owner;
        struct monitor *m = userdata;
        int r;

        if (!is_from(message, BUS_NAME))
                return 0;

        r = sd_bus_message_read(message, "sss", &name, &former, &owner);
        if (r >= 0 && *former)
                r = event_daemon(m->ctl, false);
        m->is_current = false;
        if (r >= 0 && *owner)
                r = event_daemon(m->ctl, true);
        if (r >= 0 && *owner)
                r = fetch(m);

        return check(m, r);
}

static int run(struct monitor *m)
{
        int r;

        r = sd_bus_add_match(m->ctl->bus, NULL, BUS_SIGNALS_MATCH, on_signal, m);
        if (r >= 0)
                r = sd_bus_add_match(m->ctl->bus, NULL, BUS_OWNER_MATCH, on_owner, m);
        if (r >= 0)
                r = fetch(m);

        while (r >= 0 && !m->is_over) {
                r = sd_bus_process(m->ctl->bus, NULL);
                if (r == 0)
                        r = sd_bus_wait(m->ctl->bus, UINT64_MAX);
        }

        return r;
}

enum ctl_exit command_monitor(struct ctl *ctl, char **arguments)
{
        struct monitor m = { .ctl = ctl, .result = CTL_DONE };
        int r;

        r = run(&m);
        if (r < 0)
                m.result = bus_error(NULL, r);
        sd_bus_slot_unref(m.fetch);
        json_decref(m.all);
        free(m.daemon);

        return m.result;
}
