#pragma once
/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * For cmocka tests of hotplug: a world with emulated devices, and what is told of them. What a
 * device cannot be made to show is written into its sysfs directory, below the world's root.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <event2/event.h>

#include "daemon/hotplug.h"
#include "emulated/world.h"

struct hotplug_bed {
        struct world *world;
        struct event_base *base;
        struct hotplug *hotplug;
        char told[4096]; /* "+1-1/2 " for a device with its address, "-1-1 " for a removed one */
        struct device_info info; /* the last that was told of, but for the mark */
};

int hotplug_bed_setup(void **state);
int hotplug_bed_teardown(void **state);

/* Begins to watch, for the first time or again; nothing of before is told. */
void hotplug_bed_start(struct hotplug_bed *bed);

void hotplug_bed_plug(struct hotplug_bed *bed, struct world_plug what);
#define PLUG(bed, ...) hotplug_bed_plug(bed, (struct world_plug){ __VA_ARGS__ })
void hotplug_bed_unplug(struct hotplug_bed *bed, const char *port);

/* With these properties; NULL: those it has by itself. */
void hotplug_bed_change(struct hotplug_bed *bed, const char *port, const char *const *properties);

/* Has all that has happened up to now told of, which must be this, and is forgotten. */
void hotplug_bed_expect(struct hotplug_bed *bed, const char *told);

/* A file of the device at 1-1, in sysfs. */
void hotplug_bed_set(struct hotplug_bed *bed, const char *name, const char *text);
void hotplug_bed_add_interface(struct hotplug_bed *bed, unsigned number, const char *class);

#define IN_WORLD(test)                                                                             \
        cmocka_unit_test_setup_teardown(test, hotplug_bed_setup, hotplug_bed_teardown)
