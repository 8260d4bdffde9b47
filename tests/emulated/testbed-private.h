#pragma once
/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What testbed.c and plug.c share.
 */
#include <pthread.h>

#include "emulated/mock-thread.h"
#include "emulated/testbed.h"
#include "emulated/uevent.h"
#include "emulated/usbfs.h"

typedef struct _UMockdevTestbed UMockdevTestbed;

/* A device that is, or was, plugged in. */
struct plug {
        LIST_ENTRY(plug) link;
        struct testbed *testbed;
        struct emulated_device *device;
        struct usbfs *usbfs;
        int fifo;
        char **properties;
        const char *drivers[EMULATED_INTERFACES_MAX]; /* as sysfs shows them */
};

struct testbed {
        UMockdevTestbed *umockdev;
        struct mock_thread *worker;
        struct uevents *uevents;
        char *root;
        pthread_mutex_t lock;
        uint32_t buses; /* those that have a root hub */
        LIST_HEAD(, plug) plugs;
};

/*
 * In the kernel's order: the device is told of before it is configured, and bound at the end. With
 * the device locked.
 */
int plug_in(struct plug *plug);

/* An event of the device, with the device locked; driver: NULL where none is bound. */
void plug_tell(struct plug *plug, const char *action, const char *driver);
