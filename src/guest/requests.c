/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The table of requests in flight, its free places in a list. Ids have their highest bit of 32 set:
 * the counts that streams carry as ids begin at 0, and must not be taken for answers.
 */
#include "guest/requests.h"

#include <errno.h>

#include "util/macro.h"

#define ID_MARK   UINT64_C(0x80000000)
#define SLOT_BITS 10
#define SLOT_MASK ((UINT64_C(1) << SLOT_BITS) - 1)
#define USES_MASK ((1u << (31 - SLOT_BITS)) - 1)

_Static_assert(USB_GUEST_REQUESTS_MAX == 1u << SLOT_BITS, "an id has room for each place");

int usb_guest_answer_type(enum packet_type request, enum packet_type *ret_type)
{
        static const struct {
                enum packet_type request, answer;
        } pairs[] = {
                { PACKET_set_configuration, PACKET_configuration_status },
                { PACKET_get_configuration, PACKET_configuration_status },
                { PACKET_set_alt_setting, PACKET_alt_setting_status },
                { PACKET_get_alt_setting, PACKET_alt_setting_status },
                { PACKET_start_iso_stream, PACKET_iso_stream_status },
                { PACKET_stop_iso_stream, PACKET_iso_stream_status },
                { PACKET_start_interrupt_receiving, PACKET_interrupt_receiving_status },
                { PACKET_stop_interrupt_receiving, PACKET_interrupt_receiving_status },
                { PACKET_alloc_bulk_streams, PACKET_bulk_streams_status },
                { PACKET_free_bulk_streams, PACKET_bulk_streams_status },
                { PACKET_start_bulk_receiving, PACKET_bulk_receiving_status },
                { PACKET_stop_bulk_receiving, PACKET_bulk_receiving_status },
                { PACKET_control_packet, PACKET_control_packet },
                { PACKET_bulk_packet, PACKET_bulk_packet },
                { PACKET_interrupt_packet, PACKET_interrupt_packet },
        };

        for (size_t i = 0; i < ELEMENTS(pairs); i++)
                if (pairs[i].request == request) {
                        *ret_type = pairs[i].answer;
                        return 0;
                }

        return -EINVAL;
}

uint8_t usb_guest_status(const struct packet *packet)
{
        switch ((unsigned)packet->type) {
        case PACKET_configuration_status: return packet->configuration_status.status;
        case PACKET_alt_setting_status: return packet->alt_setting_status.status;
        case PACKET_iso_stream_status: return packet->iso_stream_status.status;
        case PACKET_interrupt_receiving_status: return packet->interrupt_receiving_status.status;
        case PACKET_bulk_streams_status: return packet->bulk_streams_status.status;
        case PACKET_bulk_receiving_status: return packet->bulk_receiving_status.status;
        case PACKET_control_packet: return packet->control_packet.status;
        case PACKET_bulk_packet: return packet->bulk_packet.status;
        case PACKET_iso_packet: return packet->iso_packet.status;
        case PACKET_interrupt_packet: return packet->interrupt_packet.status;
        case PACKET_buffered_bulk_packet: return packet->buffered_bulk_packet.status;
        default: return STATUS_inval; /* has none */
        }
}

void usb_guest_requests_init(struct usb_guest_requests *r)
{
        for (unsigned i = 0; i < USB_GUEST_REQUESTS_MAX; i++)
                r->slots[i].next = i + 1;
}

struct usb_guest_pending *usb_guest_requests_add(struct usb_guest_requests *r)
{
        struct usb_guest_pending *p;
        unsigned slot = r->free;

        if (slot == USB_GUEST_REQUESTS_MAX)
                return NULL;

        p = &r->slots[slot];
        r->free = p->next;
        r->in_flight++;
        p->uses = (p->uses + 1) & USES_MASK;
        p->id = ID_MARK | (uint64_t)p->uses << SLOT_BITS | slot;
        return p;
}

struct usb_guest_pending *usb_guest_requests_find(struct usb_guest_requests *r,
                                                  const struct packet *packet)
{
        struct usb_guest_pending *p = &r->slots[packet->id & SLOT_MASK];
        uint8_t endpoint = 0;

        packet_endpoint(packet, &endpoint);
        return p->id && p->id == packet->id && p->type == packet->type && p->endpoint == endpoint
                       ? p
                       : NULL;
}

void usb_guest_requests_answer(struct usb_guest_requests *r, struct usb_guest_pending *p,
                               struct usb_guest_answer *answer)
{
        unsigned slot = (unsigned)(p - r->slots);

        answer->id = p->id;
        p->id = 0;
        p->next = r->free;
        r->free = slot;
        r->in_flight--;
        p->answered(p->userdata, answer);
}

void usb_guest_requests_end(struct usb_guest_requests *r)
{
        for (unsigned i = 0; i < USB_GUEST_REQUESTS_MAX; i++) {
                struct usb_guest_answer answer = { .status = STATUS_ioerror };

                if (r->slots[i].id)
                        usb_guest_requests_answer(r, &r->slots[i], &answer);
        }
}
