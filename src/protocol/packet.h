#pragma once
/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * One packet: its type, id and fields, and what can be done with any packet by its description in
 * packets.h: get and put its bytes, verify it, print it. The payload stays outside, by reference.
 *
 * Bytes on the wire: type u32, length u32 (fields + payload), id u32 or u64; the fields; the
 * payload. The id has 64 bits once both sides announced 64BIT_IDS, but never in a hello.
 */
#include <stddef.h>
#include <stdint.h>

#include "protocol/caps.h"
#include "protocol/packets.h"

/* The two ends of a connection, as a set: who sends a packet, or who may. */
enum role {
        ROLE_NOBODY = 0,
        ROLE_HOST = 1,  /* has the device */
        ROLE_GUEST = 2, /* uses it */
        ROLE_EITHER = ROLE_HOST | ROLE_GUEST,
};

enum packet_type {
#define PACKET_NUMBER(name, number, in, out, needs, payload) PACKET_##name = number,
        USBREDIR_PACKETS(PACKET_NUMBER)
#undef PACKET_NUMBER
                PACKET_TYPES, /* one past the highest */
};

enum packet_payload {
        PAYLOAD_NONE,
        PAYLOAD_CAPS,
        PAYLOAD_STRING,
        PAYLOAD_TRANSFER,
};

enum packet_status {
#define STATUS_VALUE(name, value) STATUS_##name = value,
        USBREDIR_STATUSES(STATUS_VALUE)
#undef STATUS_VALUE
};

enum packet_speed {
#define SPEED_VALUE(name, value) SPEED_##name = value,
        USBREDIR_SPEEDS(SPEED_VALUE)
#undef SPEED_VALUE
};

enum packet_endpoint_type {
#define ENDPOINT_TYPE_VALUE(name, value) ENDPOINT_##name = value,
        USBREDIR_ENDPOINT_TYPES(ENDPOINT_TYPE_VALUE)
#undef ENDPOINT_TYPE_VALUE
};

/* What is wrong with a packet; each has a sentence, packet_fault_string(). */
#define PACKET_FAULTS(F)                                                                           \
        F(NONE, "nothing")                                                                         \
        F(UNKNOWN_TYPE, "unknown packet type")                                                     \
        F(SENDER, "packet this side may not send")                                                 \
        F(TOO_LONG, "packet longer than the limit")                                                \
        F(TOO_SHORT, "packet shorter than its fields")                                             \
        F(NO_PAYLOAD, "payload on a packet that has none")                                         \
        F(NOT_CAPABLE, "packet needs a capability the receiver has not announced")                 \
        F(DIRECTION, "wrong direction for this endpoint")                                          \
        F(INTERFACES, "more than 32 interfaces")                                                   \
        F(LENGTH, "payload differs from the length field")                                         \
        F(TRANSFER_LIMIT, "transfer longer than 128 MiB")                                          \
        F(NO_TERMINATOR, "filter string without terminator")                                       \
        F(CAPS, "capabilities are not whole words")                                                \
        F(NOT_HELLO, "first packet is not hello")                                                  \
        F(SECOND_HELLO, "second hello")

enum packet_fault {
#define FAULT_VALUE(name, text) PACKET_FAULT_##name,
        PACKET_FAULTS(FAULT_VALUE)
#undef FAULT_VALUE
};

/* Limits of the wire: a transfer's bytes, and a packet's length (fields and payload). */
#define TRANSFER_SIZE_MAX (128u * 1024 * 1024)
#define PACKET_LENGTH_MAX (TRANSFER_SIZE_MAX + 1024)

/* Bytes of the header with short and long ids, and of the longest header with fields (ep_info). */
#define PACKET_HEADER_MAX 16
#define PACKET_FIELDS_MAX 288
#define PACKET_PREFIX_MAX (PACKET_HEADER_MAX + PACKET_FIELDS_MAX)

/* struct packet_bulk_packet { uint8_t endpoint; ... }; for each packet. */
#define KIND_TYPE(name, type, size) typedef type packet_kind_##name;
USBREDIR_KINDS(KIND_TYPE)
#undef KIND_TYPE
#define FIELD_MEMBER(packet, kind, field, needs)        packet_kind_##kind field;
#define ARRAY_MEMBER(packet, kind, field, count, needs) packet_kind_##kind field[count];
#define PACKET_STRUCT(name, number, in, out, needs, payload)                                       \
        struct packet_##name {                                                                     \
                FIELDS_##name(FIELD_MEMBER, ARRAY_MEMBER, name)                                    \
        };
USBREDIR_PACKETS(PACKET_STRUCT)
#undef PACKET_STRUCT
#undef ARRAY_MEMBER
#undef FIELD_MEMBER

struct packet {
        enum packet_type type;
        uint64_t id;
        union {
#define PACKET_MEMBER(name, number, in, out, needs, payload) struct packet_##name name;
                USBREDIR_PACKETS(PACKET_MEMBER)
#undef PACKET_MEMBER
        };
};

/* The header as it stands on the wire; type may be any number. */
struct packet_header {
        uint32_t type;
        uint32_t length;
        uint64_t id;
};

/* "bulk_packet", "stall", "high", "bulk"; NULL if the value has no name. Constant strings. */
const char *packet_type_string(uint32_t type);
const char *packet_status_string(uint32_t status);
const char *packet_speed_string(uint32_t speed);
const char *packet_endpoint_type_string(uint32_t type);
const char *packet_fault_string(enum packet_fault fault);

/*
 * In the functions below "both" are the capabilities that both sides announced, through
 * caps_consistent(); 0 until both hellos are known.
 */

/* Bytes of the header of a packet of that type: 12 or 16. */
size_t packet_header_size(uint32_t type, uint32_t both);

/* Bytes of the fields of a packet of that known type. */
size_t packet_fields_size(enum packet_type type, uint32_t both);

/* The capabilities that the receiver of such a packet must have announced. */
uint32_t packet_needs(enum packet_type type);

enum packet_payload packet_payload_kind(enum packet_type type);

/* Reads a header of packet_header_size() bytes, of whatever type it turns out to be. */
void packet_get_header(const uint8_t *bytes, uint32_t both, struct packet_header *ret);

/* Reads the fields of a header whose type is known; fields not on the wire are 0. */
void packet_get_fields(const uint8_t *bytes, const struct packet_header *header, uint32_t both,
                       struct packet *ret);

/*
 * Writes header and fields, for a payload of that many bytes. Returns their number, at most
 * PACKET_PREFIX_MAX. The packet must have been verified.
 */
size_t packet_put(uint8_t *bytes, const struct packet *packet, size_t payload_size, uint32_t both);

/* Verifies what a header alone tells: known type, a sender who may, a length that can be. */
enum packet_fault packet_verify_header(const struct packet_header *header, enum role sender,
                                       uint32_t both);

/*
 * Verifies all but the bytes of the payload: needed capability (of the receiver), direction,
 * counts and lengths.
 */
enum packet_fault packet_verify(const struct packet *packet, size_t payload_size, enum role sender,
                                uint32_t receiver_caps);

/* Verifies the bytes of a payload whose size packet_verify() has passed: a string's terminator. */
enum packet_fault packet_verify_payload(const struct packet *packet, const uint8_t *payload,
                                        size_t size);

/* Does the packet name an endpoint? If so, *ret_endpoint is its address. */
int packet_endpoint(const struct packet *packet, uint8_t *ret_endpoint);

/* The length a transfer packet states: what was asked for or what moved, in bytes; else 0. */
uint32_t packet_transfer_length(const struct packet *packet);

/* Sets that length. Only bulk and buffered bulk packets hold more than 65535. */
void packet_set_transfer_length(struct packet *packet, uint32_t length);

/*
 * Prints "bulk_packet id=7 endpoint=0x81 status=success length=13 ..." into text, always
 * terminated, cut at size. The bytes of a peer are escaped.
 */
void packet_print(char *text, size_t size, const struct packet *packet, uint32_t both);

/* Endpoint address to the index of ep_info (0-15 OUT, 16-31 IN), and back. */
static inline unsigned endpoint_index(uint8_t address)
{
        return (unsigned)((address & 0x80) >> 3 | (address & 0x0f));
}

static inline uint8_t endpoint_address(unsigned index)
{
        return (uint8_t)((index & 0x10) << 3 | (index & 0x0f));
}
