#pragma once
/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * For udev's rules: what the files say of a device, without a daemon. usbredird --judge is run by
 * udev for each block device of a USB device.
 */
#include "daemon/options.h"

/*
 * Prints "UDISKS_IGNORE=1" if the USB device at or above options->judge, a path below /sys, is to
 * be redirected when it is plugged in, or the path is gone; else nothing. Returns 0; -EINVAL: there
 * is no such device, or the configuration is broken; -ENOMEM.
 */
int judge_print(const struct daemon_options *options, const char *const *directories);
