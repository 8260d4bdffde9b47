/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A set of transfers: which are in flight, found by endpoint or by id.
 */
#include <errno.h>
#include <stdlib.h>

#include "usb/transfer-private.h"
#include "usb/transfer.h"
#include "util/cleanup.h"
#include "util/macro.h"

/* A share that lets anything move at all. */
#define MEMORY_MIN (2 * USB_URB_OVERHEAD)

DEFINE_CLEANUP(struct usb_transfers, usb_transfers_free)

void usb_transfers_add(struct usb_transfer *t)
{
        struct usb_transfer **bucket = &t->set->by_id[t->id % USB_TRANSFERS_BUCKETS];

        if (t->on_complete)
                return;

        t->number = ++t->set->last_number;
        t->by_id = *bucket;
        *bucket = t;
}

void usb_transfers_remove(struct usb_transfer *t)
{
        struct usb_transfer **link = &t->set->by_id[t->id % USB_TRANSFERS_BUCKETS];

        if (t->on_complete)
                return;

        while (*link != t)
                link = &(*link)->by_id;
        *link = t->by_id;
}

/* Nobody else could have the memory of mapped buffers: a device that rests has none. */
static void on_unmap(evutil_socket_t fd, short what, void *userdata)
{
        struct usb_transfers *set = userdata;

        if (set->is_used)
                usb_transfers_unmap_later(set);
        else
                usb_pool_unmap_idle(&set->pool);
        set->is_used = false;
}

void usb_transfers_unmap_later(struct usb_transfers *set)
{
        struct timeval delay = { .tv_sec = USB_UNMAP_SEC };

        if (set->pool.mapped > 0 && !event_pending(set->unmap, EV_TIMEOUT, NULL))
                event_add(set->unmap, &delay);
}

static void on_retry(evutil_socket_t fd, short what, void *userdata)
{
        usb_transfers_pump(userdata);
}

int usb_transfers_new(struct usb_transfers **ret, struct event_base *base,
                      libusb_device_handle *handle, size_t memory,
                      const struct usb_transfer_events *events, void *userdata)
{
        CLEANUP(usb_transfers_freep) struct usb_transfers *set = NULL;

        set = calloc(1, sizeof(*set));
        if (!set)
                return -ENOMEM;

        set->handle = handle;
        set->pool.handle = handle;
        set->memory = MAX(memory, (size_t)MEMORY_MIN);
        set->events = events;
        set->userdata = userdata;
        set->retry = event_new(base, -1, 0, on_retry, set);
        set->unmap = event_new(base, -1, 0, on_unmap, set);
        if (!set->retry || !set->unmap)
                return -ENOMEM;

        *ret = TAKE(set);
        return 0;
}

void usb_transfers_set_memory(struct usb_transfers *set, size_t memory)
{
        set->memory = MAX(memory, (size_t)MEMORY_MIN);
        usb_pool_unmap_idle(&set->pool);
        usb_transfers_pump(set);
}

struct usb_transfers *usb_transfers_free(struct usb_transfers *set)
{
        if (!set)
                return NULL;

        usb_pool_clear(&set->pool);
        if (set->retry)
                event_free(set->retry);
        if (set->unmap)
                event_free(set->unmap);
        free(set);
        return NULL;
}

size_t usb_transfers_in_flight(const struct usb_transfers *set, uint32_t endpoints)
{
        size_t n = 0;

        for (size_t i = 0; i < USB_ENDPOINTS_MAX; i++)
                if (endpoints & UINT32_C(1) << i)
                        n += set->in_flight[i];

        return n;
}

struct usb_transfer *usb_transfers_find(struct usb_transfers *set, uint64_t id)
{
        for (struct usb_transfer *t = set->by_id[id % USB_TRANSFERS_BUCKETS]; t; t = t->by_id)
                if (t->id == id)
                        return t;

        return NULL;
}

struct usb_transfer *usb_transfers_oldest(struct usb_transfers *set, uint32_t endpoints)
{
        struct usb_transfer *oldest = NULL;

        for (size_t i = 0; i < USB_TRANSFERS_BUCKETS; i++)
                for (struct usb_transfer *t = set->by_id[i]; t; t = t->by_id)
                        if (usb_transfer_mask(t) & endpoints &&
                            (!oldest || t->number < oldest->number))
                                oldest = t;

        return oldest;
}
