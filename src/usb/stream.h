#pragma once
/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * An interrupt IN endpoint that is read all the time: some transfers are in flight, each one that
 * completes goes to the owner, and another takes its place. While the stream is held no other does,
 * and the device waits: nothing is lost.
 */
#include <stdbool.h>
#include <stdint.h>

#include "usb/layout.h"
#include "usb/transfer.h"

struct usb_stream;

struct usb_stream_events {
        /* Data, or an error that does not end the stream. The transfer is the owner's. */
        void (*on_data)(void *userdata, struct usb_transfer *t);
        /*
         * The stream has stopped by itself: STALL, or what the next transfer was refused with. It
         * may be freed later, not here.
         */
        void (*on_stopped)(void *userdata, struct usb_stream *stream, enum usb_status status);
};

/*
 * Starts to read. The transfers' ids count from 0. Returns 0, -EINVAL for an endpoint that is not
 * of the interrupt type or has no packet size, -ENOMEM, -ENODEV, -EIO.
 */
int usb_stream_start(struct usb_stream **ret, struct usb_transfers *set, uint8_t address,
                     const struct usb_endpoint *endpoint, const struct usb_stream_events *events,
                     void *userdata);

/* Stops it; what is in flight is abandoned. Takes NULL, returns NULL. */
struct usb_stream *usb_stream_free(struct usb_stream *stream);

/* Holds it, or lets it go on. */
void usb_stream_hold(struct usb_stream *stream, bool hold);

/* The endpoint's address, as it was started. */
uint8_t usb_stream_address(const struct usb_stream *stream);
