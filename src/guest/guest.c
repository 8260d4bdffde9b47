/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A row of the table below for each packet of a host. What a host sends at the wrong time is
 * counted and ignored, as QEMU does; what breaks the protocol ends the link by itself.
 *
 * Invariant: a request has a place in the table of requests from usb_guest_request() until its one
 * call; the end of the device, and of the link, clear the table.
 */
#include "guest/guest.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "guest/requests.h"
#include "util/cleanup.h"

/* The acknowledgement that goes whatever the marks say, and hello. */
#define ANSWERS 2

struct usb_guest {
        struct link *link;
        struct usb_guest_config config;
        struct usb_guest_events events;
        void *userdata;

        struct usb_guest_device device;
        struct usb_guest_requests requests;
        struct usb_guest_buffers buffers;
        uint64_t strays;
        bool is_greeted, is_over;
        bool owes_ack; /* sent when the queue is shorter */
};

DEFINE_CLEANUP(struct usb_guest, usb_guest_free)

/* Calls the event if it is wanted. */
static void tell(struct usb_guest *g, void (*event)(void *userdata))
{
        if (event)
                event(g->userdata);
}

static void send_text(struct usb_guest *g, const char *text)
{
        struct packet packet = { .type = PACKET_filter_filter };
        size_t size = strlen(text) + 1;
        struct usb_guest_buffer *b = usb_guest_buffer(g, size);

        if (!b)
                return;

        memcpy(b->bytes, text, size);
        usb_guest_send(g, &packet, b, size);
}

static void on_hello(struct usb_guest *g, struct parsed *parsed)
{
        g->is_greeted = true;
        if (g->config.filter && link_peer_caps(g->link) & CAP_FILTER)
                send_text(g, g->config.filter);
        tell(g, g->events.on_hello);
}

static void on_connect(struct usb_guest *g, struct parsed *parsed)
{
        if (g->device.is_connected) {
                g->strays++;
                return;
        }

        g->device.is_connected = true;
        g->device.connect = parsed->packet->device_connect;
        tell(g, g->events.on_connect);
}

static void acknowledge(struct usb_guest *g)
{
        struct packet ack = { .type = PACKET_device_disconnect_ack };

        g->owes_ack = link_is_full(g->link);
        if (!g->owes_ack)
                link_send(g->link, &ack, NULL, 0, NULL);
}

static void on_disconnect(struct usb_guest *g, struct parsed *parsed)
{
        bool was_connected = g->device.is_connected;

        g->device = (struct usb_guest_device){ 0 };
        usb_guest_requests_end(&g->requests);
        if (g->config.caps & link_peer_caps(g->link) & CAP_DEVICE_DISCONNECT_ACK)
                acknowledge(g);
        if (was_connected)
                tell(g, g->events.on_disconnect);
        else
                g->strays++;
}

static void on_interface_info(struct usb_guest *g, struct parsed *parsed)
{
        g->device.interfaces = parsed->packet->interface_info;
}

static void on_ep_info(struct usb_guest *g, struct parsed *parsed)
{
        g->device.endpoints = parsed->packet->ep_info;
}

static void answer(struct usb_guest *g, struct usb_guest_pending *p, struct parsed *parsed)
{
        struct usb_guest_answer a = { .packet = parsed->packet,
                                      .status = usb_guest_status(parsed->packet) };

        if (parsed->payload_size > p->length) {
                a.status = STATUS_babble;
        } else if (parsed->lost) {
                a.status = STATUS_ioerror;
        } else {
                a.data = parsed->payload;
                a.size = parsed->payload_size;
                a.buffer = parsed->owner;
        }

        usb_guest_requests_answer(&g->requests, p, &a);
}

static void on_answer(struct usb_guest *g, struct parsed *parsed)
{
        struct usb_guest_pending *p = usb_guest_requests_find(&g->requests, parsed->packet);

        if (p)
                answer(g, p, parsed);
        else
                g->strays++;
}

static void on_stream_status(struct usb_guest *g, struct parsed *parsed)
{
        struct usb_guest_pending *p = usb_guest_requests_find(&g->requests, parsed->packet);

        if (p)
                answer(g, p, parsed);
        else if (g->events.on_stream)
                g->events.on_stream(g->userdata, parsed->packet);
}

static void on_data(struct usb_guest *g, struct parsed *parsed)
{
        if (g->events.on_data && g->device.is_connected)
                g->events.on_data(g->userdata, parsed);
}

static void on_interrupt(struct usb_guest *g, struct parsed *parsed)
{
        (parsed->packet->interrupt_packet.endpoint & 0x80 ? on_data : on_answer)(g, parsed);
}

/* Hosts may announce a filter of their own; a guest has no use for it. */
static void ignore(struct usb_guest *g, struct parsed *parsed)
{
}

static void (*const handlers[PACKET_TYPES])(struct usb_guest *g, struct parsed *parsed) = {
        [PACKET_hello] = on_hello,
        [PACKET_device_connect] = on_connect,
        [PACKET_device_disconnect] = on_disconnect,
        [PACKET_interface_info] = on_interface_info,
        [PACKET_ep_info] = on_ep_info,
        [PACKET_configuration_status] = on_answer,
        [PACKET_alt_setting_status] = on_answer,
        [PACKET_iso_stream_status] = on_stream_status,
        [PACKET_interrupt_receiving_status] = on_stream_status,
        [PACKET_bulk_streams_status] = on_answer,
        [PACKET_filter_filter] = ignore,
        [PACKET_bulk_receiving_status] = on_stream_status,
        [PACKET_control_packet] = on_answer,
        [PACKET_bulk_packet] = on_answer,
        [PACKET_iso_packet] = on_data,
        [PACKET_interrupt_packet] = on_interrupt,
        [PACKET_buffered_bulk_packet] = on_data,
};

static void on_packet(void *userdata, struct parsed *parsed)
{
        handlers[parsed->packet->type](userdata, parsed);
}

static void on_flushed(void *userdata)
{
        struct usb_guest *g = userdata;

        if (g->owes_ack)
                acknowledge(g);
}

static void on_end(void *userdata, enum link_end end, int detail)
{
        struct usb_guest *g = userdata;

        g->is_over = true;
        g->device = (struct usb_guest_device){ 0 };
        usb_guest_requests_end(&g->requests);
        g->events.on_end(g->userdata, end, detail);
}

/* Memory for what was asked for, no more, and for what a stream brings. */
static void *payload_new(void *userdata, const struct packet *packet, size_t size,
                         uint8_t **ret_data)
{
        struct usb_guest *g = userdata;
        struct usb_guest_buffer *b = NULL;
        const struct usb_guest_pending *p;

        p = usb_guest_requests_find(&g->requests, packet);
        if (packet->type == PACKET_buffered_bulk_packet || packet->type == PACKET_iso_packet ||
            packet->type == PACKET_interrupt_packet || (p && size <= p->length))
                b = usb_guest_buffer(g, size);
        if (!b)
                return NULL;

        *ret_data = b->bytes;
        return b;
}

static void payload_free(void *userdata, void *owner)
{
        usb_guest_buffer_unref(owner);
}

int usb_guest_new(struct usb_guest **ret, struct event_base *base, int fd,
                  const struct usb_guest_config *config, const struct usb_guest_events *events,
                  void *userdata)
{
        static const struct link_events link_events = { .on_packet = on_packet,
                                                        .on_end = on_end,
                                                        .payload_new = payload_new,
                                                        .payload_free = payload_free,
                                                        .on_flushed = on_flushed };
        CLEANUP(usb_guest_freep) struct usb_guest *g = NULL;
        int r;

        g = calloc(1, sizeof(*g));
        if (!g)
                return -ENOMEM;

        g->config = *config;
        g->config.caps = caps_consistent(config->caps);
        g->events = *events;
        g->userdata = userdata;
        usb_guest_requests_init(&g->requests);
        r = link_new(&g->link, base, fd, ROLE_GUEST, config->version, g->config.caps, ANSWERS,
                     &link_events, g);
        if (r < 0)
                return r;

        link_set_trace(g->link, config->trace);
        *ret = TAKE(g);
        return 0;
}

void usb_guest_encrypt(struct usb_guest *g, struct transport *transport)
{
        link_encrypt(g->link, transport);
}

struct usb_guest *usb_guest_free(struct usb_guest *g)
{
        if (!g)
                return NULL;

        link_free(g->link);
        usb_guest_buffers_clear(&g->buffers);
        free(g);
        return NULL;
}

const struct usb_guest_device *usb_guest_device(const struct usb_guest *g)
{
        return &g->device;
}

const struct link *usb_guest_link(const struct usb_guest *g)
{
        return g->link;
}

uint64_t usb_guest_strays(const struct usb_guest *g)
{
        return g->strays;
}

size_t usb_guest_in_flight(const struct usb_guest *g)
{
        return g->requests.in_flight;
}

struct usb_guest_buffer *usb_guest_buffer(struct usb_guest *g, size_t size)
{
        return usb_guest_buffer_new(&g->buffers, size);
}

/* What may not be sent, or not now. */
static int check(const struct usb_guest *g, const struct packet *packet, size_t size)
{
        uint32_t host = link_peer_caps(g->link);
        enum packet_fault fault;

        if (g->is_over || !g->is_greeted)
                return -ENOTCONN;
        if (packet->type == PACKET_bulk_packet && packet->bulk_packet.length_high &&
            !(g->config.caps & host & CAP_BULK_LENGTH_32BIT))
                return -EMSGSIZE;

        fault = packet_verify(packet, size, ROLE_GUEST, host);
        if (fault == PACKET_FAULT_NOT_CAPABLE)
                return -EOPNOTSUPP;
        if (fault == PACKET_FAULT_TRANSFER_LIMIT)
                return -EMSGSIZE;
        if (fault != PACKET_FAULT_NONE)
                return -EINVAL;

        if (packet->type != PACKET_iso_packet)
                return link_is_full(g->link) ? -EAGAIN : 0;
        if (!g->device.is_connected)
                return -ENODEV;

        return link_takes_iso(g->link, 1) ? 0 : -EAGAIN;
}

static void put(struct usb_guest *g, const struct packet *packet, struct usb_guest_buffer *data,
                size_t size)
{
        link_send(g->link, packet, data ? data->bytes : NULL, size, data);
}

int usb_guest_request(struct usb_guest *g, const struct packet *packet,
                      struct usb_guest_buffer *data, usb_guest_answered answered, void *userdata,
                      uint64_t *ret_id)
{
        size_t size = data ? packet_transfer_length(packet) : 0;
        struct usb_guest_pending *p = NULL;
        struct packet numbered = *packet;
        enum packet_type type;
        int r;

        r = usb_guest_answer_type(packet->type, &type);
        if (r == 0)
                r = check(g, packet, size);
        if (r == 0 && !g->device.is_connected)
                r = -ENODEV;
        if (r == 0) {
                p = usb_guest_requests_add(&g->requests);
                r = p ? 0 : -EAGAIN;
        }
        if (r < 0) {
                usb_guest_buffer_unref(data);
                return r;
        }

        p->type = type;
        p->endpoint = 0;
        packet_endpoint(packet, &p->endpoint);
        p->length = p->endpoint & 0x80 ? packet_transfer_length(packet) : 0;
        p->answered = answered;
        p->userdata = userdata;
        numbered.id = p->id;
        if (ret_id)
                *ret_id = p->id;
        put(g, &numbered, data, size);
        return 0;
}

int usb_guest_send(struct usb_guest *g, const struct packet *packet, struct usb_guest_buffer *data,
                   size_t size)
{
        enum packet_type type;
        int r;

        r = usb_guest_answer_type(packet->type, &type) == 0 || packet->type == PACKET_hello
                    ? -EINVAL
                    : check(g, packet, size);
        if (r == 0 && packet->type == PACKET_filter_filter && data->bytes[size - 1])
                r = -EINVAL;
        if (r < 0) {
                usb_guest_buffer_unref(data);
                return r;
        }

        put(g, packet, data, size);
        return 0;
}
