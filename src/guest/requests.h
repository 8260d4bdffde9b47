#pragma once
/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Requests in flight. An id is a place in a fixed table and the number of its use, so that it is
 * found without a search, and the answer to a former one is never taken for that to a later.
 */
#include <stddef.h>
#include <stdint.h>

#include "guest/guest.h"

struct usb_guest_pending {
        uint64_t id;           /* 0: not in use */
        enum packet_type type; /* of the answer */
        uint8_t endpoint;      /* that the answer must name; 0 for those that name none */
        uint32_t length;       /* of an IN transfer: the most that may come */
        unsigned uses, next;
        usb_guest_answered answered;
        void *userdata;
};

struct usb_guest_requests {
        struct usb_guest_pending slots[USB_GUEST_REQUESTS_MAX];
        unsigned free; /* the first place; USB_GUEST_REQUESTS_MAX: none */
        size_t in_flight;
};

void usb_guest_requests_init(struct usb_guest_requests *r);

/* Has that packet an answer? Returns 0 and its type, or -EINVAL. */
int usb_guest_answer_type(enum packet_type request, enum packet_type *ret_type);

/* A place with a new id, to be filled; NULL if all are taken. */
struct usb_guest_pending *usb_guest_requests_add(struct usb_guest_requests *r);

/* The request that this packet answers by id, type and endpoint; NULL if there is none. */
struct usb_guest_pending *usb_guest_requests_find(struct usb_guest_requests *r,
                                                  const struct packet *packet);

/* Gives the place back, then calls for its request. */
void usb_guest_requests_answer(struct usb_guest_requests *r, struct usb_guest_pending *p,
                               struct usb_guest_answer *answer);

/* All that are in flight end without a packet. */
void usb_guest_requests_end(struct usb_guest_requests *r);
