#pragma once
/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The device node: takes the ioctls that umockdev forwards from whoever has opened it, and answers
 * them for one emulated device.
 */
#include <stdbool.h>
#include <umockdev.h>

struct emulated_device;
struct usbfs;
struct mock_thread;

/*
 * The handler for umockdev_testbed_attach_ioctl(). fifo is the node itself, opened for reading and
 * writing; it is borrowed, and must stay open as long as the device is plugged in.
 */
struct usbfs *usbfs_new(struct emulated_device *device, int fifo, struct mock_thread *worker);
UMockdevIoctlBase *usbfs_handler(struct usbfs *usbfs);
/* In umockdev's thread. Whoever has the node open gets ENODEV from then on. */
struct usbfs *usbfs_free(struct usbfs *usbfs);

/* The node becomes writable (there is something to reap) or not. With the device locked. */
void usbfs_set_reapable(struct usbfs *usbfs, bool reapable);
