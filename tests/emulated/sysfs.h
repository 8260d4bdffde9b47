#pragma once
/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The emulated devices as sysfs shows them: umockdev's device descriptions ("P: ...\nE: ...\n"),
 * as a new string each.
 */
#include "emulated/internal.h"

char *sysfs_describe_hub(unsigned busnum, enum usb_device_speed speed);
char *sysfs_describe_device(const struct emulated_device *device, const char *const *properties);
char *sysfs_describe_interface(const struct emulated_device *device, uint8_t interface);

/* "/sys/devices/.../usb1/1-1", and "/dev/bus/usb/001/002". */
char *sysfs_device_path(const struct emulated_device *device);
char *sysfs_interface_path(const struct emulated_device *device, uint8_t interface);
char *sysfs_device_node(const struct emulated_device *device);
