/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The table of packets.h, turned into descriptors, and one interpreter for each thing that is done
 * with a packet (the printer is in print.c). Nothing here knows a packet by name except where the
 * wire is irregular: the split length of bulk packets and the 12-byte header of hello. Bytes come
 * from a peer: every function works on any value in any field.
 */
#include "protocol/packet.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "protocol/descriptor.h"
#include "util/bytes.h"

static const uint8_t kind_sizes[] = {
#define KIND_SIZE(name, type, size) [KIND_##name] = size,
        USBREDIR_KINDS(KIND_SIZE)
#undef KIND_SIZE
};

#define FIELD(name, kind, field, needs)                                                            \
        { #field, offsetof(struct packet, name.field), 0, KIND_##kind, CAP_##needs },
#define ARRAY(name, kind, field, count, needs)                                                     \
        { #field, offsetof(struct packet, name.field), count, KIND_##kind, CAP_##needs },
#define FIELD_LIST(name, number, in, out, needs, payload)                                          \
        static const struct field fields_##name[] = { FIELDS_##name(FIELD, ARRAY, name){ 0 } };
USBREDIR_PACKETS(FIELD_LIST)

const struct descriptor descriptors[PACKET_TYPES] = {
#define DESCRIPTOR(name, number, in, out, needs, payload)                                          \
        [number] = {                                                                               \
                #name, fields_##name, CAP_##needs, { ROLE_##out, ROLE_##in }, PAYLOAD_##payload    \
        },
        USBREDIR_PACKETS(DESCRIPTOR)
#undef DESCRIPTOR
};

static const struct descriptor *descriptor_of(uint32_t type)
{
        if (type >= PACKET_TYPES || !descriptors[type].name)
                return NULL;

        return &descriptors[type];
}

static size_t elements_of(const struct field *field)
{
        return field->count ? field->count : 1;
}

uint32_t field_load(const struct field *field, const struct packet *packet, size_t element)
{
        size_t size = kind_sizes[field->kind];
        const uint8_t *p = (const uint8_t *)packet + field->offset + element * size;
        uint16_t u16;
        uint32_t u32;

        switch (size) {
        case 1: return *p;
        case 2: memcpy(&u16, p, sizeof(u16)); return u16;
        default: memcpy(&u32, p, sizeof(u32)); return u32;
        }
}

size_t packet_header_size(uint32_t type, uint32_t both)
{
        return type != PACKET_hello && (both & CAP_64BIT_IDS) ? 16 : 12;
}

size_t packet_fields_size(enum packet_type type, uint32_t both)
{
        size_t size = 0;

        for (const struct field *f = descriptors[type].fields; f->name; f++)
                if (field_is_present(f, both))
                        size += kind_sizes[f->kind] * elements_of(f);

        return size;
}

uint32_t packet_needs(enum packet_type type)
{
        return descriptors[type].needs;
}

enum packet_payload packet_payload_kind(enum packet_type type)
{
        return descriptors[type].payload;
}

void packet_get_header(const uint8_t *bytes, uint32_t both, struct packet_header *ret)
{
        ret->type = get_le32(bytes);
        ret->length = get_le32(bytes + 4);
        ret->id = packet_header_size(ret->type, both) == 16 ? get_le64(bytes + 8)
                                                            : get_le32(bytes + 8);
}

void packet_get_fields(const uint8_t *bytes, const struct packet_header *header, uint32_t both,
                       struct packet *ret)
{
        ret->type = (enum packet_type)header->type;
        ret->id = header->id;

        for (const struct field *f = descriptors[header->type].fields; f->name; f++) {
                size_t size = kind_sizes[f->kind], n = elements_of(f);
                uint8_t *p = (uint8_t *)ret + f->offset;

                if (!field_is_present(f, both)) {
                        memset(p, 0, n * size);
                        continue;
                }

                if (size == 1)
                        memcpy(p, bytes, n);
                for (size_t i = 0; size == 2 && i < n; i++)
                        memcpy(p + i * 2, &(uint16_t){ get_le16(bytes + i * 2) }, 2);
                for (size_t i = 0; size == 4 && i < n; i++)
                        memcpy(p + i * 4, &(uint32_t){ get_le32(bytes + i * 4) }, 4);

                bytes += n * size;
        }
}

size_t packet_put(uint8_t *bytes, const struct packet *packet, size_t payload_size, uint32_t both)
{
        size_t header_size = packet_header_size(packet->type, both);
        uint8_t *p = bytes + header_size;

        for (const struct field *f = descriptors[packet->type].fields; f->name; f++) {
                size_t size = kind_sizes[f->kind];

                if (!field_is_present(f, both))
                        continue;

                for (size_t i = 0; i < elements_of(f); i++, p += size) {
                        uint32_t value = field_load(f, packet, i);

                        switch (size) {
                        case 1: *p = (uint8_t)value; break;
                        case 2: put_le16(p, (uint16_t)value); break;
                        default: put_le32(p, value); break;
                        }
                }
        }

        put_le32(bytes, packet->type);
        put_le32(bytes + 4, (uint32_t)((size_t)(p - bytes) - header_size + payload_size));
        if (header_size == 16)
                put_le64(bytes + 8, packet->id);
        else
                put_le32(bytes + 8, (uint32_t)packet->id);

        return (size_t)(p - bytes);
}

enum packet_fault packet_verify_header(const struct packet_header *header, enum role sender,
                                       uint32_t both)
{
        const struct descriptor *d = descriptor_of(header->type);
        size_t fields_size;

        if (!d)
                return PACKET_FAULT_UNKNOWN_TYPE;
        if (!((d->senders[0] | d->senders[1]) & sender))
                return PACKET_FAULT_SENDER;
        if (header->length > PACKET_LENGTH_MAX)
                return PACKET_FAULT_TOO_LONG;

        fields_size = packet_fields_size((enum packet_type)header->type, both);
        if (header->length < fields_size)
                return PACKET_FAULT_TOO_SHORT;
        if (header->length > fields_size && d->payload == PAYLOAD_NONE)
                return PACKET_FAULT_NO_PAYLOAD;

        return PACKET_FAULT_NONE;
}

/* Data goes one way only: with an IN endpoint from the host, with an OUT endpoint from the guest.
 */
static enum packet_fault verify_transfer(const struct packet *packet, bool in, size_t payload_size,
                                         enum role sender)
{
        uint32_t length = packet_transfer_length(packet);

        if (length > TRANSFER_SIZE_MAX)
                return PACKET_FAULT_TRANSFER_LIMIT;

        if (sender == (in ? ROLE_HOST : ROLE_GUEST))
                return payload_size == length ? PACKET_FAULT_NONE : PACKET_FAULT_LENGTH;

        return payload_size == 0 ? PACKET_FAULT_NONE : PACKET_FAULT_LENGTH;
}

enum packet_fault packet_verify(const struct packet *packet, size_t payload_size, enum role sender,
                                uint32_t receiver_caps)
{
        const struct descriptor *d = descriptor_of(packet->type);
        uint8_t endpoint = 0;
        bool in;

        if (!d)
                return PACKET_FAULT_UNKNOWN_TYPE;
        if ((d->needs & receiver_caps) != d->needs)
                return PACKET_FAULT_NOT_CAPABLE;
        if (payload_size > 0 && d->payload == PAYLOAD_NONE)
                return PACKET_FAULT_NO_PAYLOAD;

        in = packet_endpoint(packet, &endpoint) >= 0 && (endpoint & 0x80);
        if (!(d->senders[in] & sender))
                return d->senders[!in] & sender ? PACKET_FAULT_DIRECTION : PACKET_FAULT_SENDER;

        if (d->payload == PAYLOAD_TRANSFER)
                return verify_transfer(packet, in, payload_size, sender);
        if (d->payload == PAYLOAD_STRING && payload_size == 0)
                return PACKET_FAULT_NO_TERMINATOR;
        if (d->payload == PAYLOAD_CAPS && payload_size % CAPS_WORD != 0)
                return PACKET_FAULT_CAPS;
        if (packet->type == PACKET_interface_info &&
            packet->interface_info.interface_count > USBREDIR_INTERFACES)
                return PACKET_FAULT_INTERFACES;
        if (packet->type == PACKET_start_bulk_receiving &&
            packet->start_bulk_receiving.bytes_per_transfer > TRANSFER_SIZE_MAX)
                return PACKET_FAULT_TRANSFER_LIMIT;

        return PACKET_FAULT_NONE;
}

enum packet_fault packet_verify_payload(const struct packet *packet, const uint8_t *payload,
                                        size_t size)
{
        if (descriptors[packet->type].payload == PAYLOAD_STRING && payload[size - 1] != '\0')
                return PACKET_FAULT_NO_TERMINATOR;

        return PACKET_FAULT_NONE;
}

int packet_endpoint(const struct packet *packet, uint8_t *ret_endpoint)
{
        for (const struct field *f = descriptors[packet->type].fields; f->name; f++)
                if (f->kind == KIND_endpoint) {
                        *ret_endpoint = (uint8_t)field_load(f, packet, 0);
                        return 0;
                }

        return -ENOENT;
}

uint32_t packet_transfer_length(const struct packet *packet)
{
        switch ((unsigned)packet->type) {
        case PACKET_control_packet: return packet->control_packet.length;
        case PACKET_bulk_packet:
                return packet->bulk_packet.length | (uint32_t)packet->bulk_packet.length_high << 16;
        case PACKET_iso_packet: return packet->iso_packet.length;
        case PACKET_interrupt_packet: return packet->interrupt_packet.length;
        case PACKET_buffered_bulk_packet: return packet->buffered_bulk_packet.length;
        default: return 0; /* no transfer */
        }
}

void packet_set_transfer_length(struct packet *packet, uint32_t length)
{
        switch ((unsigned)packet->type) {
        case PACKET_control_packet: packet->control_packet.length = (uint16_t)length; break;
        case PACKET_bulk_packet:
                packet->bulk_packet.length = (uint16_t)length;
                packet->bulk_packet.length_high = (uint16_t)(length >> 16);
                break;
        case PACKET_iso_packet: packet->iso_packet.length = (uint16_t)length; break;
        case PACKET_interrupt_packet: packet->interrupt_packet.length = (uint16_t)length; break;
        case PACKET_buffered_bulk_packet: packet->buffered_bulk_packet.length = length; break;
        }
}

const char *packet_type_string(uint32_t type)
{
        const struct descriptor *d = descriptor_of(type);

        return d ? d->name : NULL;
}

#define NAME_OF(name, value)                                                                       \
        case value: return #name;

const char *packet_status_string(uint32_t status)
{
        switch (status) {
                USBREDIR_STATUSES(NAME_OF)
        default: return NULL;
        }
}

const char *packet_speed_string(uint32_t speed)
{
        switch (speed) {
                USBREDIR_SPEEDS(NAME_OF)
        default: return NULL;
        }
}

const char *packet_endpoint_type_string(uint32_t type)
{
        switch (type) {
                USBREDIR_ENDPOINT_TYPES(NAME_OF)
        default: return NULL;
        }
}

const char *packet_fault_string(enum packet_fault fault)
{
        static const char *const strings[] = {
#define FAULT_STRING(name, text) [PACKET_FAULT_##name] = text,
                PACKET_FAULTS(FAULT_STRING)
#undef FAULT_STRING
        };

        return strings[fault];
}
