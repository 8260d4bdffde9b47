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

/* A root hub, before anything is plugged into it; otherwise it comes with the first device. */
int testbed_add_bus(struct testbed *testbed, unsigned busnum, enum usb_device_speed speed);

/*
 * Plugs the device in, and tells what Linux and udev tell: "add" of the device, "add" and "bind" of
 * each interface, "bind" of the device. Once for each device; emulated_unplug() takes it out.
 * properties replace or add to those of udev's rules: "ID_BUS=usb", "ID_BUS=" for none, ended by
 * NULL; or NULL.
 */
int testbed_plug(struct testbed *testbed, struct emulated_device *device,
                 const char *const *properties);

/* Other properties than those it was plugged in with, told by "change". -ENODEV: not plugged in. */
int testbed_change(struct testbed *testbed, struct emulated_device *device,
                   const char *const *properties);

/*
 * After this the device may be freed while the testbed lives. -EBUSY: it is plugged in, or
 * somebody has its node open.
 */
int testbed_forget(struct testbed *testbed, struct emulated_device *device);

/* umockdev's directory, that stands for "/". */
const char *testbed_root(struct testbed *testbed);
