#pragma once
/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * URBs in flight: from being submitted until they are completed, and from there until they are
 * reaped. All with the device locked.
 */
#include "emulated/internal.h"

/* With room for (or a copy of) the data; NULL if memory is short. */
struct emulated_urb *urb_new(struct emulated_client *client, size_t length);
struct emulated_urb *urb_free(struct emulated_urb *urb);
DEFINE_CLEANUP(struct emulated_urb, urb_free)

/* Takes the URB if the result is 0; otherwise the negative errno SUBMITURB gives. */
int urb_submit(struct emulated_urb *urb);

/* The client's URB at this address completes with -ENOENT. -EINVAL: not in flight. */
int urb_discard(struct emulated_client *client, unsigned long address);

/* The oldest completed URB, which the caller then owns, or NULL. */
struct emulated_urb *urb_reap(struct emulated_client *client);

/* Offers the URBs in flight to the device until none moves. */
void urb_run(struct emulated_device *device);

/* A control transfer outside of the queue. Result as of a callback. */
int urb_control(struct emulated_device *device, const struct usb_ctrlrequest *setup, uint8_t *data,
                size_t length);

/* Completes what is in flight with this status. */
void urb_kill_interface(struct emulated_device *device, uint8_t interface, int status);
void urb_kill_all(struct emulated_device *device, int status);

/* Forgets all URBs of the client. */
void urb_abandon(struct emulated_client *client);

/* In the active alt settings; NULL if there is no such endpoint. */
const struct usb_endpoint_descriptor *urb_find_endpoint(struct emulated_device *device,
                                                        uint8_t address, uint8_t *ret_interface);

/* The bits (endpoint_bit()) of the endpoints of the interface's active alt setting. */
uint32_t urb_interface_endpoints(struct emulated_device *device, uint8_t interface);
