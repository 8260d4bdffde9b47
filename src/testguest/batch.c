/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Requests in flight refer to the batch, which stands on its command's stack: whatever happens,
 * batch_run() returns when all are answered, or when the link is over or of no use.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "testguest/print.h"
#include "testguest/tool.h"
#include "util/bytes.h"
#include "util/clock.h"

/* Number (32 bits), 0 (32 bits), time in ns of CLOCK_MONOTONIC (64 bits). */
#define NUMBER_SIZE 16

/* How often a batch with a rate looks whether something is due. */
#define PACE_USEC 1000

static void on_answer(void *userdata, const struct usb_guest_answer *answer);

static void forget_id(struct batch *b, uint64_t id)
{
        for (size_t i = 0; i < BATCH_DEPTH_MAX; i++)
                if (b->ids[i] == id) {
                        b->ids[i] = 0;
                        return;
                }
}

static void remember_id(struct batch *b, uint64_t id)
{
        size_t i = 0;

        while (b->ids[i])
                i++;
        b->ids[i] = id;
}

static void cancel(struct tool *t, uint64_t id)
{
        struct packet packet = { .type = PACKET_cancel_data_packet, .id = id };

        usb_guest_send(t->guest, &packet, NULL, 0);
}

/* The header of a packet that is numbered, as far as its length goes; then the pattern. */
static struct usb_guest_buffer *number(struct batch *b)
{
        uint32_t length = packet_transfer_length(&b->packet);
        struct usb_guest_buffer *data = usb_guest_buffer(b->tool->guest, length + NUMBER_SIZE);

        if (!data)
                return NULL;

        for (size_t i = 0; i < length; i++)
                data->bytes[i] = (uint8_t)(i ^ i >> 8);
        if (length >= NUMBER_SIZE) {
                put_le64(data->bytes, (uint32_t)b->sent);
                put_le64(data->bytes + 8, clock_usec(CLOCK_MONOTONIC) * 1000);
        }
        return data;
}

static int send_one(struct batch *b)
{
        struct usb_guest *guest = b->tool->guest;
        struct usb_guest_buffer *data = NULL;
        uint64_t id;
        int r;

        if (b->is_numbered || b->data) {
                data = b->is_numbered ? number(b) : usb_guest_buffer_ref(b->data);
                if (!data)
                        return -ENOMEM;
        }

        if (b->packet.type == PACKET_iso_packet) {
                b->packet.id = b->sent;
                r = usb_guest_send(guest, &b->packet, data, b->packet.iso_packet.length);
                if (r < 0)
                        return r;
                b->answered++;
                b->bytes += b->packet.iso_packet.length;
                tool_set_deadline(b->tool, b->tool->options->timeout);
        } else {
                r = usb_guest_request(guest, &b->packet, data, on_answer, b, &id);
                if (r < 0)
                        return r;
                remember_id(b, id);
        }

        if (++b->sent == b->cancel_at)
                cancel(b->tool, id);
        return 0;
}

/* May there be one more now? */
static bool may_send(struct batch *b)
{
        uint64_t usec = clock_usec(CLOCK_MONOTONIC) - b->start_usec;

        if (b->seconds > 0 && usec >= b->seconds * USEC_PER_SEC)
                b->count = b->sent;

        return b->status == STATUS_success && !b->is_lost && b->sent < b->count &&
               b->sent - b->answered < (b->depth ?: 1) &&
               (b->rate == 0 || b->sent <= usec * b->rate / USEC_PER_SEC);
}

/* Sends what may be in flight. Returns 0, or a negative errno but -EAGAIN. */
static int send_some(struct batch *b)
{
        int r = 0;

        while (r == 0 && may_send(b))
                r = send_one(b);

        return r == -EAGAIN ? 0 : r;
}

static void on_answer(void *userdata, const struct usb_guest_answer *answer)
{
        struct batch *b = userdata;

        b->answered++;
        forget_id(b, answer->id);
        if (b->status == STATUS_success)
                b->status = answer->status;
        if (!answer->packet) {
                b->is_lost = true;
                return;
        }

        b->answer = *answer->packet;
        b->bytes +=
                b->data || b->is_numbered ? packet_transfer_length(answer->packet) : answer->size;
        if (b->count == 1 && answer->size > 0) {
                b->received = malloc(answer->size);
                if (b->received)
                        memcpy(b->received, answer->data, answer->size);
                else
                        b->bytes = 0;
        }
        tool_set_deadline(b->tool, b->tool->options->timeout);
        send_some(b);
}

/* What has not been answered is cancelled, and must be answered then. */
static enum tool_exit end_late(struct tool *t, struct batch *b)
{
        enum tool_exit result = tool_why(t);

        if (t->is_over)
                return result;

        for (size_t i = 0; i < BATCH_DEPTH_MAX; i++)
                if (b->ids[i])
                        cancel(t, b->ids[i]);
        b->count = 0;
        tool_set_deadline(t, t->options->timeout);
        while (b->answered < b->sent)
                if (!tool_turn(t))
                        return t->is_over ? TOOL_OVER
                                          : tool_fail(t, TOOL_OVER,
                                                      "%s: the host does not answer when it is "
                                                      "cancelled",
                                                      packet_type_string(b->packet.type));

        return result;
}

/* Only wakes the loop: batch_run() sends. */
static void on_pace(evutil_socket_t fd, short what, void *userdata)
{
}

static void on_stream(void *receiver, const struct packet *packet)
{
        ((struct batch *)receiver)->status = STATUS_stall;
}

static void on_data(void *receiver, const struct parsed *parsed)
{
}

/* Sends and waits; returns 0, what could not be sent, or -ETIMEDOUT. */
static int run(struct tool *t, struct batch *b)
{
        for (;;) {
                int r = send_some(b);

                if (r < 0)
                        b->count = b->sent;
                if (b->answered == b->sent && (b->sent == b->count || b->status || b->is_lost))
                        return r;
                if (!tool_turn(t))
                        return -ETIMEDOUT;
        }
}

enum tool_exit batch_run(struct tool *t, struct batch *b)
{
        struct timeval pace = { .tv_usec = PACE_USEC };
        struct event *timer = event_new(t->base, -1, EV_PERSIST, on_pace, b);
        int r;

        b->tool = t;
        b->start_usec = clock_usec(CLOCK_MONOTONIC);
        if (b->packet.type == PACKET_iso_packet) {
                t->receiver = b;
                t->on_data = on_data;
                t->on_stream = on_stream;
        }
        if (b->rate > 0 && timer)
                event_add(timer, &pace);
        tool_set_deadline(t, t->options->timeout);
        r = run(t, b);
        if (t->receiver == b)
                t->receiver = NULL;
        if (timer)
                event_free(timer);
        if (r == -ETIMEDOUT)
                return end_late(t, b);

        t->status = b->status;
        if (r < 0)
                return tool_not_sent(t, &b->packet, r);

        if (b->is_lost && t->is_over)
                return TOOL_OVER;

        return b->is_lost ? tool_fail(t, TOOL_GONE, "%s: the device was taken away",
                                      packet_type_string(b->packet.type))
                          : TOOL_DONE;
}

void batch_clear(struct batch *b)
{
        usb_guest_buffer_unref(b->data);
        free(b->received);
}

enum tool_exit tool_ask(struct tool *t, const struct packet *packet, struct packet *ret_answer)
{
        struct batch b = { .packet = *packet, .count = 1 };
        enum tool_exit result = batch_run(t, &b);

        if (result == TOOL_DONE && ret_answer)
                *ret_answer = b.answer;

        batch_clear(&b);
        return result;
}

void batch_set_rates(const struct batch *b, json_t *result)
{
        double seconds = (double)(clock_usec(CLOCK_MONOTONIC) - b->start_usec + 1) / 1e6;

        print_set_number(result, "bytes", b->bytes);
        if (b->count == 1)
                return;

        print_set_number(result, "packets", b->answered);
        print_set(result, "seconds", json_real(seconds));
        print_set(result, "packets-per-second", json_real((double)b->answered / seconds));
        print_set(result, "bytes-per-second", json_real((double)b->bytes / seconds));
}
