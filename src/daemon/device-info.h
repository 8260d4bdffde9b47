#pragma once
/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Reads what sysfs and udev say of a USB device. All of it is chosen by the device: bounded and
 * cleaned here.
 */
#include <libudev.h>

#include "daemon/device.h"

/*
 * Of a device with DEVTYPE usb_device. Returns 0, or -ENODEV if it is no longer there, or is no
 * device that can be named by a port.
 */
int device_info_read(struct udev_device *device, struct device_info *ret_info);
