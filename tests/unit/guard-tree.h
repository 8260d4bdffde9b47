#pragma once
/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A machine made by hand, for the guards: below a folder, "sys" and "proc", with what a device has.
 */
#include <stdio.h>

#include "unit/tree.h"

#define GUARD_DEVICE "/sys/devices/pci0/usb1/1-1"

/* An entry of a class, below that device; files of it are then to be written there. */
static inline void guard_tree_add(const struct tree *t, const char *class, const char *name,
                                  const char *device)
{
        char path[256], target[256];

        snprintf(path, sizeof(path), "sys/class/%s/%s", class, name);
        snprintf(target, sizeof(target), "../..%s/1-1:1.0/%s/%s", device + strlen("/sys"), class,
                 name);
        tree_link(t, path, target);
        snprintf(path, sizeof(path), "%s/1-1:1.0/%s/%s/uevent", device + 1, class, name);
        tree_write(t, path, "");
}

/* A file of an entry. */
static inline void guard_tree_write(const struct tree *t, const char *class, const char *name,
                                    const char *file, const char *text)
{
        char path[256];

        snprintf(path, sizeof(path), "sys/class/%s/%s/%s", class, name, file);
        tree_write(t, path, text);
}

/* sdb, with a partition sdb1. */
static inline void guard_tree_add_disk(const struct tree *t)
{
        guard_tree_add(t, "block", "sdb", GUARD_DEVICE);
        guard_tree_write(t, "block", "sdb", "dev", "8:16\n");
        guard_tree_add(t, "block", "sdb1", GUARD_DEVICE);
        guard_tree_write(t, "block", "sdb1", "dev", "8:17\n");
        guard_tree_write(t, "block", "sdb1", "partition", "1\n");
}

#define GUARD_MOUNT                                                                                \
        "22 1 254:0 / / rw,noatime shared:1 - ext4 /dev/vda rw\n"                                  \
        "90 22 8:17 / /media/My\\040Stick rw shared:2 - vfat /dev/sdb1 rw\n"
