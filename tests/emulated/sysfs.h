#pragma once
/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The emulated devices as sysfs and udev show them. Functions that write return 0 or -errno;
 * strings are new ones, for g_free().
 */
#include "emulated/internal.h"

/* "/sys/devices/.../usb1", ".../usb1/1-1", ".../usb1/1-1/1-1:1.0", "/dev/bus/usb/001/002". */
char *sysfs_hub_path(unsigned busnum);
char *sysfs_device_path(const struct emulated_device *device);
char *sysfs_interface_path(const struct emulated_device *device, uint8_t interface);
char *sysfs_device_node(const struct emulated_device *device);

/* A root hub, with its interface, configured and bound. */
int sysfs_add_hub(const char *root, unsigned busnum, enum usb_device_speed speed);

/* As they are before anything is bound. */
int sysfs_add_device(const char *root, const struct emulated_device *device);
int sysfs_add_interface(const char *root, const struct emulated_device *device, uint8_t interface);
int sysfs_remove(const char *root, const char *path);
int sysfs_remove_device(const char *root, const struct emulated_device *device);

/* Attributes that change with the configuration or the alt setting. */
int sysfs_set_configuration(const char *root, const struct emulated_device *device);
int sysfs_set_alt_setting(const char *root, const struct emulated_device *device,
                          uint8_t interface);

/* The link, or none. */
int sysfs_set_driver(const char *root, const char *path, const char *driver);
int sysfs_set_uevent(const char *root, const char *path, const char *properties);
