/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Requests that move data: control, bulk and interrupt packets become transfers, and transfers
 * become answers. The answer to a transfer is given once: by session_answer() when it completes, or
 * before that by session_cancel() or request_cancel(), who then abandon it.
 */
#include <errno.h>
#include <string.h>

#include "session/requests.h"
#include "session/session.h"
#include "session/streams.h"
#include "util/cleanup.h"
#include "util/log.h"

uint8_t request_status(enum usb_status status)
{
        static const uint8_t statuses[] = {
                [USB_STATUS_SUCCESS] = STATUS_success, [USB_STATUS_CANCELLED] = STATUS_cancelled,
                [USB_STATUS_INVALID] = STATUS_inval,   [USB_STATUS_FAILED] = STATUS_ioerror,
                [USB_STATUS_STALL] = STATUS_stall,     [USB_STATUS_TIMEOUT] = STATUS_timeout,
                [USB_STATUS_BABBLE] = STATUS_babble,
        };

        return statuses[status];
}

/* An error of a call on the device; the loss of the device ends the session. */
uint8_t request_call_status(struct session *s, int error)
{
        if (error == -ENODEV)
                session_end(s, REASON_DEVICE_LOST, "it did not come back");

        return request_status(usb_status_from_errno(error));
}

/* A data packet goes back as it came, without data, with a status. */
static void refuse_data(struct session *s, const struct packet *packet, uint8_t status)
{
        struct packet answer = *packet;

        packet_set_transfer_length(&answer, 0);
        switch ((unsigned)packet->type) {
        case PACKET_control_packet: answer.control_packet.status = status; break;
        case PACKET_bulk_packet: answer.bulk_packet.status = status; break;
        case PACKET_interrupt_packet: answer.interrupt_packet.status = status; break;
        }

        session_send(s, &answer);
}

/* The answer that a transfer's request is owed. */
static void answer_transfer(struct session *s, struct usb_transfer *t, uint8_t status,
                            uint32_t actual, void *owner)
{
        const struct libusb_control_setup *setup = usb_transfer_setup(t);
        struct packet answer = { .id = t->id };
        bool has_data = t->endpoint & 0x80 && actual > 0;

        switch (t->type) {
        case USB_ENDPOINT_CONTROL:
                answer.type = PACKET_control_packet;
                answer.control_packet = (struct packet_control_packet){
                        .endpoint = t->endpoint,
                        .request = setup->bRequest,
                        .requesttype = setup->bmRequestType,
                        .status = status,
                        .value = libusb_le16_to_cpu(setup->wValue),
                        .index = libusb_le16_to_cpu(setup->wIndex),
                };
                break;
        case USB_ENDPOINT_BULK:
                answer.type = PACKET_bulk_packet;
                answer.bulk_packet = (struct packet_bulk_packet){ .endpoint = t->endpoint,
                                                                  .status = status,
                                                                  .stream_id = t->stream_id };
                break;
        case USB_ENDPOINT_INTERRUPT:
                answer.type = PACKET_interrupt_packet;
                answer.interrupt_packet = (struct packet_interrupt_packet){ .endpoint = t->endpoint,
                                                                            .status = status };
                break;
        case USB_ENDPOINT_ISO:
        case USB_ENDPOINT_NONE: return; /* never a transfer of a request */
        }

        packet_set_transfer_length(&answer, actual);
        link_send(s->link, &answer, has_data ? t->data : NULL, has_data ? actual : 0, owner);
}

void session_answer(struct session *s, struct usb_transfer *t)
{
        /* The transfer goes along: its data is written from where it is. */
        answer_transfer(s, t, request_status(t->status), t->actual, t);
}

static void cancel_transfers(struct session *s, uint32_t endpoints)
{
        struct usb_transfer *t;

        while ((t = usb_transfers_oldest(usb_device_transfers(s->device), endpoints))) {
                answer_transfer(s, t, STATUS_cancelled, 0, NULL);
                usb_transfer_abandon(t);
        }
}

void request_lacks_memory(struct session *s, int error)
{
        bool is_share = error == -EMSGSIZE;
        bool *has_said = is_share ? &s->has_said.too_long : &s->has_said.no_memory;

        /* What a guest can cause again and again is logged the first time. */
        if (!*has_said)
                log_warning("%s",
                            is_share ? "a transfer is longer than this session's share of usbfs "
                                       "memory: raise usbcore.usbfs_memory_mb"
                                     : "no memory for a transfer: more is in flight than a "
                                       "guest may have, or the machine's is short");
        *has_said = true;
}

void session_cancel(struct session *s, uint32_t endpoints)
{
        session_streams_stop(s, endpoints, false);
        cancel_transfers(s, endpoints);
}

/*
 * No answer comes before that of an older request of its endpoint: QEMU would abort. Those may wait
 * for the device for ever, so they are cancelled.
 */
static void refuse_in_order(struct session *s, const struct packet *packet, uint8_t status)
{
        uint8_t endpoint = 0;

        packet_endpoint(packet, &endpoint);
        cancel_transfers(s, UINT32_C(1) << endpoint_index(endpoint));
        refuse_data(s, packet, status);
}

/* The rest of a data request, once its handler has found the endpoint right. */
static void start_transfer(struct session *s, struct parsed *parsed,
                           const struct usb_endpoint *endpoint, uint8_t address)
{
        struct usb_transfers *transfers = usb_device_transfers(s->device);
        const struct packet *packet = parsed->packet;
        uint32_t length = packet_transfer_length(packet);
        struct usb_transfer *t;
        int r;

        /* Two requests of one id could not be told apart afterwards. */
        if (usb_transfers_find(transfers, packet->id)) {
                refuse_data(s, packet, STATUS_inval);
                return;
        }

        t = TAKE(parsed->owner);
        if (!t && !parsed->lost)
                t = usb_transfer_new(transfers, length);
        if (!t) {
                request_lacks_memory(s, -ENOMEM);
                refuse_in_order(s, packet, STATUS_ioerror);
                return;
        }

        if (!(address & 0x80) && parsed->payload != t->data && length > 0)
                memcpy(t->data, parsed->payload, length);
        t->id = packet->id;
        t->type = endpoint->type;
        t->endpoint = address;
        t->packet_size = endpoint->max_packet_size;
        t->length = length;
        t->stream_id = packet->type == PACKET_bulk_packet ? packet->bulk_packet.stream_id : 0;
        if (packet->type == PACKET_control_packet)
                *usb_transfer_setup(t) = (struct libusb_control_setup){
                        .bmRequestType = packet->control_packet.requesttype,
                        .bRequest = packet->control_packet.request,
                        .wValue = libusb_cpu_to_le16(packet->control_packet.value),
                        .wIndex = libusb_cpu_to_le16(packet->control_packet.index),
                        .wLength = libusb_cpu_to_le16(packet->control_packet.length),
                };

        usb_device_touch(s->device);
        r = usb_transfer_submit(t);
        if (r == 0)
                return;

        if (r == -EMSGSIZE)
                request_lacks_memory(s, r);
        usb_transfer_free(t);
        refuse_in_order(s, packet, r == -EMSGSIZE ? STATUS_inval : request_call_status(s, r));
}

/* CLEAR_FEATURE(ENDPOINT_HALT): through libusb, so that the host forgets the halt too. */
static bool is_clear_halt(const struct packet_control_packet *control)
{
        return control->requesttype == (LIBUSB_REQUEST_TYPE_STANDARD | LIBUSB_RECIPIENT_ENDPOINT) &&
               control->request == LIBUSB_REQUEST_CLEAR_FEATURE && control->value == 0 &&
               control->length == 0 && (control->index & 0x0f) != 0;
}

void request_control(struct session *s, struct parsed *parsed)
{
        const struct packet_control_packet *control = &parsed->packet->control_packet;
        const struct usb_endpoint *endpoint;

        if (is_clear_halt(control)) {
                int r = usb_device_clear_halt(s->device, (uint8_t)control->index);

                refuse_data(s, parsed->packet, request_call_status(s, r));
                return;
        }

        /* A direction that differs from the setup's would send bytes nobody has filled. */
        endpoint = usb_layout_endpoint(usb_device_layout(s->device), control->endpoint);
        if (control->endpoint & 0x7f ||
            (control->length > 0 && (control->endpoint ^ control->requesttype) & 0x80)) {
                refuse_data(s, parsed->packet, STATUS_inval);
                return;
        }

        start_transfer(s, parsed, endpoint, control->endpoint);
}

bool request_may_use_stream(const struct session *s, uint8_t endpoint, uint32_t stream_id)
{
        uint32_t streams = usb_device_streams(s->device, endpoint);

        return streams > 0 ? stream_id >= 1 && stream_id <= streams : stream_id == 0;
}

void request_bulk(struct session *s, struct parsed *parsed)
{
        const struct packet_bulk_packet *bulk = &parsed->packet->bulk_packet;
        const struct usb_endpoint *endpoint;

        endpoint = usb_layout_endpoint(usb_device_layout(s->device), bulk->endpoint);
        if (endpoint->type != USB_ENDPOINT_BULK ||
            !request_may_use_stream(s, bulk->endpoint, bulk->stream_id)) {
                refuse_data(s, parsed->packet, STATUS_inval);
                return;
        }

        start_transfer(s, parsed, endpoint, bulk->endpoint);
}

/* Only OUT: what an interrupt endpoint sends is received as a stream. */
void request_interrupt(struct session *s, struct parsed *parsed)
{
        uint8_t address = parsed->packet->interrupt_packet.endpoint;
        const struct usb_endpoint *endpoint;

        endpoint = usb_layout_endpoint(usb_device_layout(s->device), address);
        if (endpoint->type != USB_ENDPOINT_INTERRUPT) {
                refuse_data(s, parsed->packet, STATUS_inval);
                return;
        }

        start_transfer(s, parsed, endpoint, address);
}

void request_refuse_data(struct session *s, struct parsed *parsed)
{
        refuse_data(s, parsed->packet, STATUS_ioerror);
}

void request_cancel(struct session *s, struct parsed *parsed)
{
        struct usb_transfer *t;

        /* Not found: it has been answered, and the guest will see that answer. */
        t = usb_transfers_find(usb_device_transfers(s->device), parsed->packet->id);
        if (!t)
                return;

        answer_transfer(s, t, STATUS_cancelled, 0, NULL);
        usb_transfer_abandon(t);
}
