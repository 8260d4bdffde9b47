#pragma once
/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the tests of the wire share: bytes from hex, growing streams, random packets (the same in
 * each run), a parser fed and a writer drained. No test framework: a mistake in a test's own data
 * aborts.
 */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "protocol/descriptor.h"
#include "protocol/parser.h"
#include "protocol/writer.h"
#include "unit/checked.h"
#include "util/bytes.h"
#include "util/macro.h"

/* Bytes from "0a 0b ff*30" (the last one 30 times). Returns their number. */
static inline size_t hex(uint8_t *bytes, size_t size, const char *text)
{
        size_t n = 0;

        while (*text) {
                unsigned long value, times = 1;
                char *end;

                value = strtoul(text, &end, 16);
                CHECKED(end > text && value <= 0xff);
                if (*end == '*')
                        times = strtoul(end + 1, &end, 10);
                CHECKED(times > 0 && times <= size - n && (*end == ' ' || !*end));
                memset(bytes + n, (int)value, times);
                n += times;
                text = end + strspn(end, " ");
        }

        return n;
}

/* A growing row of bytes; starts as { 0 }. */
struct stream {
        uint8_t *data;
        size_t size, room;
};

static inline void stream_append(struct stream *s, const void *bytes, size_t size)
{
        if (s->room - s->size < size) {
                s->room = (s->size + size) * 2;
                s->data = realloc(s->data, s->room);
                CHECKED(s->data);
        }
        if (size > 0)
                memcpy(s->data + s->size, bytes, size);
        s->size += size;
}

static inline void stream_append_packet(struct stream *s, const struct packet *packet,
                                        const uint8_t *payload, size_t size, uint32_t both)
{
        uint8_t prefix[PACKET_PREFIX_MAX];

        stream_append(s, prefix, packet_put(prefix, packet, size, both));
        stream_append(s, payload, size);
}

static inline void stream_clear(struct stream *s)
{
        free(s->data);
        *s = (struct stream){ 0 };
}

/* xorshift64: *state is the seed, not 0. */
static inline uint32_t random_u32(uint64_t *state)
{
        *state ^= *state << 13;
        *state ^= *state >> 7;
        *state ^= *state << 17;
        return (uint32_t)(*state >> 32);
}

static inline void random_bytes(uint64_t *state, void *bytes, size_t size)
{
        for (size_t i = 0; i < size; i++)
                ((uint8_t *)bytes)[i] = (uint8_t)random_u32(state);
}

/* The type after that one; hello is the first, PACKET_TYPES is the end. */
static inline unsigned next_packet(unsigned type)
{
        do
                type++;
        while (type < PACKET_TYPES && !descriptors[type].name);

        return type;
}

static inline enum role other_role(enum role role)
{
        return role == ROLE_HOST ? ROLE_GUEST : ROLE_HOST;
}

/* Bytes of a field in struct packet. */
static inline size_t field_size(const struct field *f)
{
        static const uint8_t sizes[] = {
#define SIZE_OF_KIND(name, type, size) [KIND_##name] = sizeof(type),
                USBREDIR_KINDS(SIZE_OF_KIND)
#undef SIZE_OF_KIND
        };

        return sizes[f->kind] * (f->count ? f->count : 1u);
}

static inline void set_endpoint(struct packet *packet, uint8_t address)
{
        for (const struct field *f = descriptors[packet->type].fields; f->name; f++)
                if (f->kind == KIND_endpoint)
                        ((uint8_t *)packet)[f->offset] = address;
}

/* Any bytes in every field, any id. */
static inline void random_fields(uint64_t *state, unsigned type, struct packet *ret)
{
        memset(ret, 0, sizeof(*ret));
        ret->type = (enum packet_type)type;
        random_bytes(state, &ret->id, sizeof(ret->id));
        for (const struct field *f = descriptors[type].fields; f->name; f++)
                random_bytes(state, (uint8_t *)ret + f->offset, field_size(f));
}

/*
 * A packet that sender may send: any values, but for the few that are verified. The payload has
 * "wanted" bytes if the packet can have them; *ret_size is what it must have.
 */
static inline bool random_packet(uint64_t *state, unsigned type, enum role sender, uint32_t both,
                                 size_t wanted, struct packet *ret, size_t *ret_size)
{
        const struct descriptor *d = &descriptors[type];
        bool in = random_u32(state) & 1;

        *ret_size = 0;
        if (!((d->senders[0] | d->senders[1]) & sender))
                return false;
        if (!(d->senders[in] & sender))
                in = !in;

        random_fields(state, type, ret);
        set_endpoint(ret, (uint8_t)((random_u32(state) & 0x7f) | (in ? 0x80 : 0)));
        if (packet_header_size(type, both) == 12)
                ret->id = (uint32_t)ret->id;
        if (type == PACKET_interface_info)
                ret->interface_info.interface_count %= USBREDIR_INTERFACES + 1;
        if (type == PACKET_start_bulk_receiving)
                ret->start_bulk_receiving.bytes_per_transfer %= TRANSFER_SIZE_MAX + 1;

        switch (d->payload) {
        case PAYLOAD_NONE: break;
        case PAYLOAD_CAPS: *ret_size = CAPS_WORD; break;
        case PAYLOAD_STRING: *ret_size = MAX(wanted, (size_t)1); break;
        case PAYLOAD_TRANSFER:
                if (type != PACKET_buffered_bulk_packet &&
                    !(type == PACKET_bulk_packet && (both & CAP_BULK_LENGTH_32BIT)))
                        wanted = MIN(wanted, (size_t)0xffff);
                packet_set_transfer_length(ret, (uint32_t)wanted);
                *ret_size = sender == (in ? ROLE_HOST : ROLE_GUEST) ? wanted : 0;
                break;
        }

        return true;
}

/* NULL, or the name of what differs: the type, the id, or the first such field. */
static inline const char *packet_difference(const struct packet *a, const struct packet *b)
{
        if (a->type != b->type)
                return "type";
        if (a->id != b->id)
                return "id";

        for (const struct field *f = descriptors[a->type].fields; f->name; f++)
                if (memcmp((const uint8_t *)a + f->offset, (const uint8_t *)b + f->offset,
                           field_size(f)) != 0)
                        return f->name;

        return NULL;
}

/* What arrives of a packet that is sent: without the fields and id bits the wire has not. */
static inline struct packet on_the_wire(const struct packet *packet, uint32_t both)
{
        struct packet p = *packet;

        for (const struct field *f = descriptors[p.type].fields; f->name; f++)
                if (!field_is_present(f, both))
                        memset((uint8_t *)&p + f->offset, 0, field_size(f));
        if (packet_header_size(p.type, both) == 12)
                p.id = (uint32_t)p.id;

        return p;
}

/* A hello with one word of capabilities; returns its size. */
#define HELLO_SIZE 80
static inline size_t hello_bytes(uint8_t bytes[static HELLO_SIZE], uint32_t caps)
{
        size_t n = hex(bytes, HELLO_SIZE, "00*4 44 00*7 70 65 65 72 00*60");

        caps_put(bytes + n, caps);
        return n + CAPS_WORD;
}

/* Puts as many bytes where the parser wants them as it takes; returns their number. */
static inline size_t feed(struct parser *p, const uint8_t *bytes, size_t size)
{
        struct iovec iov[PARSER_TARGETS];
        unsigned n = parser_targets(p, iov);
        size_t done = 0;

        for (unsigned i = 0; i < n && done < size; i++) {
                size_t part = MIN(iov[i].iov_len, size - done);

                memcpy(iov[i].iov_base, bytes + done, part);
                done += part;
        }
        parser_filled(p, done);
        return done;
}

/* Feeds a hello and takes it: the parser knows its peer. */
static inline void feed_hello(struct parser *p, uint32_t caps)
{
        uint8_t bytes[HELLO_SIZE];
        enum packet_fault fault;
        struct parsed parsed;

        CHECKED(feed(p, bytes, hello_bytes(bytes, caps)) == HELLO_SIZE);
        CHECKED(parser_next(p, &parsed, &fault) == PARSER_PACKET);
}

/* Writes up to max bytes into the stream; returns their number. */
static inline size_t drain(struct writer *w, size_t max, struct stream *ret)
{
        struct iovec iov[16];
        size_t done = 0;

        while (done < max) {
                size_t before = done;
                unsigned n = writer_iovecs(w, iov, ELEMENTS(iov));

                for (unsigned i = 0; i < n && done < max; i++) {
                        size_t part = MIN(iov[i].iov_len, max - done);

                        stream_append(ret, iov[i].iov_base, part);
                        done += part;
                }
                if (done == before)
                        break;
                writer_wrote(w, done - before);
        }

        return done;
}

/* Puts a hello and writes it, and knows the peer: any packet may be put. */
static inline void greet(struct writer *w, uint32_t peer_caps)
{
        struct packet hello = { .type = PACKET_hello };
        struct stream s = { 0 };
        enum packet_fault fault;

        CHECKED(writer_put(w, &hello, NULL, 0, NULL, &fault) == 0);
        drain(w, SIZE_MAX, &s);
        stream_clear(&s);
        writer_set_peer_caps(w, peer_caps);
}
