#pragma once
/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A world of its own under umockdev: /sys and /dev/bus/usb with a root hub for each bus and the
 * devices that are plugged in, for this process and for those it starts (UMOCKDEV_DIR and
 * LD_PRELOAD are inherited). One testbed at a time in a process.
 */
#include <stdbool.h>

#include "emulated/device.h"

struct testbed;

/* Whether the process runs under umockdev-wrapper; without it there is no testbed. */
bool testbed_is_possible(void);

/* -EOPNOTSUPP: not under umockdev-wrapper. */
int testbed_new(struct testbed **ret);

/* Also removes umockdev's directory. The devices are freed afterwards. */
struct testbed *testbed_free(struct testbed *testbed);
DEFINE_CLEANUP(struct testbed, testbed_free)

/*
 * Plugs the device in: its drivers bind, its nodes appear, "add" is sent. Once for each device;
 * emulated_unplug() takes it out. properties are further lines of the uevent, "ID_BUS=usb",
 * ended by NULL, or NULL.
 */
int testbed_plug(struct testbed *testbed, struct emulated_device *device,
                 const char *const *properties);

/* umockdev's directory, that stands for "/". */
const char *testbed_root(struct testbed *testbed);
