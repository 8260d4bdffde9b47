/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The connection, and the manager's observer. The connection comes and goes, as dbus-daemon does;
 * objects stay: each new connection serves the same list. Whatever happens with the bus,
 * sessions and the manager go on.
 */
#include "dbus/bus.h"

#include <errno.h>
#include <string.h>
#include <utlist.h>

#include "daemon/guest.h"
#include "dbus/call.h"
#include "dbus/internal.h"
#include "util/log.h"
#include "util/macro.h"

/* A bus that is restarted is back in less; one that stays away costs nothing. */
#define RETRY_SEC 1

/* Answers of RequestName, as the D-Bus specification has them. */
enum {
        NAME_PRIMARY_OWNER = 1,
        NAME_ALREADY_OWNER = 4,
};

static void disconnect(struct bus *bus)
{
        struct call *call, *next;

        DL_FOREACH_SAFE (bus->calls, call, next)
                call_free(call);
        sleep_forget(bus);
        bus->loop = bus_loop_free(bus->loop);
        bus->connection = sd_bus_close_unref(bus->connection);
}

static void retry_later(struct bus *bus, const char *what, int error)
{
        struct timeval delay = { .tv_sec = RETRY_SEC };

        if (!bus->is_away)
                log_warning("%s: %s; trying again every %i s", what, strerror(-error), RETRY_SEC);
        bus->is_away = true;
        event_add(bus->retry, &delay);
}

static void on_lost(void *userdata, int error)
{
        struct bus *bus = userdata;

        disconnect(bus);
        manager_awake(bus->manager); /* nobody would say so */
        retry_later(bus, "the connection to D-Bus is lost", error);
}

static void refuse(struct bus *bus, const char *why)
{
        struct error error;

        error_set(&error, ERROR_FAILED, "The name " BUS_NAME " is not to be had: %s", why);
        bus->events.on_refused(bus->userdata, &error);
}

static int on_name(sd_bus_message *reply, void *userdata, sd_bus_error *ret_error)
{
        struct bus *bus = userdata;
        uint32_t answer = 0;

        if (sd_bus_message_is_method_error(reply, SD_BUS_ERROR_ACCESS_DENIED)) {
                refuse(bus, "the bus does not let this user own it. Is dbus-1/system.d/" BUS_NAME
                            ".conf installed?");
                return 0;
        }
        if (sd_bus_message_is_method_error(reply, NULL)) {
                /* Lost with the connection, or the bus is out of something: a new one may work. */
                sd_bus_close(bus->connection);
                return 0;
        }
        if (sd_bus_message_read(reply, "u", &answer) < 0 ||
            (answer != NAME_PRIMARY_OWNER && answer != NAME_ALREADY_OWNER)) {
                refuse(bus, "it belongs to another program. Does a second usbredird run?");
                return 0;
        }

        if (bus->is_away)
                log_notice("D-Bus is back");
        bus->is_away = false;
        bus->events.on_ready(bus->userdata);
        return 0;
}

static int open_bus(const char *address, sd_bus **ret)
{
        CLEANUP(sd_bus_close_unrefp) sd_bus *bus = NULL;
        int r;

        if (!address)
                return sd_bus_open_system_with_description(ret, "usbredird");

        r = sd_bus_new(&bus);
        if (r >= 0)
                r = sd_bus_set_address(bus, address);
        if (r >= 0)
                r = sd_bus_set_bus_client(bus, true);
        if (r >= 0)
                r = sd_bus_start(bus);
        if (r < 0)
                return r;

        *ret = TAKE(bus);
        return 0;
}

static int connect_now(struct bus *bus)
{
        int r;

        r = open_bus(bus->address, &bus->connection);
        if (r < 0)
                return r;

        r = bus_loop_new(&bus->loop, bus->base, bus->connection, on_lost, bus);
        if (r >= 0)
                r = objects_register(bus);
        if (r >= 0)
                r = log_bus_add(bus);
        if (r >= 0)
                r = sleep_watch(bus);
        if (r >= 0)
                r = sd_bus_request_name_async(bus->connection, NULL, BUS_NAME, 0, on_name, bus);
        if (r < 0)
                return r;

        objects_flush_silently(bus);
        return 0;
}

static void on_retry(evutil_socket_t fd, short what, void *userdata)
{
        struct bus *bus = userdata;
        int r;

        r = connect_now(bus);
        if (r < 0) {
                disconnect(bus);
                retry_later(bus, "no connection to D-Bus", r);
        }
}

static void on_changes(evutil_socket_t fd, short what, void *userdata)
{
        objects_flush(userdata);
}

void bus_changed(struct bus *bus, struct object *o)
{
        if (!o)
                return;

        o->has_changed = true;
        event_active(bus->changes, 0, 0);
}

static void kind_changed(struct bus *bus, enum object_kind kind)
{
        struct object *o;

        DL_FOREACH (bus->objects[kind], o)
                bus_changed(bus, o);
}

static void *add(struct bus *bus, enum object_kind kind, void *target)
{
        struct object *o;
        int r;

        r = object_add(bus, kind, target, &o);
        if (r < 0) {
                log_error("cannot show an object on D-Bus: %s", strerror(-r));
                return NULL;
        }

        bus_changed(bus, o);
        return o;
}

static void device_added(void *userdata, struct device *d)
{
        d->object = add(userdata, OBJECT_DEVICE, d);
}

/* The guest in whose queue it is tells of that itself. */
static void device_changed(void *userdata, struct device *d)
{
        bus_changed(userdata, d->object);
}

static void device_removed(void *userdata, struct device *d)
{
        object_remove(d->object);
        d->object = NULL;
}

static void guest_added(void *userdata, struct guest *g)
{
        add(userdata, OBJECT_GUEST, g);
        kind_changed(userdata, OBJECT_DEVICE);
}

static void guest_changed(void *userdata, struct guest *g)
{
        bus_changed(userdata, object_find(userdata, OBJECT_GUEST, g));
}

static void guest_removed(void *userdata, struct guest *g)
{
        object_remove(object_find(userdata, OBJECT_GUEST, g));
        kind_changed(userdata, OBJECT_DEVICE);
}

/* Who shows it: its device, its guest, the number of sessions. */
static void session_relatives_changed(struct bus *bus, struct redirection *r)
{
        if (r->device)
                bus_changed(bus, r->device->object);
        if (r->channel)
                guest_changed(bus, channel_guest(r->channel));
        kind_changed(bus, OBJECT_MANAGER);
}

static void session_added(void *userdata, struct redirection *r)
{
        r->object = add(userdata, OBJECT_SESSION, r);
        session_relatives_changed(userdata, r);
}

static void session_changed(void *userdata, struct redirection *r)
{
        bus_changed(userdata, r->object);
        session_relatives_changed(userdata, r);
}

static void session_ended(void *userdata, struct redirection *r, enum session_reason reason,
                          const char *message)
{
        struct bus *bus = userdata;
        int e;

        if (bus->connection) {
                e = manager_bus_tell_end(bus, r, reason, message);
                if (e < 0 && e != -ENOTCONN)
                        log_warning("cannot tell the bus of a session's end: %s", strerror(-e));
                bus_loop_wake(bus->loop);
        }
        object_remove(r->object);
        r->object = NULL;
        session_relatives_changed(bus, r);
}

static void configuration_changed(void *userdata)
{
        for (enum object_kind kind = 0; kind < OBJECT_KINDS_END; kind++)
                kind_changed(userdata, kind);
}

static void paused_changed(void *userdata)
{
        kind_changed(userdata, OBJECT_MANAGER);
}

static const struct manager_observer observer = {
        .device_added = device_added,
        .device_changed = device_changed,
        .device_removed = device_removed,
        .guest_added = guest_added,
        .guest_changed = guest_changed,
        .guest_removed = guest_removed,
        .session_added = session_added,
        .session_changed = session_changed,
        .session_ended = session_ended,
        .configuration_changed = configuration_changed,
        .paused_changed = paused_changed,
};

int bus_new(struct bus **ret, struct event_base *base, struct manager *manager,
            const struct bus_config *config, const struct bus_events *events, void *userdata)
{
        CLEANUP(bus_freep) struct bus *bus = NULL;

        bus = calloc(1, sizeof(*bus));
        if (!bus)
                return -ENOMEM;

        *bus = (struct bus){
                .base = base,
                .manager = manager,
                .config = *config,
                .events = *events,
                .userdata = userdata,
                .sleep_lock = -1,
                .address = config->address ? strdup(config->address) : NULL,
                .retry = evtimer_new(base, on_retry, bus),
                .changes = event_new(base, -1, 0, on_changes, bus),
        };
        if ((config->address && !bus->address) || !bus->retry || !bus->changes ||
            !add(bus, OBJECT_MANAGER, manager))
                return -ENOMEM;

        manager_observe(manager, &observer, bus);
        for (size_t i = 0; i < manager_n_guests(manager); i++)
                guest_added(bus, manager_guest(manager, i));
        for (struct device *d = manager_devices(manager); d; d = d->next)
                device_added(bus, d);
        for (struct redirection *r = manager_sessions(manager); r; r = r->next)
                session_added(bus, r);

        event_active(bus->retry, 0, 0);
        *ret = TAKE(bus);
        return 0;
}

/* A target may outlive the bus: it must not point to an object that is gone. */
static void forget_targets(struct bus *bus)
{
        struct object *o;

        DL_FOREACH (bus->objects[OBJECT_DEVICE], o)
                ((struct device *)o->target)->object = NULL;
        DL_FOREACH (bus->objects[OBJECT_SESSION], o)
                ((struct redirection *)o->target)->object = NULL;
}

struct bus *bus_free(struct bus *bus)
{
        struct object *o, *next;

        if (!bus)
                return NULL;

        manager_observe(bus->manager, NULL, NULL);
        disconnect(bus);
        forget_targets(bus);
        for (enum object_kind kind = 0; kind < OBJECT_KINDS_END; kind++)
                DL_FOREACH_SAFE (bus->objects[kind], o, next)
                        object_remove(o);
        if (bus->retry)
                event_free(bus->retry);
        if (bus->changes)
                event_free(bus->changes);
        free(bus->address);
        free(bus);

        return NULL;
}
