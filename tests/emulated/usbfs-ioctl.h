#pragma once
/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The ioctls, one function each: out of the client's memory, through the emulated kernel, and back.
 * All with the device locked.
 */
#include <limits.h>
#include <umockdev.h>

#include "emulated/kernel.h"

/* An ioctl's result: not finished, the client goes on waiting. */
enum { USBFS_WAIT = INT_MIN };

struct usbfs_ioctl {
        unsigned long request;
        enum usbfs_call call;
        size_t size;       /* of what the argument points to; 0: the argument is a value */
        bool after_unplug; /* answers even then */
        /* Gets what the argument points to, or the argument. Result: 0 or more, -errno, WAIT. */
        int (*run)(struct emulated_client *client, UMockdevIoctlData *data);
};

const struct usbfs_ioctl *usbfs_find_ioctl(unsigned long request);

/*
 * Hands the oldest completed URB to the client, whose ioctl's argument points to a pointer. If
 * there is none, the result is the one given.
 */
int usbfs_reap(struct emulated_client *client, UMockdevIoctlData *argument, int if_none);

/* Gives up umockdev's view of the client's URBs, before the client is closed. */
void usbfs_drop_memory(struct emulated_client *client);

/* Reads on in the descriptors. Bytes, or -errno. */
int usbfs_read(struct emulated_client *client, uint8_t *buffer, size_t size);
