#pragma once
/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The input of the fuzzers of the wire: who we are, how we read, and the bytes of a peer. It is fed
 * to a parser; at each packet or fault the fuzzer is told where in the input it stands.
 */
#include "fuzz/fuzz.h"
#include "unit/helpers.h"

enum {
        WIRE_FLAGS,  /* WIRE_GUEST and so on */
        WIRE_CAPS,   /* what we announced */
        WIRE_PIECES, /* two bytes: how much every other read takes, 0 for all there is */
        WIRE_PROLOGUE = WIRE_PIECES + 2,
};

enum {
        WIRE_GUEST = 1 << 0,     /* we are the guest, else the host */
        WIRE_NO_MEMORY = 1 << 1, /* for payloads */
};

/* The memory that payloads may have at once: the longest would be slow, and find no more. */
#define WIRE_MEMORY_MAX (1024u * 1024)

struct wire_input {
        enum role role;
        uint32_t caps;
        bool no_memory;
        const uint8_t *pieces;
        const uint8_t *bytes;
        size_t size;
};

/* Where in the input the packet stands that the parser has just taken or refused. */
struct wire_place {
        const uint8_t *bytes;
        size_t available; /* in the input, from there on */
        uint32_t both;    /* before the packet */
        struct packet_header header;
        size_t header_size;
        size_t whole; /* the packet's size */
};

/* parsed is NULL for a fault. */
typedef void (*wire_result)(void *userdata, const struct wire_place *place,
                            const struct parsed *parsed, enum packet_fault fault);

static inline bool wire_input_read(const uint8_t *data, size_t size, struct wire_input *ret)
{
        if (size < WIRE_PROLOGUE)
                return false;

        *ret = (struct wire_input){
                .role = data[WIRE_FLAGS] & WIRE_GUEST ? ROLE_GUEST : ROLE_HOST,
                .caps = caps_consistent(data[WIRE_CAPS]),
                .no_memory = data[WIRE_FLAGS] & WIRE_NO_MEMORY,
                .pieces = data + WIRE_PIECES,
                .bytes = data + WIRE_PROLOGUE,
                .size = size - WIRE_PROLOGUE,
        };
        return true;
}

/* How much the nth read or write takes. */
static inline size_t wire_piece(const struct wire_input *in, size_t n)
{
        uint8_t piece = in->pieces[n % 2];

        return piece ? piece : SIZE_MAX;
}

static inline void *wire_payload_new(void *userdata, const struct packet *packet, size_t size,
                                     uint8_t **ret_data)
{
        const struct wire_input *in = userdata;

        if (in->no_memory || size > WIRE_MEMORY_MAX)
                return NULL;

        return *ret_data = malloc(size);
}

static inline void wire_payload_free(void *userdata, void *owner)
{
        free(owner);
}

/* The packet that starts there; false if not even its header is whole. */
static inline bool wire_place(const struct wire_input *in, size_t offset, uint32_t both,
                              struct wire_place *ret)
{
        struct wire_place p = {
                .bytes = in->bytes + offset,
                .available = in->size - offset,
                .both = both,
        };

        /* A header is read as long as all but hello's, which is shorter. */
        if (p.available < packet_header_size(PACKET_TYPES, both))
                return false;

        packet_get_header(p.bytes, both, &p.header);
        p.header_size = packet_header_size(p.header.type, both);
        p.whole = p.header_size + p.header.length;
        *ret = p;
        return true;
}

/* Takes all that the parser has; returns where the next packet starts. */
static inline size_t wire_take(const struct wire_input *in, struct parser *p, size_t offset,
                               wire_result on_result, void *userdata)
{
        enum parser_result r;

        for (;;) {
                struct wire_place place;
                uint32_t both = parser_both(p);
                enum packet_fault fault = PACKET_FAULT_NONE;
                struct parsed parsed;

                r = parser_next(p, &parsed, &fault);
                if (r == PARSER_MORE)
                        return offset;

                CHECKED(offset < in->size && wire_place(in, offset, both, &place));
                on_result(userdata, &place, r == PARSER_PACKET ? &parsed : NULL, fault);
                if (r == PARSER_PACKET)
                        free(parsed.owner);
                offset += place.whole;
        }
}

/* Feeds the input to a parser in its pieces; what is whole in it must come out. */
static inline void wire_run(const struct wire_input *in, wire_result on_result, void *userdata)
{
        struct wire_place place;
        struct parser *p;
        size_t offset = 0;

        CHECKED(parser_new(&p, in->role, in->caps, wire_payload_new, wire_payload_free,
                           (void *)in) == 0);
        for (size_t n = 0, done = 0, taken; done < in->size; n++, done += taken) {
                taken = feed(p, in->bytes + done, MIN(wire_piece(in, n), in->size - done));
                CHECKED(taken > 0);
                offset = wire_take(in, p, offset, on_result, userdata);
        }

        CHECKED(parser_is_between_packets(p) == (offset == in->size));
        CHECKED(offset >= in->size || !wire_place(in, offset, parser_both(p), &place) ||
                place.available < place.whole);
        parser_free(p);
}
