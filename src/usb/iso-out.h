#pragma once
/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * An isochronous OUT endpoint that is written all the time. Packets are gathered into transfers;
 * the first are submitted when half of all that may be in flight is there, so that what comes late
 * does not interrupt the stream. When all are in flight or full, as many packets are dropped as
 * bring it back to half; when none is in flight any more, it waits for half again.
 */
#include <stddef.h>
#include <stdint.h>

#include "usb/layout.h"
#include "usb/transfer.h"

struct usb_iso_out;

struct usb_iso_out_events {
        /* A transfer was not sent as it was to be; the id is its first packet's. */
        void (*on_failed)(void *userdata, uint64_t id, enum usb_status status);
        /*
         * It has stopped by itself: STALL, or what a transfer was refused with. It may be freed
         * later, not here. May come from within usb_iso_out_write().
         */
        void (*on_stopped)(void *userdata, enum usb_status status);
};

/*
 * For transfers in flight, 1 to 16, of packets each, 1 to 32. Returns 0, -EINVAL for another type
 * of endpoint, one without a packet size, or other numbers; -ENOMEM.
 */
int usb_iso_out_start(struct usb_iso_out **ret, struct usb_transfers *set, uint8_t address,
                      const struct usb_endpoint *endpoint, unsigned transfers, unsigned packets,
                      const struct usb_iso_out_events *events, void *userdata);

/* Stops it; what is in flight is abandoned. Takes NULL, returns NULL. */
struct usb_iso_out *usb_iso_out_free(struct usb_iso_out *o);

/* A packet, which is copied, or dropped. -EMSGSIZE if it is longer than the endpoint's. */
int usb_iso_out_write(struct usb_iso_out *o, uint64_t id, const uint8_t *data, size_t size);

/* Packets that were dropped, and how often there was nothing to send. */
uint64_t usb_iso_out_dropped(const struct usb_iso_out *o);
uint64_t usb_iso_out_underruns(const struct usb_iso_out *o);
