/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Nothing but this is done in the process, so it may block.
 */
#include "session/recover.h"

#include <errno.h>
#include <time.h>

#include "usb/device.h"
#include "util/cleanup.h"

/* A process that died a moment ago may still be closing the node. */
#define TRIES    10
#define PAUSE_NS (200 * 1000 * 1000L)

DEFINE_CLEANUP(struct usb_device, usb_device_free)

static void on_complete(void *userdata, struct usb_transfer *transfer)
{
}

static void on_nothing(void *userdata)
{
}

/* Nothing is ever submitted. */
static const struct usb_transfer_events events = { on_complete, on_nothing, on_nothing };

int recover_device(const struct control_order *order, int node_fd, struct event_base *base,
                   struct usb_loop *loop)
{
        const struct timespec pause = { .tv_nsec = PAUSE_NS };
        CLEANUP(usb_device_freep) struct usb_device *d = NULL;
        const struct usb_device_facts *facts;
        int r;

        if (node_fd >= 0)
                r = usb_device_open_fd(&d, loop, base, node_fd, order->usbfs_memory, &events, NULL);
        else
                r = usb_device_open_address(&d, loop, base, order->bus, order->address,
                                            order->usbfs_memory, &events, NULL);
        if (r < 0)
                return r;

        facts = usb_device_facts(d);
        if (facts->vendor != order->vendor || facts->product != order->product)
                return -ENXIO;
        if (order->flags & CONTROL_NO_RESET)
                usb_device_never_reset(d);

        if (order->purpose == CONTROL_HOLD) {
                r = usb_device_detach(d);
                return usb_device_is_gone(d) ? -ENODEV : r;
        }

        r = usb_device_recover(d, order->configuration);
        for (int i = 1; r == -EBUSY && i < TRIES; i++) {
                nanosleep(&pause, NULL);
                r = usb_device_recover(d, order->configuration);
        }

        return usb_device_is_gone(d) ? -ENODEV : r;
}
