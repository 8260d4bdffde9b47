/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Interrupt receiving: the guest starts it on an endpoint, and gets a packet for each that the
 * device sends, until it stops it or is told "stall", which means: stopped by us, start it again
 * if you want it. A device's own stall is cleared, and the stream started anew with ids from 0,
 * without a word.
 *
 * What a slow guest does not take holds the device back. Nothing is dropped.
 */
#include "session/streams.h"

#include <errno.h>

#include "session/requests.h"
#include "usb/stream.h"
#include "util/log.h"

static unsigned number_of(uint8_t address)
{
        return address & 0x0f;
}

static void send_status(struct session *s, uint64_t id, uint8_t address, uint8_t status)
{
        struct packet answer = { .type = PACKET_interrupt_receiving_status,
                                 .id = id,
                                 .interrupt_receiving_status = { status, address } };

        session_send(s, &answer);
}

static void on_data(void *userdata, struct usb_transfer *t)
{
        struct session *s = userdata;

        session_answer(s, t);
        if (link_is_full(s->link))
                session_streams_hold(s, true);
}

/* Clearing a halt blocks, and this is a callback of libusb's: the work event goes on. */
static void on_stopped(void *userdata, struct usb_stream *stream, enum usb_status status)
{
        struct session *s = userdata;
        unsigned number = number_of(usb_stream_address(stream));

        s->streams_over |= (uint16_t)(1u << number);
        if (status != USB_STATUS_STALL)
                s->streams_failed |= (uint16_t)(1u << number);
        session_wake(s);
}

static const struct usb_stream_events stream_events = { .on_data = on_data,
                                                        .on_stopped = on_stopped };

static int start(struct session *s, uint8_t address)
{
        const struct usb_layout *layout = usb_device_layout(s->device);

        usb_device_touch(s->device);
        return usb_stream_start(&s->streams[number_of(address)], usb_device_transfers(s->device),
                                address, usb_layout_endpoint(layout, address), &stream_events, s);
}

static void forget(struct session *s, unsigned number)
{
        uint16_t bit = (uint16_t)(1u << number);

        s->streams[number] = usb_stream_free(s->streams[number]);
        s->streams_over &= (uint16_t)~bit;
        s->streams_failed &= (uint16_t)~bit;
}

void request_start_interrupt(struct session *s, struct parsed *parsed)
{
        uint8_t address = parsed->packet->start_interrupt_receiving.endpoint;
        uint8_t status = STATUS_inval;
        int r;

        if (!s->streams[number_of(address)]) {
                r = start(s, address);
                status = r < 0 ? STATUS_stall : STATUS_success;
                if (r == -ENODEV)
                        session_end(s, REASON_DEVICE_LOST, "unplugged");
        }

        send_status(s, parsed->packet->id, address, status);
}

void request_stop_interrupt(struct session *s, struct parsed *parsed)
{
        uint8_t address = parsed->packet->stop_interrupt_receiving.endpoint;
        unsigned number = number_of(address);

        if (s->streams[number] && usb_stream_address(s->streams[number]) == address)
                forget(s, number);
        send_status(s, parsed->packet->id, address, STATUS_success);
}

void request_refuse_interrupt(struct session *s, struct parsed *parsed)
{
        uint8_t address = 0;

        packet_endpoint(parsed->packet, &address);
        send_status(s, parsed->packet->id, address, STATUS_ioerror);
}

void session_streams_stop(struct session *s, uint32_t endpoints, bool tell)
{
        for (unsigned i = 0; i < SESSION_STREAMS; i++)
                if (s->streams[i] && endpoints & UINT32_C(1) << (16 + i)) {
                        uint8_t address = usb_stream_address(s->streams[i]);

                        forget(s, i);
                        if (tell)
                                send_status(s, 0, address, STATUS_stall);
                }
}

void session_streams_hold(struct session *s, bool hold)
{
        for (unsigned i = 0; i < SESSION_STREAMS; i++)
                if (s->streams[i])
                        usb_stream_hold(s->streams[i], hold);
}

void session_streams_restart(struct session *s)
{
        for (unsigned i = 0; i < SESSION_STREAMS; i++) {
                bool is_over = s->streams_over & 1u << i, has_failed = s->streams_failed & 1u << i;
                uint8_t address;
                int r;

                if (!is_over)
                        continue;

                address = usb_stream_address(s->streams[i]);
                forget(s, i);
                if (s->is_ending)
                        continue;

                r = has_failed ? -EIO : usb_device_clear_halt(s->device, address);
                if (r == 0)
                        r = start(s, address);
                if (r < 0)
                        send_status(s, 0, address, STATUS_stall);
                if (r == -ENODEV)
                        session_end(s, REASON_DEVICE_LOST, "unplugged");
        }
}
