/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The manager reports that something has changed, not what: many times in a turn of the event
 * loop, or without any difference to be seen. Therefore an object keeps a digest of each property
 * as it was last told; at the end of the turn those that differ are told in one signal.
 *
 * Removals are told at once, while the target is there, and additions later: an object that goes
 * and comes back at the same path within a turn is told in that order.
 */
#include "dbus/object.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <utlist.h>

#include "daemon/device.h"
#include "daemon/guest.h"
#include "daemon/redirection.h"
#include "dbus/digest.h"
#include "dbus/internal.h"
#include "util/cleanup.h"
#include "util/log.h"

const struct object_class object_classes[] = {
        [OBJECT_MANAGER] = { BUS_NAME ".Manager", BUS_PATH, manager_vtable },
        [OBJECT_DEVICE] = { BUS_NAME ".Device", BUS_PATH "/devices", device_vtable },
        [OBJECT_GUEST] = { BUS_NAME ".Guest", BUS_PATH "/guests", guest_vtable },
        [OBJECT_SESSION] = { BUS_NAME ".Session", BUS_PATH "/sessions", session_vtable },
};

/* Returns 0 with a string to free(), or -ENOMEM. */
static int make_path(enum object_kind kind, const void *target, char **ret)
{
        const char *prefix = object_classes[kind].prefix;

        switch (kind) {
        case OBJECT_MANAGER: {
                char *path = strdup(prefix);

                if (!path)
                        return -ENOMEM;
                *ret = path;
                return 0;
        }
        case OBJECT_DEVICE: return sd_bus_path_encode(prefix, device_id(target), ret);
        case OBJECT_GUEST: return sd_bus_path_encode(prefix, guest_name(target), ret);
        case OBJECT_SESSION: {
                const struct redirection *r = target;
                char *path;

                if (asprintf(&path, "%s/%u", prefix, r->number) < 0)
                        return -ENOMEM;
                *ret = path;
                return 0;
        }
        case OBJECT_KINDS_END: break;
        }

        return -EINVAL;
}

int object_add(struct bus *bus, enum object_kind kind, void *target, struct object **ret)
{
        struct object *o;
        int r;

        o = object_find(bus, kind, target);
        if (o) {
                *ret = o;
                return 0;
        }

        o = calloc(1, sizeof(*o));
        if (!o)
                return -ENOMEM;

        *o = (struct object){ .bus = bus, .kind = kind, .target = target };
        r = make_path(kind, target, &o->path);
        if (r < 0) {
                free(o);
                return r;
        }

        DL_APPEND(bus->objects[kind], o);
        *ret = o;
        return 0;
}

void object_remove(struct object *o)
{
        struct bus *bus;

        if (!o)
                return;

        bus = o->bus;
        DL_DELETE(bus->objects[o->kind], o);
        /* The names of the standard interfaces too: they were told when it was added. */
        if (o->is_announced && bus->connection) {
                sd_bus_emit_interfaces_removed(
                        bus->connection, o->path, object_classes[o->kind].interface,
                        "org.freedesktop.DBus.Peer", "org.freedesktop.DBus.Introspectable",
                        "org.freedesktop.DBus.Properties", NULL);
                bus_loop_wake(bus->loop);
        }
        free(o->path);
        free(o);
}

struct object *object_find(const struct bus *bus, enum object_kind kind, const void *target)
{
        struct object *o;

        DL_SEARCH_SCALAR(bus->objects[kind], o, target, target);
        return o;
}

static struct object *find_path_of(const struct bus *bus, enum object_kind kind, const char *path)
{
        struct object *o;

        DL_FOREACH (bus->objects[kind], o)
                if (!strcmp(o->path, path))
                        return o;

        return NULL;
}

struct object *object_find_path(const struct bus *bus, const char *path)
{
        struct object *o = NULL;

        for (enum object_kind kind = 0; kind < OBJECT_KINDS_END && !o; kind++)
                o = find_path_of(bus, kind, path);

        return o;
}

const char *object_path(const struct bus *bus, enum object_kind kind, const void *target)
{
        const struct object *o = target ? object_find(bus, kind, target) : NULL;

        return o ? o->path : OBJECT_NONE;
}

static enum object_kind kind_of_interface(const char *interface)
{
        enum object_kind kind = 0;

        while (kind < OBJECT_KINDS_END && strcmp(object_classes[kind].interface, interface) != 0)
                kind++;

        return kind;
}

static int find(sd_bus *connection, const char *path, const char *interface, void *userdata,
                void **ret_found, sd_bus_error *ret_error)
{
        const struct bus *bus = userdata;
        enum object_kind kind = kind_of_interface(interface);

        *ret_found = kind < OBJECT_KINDS_END ? find_path_of(bus, kind, path) : NULL;
        return *ret_found ? 1 : 0;
}

static void free_strv(char **strings)
{
        for (char **s = strings; s && *s; s++)
                free(*s);
        free(strings);
}

/* The paths of a list of objects, for introspection and GetManagedObjects. */
static int enumerate(sd_bus *connection, const char *prefix, void *userdata, char ***ret_nodes,
                     sd_bus_error *ret_error)
{
        struct object *const *list = userdata;
        struct object *o;
        char **paths;
        size_t n = 0;

        DL_COUNT(*list, o, n);
        paths = calloc(n + 1, sizeof(*paths));
        if (!paths)
                return -ENOMEM;

        n = 0;
        DL_FOREACH (*list, o) {
                paths[n] = strdup(o->path);
                if (!paths[n++]) {
                        free_strv(paths);
                        return -ENOMEM;
                }
        }

        *ret_nodes = paths;
        return 1;
}

int objects_register(struct bus *bus)
{
        sd_bus *c = bus->connection;
        int r;

        r = sd_bus_add_object_manager(c, NULL, BUS_PATH);
        for (enum object_kind kind = 0; kind < OBJECT_KINDS_END && r >= 0; kind++) {
                const struct object_class *class = &object_classes[kind];

                r = sd_bus_add_fallback_vtable(c, NULL, class->prefix, class->interface,
                                               class->vtable, find, bus);
                if (r >= 0 && kind != OBJECT_MANAGER)
                        r = sd_bus_add_node_enumerator(c, NULL, class->prefix, enumerate,
                                                       &bus->objects[kind]);
        }

        return r;
}

static int tell_changes(struct object *o)
{
        const struct object_class *class = &object_classes[o->kind];
        char *names[OBJECT_PROPERTIES_MAX + 1];
        int r;

        r = digest_properties(o, names);
        if (r <= 0)
                return r;

        return sd_bus_emit_properties_changed_strv(o->bus->connection, o->path, class->interface,
                                                   names);
}

static int tell(struct object *o)
{
        int r;

        if (o->is_announced)
                return tell_changes(o);

        r = digest_properties(o, NULL);
        if (r < 0)
                return r;

        o->is_announced = true;
        if (o->kind == OBJECT_MANAGER)
                return 0;
        return sd_bus_emit_object_added(o->bus->connection, o->path);
}

void objects_flush(struct bus *bus)
{
        struct object *o;
        int r;

        if (!bus->connection)
                return;

        for (enum object_kind kind = 0; kind < OBJECT_KINDS_END; kind++)
                DL_FOREACH (bus->objects[kind], o) {
                        if (o->is_announced && !o->has_changed)
                                continue;

                        o->has_changed = false;
                        r = tell(o);
                        if (r < 0 && r != -ENOTCONN && r != -ECONNRESET)
                                log_warning("cannot tell the bus of %s: %s", o->path, strerror(-r));
                }

        bus_loop_wake(bus->loop);
}

void objects_flush_silently(struct bus *bus)
{
        struct object *o;

        for (enum object_kind kind = 0; kind < OBJECT_KINDS_END; kind++)
                DL_FOREACH (bus->objects[kind], o) {
                        o->has_changed = false;
                        o->is_announced = digest_properties(o, NULL) >= 0;
                }
}
