#pragma once
/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The transfers of one device. A transfer owns its buffer; it is submitted once, completes once,
 * and returns to the pool when all its owners have freed it.
 *
 * usbfs memory is scarce (usbfs_memory_mb, 16 MiB for the whole machine by default): a set of
 * transfers has a share of it. What does not fit waits its turn; a long bulk transfer goes in
 * pieces.
 */
#include <event2/event.h>
#include <libusb.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "usb/layout.h"
#include "usb/pool.h"
#include "usb/status.h"

struct usb_transfers;

enum usb_transfer_state {
        USB_TRANSFER_IDLE,      /* the owner's, to fill or to read */
        USB_TRANSFER_WAITING,   /* submitted by the owner, waiting for usbfs memory */
        USB_TRANSFER_SUBMITTED, /* libusb's */
        USB_TRANSFER_ABANDONED, /* libusb's, and nobody waits for it */
        USB_TRANSFER_LOST,      /* its device is gone, and the owner has not abandoned it yet */
};

struct usb_transfer {
        /* Filled by the owner before usb_transfer_submit(). */
        uint64_t id;                 /* the owner's name for it, unique among those in flight */
        enum usb_endpoint_type type; /* not NONE; ISO only from usb_transfer_new_iso() */
        uint8_t endpoint;            /* address */
        uint16_t packet_size;        /* the endpoint's; long transfers are cut at multiples */
        uint32_t stream_id;          /* of a bulk endpoint's streams; 0: none */
        unsigned packets;            /* of an isochronous one; their lengths add up to its length */
        uint32_t length;             /* bytes of data, at most capacity */
        uint8_t *data;

        /* Valid on completion. */
        enum usb_status status;
        uint32_t actual; /* bytes that moved */

        /* Read only. */
        enum usb_transfer_state state;
        size_t capacity;
        bool is_iso;

        /* Who is told of the completion instead of the set's owner; not found by its id then. */
        void (*on_complete)(struct usb_transfer *t);
        void *userdata;

        /* Private. */
        unsigned owners;
        struct usb_transfers *set;
        struct libusb_transfer *libusb;
        bool is_mapped;                   /* its buffer, from usbfs memory */
        uint32_t piece;                   /* bytes of the piece in flight */
        bool is_cut;                      /* more pieces follow */
        struct usb_transfer *prev, *next; /* in the waiting list, or the pool's */
        struct usb_transfer *by_id;       /* next of the same hash */
        uint64_t number;                  /* grows from one to the next that is submitted */
};

struct usb_transfer_events {
        /* The transfer is the owner's again. Never called from within usb_transfer_submit(). */
        void (*on_complete)(void *userdata, struct usb_transfer *transfer);
        /* An abandoned transfer has come back. */
        void (*on_reaped)(void *userdata);
        /*
         * The device is gone; may come more than once, also from within usb_transfer_submit(). What
         * has not completed will not: the owner abandons it.
         */
        void (*on_gone)(void *userdata);
};

/*
 * The transfers of an open device, with a share of usbfs memory in bytes. The events' userdata is
 * passed through. Returns 0 or -ENOMEM.
 */
int usb_transfers_new(struct usb_transfers **ret, struct event_base *base,
                      libusb_device_handle *handle, size_t memory,
                      const struct usb_transfer_events *events, void *userdata);

/* Another share from now on; what is in flight beyond it stays there. */
void usb_transfers_set_memory(struct usb_transfers *set, size_t memory);

/* Nothing may be in flight. */
struct usb_transfers *usb_transfers_free(struct usb_transfers *set);

/* Submitted and not come back, abandoned ones included; on endpoints in the mask (by index). */
size_t usb_transfers_in_flight(const struct usb_transfers *set, uint32_t endpoints);

/* All endpoints, for the functions that take a mask. */
#define USB_ENDPOINTS_ALL UINT32_MAX

/* The transfer with that id that the owner still waits for, or NULL. */
struct usb_transfer *usb_transfers_find(struct usb_transfers *set, uint64_t id);

/* The first submitted of those on the masked endpoints that the owner still waits for, or NULL. */
struct usb_transfer *usb_transfers_oldest(struct usb_transfers *set, uint32_t endpoints);

/* A transfer with room for size bytes; NULL beyond the pool's limits or without memory. */
struct usb_transfer *usb_transfer_new(struct usb_transfers *set, size_t size);

/* The same for an isochronous endpoint. */
struct usb_transfer *usb_transfer_new_iso(struct usb_transfers *set, size_t size);

/* One owner more: parts of its data go separate ways. Returns it. */
struct usb_transfer *usb_transfer_share(struct usb_transfer *t);

/* Gives it back, once all owners have. It must be idle. Takes NULL, returns NULL. */
struct usb_transfer *usb_transfer_free(struct usb_transfer *t);

/* The length of a packet of an isochronous transfer, and, once it has completed, what came of it.
 */
static inline void usb_transfer_set_packet(struct usb_transfer *t, unsigned packet, uint16_t length)
{
        t->libusb->iso_packet_desc[packet].length = length;
}

static inline uint32_t usb_transfer_packet_actual(const struct usb_transfer *t, unsigned packet)
{
        const struct libusb_iso_packet_descriptor *p = &t->libusb->iso_packet_desc[packet];

        return p->actual_length < p->length ? p->actual_length : p->length;
}

static inline enum usb_status usb_transfer_packet_status(const struct usb_transfer *t,
                                                         unsigned packet)
{
        return usb_status_from_transfer(t->libusb->iso_packet_desc[packet].status);
}

/* The eight bytes before the data of a control transfer. */
static inline struct libusb_control_setup *usb_transfer_setup(struct usb_transfer *t)
{
        return (struct libusb_control_setup *)(void *)(t->data - LIBUSB_CONTROL_SETUP_SIZE);
}

/*
 * Starts it; it will complete exactly once, or be lost. Errors, after which it is still the
 * owner's: -ENODEV, -EINVAL, -ENOMEM, -EIO, and -EMSGSIZE if it is longer than the share of usbfs
 * memory and cannot be cut.
 */
int usb_transfer_submit(struct usb_transfer *t);

/*
 * The owner does not wait any longer: the transfer is cancelled, will not be completed, and
 * returns to the pool by itself.
 */
void usb_transfer_abandon(struct usb_transfer *t);
