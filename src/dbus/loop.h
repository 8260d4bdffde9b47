#pragma once
/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A connection of sd-bus on an event_base.
 */
#include <event2/event.h>
#include <systemd/sd-bus.h>

#include "util/cleanup.h"

struct bus_loop;

/*
 * Keeps no reference to the bus, which must outlive it. When the connection is over, on_lost comes
 * once, from the event loop, with a negative errno; the loop may be freed from there.
 */
int bus_loop_new(struct bus_loop **ret, struct event_base *base, sd_bus *bus,
                 void (*on_lost)(void *userdata, int error), void *userdata);
struct bus_loop *bus_loop_free(struct bus_loop *loop);
DEFINE_CLEANUP(struct bus_loop, bus_loop_free)

/* Something was sent or asked outside of the bus's own callbacks: it is looked after this turn. */
void bus_loop_wake(struct bus_loop *loop);
