#pragma once
/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The usb-guest side of a connection, on an event loop: says hello, keeps what the host tells of
 * its device, sends requests under ids of its own and matches each answer to its request once,
 * hands up what streams bring, acknowledges that a device was taken away.
 *
 * One connection carries one device at a time; there may be several, one after the other. Nothing
 * is allocated for a packet once buffers of its size are there, and no payload of 32 KiB or more is
 * copied.
 *
 * Packets are those of protocol/packet.h. Callbacks run inside the event loop; they may send, and
 * must not free the guest.
 */
#include <event2/event.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "guest/buffer.h"
#include "protocol/packet.h"
#include "session/link.h"

struct usb_guest;
struct transport;

/* Requests in flight, at most: as many as a host may be expected to serve at once. */
#define USB_GUEST_REQUESTS_MAX 1024u

/* What the host has told. All of it is the host's word: counts are verified, values are not. */
struct usb_guest_device {
        bool is_connected; /* from device_connect to device_disconnect */
        struct packet_device_connect connect;
        struct packet_interface_info interfaces; /* at most 32 of them count */
        struct packet_ep_info endpoints;         /* by endpoint_index() */
};

/* What came for a request. */
struct usb_guest_answer {
        uint64_t id;
        const struct packet *packet; /* NULL: none ever comes, device or connection are gone */
        uint8_t status;              /* STATUS_...; ioerror without a packet, babble for too much */
        const uint8_t *data;         /* of an IN transfer; valid during the call, or by reference */
        size_t size;                 /* bytes of data, never more than asked for */
        struct usb_guest_buffer *buffer; /* where data stands; NULL in place: see _ref() */
};

/* Called exactly once for each request that was sent. */
typedef void (*usb_guest_answered)(void *userdata, const struct usb_guest_answer *answer);

/* Any may be NULL, but for on_end. */
struct usb_guest_events {
        /* The host's hello is there: usb_guest_link() tells who it is. */
        void (*on_hello)(void *userdata);
        /* There is a device; it is gone, and its requests have been answered without a packet. */
        void (*on_connect)(void *userdata);
        void (*on_disconnect)(void *userdata);
        /*
         * An iso_packet, an interrupt_packet of an IN endpoint or a buffered_bulk_packet. The id
         * counts from 0, anew after each start. Payload and its owner, a struct usb_guest_buffer,
         * as in link.h.
         */
        void (*on_data)(void *userdata, struct parsed *parsed);
        /* A stream's status that nobody asked for: with "stall" the host has stopped it. */
        void (*on_stream)(void *userdata, const struct packet *packet);
        /* Nothing comes or goes any more. Called once. */
        void (*on_end)(void *userdata, enum link_end end, int detail);
};

struct usb_guest_config {
        const char *version; /* for the hello; up to 63 bytes count */
        uint32_t caps;       /* to announce: CAP_... */
        const char *filter;  /* rules to send behind the host's hello, if it takes any; or NULL */
        bool trace;          /* log every packet */
};

/*
 * A guest on a connected, non-blocking stream socket, which becomes its own. The strings must
 * outlive it. Returns 0, -ENOMEM or -EIO; on error the socket is the caller's.
 */
int usb_guest_new(struct usb_guest **ret, struct event_base *base, int fd,
                  const struct usb_guest_config *config, const struct usb_guest_events *events,
                  void *userdata);

/* Right after usb_guest_new(): all bytes go through that transport, as by link_encrypt(). */
void usb_guest_encrypt(struct usb_guest *g, struct transport *transport);

/* Takes NULL, returns NULL. What is in flight is forgotten without a call. */
struct usb_guest *usb_guest_free(struct usb_guest *g);

const struct usb_guest_device *usb_guest_device(const struct usb_guest *g);

/* For its counters, capabilities, version and marks; not for sending. */
const struct link *usb_guest_link(const struct usb_guest *g);

/* Answers for which there was no such request; they have been ignored. */
uint64_t usb_guest_strays(const struct usb_guest *g);

/* Requests sent and not answered. */
size_t usb_guest_in_flight(const struct usb_guest *g);

/* The status of an answer, or of a stream's data, whichever field has it: STATUS_... */
uint8_t usb_guest_status(const struct packet *packet);

/* A buffer for usb_guest_request() and usb_guest_send(); NULL without memory. */
struct usb_guest_buffer *usb_guest_buffer(struct usb_guest *g, size_t size);

/*
 * Sends a request that has an answer: set_ and get_configuration, set_ and get_alt_setting, start_
 * and stop_ of a stream, alloc_ and free_bulk_streams, a control, bulk or interrupt packet. Its id
 * is ours: packet->id does not count, *ret_id (unless NULL) is for a cancel_data_packet.
 *
 * An OUT transfer takes its length field's number of bytes from data, which is NULL otherwise; the
 * reference to data becomes the guest's, also on error.
 *
 * Returns 0; -EINVAL for a packet that a guest may not send so; -EOPNOTSUPP for one that the host
 * has not announced; -EMSGSIZE for a transfer longer than the two sides can say; -ENOTCONN before
 * the host's hello and when all is over; -ENODEV without a device; -EAGAIN while
 * USB_GUEST_REQUESTS_MAX are in flight, or so much is queued that the host does not read.
 */
int usb_guest_request(struct usb_guest *g, const struct packet *packet,
                      struct usb_guest_buffer *data, usb_guest_answered answered, void *userdata,
                      uint64_t *ret_id);

/*
 * Sends what has no answer of its own: reset, cancel_data_packet, iso_packet, filter_reject,
 * filter_filter (whose size bytes end with a 0). The id is the caller's: of what is to be
 * cancelled, or the stream's count from 0. Data and errors as above; only an iso_packet needs a
 * device.
 */
int usb_guest_send(struct usb_guest *g, const struct packet *packet, struct usb_guest_buffer *data,
                   size_t size);
