/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Streams: started, received from or sent to, and stopped. Which packets do that is told by the
 * type of the endpoint, as the host has told it.
 */
#include <errno.h>
#include <string.h>
#include <time.h>

#include "testguest/commands.h"
#include "testguest/parse.h"
#include "testguest/print.h"
#include "util/clock.h"

#define SECONDS_DEFAULT 5
#define SECONDS_MAX     (7 * 24 * 3600)
#define COUNT_MAX       UINT64_C(1000000000000)

/* How long a command goes on. */
struct extent {
        uint64_t count; /* UINT64_MAX: any number */
        unsigned seconds;
};

struct receiver {
        struct tool *tool;
        uint8_t endpoint;
        struct extent extent;
        uint64_t start_usec, last_usec;
        uint64_t packets, bytes, errors;
        uint64_t next_id, lost, repeated;
        uint8_t status; /* that ended the stream */
        bool is_stopped;
};

static enum tool_exit parse_extent(struct tool *t, const char *text, struct extent *ret)
{
        size_t length = text ? strlen(text) : 0;
        char number[24] = "";
        uint64_t value;

        *ret = (struct extent){ .count = UINT64_MAX, .seconds = SECONDS_DEFAULT };
        if (!text)
                return TOOL_DONE;

        if (text[length - (length > 0)] == 's' && length <= sizeof(number)) {
                memcpy(number, text, length - 1);
                if (parse_number(number, 1, SECONDS_MAX, &value) == 0) {
                        ret->seconds = (unsigned)value;
                        return TOOL_DONE;
                }
        } else if (parse_number(text, 1, COUNT_MAX, &ret->count) == 0) {
                ret->seconds = 0;
                return TOOL_DONE;
        }

        return tool_fail(t, TOOL_USAGE, "'%s': expected a number of packets, or seconds as 5s",
                         text);
}

/* The packets that start and stop the stream of an endpoint, by its type. */
static enum tool_exit stream_packets(struct tool *t, uint8_t endpoint, struct packet *ret_start,
                                     struct packet *ret_stop)
{
        const struct options *o = t->options;
        uint8_t type = usb_guest_device(t->guest)->endpoints.type[endpoint_index(endpoint)];

        *ret_start = *ret_stop = (struct packet){ 0 };
        switch (type) {
        case ENDPOINT_iso:
                ret_start->type = PACKET_start_iso_stream;
                ret_start->start_iso_stream =
                        (struct packet_start_iso_stream){ endpoint, (uint8_t)o->packets_per_urb,
                                                          (uint8_t)o->urbs };
                ret_stop->type = PACKET_stop_iso_stream;
                ret_stop->stop_iso_stream.endpoint = endpoint;
                return TOOL_DONE;
        case ENDPOINT_interrupt:
                ret_start->type = PACKET_start_interrupt_receiving;
                ret_start->start_interrupt_receiving.endpoint = endpoint;
                ret_stop->type = PACKET_stop_interrupt_receiving;
                ret_stop->stop_interrupt_receiving.endpoint = endpoint;
                return TOOL_DONE;
        case ENDPOINT_bulk:
                ret_start->type = PACKET_start_bulk_receiving;
                ret_start->start_bulk_receiving =
                        (struct packet_start_bulk_receiving){ o->stream, o->bytes_per_transfer,
                                                              endpoint, (uint8_t)o->transfers };
                ret_stop->type = PACKET_stop_bulk_receiving;
                ret_stop->stop_bulk_receiving =
                        (struct packet_stop_bulk_receiving){ o->stream, endpoint };
                return TOOL_DONE;
        default:
                return tool_fail(t, TOOL_FAILED,
                                 "endpoint 0x%02x: the device has none that streams; 'info' tells "
                                 "which it has, 'alt' may bring more",
                                 endpoint);
        }
}

/* Ids count from 0, anew after a halt that the host has cleared. */
static void count_id(struct receiver *r, uint64_t id)
{
        if (id > r->next_id)
                r->lost += id - r->next_id;
        else if (id < r->next_id && id > 0)
                r->repeated++;
        r->next_id = id + 1;
}

static void on_data(void *receiver, const struct parsed *parsed)
{
        struct receiver *r = receiver;
        uint8_t endpoint = 0;

        packet_endpoint(parsed->packet, &endpoint);
        if (endpoint != r->endpoint || r->packets >= r->extent.count)
                return;

        r->packets++;
        r->bytes += parsed->payload_size;
        r->last_usec = clock_usec(CLOCK_MONOTONIC);
        r->errors += usb_guest_status(parsed->packet) != STATUS_success;
        count_id(r, parsed->packet->id);
        if (r->extent.seconds == 0)
                tool_set_deadline(r->tool, r->tool->options->timeout);
}

static void on_stream(void *receiver, const struct packet *packet)
{
        struct receiver *r = receiver;
        uint8_t endpoint = 0;

        packet_endpoint(packet, &endpoint);
        if (endpoint == r->endpoint) {
                r->status = STATUS_stall;
                r->is_stopped = true;
        }
}

static void print_received(struct tool *t, const struct receiver *r)
{
        double seconds = (double)(r->last_usec - r->start_usec + 1) / 1e6;
        json_t *out = print_new("receive");

        print_set_hex(out, "endpoint", r->endpoint, 2);
        print_set_status(out, t->status);
        print_set_number(out, "packets", r->packets);
        print_set_number(out, "bytes", r->bytes);
        print_set_number(out, "lost", r->lost);
        print_set_number(out, "repeated", r->repeated);
        print_set_number(out, "errors", r->errors);
        print_set(out, "seconds", json_real(seconds));
        print_set(out, "packets-per-second", json_real((double)r->packets / seconds));
        print_set(out, "bytes-per-second", json_real((double)r->bytes / seconds));
        print_result(t, out);
}

/* Until all is there, or the time is over. */
static enum tool_exit receive(struct tool *t, struct receiver *r)
{
        unsigned disconnects = t->disconnects;

        tool_set_deadline(t, r->extent.seconds ?: t->options->timeout);
        while (r->packets < r->extent.count && !r->is_stopped && t->disconnects == disconnects)
                if (!tool_turn(t))
                        break;

        if (t->is_over)
                return TOOL_OVER;
        if (t->disconnects != disconnects)
                return tool_fail(t, TOOL_GONE, "receive: the device was taken away");

        return t->is_late && r->extent.seconds == 0 ? tool_why(t) : TOOL_DONE;
}

enum tool_exit command_receive(struct tool *t, char **arguments)
{
        struct receiver r = { .tool = t };
        struct packet start, stop;
        enum tool_exit result, stopped;

        if (parse_endpoint(arguments[0], &r.endpoint) < 0 || !(r.endpoint & 0x80))
                return tool_fail(t, TOOL_USAGE, "'%s': expected an endpoint IN, such as 0x86",
                                 arguments[0]);
        result = parse_extent(t, arguments[1], &r.extent);
        if (result == TOOL_DONE)
                result = stream_packets(t, r.endpoint, &start, &stop);
        if (result != TOOL_DONE)
                return result;

        /* The first packets may come with the answer. */
        r.start_usec = r.last_usec = clock_usec(CLOCK_MONOTONIC);
        t->receiver = &r;
        t->on_data = on_data;
        t->on_stream = on_stream;
        result = tool_ask(t, &start, NULL);
        if (result == TOOL_DONE && t->status == STATUS_success) {
                result = receive(t, &r);
                t->receiver = NULL;
                stopped = result == TOOL_GONE || t->is_over ? TOOL_DONE : tool_ask(t, &stop, NULL);
                if (result == TOOL_DONE)
                        result = stopped;
                if (r.status != STATUS_success)
                        t->status = r.status;
        }
        t->receiver = NULL;
        if (result == TOOL_DONE)
                print_received(t, &r);
        return result;
}

/* As many bytes as the endpoint takes at once, if nothing else was asked for. */
static enum tool_exit packet_size(struct tool *t, uint8_t endpoint, uint32_t *ret)
{
        uint16_t size =
                usb_guest_device(t->guest)->endpoints.max_packet_size[endpoint_index(endpoint)];

        *ret = t->options->size ?: size;
        return *ret > 0 ? TOOL_DONE
                        : tool_fail(t, TOOL_USAGE,
                                    "endpoint 0x%02x: how large are its packets? Give --size",
                                    endpoint);
}

/* How often a second the endpoint is served, if nothing else was asked for. */
static unsigned packet_rate(const struct tool *t, uint8_t endpoint, bool is_iso)
{
        const struct usb_guest_device *device = usb_guest_device(t->guest);
        unsigned interval = device->endpoints.interval[endpoint_index(endpoint)] ?: 1;
        uint8_t speed = device->connect.speed;
        bool is_fast = speed == SPEED_high || speed == SPEED_super;
        unsigned rate;

        if (t->options->rate > 0)
                return t->options->rate;

        /* USB has it as an exponent, but for interrupts of slow devices; 16 is the largest. */
        if (is_iso || is_fast)
                rate = (is_fast ? 8000u : 1000u) >> (MIN(interval, 16u) - 1);
        else
                rate = 1000 / interval;
        return MAX(rate, 1u);
}

static enum tool_exit send_packets(struct tool *t, uint8_t endpoint, const struct extent *extent,
                                   uint32_t size, bool is_iso)
{
        struct batch b = { .packet.type = is_iso ? PACKET_iso_packet : PACKET_interrupt_packet,
                           .is_numbered = true,
                           .count = extent->count,
                           .seconds = extent->seconds,
                           .depth = t->options->transfers,
                           .rate = packet_rate(t, endpoint, is_iso) };
        enum tool_exit result;
        json_t *out;

        if (is_iso)
                b.packet.iso_packet.endpoint = endpoint;
        else
                b.packet.interrupt_packet.endpoint = endpoint;
        packet_set_transfer_length(&b.packet, size);

        result = batch_run(t, &b);
        if (result == TOOL_DONE) {
                out = print_new("send");
                print_set_hex(out, "endpoint", endpoint, 2);
                print_set_status(out, t->status);
                batch_set_rates(&b, out);
                print_result(t, out);
        }
        batch_clear(&b);
        return result;
}

enum tool_exit command_send(struct tool *t, char **arguments)
{
        struct packet start, stop;
        enum tool_exit result, stopped;
        struct extent extent;
        uint32_t size = 0;
        uint8_t endpoint, status;
        bool is_iso;

        if (parse_endpoint(arguments[0], &endpoint) < 0 || endpoint & 0x80)
                return tool_fail(t, TOOL_USAGE, "'%s': expected an endpoint OUT, such as 7",
                                 arguments[0]);
        result = parse_extent(t, arguments[1], &extent);
        if (result == TOOL_DONE)
                result = stream_packets(t, endpoint, &start, &stop);
        if (result == TOOL_DONE && start.type == PACKET_start_bulk_receiving)
                result =
                        tool_fail(t, TOOL_FAILED, "endpoint 0x%02x is bulk: use 'write'", endpoint);
        if (result == TOOL_DONE)
                result = packet_size(t, endpoint, &size);
        if (result != TOOL_DONE)
                return result;

        is_iso = start.type == PACKET_start_iso_stream;
        if (is_iso)
                result = tool_ask(t, &start, NULL);
        if (result != TOOL_DONE || t->status != STATUS_success)
                return result;

        result = send_packets(t, endpoint, &extent, size, is_iso);
        status = t->status;
        if (is_iso && result == TOOL_DONE) {
                stopped = tool_ask(t, &stop, NULL);
                t->status = status != STATUS_success ? status : t->status;
                result = stopped;
        }
        return result;
}
