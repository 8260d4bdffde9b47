#pragma once
/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What transfer.c, which moves them, and transfers.c, which knows them, share of a set of
 * transfers.
 */
#include "usb/transfer.h"

#define USB_TRANSFERS_BUCKETS 256

/* What the kernel counts for an URB beside its data, rounded up. */
#define USB_URB_OVERHEAD 1024

struct usb_transfers {
        libusb_device_handle *handle;
        struct usb_pool pool;
        const struct usb_transfer_events *events;
        void *userdata;

        size_t memory, memory_used;
        uint32_t cut; /* endpoints, by index, where a transfer is going in pieces */
        struct usb_transfer *waiting;
        struct event *retry;
        struct event *unmap; /* some time after the last use */
        bool is_used;        /* since that was looked at */

        size_t in_flight[USB_ENDPOINTS_MAX];               /* submitted or abandoned */
        struct usb_transfer *by_id[USB_TRANSFERS_BUCKETS]; /* waiting, submitted or lost */
        uint64_t last_number;
};

static inline unsigned usb_transfer_index(const struct usb_transfer *t)
{
        return (unsigned)((t->endpoint & 0x80) >> 3 | (t->endpoint & 0x0f));
}

static inline uint32_t usb_transfer_mask(const struct usb_transfer *t)
{
        return UINT32_C(1) << usb_transfer_index(t);
}

/* Of a buffer that is mapped, for when it is not used. */
#define USB_UNMAP_SEC 1

/* The ids of those that the owner waits for and that have no on_complete of their own. */
void usb_transfers_add(struct usb_transfer *t);
void usb_transfers_remove(struct usb_transfer *t);

/* Once there are mapped buffers, looks whether they are used. */
void usb_transfers_unmap_later(struct usb_transfers *set);

/* Submits what waits, in order, as far as memory goes. */
void usb_transfers_pump(struct usb_transfers *set);
