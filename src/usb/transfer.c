/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Each transfer is idle, waiting, submitted, abandoned or lost, and moves between these in
 * five places: usb_transfer_submit(), usb_transfer_abandon(), usb_transfers_pump(), fail() and
 * on_libusb().
 *
 * When a device goes, the kernel gives back first what was submitted last, and QEMU aborts when
 * answers of an endpoint come so. What ends by that is lost, not completed: whoever waits for it
 * abandons it, in the order of submission.
 *
 * Two rules keep the data in order while some must wait. Whoever comes while others wait,
 * waits behind them. And while a transfer goes in pieces, no other goes to its endpoint.
 *
 * A lack of usbfs memory is no error as long as a completion is to come; without one those that
 * wait fail, however many they are. A timer looks again too: the memory may be another program's,
 * and our completion that of a device which has nothing to say for hours.
 */
#include "usb/transfer.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/time.h>
#include <utlist.h>

#include "usb/transfer-private.h"
#include "util/macro.h"

/* Control requests end within this time; bulk and interrupt never time out (devices may NAK). */
#define CONTROL_TIMEOUT_MS 5000

#define RETRY_MS 50

/* The longest piece: several must fit the share at once, or a waiting IN would stop all others. */
static uint32_t piece_max(const struct usb_transfer *t)
{
        size_t most = t->set->memory / 4;

        if (t->type != USB_ENDPOINT_BULK || t->packet_size == 0 || most < t->packet_size)
                return (uint32_t)MIN(t->set->memory - USB_URB_OVERHEAD, (size_t)UINT32_MAX);

        return (uint32_t)MIN(most - most % t->packet_size, (size_t)UINT32_MAX);
}

/* A mapped buffer is counted by the pool, from when it is mapped. */
static size_t cost_of(const struct usb_transfer *t)
{
        return (t->is_mapped ? 0 : t->piece) + USB_URB_OVERHEAD;
}

static size_t memory_left(const struct usb_transfers *set)
{
        return set->memory - MIN(set->memory, set->memory_used + set->pool.mapped);
}

static struct usb_transfer *transfer_new(struct usb_transfers *set, size_t size, bool is_iso)
{
        struct usb_transfer *t;

        /* Of what is left, but so little that pieces of others find room beside it. */
        set->pool.mapped_max = MIN(set->memory / 4, set->pool.mapped + memory_left(set));
        t = usb_pool_get(&set->pool, size, is_iso);
        if (!t)
                return NULL;

        t->set = set;
        t->owners = 1;
        t->on_complete = NULL;
        t->stream_id = 0;
        t->packets = 0;
        set->is_used = true;
        usb_transfers_unmap_later(set);
        return t;
}

struct usb_transfer *usb_transfer_new(struct usb_transfers *set, size_t size)
{
        return transfer_new(set, size, false);
}

struct usb_transfer *usb_transfer_new_iso(struct usb_transfers *set, size_t size)
{
        return transfer_new(set, size, true);
}

struct usb_transfer *usb_transfer_share(struct usb_transfer *t)
{
        t->owners++;
        return t;
}

struct usb_transfer *usb_transfer_free(struct usb_transfer *t)
{
        if (t && --t->owners == 0) {
                struct usb_transfers *set = t->set;

                usb_pool_put(&set->pool, t);
                usb_transfers_unmap_later(set);
        }

        return NULL;
}

/* While a transfer goes in pieces its endpoint is its own. */
static void hold_endpoint(struct usb_transfer *t, bool hold)
{
        if (t->is_cut == hold)
                return;

        t->is_cut = hold;
        t->set->cut ^= usb_transfer_mask(t);
}

static void LIBUSB_CALL on_libusb(struct libusb_transfer *libusb);

/* Hands the piece behind what has moved to libusb. */
static int submit_piece(struct usb_transfer *t)
{
        struct usb_transfers *set = t->set;
        uint32_t rest = t->length - t->actual;
        uint8_t *data = t->data + t->actual;
        int r;

        /* What cannot be cut fitted the share when it came; the share may be smaller now. */
        t->piece = t->type == USB_ENDPOINT_BULK ? MIN(rest, piece_max(t)) : rest;
        if (set->memory_used > 0 && cost_of(t) > memory_left(set))
                return -ENOMEM;

        switch (t->type) {
        case USB_ENDPOINT_CONTROL:
                libusb_fill_control_transfer(t->libusb, set->handle,
                                             t->data - LIBUSB_CONTROL_SETUP_SIZE, on_libusb, t,
                                             CONTROL_TIMEOUT_MS);
                break;
        case USB_ENDPOINT_BULK:
                if (t->stream_id)
                        libusb_fill_bulk_stream_transfer(t->libusb, set->handle, t->endpoint,
                                                         t->stream_id, data, (int)t->piece,
                                                         on_libusb, t, 0);
                else
                        libusb_fill_bulk_transfer(t->libusb, set->handle, t->endpoint, data,
                                                  (int)t->piece, on_libusb, t, 0);
                break;
        case USB_ENDPOINT_INTERRUPT:
                libusb_fill_interrupt_transfer(t->libusb, set->handle, t->endpoint, data,
                                               (int)t->piece, on_libusb, t, 0);
                break;
        case USB_ENDPOINT_ISO:
                libusb_fill_iso_transfer(t->libusb, set->handle, t->endpoint, data, (int)t->piece,
                                         (int)t->packets, on_libusb, t, 0);
                break;
        case USB_ENDPOINT_NONE: return -EINVAL;
        }

        r = usb_errno(libusb_submit_transfer(t->libusb));
        if (r == -ENOMEM && usb_pool_unmap_idle(&set->pool))
                r = usb_errno(libusb_submit_transfer(t->libusb));
        if (r < 0)
                return r;

        t->state = USB_TRANSFER_SUBMITTED;
        set->memory_used += cost_of(t);
        set->in_flight[usb_transfer_index(t)]++;
        hold_endpoint(t, t->piece < rest);
        return 0;
}

/* Is a completion to come that would give memory back? */
static bool is_any_in_flight(const struct usb_transfers *set)
{
        return usb_transfers_in_flight(set, USB_ENDPOINTS_ALL) > 0;
}

static void look_again(struct usb_transfers *set)
{
        struct timeval delay = { .tv_usec = RETRY_MS * 1000 };

        if (set->waiting)
                event_add(set->retry, &delay);
}

int usb_transfer_submit(struct usb_transfer *t)
{
        struct usb_transfers *set = t->set;
        int r;

        t->actual = 0;
        t->is_cut = false;
        if (t->type != USB_ENDPOINT_BULK && t->length > piece_max(t))
                return -EMSGSIZE;

        r = set->waiting || (set->cut & usb_transfer_mask(t)) ? -ENOMEM : submit_piece(t);
        if (r == -ENOMEM && (set->waiting || is_any_in_flight(set))) {
                t->state = USB_TRANSFER_WAITING;
                DL_APPEND(set->waiting, t);
                look_again(set);
        } else if (r == -ENODEV && !t->on_complete) {
                t->state = USB_TRANSFER_LOST;
        } else if (r < 0) {
                if (r == -ENODEV)
                        set->events->on_gone(set->userdata);
                return r;
        }

        usb_transfers_add(t);
        if (t->state == USB_TRANSFER_LOST)
                set->events->on_gone(set->userdata);
        return 0;
}

/* The owner's again. */
static void complete(struct usb_transfer *t, enum usb_status status)
{
        hold_endpoint(t, false);
        usb_transfers_remove(t);
        t->status = status;
        t->state = USB_TRANSFER_IDLE;
        if (t->on_complete)
                t->on_complete(t);
        else
                t->set->events->on_complete(t->set->userdata, t);
}

/* A piece could not be submitted. */
static void fail(struct usb_transfer *t, int error)
{
        struct usb_transfers *set = t->set;

        if (error == -ENODEV && !t->on_complete)
                t->state = USB_TRANSFER_LOST;
        else
                complete(t, usb_status_from_errno(error));
        if (error == -ENODEV)
                set->events->on_gone(set->userdata);
}

/* The first in the list whose endpoint is free; the pieces of a cut one hold it themselves. */
static struct usb_transfer *next_waiting(const struct usb_transfers *set)
{
        struct usb_transfer *t;

        DL_FOREACH (set->waiting, t)
                if (t->is_cut || !(set->cut & usb_transfer_mask(t)))
                        return t;

        return NULL;
}

/* Submits what waits, in order, as far as memory goes. */
void usb_transfers_pump(struct usb_transfers *set)
{
        struct usb_transfer *t;
        int r;

        while ((t = next_waiting(set))) {
                DL_DELETE(set->waiting, t);

                r = submit_piece(t);
                if (r == -ENOMEM && is_any_in_flight(set)) {
                        DL_PREPEND(set->waiting, t);
                        break;
                }
                if (r < 0)
                        fail(t, r);
        }

        look_again(set);
}

/* A piece has moved whole: the next one goes before all others that wait. */
static void go_on(struct usb_transfer *t)
{
        t->state = USB_TRANSFER_WAITING;
        DL_PREPEND(t->set->waiting, t);
}

static void LIBUSB_CALL on_libusb(struct libusb_transfer *libusb)
{
        struct usb_transfer *t = libusb->user_data;
        struct usb_transfers *set = t->set;
        enum libusb_transfer_status status = libusb->status;
        uint32_t moved = libusb->actual_length > 0 ? (uint32_t)libusb->actual_length : 0;

        set->memory_used -= cost_of(t);
        set->in_flight[usb_transfer_index(t)]--;

        if (t->state == USB_TRANSFER_ABANDONED) {
                hold_endpoint(t, false);
                usb_transfer_free(t);
                set->events->on_reaped(set->userdata);
        } else if (status == LIBUSB_TRANSFER_NO_DEVICE && !t->on_complete) {
                t->state = USB_TRANSFER_LOST;
        } else {
                t->actual += MIN(moved, t->piece);
                if (status == LIBUSB_TRANSFER_COMPLETED && moved == t->piece && t->is_cut)
                        go_on(t);
                else
                        complete(t, usb_status_from_transfer(status));
        }

        if (status == LIBUSB_TRANSFER_NO_DEVICE)
                set->events->on_gone(set->userdata);

        usb_transfers_pump(set);
}

void usb_transfer_abandon(struct usb_transfer *t)
{
        usb_transfers_remove(t);

        if (t->state == USB_TRANSFER_SUBMITTED) {
                t->state = USB_TRANSFER_ABANDONED;
                libusb_cancel_transfer(t->libusb);
                return;
        }

        if (t->state == USB_TRANSFER_WAITING)
                DL_DELETE(t->set->waiting, t);
        hold_endpoint(t, false);
        t->state = USB_TRANSFER_IDLE;
        usb_transfer_free(t);
}
