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

struct usb_stream {
        struct usb_transfers *set;
        struct usb_stream_config config;
        enum usb_endpoint_type type;
        uint16_t packet_size;
        uint64_t next_id;

        struct usb_transfer *in_flight[USB_STREAM_TRANSFERS_MAX];
        unsigned count;
        bool is_held, is_stopped;

        const struct usb_stream_events *events;
        void *userdata;
};

DEFINE_CLEANUP(struct usb_stream, usb_stream_free)

static void on_complete(struct usb_transfer *t);

static struct usb_transfer *transfer_new(struct usb_stream *s)
{
        struct usb_transfer *t;

        if (s->type != USB_ENDPOINT_ISO)
                return usb_transfer_new(s->set, s->config.bytes);

        t = usb_transfer_new_iso(s->set, s->config.bytes);
        if (!t)
                return NULL;

        t->packets = s->config.packets;
        for (unsigned i = 0; i < t->packets; i++)
                usb_transfer_set_packet(t, i, s->packet_size);

        return t;
}

static int submit_one(struct usb_stream *s)
{
        struct usb_transfer *t;
        int r;

        t = transfer_new(s);
        if (!t)
                return -ENOMEM;

        t->type = s->type;
        t->endpoint = s->config.address;
        t->stream_id = s->config.stream_id;
        t->packet_size = s->packet_size;
        t->length = s->config.bytes;
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

        while (r == 0 && s->count < s->config.transfers && !s->is_held && !s->is_stopped)
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

        t->id = s->next_id;
        s->next_id += s->type == USB_ENDPOINT_ISO ? t->packets : 1;
        s->events->on_data(s->userdata, t);

        r = fill(s);
        if (r < 0)
                stop(s, usb_status_from_errno(r));
}

static bool is_possible(const struct usb_endpoint *endpoint, const struct usb_stream_config *config)
{
        if (!(config->address & 0x80) || endpoint->max_packet_size == 0 || config->transfers < 1 ||
            config->transfers > USB_STREAM_TRANSFERS_MAX)
                return false;

        switch (endpoint->type) {
        case USB_ENDPOINT_ISO:
                return config->packets >= 1 && config->packets <= USB_STREAM_PACKETS_MAX;
        case USB_ENDPOINT_BULK:
        case USB_ENDPOINT_INTERRUPT:
                return config->bytes > 0 && config->bytes % endpoint->max_packet_size == 0;
        case USB_ENDPOINT_CONTROL:
        case USB_ENDPOINT_NONE: break;
        }

        return false;
}

int usb_stream_start(struct usb_stream **ret, struct usb_transfers *set,
                     const struct usb_endpoint *endpoint, const struct usb_stream_config *config,
                     const struct usb_stream_events *events, void *userdata)
{
        CLEANUP(usb_stream_freep) struct usb_stream *s = NULL;
        int r;

        if (!is_possible(endpoint, config))
                return -EINVAL;

        s = calloc(1, sizeof(*s));
        if (!s)
                return -ENOMEM;

        s->set = set;
        s->config = *config;
        s->type = endpoint->type;
        s->packet_size = endpoint->max_packet_size;
        if (s->type == USB_ENDPOINT_ISO)
                s->config.bytes = config->packets * s->packet_size;
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

        stream->is_held = hold && stream->type != USB_ENDPOINT_ISO;
        r = fill(stream);
        if (r < 0)
                stop(stream, usb_status_from_errno(r));
}
