#pragma once
/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The properties of the emulated devices: what their "uevent" says, and the events do. Each
 * function returns lines, "NAME=value\n", as a new string for g_free().
 */
#include "emulated/internal.h"

/* The PCI device that is the controller of a bus. */
#define PROPERTIES_CONTROLLER                "0000:00:%02x.0"
#define PROPERTIES_CONTROLLER_NUMBER(busnum) (0x13U + (busnum))

/*
 * The kernel's, and those that udev's rules and the project's set. Others replace or add to the
 * latter: "NAME=value", "NAME=" for none, ended by NULL; or NULL. driver: NULL while there is none.
 */
char *properties_of_device(const struct emulated_device *device, const char *driver,
                           const char *const *others);
char *properties_of_interface(const struct emulated_device *device, uint8_t interface,
                              const char *driver);
