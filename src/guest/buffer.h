#pragma once
/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Memory for payloads, which are sent and received by reference: counted, and kept for re-use by
 * powers of two, so that a stream of equal sizes allocates nothing.
 */
#include <stddef.h>
#include <stdint.h>

/* The classes: 1 KiB to 128 MiB, the longest transfer. */
#define USB_GUEST_BUFFER_CLASSES 18

/* Kept for re-use: some of the largest that a guest's system asks for, 1 MiB. */
#define USB_GUEST_IDLE_MAX (16u * 1024 * 1024)

struct usb_guest_buffers {
        struct usb_guest_buffer *idle[USB_GUEST_BUFFER_CLASSES];
        size_t idle_bytes;
};

struct usb_guest_buffer {
        struct usb_guest_buffers *home;
        struct usb_guest_buffer *next;
        unsigned references, class;
        uint8_t bytes[];
};

/* Room for size bytes, with one reference. NULL without memory, or for more than 128 MiB. */
struct usb_guest_buffer *usb_guest_buffer_new(struct usb_guest_buffers *home, size_t size);

/* One reference more, of the same buffer; and one less, which returns NULL and takes NULL. */
struct usb_guest_buffer *usb_guest_buffer_ref(struct usb_guest_buffer *b);
struct usb_guest_buffer *usb_guest_buffer_unref(struct usb_guest_buffer *b);

/* Frees what is idle. */
void usb_guest_buffers_clear(struct usb_guest_buffers *home);
