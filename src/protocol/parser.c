/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The incoming half of the wire. Bytes stand in a flat buffer between begin and end; whole packets
 * are handed out from it in place, and what is left of one is moved to the front before the next
 * read. Two things take bytes past the buffer's size: a payload that goes to memory of the
 * caller's, and the rest of a packet that nobody wants, of which only the number is kept.
 *
 * Invariants: nothing is allocated before header and fields of a packet have been verified; when
 * parser_next() has said PARSER_MORE, the buffer holds less than a direct payload and so has room.
 */
#include "protocol/parser.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "util/macro.h"

/* A payload on its way into the caller's memory. */
struct target {
        void *owner; /* NULL: none */
        uint8_t *data;
        size_t size, filled;
};

struct parser {
        enum role peer;
        uint32_t caps, peer_caps, both;
        bool has_peer;

        parser_payload_new payload_new;
        parser_payload_free payload_free;
        void *userdata;

        struct packet packet;
        struct target target;
        uint64_t skip; /* bytes of the stream that belong to nobody */

        size_t begin, end;
        uint8_t buffer[PARSER_BUFFER_SIZE];
};

int parser_new(struct parser **ret, enum role role, uint32_t caps, parser_payload_new payload_new,
               parser_payload_free payload_free, void *userdata)
{
        struct parser *p;

        /* Not zeroed as a whole: pages of the buffer are touched when bytes come. */
        p = malloc(sizeof(*p));
        if (!p)
                return -ENOMEM;

        memset(p, 0, offsetof(struct parser, buffer));
        p->peer = role == ROLE_HOST ? ROLE_GUEST : ROLE_HOST;
        p->caps = caps_consistent(caps);
        p->payload_new = payload_new;
        p->payload_free = payload_free;
        p->userdata = userdata;

        *ret = p;
        return 0;
}

struct parser *parser_free(struct parser *p)
{
        if (!p)
                return NULL;

        if (p->target.owner)
                p->payload_free(p->userdata, p->target.owner);
        free(p);
        return NULL;
}

unsigned parser_targets(struct parser *p, struct iovec iov[static PARSER_TARGETS])
{
        unsigned n = 0;

        if (p->begin > 0) {
                memmove(p->buffer, p->buffer + p->begin, p->end - p->begin);
                p->end -= p->begin;
                p->begin = 0;
        }

        if (p->target.owner && p->end == 0)
                iov[n++] = (struct iovec){ p->target.data + p->target.filled,
                                           p->target.size - p->target.filled };
        if (p->end < sizeof(p->buffer))
                iov[n++] = (struct iovec){ p->buffer + p->end, sizeof(p->buffer) - p->end };

        return n;
}

void parser_filled(struct parser *p, size_t size)
{
        if (p->target.owner && p->end == 0) {
                size_t n = MIN(size, p->target.size - p->target.filled);

                p->target.filled += n;
                size -= n;
        }

        p->end += size;
}

/* Takes bytes that belong to nobody out of the buffer; true when there are no more of them. */
static bool finish_skip(struct parser *p)
{
        size_t n = (size_t)MIN(p->skip, (uint64_t)(p->end - p->begin));

        p->begin += n;
        p->skip -= n;
        return p->skip == 0;
}

static enum parser_result finish_target(struct parser *p, struct parsed *ret,
                                        enum packet_fault *ret_fault)
{
        struct target *t = &p->target;
        size_t n = MIN(t->size - t->filled, p->end - p->begin);
        enum packet_fault fault;

        memcpy(t->data + t->filled, p->buffer + p->begin, n);
        t->filled += n;
        p->begin += n;

        if (t->filled < t->size)
                return PARSER_MORE;

        fault = packet_verify_payload(&p->packet, t->data, t->size);
        if (fault != PACKET_FAULT_NONE) {
                p->payload_free(p->userdata, t->owner);
                *t = (struct target){ 0 };
                *ret_fault = fault;
                return PARSER_FAULT;
        }

        *ret = (struct parsed){ &p->packet, t->data, t->size, t->owner, false };
        *t = (struct target){ 0 };
        return PARSER_PACKET;
}

static enum packet_fault verify_order(const struct parser *p, uint32_t type)
{
        if (!p->has_peer && type != PACKET_hello)
                return PACKET_FAULT_NOT_HELLO;
        if (p->has_peer && type == PACKET_hello)
                return PACKET_FAULT_SECOND_HELLO;

        return PACKET_FAULT_NONE;
}

/* The packet is whole in the buffer, prefix bytes before its payload. */
static enum parser_result take_in_place(struct parser *p, size_t prefix, size_t payload_size,
                                        struct parsed *ret, enum packet_fault *ret_fault)
{
        const uint8_t *payload = p->buffer + p->begin + prefix;
        enum packet_fault fault;

        p->begin += prefix + payload_size;

        fault = packet_verify_payload(&p->packet, payload, payload_size);
        if (fault != PACKET_FAULT_NONE) {
                *ret_fault = fault;
                return PARSER_FAULT;
        }

        *ret = (struct parsed){ &p->packet, payload, payload_size, NULL, false };
        return PARSER_PACKET;
}

/* The payload is too long to wait for in the buffer: into the caller's memory, or nowhere. */
static enum parser_result take_direct(struct parser *p, size_t prefix, size_t payload_size,
                                      struct parsed *ret, enum packet_fault *ret_fault)
{
        struct target t = { .size = payload_size };

        p->begin += prefix;

        if (p->payload_new)
                t.owner = p->payload_new(p->userdata, &p->packet, payload_size, &t.data);
        if (!t.owner) {
                p->skip = payload_size;
                *ret = (struct parsed){ &p->packet, NULL, payload_size, NULL, true };
                return PARSER_PACKET;
        }

        p->target = t;
        return finish_target(p, ret, ret_fault);
}

/* A hello: what follows uses longer ids and other fields from the very next byte on. */
static enum parser_result take_hello(struct parser *p, size_t prefix, size_t payload_size,
                                     struct parsed *ret)
{
        const uint8_t *payload = p->buffer + p->begin + prefix;
        size_t known = MIN(payload_size, (size_t)CAPS_WORD);

        p->begin += prefix + known;
        p->skip = payload_size - known;

        p->has_peer = true;
        p->peer_caps = caps_consistent(caps_get(payload, known));
        p->both = caps_consistent(p->caps & p->peer_caps);

        *ret = (struct parsed){ &p->packet, payload, known, NULL, false };
        return PARSER_PACKET;
}

enum parser_result parser_next(struct parser *p, struct parsed *ret, enum packet_fault *ret_fault)
{
        struct packet_header header;
        size_t available, header_size, prefix, payload_size;
        enum packet_fault fault;

        if (!finish_skip(p))
                return PARSER_MORE;
        if (p->target.owner)
                return finish_target(p, ret, ret_fault);

        available = p->end - p->begin;
        header_size = packet_header_size(PACKET_TYPES, p->both);
        if (available < header_size)
                return PARSER_MORE;

        packet_get_header(p->buffer + p->begin, p->both, &header);
        header_size = packet_header_size(header.type, p->both);

        fault = verify_order(p, header.type);
        if (fault == PACKET_FAULT_NONE)
                fault = packet_verify_header(&header, p->peer, p->both);
        if (fault != PACKET_FAULT_NONE) {
                p->begin += header_size;
                p->skip = header.length;
                *ret_fault = fault;
                return PARSER_FAULT;
        }

        prefix = header_size + packet_fields_size((enum packet_type)header.type, p->both);
        payload_size = header_size + header.length - prefix;
        if (available < prefix)
                return PARSER_MORE;

        packet_get_fields(p->buffer + p->begin + header_size, &header, p->both, &p->packet);
        fault = packet_verify(&p->packet, payload_size, p->peer, p->caps);
        if (fault != PACKET_FAULT_NONE) {
                p->begin += prefix;
                p->skip = payload_size;
                *ret_fault = fault;
                return PARSER_FAULT;
        }

        if (header.type == PACKET_hello)
                return available - prefix >= MIN(payload_size, (size_t)CAPS_WORD)
                               ? take_hello(p, prefix, payload_size, ret)
                               : PARSER_MORE;
        if (available - prefix >= payload_size)
                return take_in_place(p, prefix, payload_size, ret, ret_fault);
        if (payload_size >= PARSER_DIRECT_MIN)
                return take_direct(p, prefix, payload_size, ret, ret_fault);

        return PARSER_MORE;
}

bool parser_has_peer(const struct parser *p)
{
        return p->has_peer;
}

uint32_t parser_peer_caps(const struct parser *p)
{
        return p->peer_caps;
}

uint32_t parser_both(const struct parser *p)
{
        return p->both;
}

bool parser_is_between_packets(const struct parser *p)
{
        return p->begin == p->end && p->skip == 0 && !p->target.owner;
}
