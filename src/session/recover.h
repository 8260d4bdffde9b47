#pragma once
/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The return of a device whose session has died: the kernel has released its interfaces and bound
 * nothing.
 */
#include <event2/event.h>

#include "session/control.h"
#include "usb/loop.h"

/*
 * Restores order->configuration and has the host's drivers attached, on an open node (-1: open it
 * by bus and address). Waits up to 2 s for another process that has the device. Returns 0; -ENODEV:
 * there is no such device any more; -ENXIO: it is not the order's; -EBUSY; -EACCES; -ENOMEM; -EIO.
 */
int recover_device(const struct control_order *order, int node_fd, struct event_base *base,
                   struct usb_loop *loop);
