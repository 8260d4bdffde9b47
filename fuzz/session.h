#pragma once
/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What a hostile guest sends in one run: packets of every type that a guest may send, mostly right,
 * in the order of an input, and how many answers are owed for each id.
 */
#include "fuzz/fuzz.h"
#include "unit/helpers.h"

/* Ids of requests. Isochronous packets have higher ones: they are answered only if they fail. */
#define IDS 256

struct owed {
        unsigned wanted[IDS], answered[IDS];
        bool is_wild; /* what has been sent is no protocol: nothing is owed any more */
};

/* Endpoints of the fake device, and some that it has not. */
static inline uint8_t take_endpoint_address(struct input *in)
{
        static const uint8_t addresses[] = { 0x81, 0x02, 0x83, 0x84, 0x05, 0x86, 0x07, 0x88,
                                             0x89, 0x8a, 0x80, 0x00, 0x81, 0x02, 0x8f, 0x0f };
        uint8_t byte = take_u8(in);

        return byte < 240 ? addresses[byte % ELEMENTS(addresses)] : take_u8(in);
}

static inline uint32_t take_length(struct input *in)
{
        static const uint32_t lengths[] = { 0,    1,     8,     18,     64,      300,     512,
                                            4096, 33000, 65535, 131072, 1048576, 3000000, 1 << 28 };
        uint8_t byte = take_u8(in);

        return byte < 240 ? lengths[byte % ELEMENTS(lengths)] : take_u16(in);
}

/* A value that makes sense, mostly. */
static inline uint32_t take_field(struct input *in, enum field_kind kind)
{
        uint8_t byte;

        switch (kind) {
        case KIND_endpoint: return take_endpoint_address(in);
        case KIND_status: byte = take_u8(in); return byte < 240 ? 0 : byte;
        case KIND_u8: byte = take_u8(in); return byte < 240 ? byte % 6 : byte;
        case KIND_u16: return take_length(in);
        case KIND_u32: byte = take_u8(in); return byte < 128 ? byte % 8 : take_length(in);
        case KIND_x8: return take_u8(in);
        case KIND_x16: return take_u16(in);
        case KIND_x32: return take_u32(in);
        case KIND_speed:
        case KIND_endpoint_type:
        case KIND_text: return take_u8(in);
        }

        abort();
}

static inline void take_fields(struct input *in, struct packet *packet)
{
        for (const struct field *f = descriptors[packet->type].fields; f->name; f++) {
                size_t count = MAX((size_t)f->count, (size_t)1), size = field_size(f) / count;

                /* A text is no matter of single bytes. */
                for (size_t i = 0; i < (f->kind == KIND_text ? 1 : count); i++) {
                        uint32_t value = take_field(in, f->kind);

                        memcpy((uint8_t *)packet + f->offset + i * size, &value, size);
                }
        }
}

/* The endpoint's direction such that a guest may send this. */
static inline void turn_endpoint(struct packet *packet)
{
        const struct descriptor *d = &descriptors[packet->type];
        uint8_t address;

        if (packet_endpoint(packet, &address) && !(d->senders[address >> 7] & ROLE_GUEST))
                set_endpoint(packet, address ^ 0x80);
}

/* Bytes of data that have to come with it. */
static inline size_t payload_size(const struct packet *packet)
{
        uint8_t address = 0;

        switch (packet_payload_kind(packet->type)) {
        case PAYLOAD_NONE: return 0;
        case PAYLOAD_CAPS: return CAPS_WORD;
        case PAYLOAD_STRING: return 8;
        case PAYLOAD_TRANSFER:
                packet_endpoint(packet, &address);
                return address & 0x80 ? 0 : packet_transfer_length(packet);
        }

        abort();
}

/* A packet of any type that guests send at any time. */
static inline struct packet take_packet(struct input *in)
{
        static enum packet_type types[PACKET_TYPES];
        static size_t n;
        struct packet packet = { 0 };

        if (n == 0)
                for (unsigned t = next_packet(PACKET_hello); t < PACKET_TYPES; t = next_packet(t))
                        if ((descriptors[t].senders[0] | descriptors[t].senders[1]) & ROLE_GUEST)
                                types[n++] = (enum packet_type)t;

        packet.type = types[take_u8(in) % n];
        take_fields(in, &packet);
        return packet;
}

/* Is it owed an answer of the same id? */
static inline bool wants_answer(enum packet_type type)
{
        switch ((unsigned)type) {
        case PACKET_hello:
        case PACKET_reset:
        case PACKET_cancel_data_packet:
        case PACKET_filter_reject:
        case PACKET_filter_filter:
        case PACKET_device_disconnect_ack:
        case PACKET_iso_packet: return false;
        default: return true;
        }
}

/* What comes by itself: of the device, of the end, of streams. */
static inline bool is_unasked(const struct packet *packet)
{
        switch ((unsigned)packet->type) {
        case PACKET_hello:
        case PACKET_interface_info:
        case PACKET_ep_info:
        case PACKET_device_connect:
        case PACKET_device_disconnect:
        case PACKET_iso_packet:
        case PACKET_buffered_bulk_packet: return true;
        case PACKET_interrupt_packet: return packet->interrupt_packet.endpoint & 0x80;
        case PACKET_iso_stream_status: return packet->id == 0 || packet->id >= IDS;
        case PACKET_bulk_receiving_status:
        case PACKET_interrupt_receiving_status: return packet->id == 0;
        default: return false;
        }
}

/* Each id has as many answers as requests, and no more. Returns whether it is one. */
static inline bool count_answer(struct owed *owed, const struct packet *packet)
{
        if (is_unasked(packet) || owed->is_wild)
                return false;

        CHECKED(packet->id < IDS);
        CHECKED(owed->answered[packet->id]++ < owed->wanted[packet->id]);
        return true;
}

static inline bool is_all_answered(const struct owed *owed)
{
        return owed->is_wild || !memcmp(owed->wanted, owed->answered, sizeof(owed->wanted));
}
