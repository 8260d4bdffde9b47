/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Streams: the guest starts one on an endpoint, and data flows without a request for each packet,
 * until the guest stops it or is told "stall", which means: stopped by us, start it again if you
 * want it. A device's own stall is cleared, and the stream started anew with ids from 0, without a
 * word.
 *
 * What a slow guest does not take of interrupt and bulk endpoints holds the device back: nothing is
 * dropped. Isochronous data does not wait: between a high and a low mark of what is queued for its
 * endpoint, whole transfers of it are dropped, and counted.
 */
#include "session/streams.h"

#include <errno.h>
#include <inttypes.h>

#include "session/requests.h"
#include "util/log.h"

/* Enough for a device that reports every 125 us while this process waits for its turn. */
#define INTERRUPT_TRANSFERS 5

/*
 * Times what the guest has in flight: 180 ms of what QEMU asks for. Then it is behind for good, and
 * gets a gap that is worth it.
 */
#define ISO_HIGH(size) ((size)*3)
#define ISO_LOW(size)  ((size) / 2)

static struct session_stream *stream_at(struct session *s, uint8_t address)
{
        return &s->streams[endpoint_index(address)];
}

static bool is_started(const struct session_stream *stream)
{
        return stream->in || stream->out;
}

/* What a start or stop packet asks for. */
static struct session_stream asked_of(const struct packet *packet)
{
        struct session_stream asked = { 0 };
        uint8_t address = 0;

        packet_endpoint(packet, &address);
        asked.config.address = address;

        switch ((unsigned)packet->type) {
        case PACKET_start_iso_stream:
                asked.config.transfers = packet->start_iso_stream.no_urbs;
                asked.config.packets = packet->start_iso_stream.pkts_per_urb;
                asked.type = USB_ENDPOINT_ISO;
                break;
        case PACKET_stop_iso_stream: asked.type = USB_ENDPOINT_ISO; break;
        case PACKET_start_interrupt_receiving:
                asked.config.transfers = INTERRUPT_TRANSFERS;
                asked.type = USB_ENDPOINT_INTERRUPT;
                break;
        case PACKET_stop_interrupt_receiving: asked.type = USB_ENDPOINT_INTERRUPT; break;
        case PACKET_start_bulk_receiving:
                asked.config.transfers = packet->start_bulk_receiving.no_transfers;
                asked.config.bytes = packet->start_bulk_receiving.bytes_per_transfer;
                asked.config.stream_id = packet->start_bulk_receiving.stream_id;
                asked.type = USB_ENDPOINT_BULK;
                break;
        case PACKET_stop_bulk_receiving:
                asked.config.stream_id = packet->stop_bulk_receiving.stream_id;
                asked.type = USB_ENDPOINT_BULK;
                break;
        }

        return asked;
}

static void send_status(struct session *s, uint64_t id, const struct session_stream *stream,
                        uint8_t status)
{
        const struct usb_stream_config *config = &stream->config;
        struct packet answer = { .id = id };

        switch (stream->type) {
        case USB_ENDPOINT_ISO:
                answer.type = PACKET_iso_stream_status;
                answer.iso_stream_status =
                        (struct packet_iso_stream_status){ status, config->address };
                break;
        case USB_ENDPOINT_INTERRUPT:
                answer.type = PACKET_interrupt_receiving_status;
                answer.interrupt_receiving_status =
                        (struct packet_interrupt_receiving_status){ status, config->address };
                break;
        case USB_ENDPOINT_BULK:
                answer.type = PACKET_bulk_receiving_status;
                answer.bulk_receiving_status =
                        (struct packet_bulk_receiving_status){ config->stream_id, config->address,
                                                               status };
                break;
        case USB_ENDPOINT_CONTROL:
        case USB_ENDPOINT_NONE: return; /* no kind of stream */
        }

        session_send(s, &answer);
}

/* Must this transfer be dropped? */
static bool is_behind(struct session_stream *stream, const struct usb_transfer *t)
{
        struct link *link = stream->session->link;
        size_t queued = link_iso_bytes(link, t->endpoint);
        size_t mark = stream->is_dropping ? ISO_LOW(stream->bytes) : ISO_HIGH(stream->bytes);

        stream->is_dropping = queued > mark || !link_takes_iso(link, t->packets);
        if (stream->is_dropping && stream->dropped == 0)
                log_warning(
                        "endpoint %02x: the guest reads too slowly, isochronous data is dropped",
                        t->endpoint);

        return stream->is_dropping;
}

/* A packet for each of the transfer's; one for all if it failed as a whole. */
static void send_iso(struct session_stream *stream, struct usb_transfer *t)
{
        struct session *s = stream->session;
        struct packet packet = { .type = PACKET_iso_packet, .id = t->id };

        packet.iso_packet.endpoint = t->endpoint;
        if (is_behind(stream, t)) {
                stream->dropped += t->packets;
                s->packets_dropped += t->packets;
        } else if (t->status != USB_STATUS_SUCCESS) {
                packet.iso_packet.status = request_status(t->status);
                session_send(s, &packet);
        } else {
                for (unsigned i = 0; i < t->packets; i++, packet.id++) {
                        enum usb_status status = usb_transfer_packet_status(t, i);
                        uint32_t size =
                                status == USB_STATUS_SUCCESS ? usb_transfer_packet_actual(t, i) : 0;

                        packet.iso_packet.status = request_status(status);
                        packet.iso_packet.length = (uint16_t)size;
                        link_send(s->link, &packet, t->data + i * t->packet_size, size,
                                  usb_transfer_share(t));
                }
        }

        usb_transfer_free(t);
}

static void send_bulk(struct session *s, struct usb_transfer *t)
{
        struct packet packet = {
                .type = PACKET_buffered_bulk_packet,
                .id = t->id,
                .buffered_bulk_packet = {
                        .stream_id = t->stream_id,
                        .length = t->actual,
                        .endpoint = t->endpoint,
                        .status = request_status(t->status),
                },
        };

        link_send(s->link, &packet, t->data, t->actual, t);
}

static void hold(struct session *s, bool hold)
{
        s->is_holding = hold;
        for (unsigned i = 0; i < SESSION_STREAMS; i++)
                if (s->streams[i].in)
                        usb_stream_hold(s->streams[i].in, hold);
}

static void on_data(void *userdata, struct usb_transfer *t)
{
        struct session_stream *stream = userdata;
        struct session *s = stream->session;

        switch (stream->type) {
        case USB_ENDPOINT_ISO: send_iso(stream, t); return;
        case USB_ENDPOINT_BULK: send_bulk(s, t); break;
        case USB_ENDPOINT_INTERRUPT: session_answer(s, t); break;
        case USB_ENDPOINT_CONTROL:
        case USB_ENDPOINT_NONE: usb_transfer_free(t); break; /* no kind of stream */
        }

        if (link_holds_streams(s->link))
                hold(s, true);
}

/* Clearing a halt blocks, and this is a callback of libusb's: the work event goes on. */
static void stopped(struct session_stream *stream, enum usb_status status)
{
        stream->is_over = true;
        stream->has_failed = status != USB_STATUS_STALL;
        session_wake(stream->session);
}

static void on_in_stopped(void *userdata, struct usb_stream *in, enum usb_status status)
{
        stopped(userdata, status);
}

static void on_out_stopped(void *userdata, enum usb_status status)
{
        stopped(userdata, status);
}

static void on_out_failed(void *userdata, uint64_t id, enum usb_status status)
{
        struct session_stream *stream = userdata;

        send_status(stream->session, id, stream, request_status(status));
}

static const struct usb_stream_events in_events = { .on_data = on_data,
                                                    .on_stopped = on_in_stopped };
static const struct usb_iso_out_events out_events = { .on_failed = on_out_failed,
                                                      .on_stopped = on_out_stopped };

/* Starts what was asked for on its endpoint, where nothing is started. */
static int start(struct session *s, const struct session_stream *asked)
{
        struct session_stream *stream = stream_at(s, asked->config.address);
        const struct usb_endpoint *endpoint;
        struct usb_stream_config *config = &stream->config;
        size_t header = packet_header_size(PACKET_iso_packet, CAP_ALL) +
                        packet_fields_size(PACKET_iso_packet, CAP_ALL);
        int r;

        endpoint = usb_layout_endpoint(usb_device_layout(s->device), asked->config.address);
        if (endpoint->type != asked->type ||
            !request_may_use_stream(s, asked->config.address, asked->config.stream_id))
                return -EINVAL;

        *stream = (struct session_stream){ .session = s,
                                           .type = asked->type,
                                           .config = asked->config };
        if (stream->type == USB_ENDPOINT_INTERRUPT)
                config->bytes = endpoint->max_packet_size;
        stream->bytes = config->transfers * config->packets * (header + endpoint->max_packet_size);

        usb_device_touch(s->device);
        if (config->address & 0x80)
                r = usb_stream_start(&stream->in, usb_device_transfers(s->device), endpoint, config,
                                     &in_events, stream);
        else
                r = usb_iso_out_start(&stream->out, usb_device_transfers(s->device),
                                      config->address, endpoint, config->transfers, config->packets,
                                      &out_events, stream);
        if (r == 0 && stream->in && s->is_holding)
                usb_stream_hold(stream->in, true);
        if (r == -EMSGSIZE || r == -ENOMEM)
                request_lacks_memory(s, r);

        return r;
}

static void forget(struct session_stream *stream)
{
        uint64_t dropped = stream->dropped;

        if (stream->out)
                dropped += usb_iso_out_dropped(stream->out);
        if (dropped > 0)
                log_info("endpoint %02x: %" PRIu64 " isochronous packets were dropped",
                         stream->config.address, dropped);
        if (stream->out && usb_iso_out_underruns(stream->out) > 0)
                log_debug("endpoint %02x: %" PRIu64 " times there was nothing to send",
                          stream->config.address, usb_iso_out_underruns(stream->out));

        stream->in = usb_stream_free(stream->in);
        stream->out = usb_iso_out_free(stream->out);
        stream->is_over = false;
}

void request_start_stream(struct session *s, struct parsed *parsed)
{
        struct session_stream asked = asked_of(parsed->packet);
        uint8_t status = STATUS_inval;
        int r;

        if (!is_started(stream_at(s, asked.config.address))) {
                r = start(s, &asked);
                status = r < 0 ? STATUS_stall : STATUS_success;
                if (r == -ENODEV)
                        session_end(s, REASON_DEVICE_LOST, "unplugged");
        }

        send_status(s, parsed->packet->id, &asked, status);
}

void request_stop_stream(struct session *s, struct parsed *parsed)
{
        struct session_stream asked = asked_of(parsed->packet);
        struct session_stream *stream = stream_at(s, asked.config.address);

        if (is_started(stream) && stream->type == asked.type &&
            stream->config.address == asked.config.address)
                forget(stream);
        send_status(s, parsed->packet->id, &asked, STATUS_success);
}

void request_refuse_stream(struct session *s, struct parsed *parsed)
{
        struct session_stream asked = asked_of(parsed->packet);

        send_status(s, parsed->packet->id, &asked, STATUS_ioerror);
}

void request_iso(struct session *s, struct parsed *parsed)
{
        struct session_stream none = { .type = USB_ENDPOINT_ISO };
        struct session_stream *stream;
        int r = -EINVAL;

        none.config.address = parsed->packet->iso_packet.endpoint;
        stream = stream_at(s, none.config.address);
        if (stream->out && stream->config.address == none.config.address && !parsed->lost)
                r = usb_iso_out_write(stream->out, parsed->packet->id, parsed->payload,
                                      parsed->payload_size);
        if (r < 0)
                send_status(s, parsed->packet->id, &none, STATUS_inval);
}

void session_streams_stop(struct session *s, uint32_t endpoints, bool tell)
{
        for (unsigned i = 0; i < SESSION_STREAMS; i++)
                if (is_started(&s->streams[i]) && endpoints & UINT32_C(1) << i) {
                        forget(&s->streams[i]);
                        if (tell)
                                send_status(s, 0, &s->streams[i], STATUS_stall);
                }
}

void session_streams_release(struct session *s)
{
        if (s->is_holding)
                hold(s, false);
}

void session_streams_restart(struct session *s)
{
        for (unsigned i = 0; i < SESSION_STREAMS; i++) {
                struct session_stream *stream = &s->streams[i], asked = *stream;
                int r;

                if (!stream->is_over)
                        continue;

                forget(stream);
                if (s->is_ending)
                        continue;

                r = stream->has_failed ? -EIO
                                       : usb_device_clear_halt(s->device, asked.config.address);
                if (r == 0)
                        r = start(s, &asked);
                if (r < 0)
                        send_status(s, 0, &asked, STATUS_stall);
                if (r == -ENODEV)
                        session_end(s, REASON_DEVICE_LOST, "unplugged");
        }
}
