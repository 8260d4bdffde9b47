#pragma once
/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the files of this folder share: the connection, and what hangs on it.
 */
#include <event2/event.h>
#include <systemd/sd-bus.h>

#include "daemon/manager.h"
#include "dbus/bus.h"
#include "dbus/loop.h"
#include "dbus/object.h"

#define BUS_NAME "org.usbredir1"
#define BUS_PATH "/org/usbredir1"

struct call;

struct bus {
        struct event_base *base;
        struct manager *manager;
        struct bus_config config;
        char *address; /* copy of the config's */
        struct bus_events events;
        void *userdata;

        sd_bus *connection; /* NULL while there is none */
        struct bus_loop *loop;
        struct event *retry;
        struct event *changes; /* objects have changed: told at the end of this turn */
        bool is_away;          /* said in the log, until the bus is back */
        int sleep_lock;        /* holds up logind; -1: nothing does */

        void (*on_stop)(void *userdata, bool is_last); /* of bus_ask_stop() */
        void *stop_userdata;

        struct object *objects[OBJECT_KINDS_END];
        struct call *calls; /* under way */
};

/* The object has changed, or is new: told at the end of this turn. */
void bus_changed(struct bus *bus, struct object *object);

/* Sends SessionEnded. */
int manager_bus_tell_end(struct bus *bus, const struct redirection *r, enum session_reason reason,
                         const char *message);

/* The object of the log. */
int log_bus_add(struct bus *bus);

/* Listens for logind, on a new connection; and ends to hold it up. */
int sleep_watch(struct bus *bus);
void sleep_forget(struct bus *bus);
