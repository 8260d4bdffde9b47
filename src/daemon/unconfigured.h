#pragma once
/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A device that the host has not configured has no interfaces in sysfs, but can be judged: its
 * descriptors say what it would have.
 */
#include <stddef.h>

#include "daemon/device.h"

/*
 * Fills in the interfaces by number, each once, of the configuration that the kernel would choose:
 * in alt setting 0, or in the first if there is no such; and info->usual_configuration. Nothing is
 * changed if the descriptors make no sense, or the device is configured, or not authorized. What
 * cannot be known in full makes a refusal.
 */
void unconfigured_complete(struct device_info *info);

/* The same, from the bytes of the device's descriptors. */
void unconfigured_read(struct device_info *info, const uint8_t *bytes, size_t size);
