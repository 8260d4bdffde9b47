/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A transfer is filled, is full and waits for the start, or is in flight: their number is bounded
 * by what the guest asked for. In flight they stand in an array without holes; the full ones, in
 * order, in another one.
 */
#include "usb/iso-out.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "usb/status.h"
#include "usb/stream.h"

struct usb_iso_out {
        struct usb_transfers *set;
        uint8_t address;
        uint16_t packet_size;
        unsigned transfers, packets;

        struct usb_transfer *filling;
        struct usb_transfer *full[USB_STREAM_TRANSFERS_MAX];
        struct usb_transfer *in_flight[USB_STREAM_TRANSFERS_MAX];
        unsigned full_count, in_flight_count;
        bool is_running, is_stopped;

        unsigned to_drop;
        uint64_t dropped, underruns;

        const struct usb_iso_out_events *events;
        void *userdata;
};

static void abandon_all(struct usb_iso_out *o)
{
        while (o->in_flight_count > 0)
                usb_transfer_abandon(o->in_flight[--o->in_flight_count]);
        while (o->full_count > 0)
                usb_transfer_free(o->full[--o->full_count]);
        o->filling = usb_transfer_free(o->filling);
}

static void stop(struct usb_iso_out *o, enum usb_status status)
{
        if (o->is_stopped)
                return;

        o->is_stopped = true;
        abandon_all(o);
        o->events->on_stopped(o->userdata, status);
}

static void on_complete(struct usb_transfer *t)
{
        struct usb_iso_out *o = t->userdata;
        enum usb_status status = t->status;
        uint64_t id = t->id;
        unsigned i = 0;

        while (o->in_flight[i] != t)
                i++;
        o->in_flight[i] = o->in_flight[--o->in_flight_count];
        usb_transfer_free(t);

        /* Nobody has cancelled it but the kernel, when something was done to the interface. */
        if (status == USB_STATUS_STALL || status == USB_STATUS_CANCELLED) {
                stop(o, status);
                return;
        }
        if (o->in_flight_count == 0) {
                o->is_running = false;
                o->underruns++;
        }
        if (status != USB_STATUS_SUCCESS)
                o->events->on_failed(o->userdata, id, status);
}

static int submit(struct usb_iso_out *o, struct usb_transfer *t)
{
        int r;

        t->type = USB_ENDPOINT_ISO;
        t->endpoint = o->address;
        t->packet_size = o->packet_size;
        t->on_complete = on_complete;
        t->userdata = o;

        r = usb_transfer_submit(t);
        if (r < 0) {
                usb_transfer_free(t);
                return r;
        }

        o->in_flight[o->in_flight_count++] = t;
        return 0;
}

/* Sends what is full, once half of all packets are there, or while the stream runs. */
static int send_full(struct usb_iso_out *o)
{
        unsigned buffered = o->full_count * o->packets + (o->filling ? o->filling->packets : 0);
        unsigned sent = 0;
        int r = 0;

        if (o->full_count == 0 || (!o->is_running && buffered < o->transfers * o->packets / 2))
                return 0;

        o->is_running = true;
        while (r == 0 && sent < o->full_count)
                r = submit(o, o->full[sent++]);

        o->full_count -= sent;
        memmove(o->full, o->full + sent, o->full_count * sizeof(*o->full));
        return r;
}

int usb_iso_out_start(struct usb_iso_out **ret, struct usb_transfers *set, uint8_t address,
                      const struct usb_endpoint *endpoint, unsigned transfers, unsigned packets,
                      const struct usb_iso_out_events *events, void *userdata)
{
        struct usb_iso_out *o;

        if (endpoint->type != USB_ENDPOINT_ISO || endpoint->max_packet_size == 0 ||
            address & 0x80 || transfers < 1 || transfers > USB_STREAM_TRANSFERS_MAX ||
            packets < 1 || packets > USB_STREAM_PACKETS_MAX)
                return -EINVAL;

        o = calloc(1, sizeof(*o));
        if (!o)
                return -ENOMEM;

        o->set = set;
        o->address = address;
        o->packet_size = endpoint->max_packet_size;
        o->transfers = transfers;
        o->packets = packets;
        o->events = events;
        o->userdata = userdata;
        *ret = o;
        return 0;
}

struct usb_iso_out *usb_iso_out_free(struct usb_iso_out *o)
{
        if (!o)
                return NULL;

        abandon_all(o);
        free(o);
        return NULL;
}

/* Is there a transfer to put a packet into? If not, the overflow is dropped as a whole. */
static bool may_take(struct usb_iso_out *o)
{
        if (o->is_stopped)
                return false;
        if (o->to_drop > 0) {
                o->to_drop--;
                return false;
        }
        if (o->filling)
                return true;
        if (o->full_count + o->in_flight_count < o->transfers)
                o->filling = usb_transfer_new_iso(o->set, o->packets * o->packet_size);
        if (o->filling)
                return true;

        o->to_drop = o->transfers * o->packets / 2;
        return false;
}

int usb_iso_out_write(struct usb_iso_out *o, uint64_t id, const uint8_t *data, size_t size)
{
        struct usb_transfer *t;
        int r;

        if (size > o->packet_size)
                return -EMSGSIZE;
        if (!may_take(o)) {
                o->dropped++;
                return 0;
        }

        t = o->filling;
        if (t->packets == 0) {
                t->id = id;
                t->length = 0;
        }
        if (size > 0)
                memcpy(t->data + t->length, data, size);
        usb_transfer_set_packet(t, t->packets++, (uint16_t)size);
        t->length += (uint32_t)size;

        if (t->packets == o->packets) {
                o->full[o->full_count++] = t;
                o->filling = NULL;
        }

        r = send_full(o);
        if (r < 0)
                stop(o, usb_status_from_errno(r));
        return 0;
}

uint64_t usb_iso_out_dropped(const struct usb_iso_out *o)
{
        return o->dropped;
}

uint64_t usb_iso_out_underruns(const struct usb_iso_out *o)
{
        return o->underruns;
}
