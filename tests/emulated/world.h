#pragma once
/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A testbed with any number of devices, by the port they are plugged into: "1-1" to "16-16", which
 * are root hubs' ports. Each plugging makes a new device with the next number of its bus.
 * For one thread.
 */
#include <stdio.h>

#include "emulated/testbed.h"

enum {
        WORLD_BUSES = 16,
        WORLD_PORTS = 16,
        WORLD_HUBS = 4, /* buses whose root hubs are always there */
        WORLD_PORT_SIZE = sizeof("16-16"),
};

struct world;

/* Everything but kind and port may be left out. */
struct world_plug {
        const char *kind; /* world_kind(); "stick" */
        const char *port;
        const char *image;                           /* of a stick */
        enum usb_device_speed speed;                 /* of a stick */
        const char *manufacturer, *product, *serial; /* NULL: the kind's own; "": none */
        uint16_t vendor_id, product_id;              /* 0: the kind's own */
        const char *const *properties;               /* as for testbed_plug() */
        const char *fault;                           /* as for emulated_fail_text() */
};

/* What happens to the device at this port. With the device locked. */
typedef void (*world_event_fn)(const char *port, const char *text);

/* Like testbed_new(); with WORLD_HUBS from the beginning, or for buses that are used. on_event or
 * NULL */
int world_new(struct world **ret, bool with_hubs, world_event_fn on_event);
struct world *world_free(struct world *world);
DEFINE_CLEANUP(struct world, world_free)

/* The n-th kind of device there is, NULL behind the last. */
const char *world_kind(size_t n);
bool world_is_port(const char *port);

/*
 * -EINVAL: no such kind or port, or a wrong fault. -EEXIST: something is plugged in there. -EUSERS:
 * no free number on the bus. Otherwise why the device cannot be made.
 */
int world_plug(struct world *world, const struct world_plug *what);

/* -ENODEV: nothing is plugged in there. */
int world_unplug(struct world *world, const char *port);
int world_change(struct world *world, const char *port, const char *const *properties);

/* What is, or was last, plugged in there; NULL if nothing ever was. Valid until the next plugging.
 */
struct emulated_device *world_device(struct world *world, const char *port);

/* " PORT=KIND,DEVNUM,SERIAL" of all that is plugged in. */
void world_list(struct world *world, FILE *file);

/* Devices that somebody still has open, though something else is plugged in there. */
size_t world_leftovers(struct world *world);

const char *world_root(struct world *world);
