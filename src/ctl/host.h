#pragma once
/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the host itself says, in files. Each looks below root, NULL or "" for /.
 */
#include <stdbool.h>

/* The kernel's limit for all of usbfs, in MiB; 0: none. Returns 0, or a negative errno. */
int host_usbfs_memory(const char *root, unsigned *ret_mb);

/* Whether the kernel was started with that word. */
bool host_has_boot_word(const char *root, const char *word);

/* Whether udev has that file of rules, and it is not masked. */
bool host_has_udev_rules(const char *root, const char *name);
