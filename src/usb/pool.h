#pragma once
/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Transfers that are not in use, with their buffers, by size class: what a device moves again and
 * again finds its memory, and its pages, where they were. Bounds what one session may hold.
 *
 * Large buffers are the kernel's own, mapped: usbfs then neither allocates nor copies for a
 * transfer. They count as usbfs memory as long as they are mapped, in use or not.
 */
#include <libusb.h>
#include <stdbool.h>
#include <stddef.h>

struct usb_transfer;

/*
 * Memory in use by one session's requests, from the guest's packet until the answer is written.
 * 1024 is four times what a busy guest has open; 64 MiB leaves room in a unit limited to 96.
 */
#define USB_POOL_TRANSFERS_MAX 1024u
#define USB_POOL_BYTES_MAX     (64u * 1024 * 1024)

/* Idle buffers kept for re-use: six of the largest class. */
#define USB_POOL_IDLE_MAX (6u * 1024 * 1024)

/* Buffers above the largest class come from the heap and return there. */
#define USB_POOL_CLASSES 6

/* Packets of an isochronous transfer: the most that usbredir can ask for. */
#define USB_POOL_PACKETS 32

struct usb_pool {
        libusb_device_handle *handle; /* whose usbfs maps buffers; NULL: none */
        size_t mapped, mapped_max;    /* bytes; beyond the second, buffers come from the heap */

        struct usb_transfer *idle[2][USB_POOL_CLASSES]; /* the second: isochronous ones */
        size_t idle_bytes;
        size_t transfers, bytes; /* in use */
};

/*
 * A transfer with a buffer of at least size bytes, and with room for USB_POOL_PACKETS packets if it
 * is to be isochronous; NULL beyond a limit or without memory.
 */
struct usb_transfer *usb_pool_get(struct usb_pool *pool, size_t size, bool is_iso);

/* Takes it back; it must not be in flight. */
void usb_pool_put(struct usb_pool *pool, struct usb_transfer *transfer);

/* Gives back the usbfs memory of idle buffers; false if there was none. */
bool usb_pool_unmap_idle(struct usb_pool *pool);

/* Frees what is idle. Nothing may be in use. */
void usb_pool_clear(struct usb_pool *pool);
