#pragma once
/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The daemon on D-Bus: the name org.usbredir1, and the objects below /org/usbredir1. Whoever has a
 * manager makes one of these, before manager_start(), and looks after nothing more.
 */
#include <event2/event.h>
#include <stdbool.h>

#include "daemon/manager.h"
#include "util/cleanup.h"

struct bus;

struct bus_config {
        const char *address; /* NULL: the system bus, or the one of DBUS_SYSTEM_BUS_ADDRESS */
        /* For tests: neither root nor the daemon's own user may do anything unasked. */
        bool trusts_nobody;
};

struct bus_events {
        /* The name is ours: the daemon may be called. Again after the bus was away. */
        void (*on_ready)(void *userdata);
        /* The name is another's, or may not be ours. Not to be freed from here. */
        void (*on_refused)(void *userdata, const struct error *error);
};

/*
 * Becomes the manager's observer, and connects as soon as the loop runs. A bus that is not there,
 * or goes away, is tried again until it is back. Returns 0 or -ENOMEM.
 */
int bus_new(struct bus **ret, struct event_base *base, struct manager *manager,
            const struct bus_config *config, const struct bus_events *events, void *userdata);

/*
 * Whether the service manager has us end for good, and not in favour of another daemon. Called
 * once, possibly from within; false if there is nobody to ask.
 */
void bus_ask_stop(struct bus *bus, void (*on_stop)(void *userdata, bool is_last), void *userdata);

/* Before the manager is freed. Calls under way are not answered. */
struct bus *bus_free(struct bus *bus);
DEFINE_CLEANUP(struct bus, bus_free)
