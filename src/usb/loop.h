#pragma once
/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * One libusb context, driven by an event_base: its descriptors are watched, its timeouts run on
 * its own timerfd, and its callbacks come from the event loop.
 */
#include <event2/event.h>
#include <libusb.h>
#include <stdbool.h>

struct usb_loop;

/* libusb has dropped a descriptor by itself: that of a device which is gone. */
typedef void (*usb_loop_on_removed)(void *userdata);

/*
 * A context on the base. With discovery libusb can open devices by address, and runs a hotplug
 * thread; without, it takes open descriptors only and stays one thread. Returns 0, -ENOMEM,
 * -ENOTSUP (this libusb has no timerfd), or what libusb_init says as errno.
 */
int usb_loop_new(struct usb_loop **ret, struct event_base *base, bool discovery);

/* All devices must have been closed. */
struct usb_loop *usb_loop_free(struct usb_loop *loop);

libusb_context *usb_loop_context(const struct usb_loop *loop);

/* Runs the callbacks of what is done by now, without waiting. */
void usb_loop_run(struct usb_loop *loop);

/* Who is told; NULL for nobody. */
void usb_loop_watch_removed(struct usb_loop *loop, usb_loop_on_removed on_removed, void *userdata);
