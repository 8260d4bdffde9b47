#pragma once
/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * An isochronous, interrupt or bulk IN endpoint that is read all the time: some transfers are in
 * flight, each one that completes goes to the owner, and another takes its place. While the stream
 * is held no other does, and the device waits: nothing is lost, but of an isochronous one, which
 * does not wait.
 */
#include <stdbool.h>
#include <stdint.h>

#include "usb/layout.h"
#include "usb/transfer.h"

struct usb_stream;

/* In flight at once, and packets of an isochronous one: what usbredir can ask for. */
#define USB_STREAM_TRANSFERS_MAX 16
#define USB_STREAM_PACKETS_MAX   USB_POOL_PACKETS

struct usb_stream_config {
        uint8_t address;
        uint32_t stream_id; /* of a bulk endpoint's streams; 0: none */
        unsigned transfers; /* in flight, 1 to USB_STREAM_TRANSFERS_MAX */
        unsigned packets;   /* isochronous: of a transfer, 1 to USB_STREAM_PACKETS_MAX */
        uint32_t bytes;     /* others: of a transfer, a multiple of the packet size, not 0 */
};

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
 * Starts to read. The ids count from 0: transfers, or the packets of isochronous ones, of which a
 * transfer has the first one's. Returns 0, -EINVAL for an endpoint of another type, without a
 * packet size, or a configuration that does not fit it; -EMSGSIZE, -ENOMEM, -ENODEV, -EIO.
 */
int usb_stream_start(struct usb_stream **ret, struct usb_transfers *set,
                     const struct usb_endpoint *endpoint, const struct usb_stream_config *config,
                     const struct usb_stream_events *events, void *userdata);

/* Stops it; what is in flight is abandoned. Takes NULL, returns NULL. */
struct usb_stream *usb_stream_free(struct usb_stream *stream);

/* Holds it, or lets it go on. An isochronous one goes on. */
void usb_stream_hold(struct usb_stream *stream, bool hold);
