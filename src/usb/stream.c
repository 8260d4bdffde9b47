/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The transfers in flight stand in an array without holes. A completed one leaves it for good: its
 * buffer goes on to the guest, and the pool has a warm one to take its place.
 */
#include "usb/stream.h"

#include <errno.h>
#include <stdlib.h>

#include "usb/status.h"
#include "util/cleanup.h"

/* Enough for a device that reports every 125 us while this process waits for its turn. */
#define TRANSFERS 5

struct usb_stream {
        struct usb_transfers *set;
        uint8_t address;
        uint16_t packet_size;
        uint64_t next_id;

        struct usb_transfer *in_flight[TRANSFERS];
        unsigned count;
        bool is_held, is_stopped;

        const struct usb_stream_events *events;
        void *userdata;
};

DEFINE_CLEANUP(struct usb_stream, usb_stream_free)

static void on_complete(struct usb_transfer *t);

static int submit_one(struct usb_stream *s)
{
        struct usb_transfer *t;
        int r;

        t = usb_transfer_new(s->set, s->packet_size);
        if (!t)
                return -ENOMEM;

        t->type = USB_ENDPOINT_INTERRUPT;
        t->endpoint = s->address;
        t->packet_size = s->packet_size;
        t->length = s->packet_size;
        t->on_complete = on_complete;
        t->userdata = s;

        r = usb_transfer_submit(t);
        if (r < 0) {
                usb_transfer_free(t);
                return r;
        }

        s->in_flight[s->count++] = t;
        return 0;
}

static int fill(struct usb_stream *s)
{
        int r = 0;

        while (r == 0 && s->count < TRANSFERS && !s->is_held && !s->is_stopped)
                r = submit_one(s);

        return r;
}

static void abandon_all(struct usb_stream *s)
{
        while (s->count > 0)
                usb_transfer_abandon(s->in_flight[--s->count]);
}

static void stop(struct usb_stream *s, enum usb_status status)
{
        if (s->is_stopped)
                return;

        s->is_stopped = true;
        abandon_all(s);
        s->events->on_stopped(s->userdata, s, status);
}

static void on_complete(struct usb_transfer *t)
{
        struct usb_stream *s = t->userdata;
        unsigned i = 0;
        int r;

        while (s->in_flight[i] != t)
                i++;
        s->in_flight[i] = s->in_flight[--s->count];

        /* Nobody has cancelled it but the kernel, when something was done to the interface. */
        if (t->status == USB_STATUS_STALL || t->status == USB_STATUS_CANCELLED) {
                enum usb_status status = t->status;

                usb_transfer_free(t);
                stop(s, status);
                return;
        }

        t->id = s->next_id++;
        s->events->on_data(s->userdata, t);

        r = fill(s);
        if (r < 0)
                stop(s, usb_status_from_errno(r));
}

int usb_stream_start(struct usb_stream **ret, struct usb_transfers *set, uint8_t address,
                     const struct usb_endpoint *endpoint, const struct usb_stream_events *events,
                     void *userdata)
{
        CLEANUP(usb_stream_freep) struct usb_stream *s = NULL;
        int r;

        if (endpoint->type != USB_ENDPOINT_INTERRUPT || endpoint->max_packet_size == 0)
                return -EINVAL;

        s = calloc(1, sizeof(*s));
        if (!s)
                return -ENOMEM;

        s->set = set;
        s->address = address;
        s->packet_size = endpoint->max_packet_size;
        s->events = events;
        s->userdata = userdata;

        r = fill(s);
        if (r < 0)
                return r;

        *ret = TAKE(s);
        return 0;
}

struct usb_stream *usb_stream_free(struct usb_stream *stream)
{
        if (!stream)
                return NULL;

        abandon_all(stream);
        free(stream);
        return NULL;
}

void usb_stream_hold(struct usb_stream *stream, bool hold)
{
        int r;

        stream->is_held = hold;
        r = fill(stream);
        if (r < 0)
                stop(stream, usb_status_from_errno(r));
}

uint8_t usb_stream_address(const struct usb_stream *stream)
{
        return stream->address;
}
