/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The outgoing half of the wire. The queue is a ring of chunks; a chunk is a run of bytes in the
 * buffer (any number of packets, with their copied payloads) and then, perhaps, one payload by
 * reference. The runs of all chunks stand in the buffer one after another, so a chunk needs no
 * pointer of its own into it.
 *
 * Invariant: a packet takes at most SLOT bytes of the buffer and at most one chunk, so a writer
 * made for n packets always has room for n.
 */
#include "protocol/writer.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "util/macro.h"

/* Room for the longest header with fields, and for the longest that has a copied payload: hello's.
 */
#define SLOT               332u
#define PAYLOAD_PREFIX_MAX (12 + USBREDIR_VERSION_SIZE)

_Static_assert(SLOT >= PACKET_PREFIX_MAX, "ep_info fits a slot");
_Static_assert(SLOT >= PAYLOAD_PREFIX_MAX + WRITER_COPY_MAX, "a copied payload fits a slot");

struct chunk {
        size_t run; /* bytes in the buffer, not written yet */
        const uint8_t *payload;
        size_t payload_size; /* not written yet */
        void *owner;
        size_t packets;
};

struct writer {
        enum role role;
        uint32_t caps, peer_caps, both;
        bool has_hello, has_peer;

        writer_release release;
        void *userdata;

        struct chunk *chunks; /* a ring of capacity */
        size_t capacity, first, count;
        size_t bytes, packets;

        uint8_t *buffer; /* capacity * SLOT; the runs stand in [begin, end) */
        size_t begin, end;
};

int writer_new(struct writer **ret, enum role role, uint32_t caps, size_t packets,
               writer_release release, void *userdata)
{
        struct writer *w;

        w = calloc(1, sizeof(*w));
        if (!w)
                return -ENOMEM;

        *w = (struct writer){
                .role = role,
                .caps = caps_consistent(caps),
                .release = release,
                .userdata = userdata,
                .capacity = packets,
                .chunks = calloc(packets, sizeof(struct chunk)),
                .buffer = malloc(packets * SLOT),
        };
        if (!w->chunks || !w->buffer) {
                writer_free(w);
                return -ENOMEM;
        }

        *ret = w;
        return 0;
}

static struct chunk *chunk_at(const struct writer *w, size_t index)
{
        size_t i = w->first + index;

        return &w->chunks[i < w->capacity ? i : i - w->capacity];
}

static void give_back(struct writer *w, void *owner)
{
        if (owner)
                w->release(w->userdata, owner);
}

struct writer *writer_free(struct writer *w)
{
        if (!w)
                return NULL;

        for (size_t i = 0; i < w->count; i++)
                give_back(w, chunk_at(w, i)->owner);
        free(w->chunks);
        free(w->buffer);
        free(w);
        return NULL;
}

void writer_set_peer_caps(struct writer *w, uint32_t peer_caps)
{
        w->has_peer = true;
        w->peer_caps = caps_consistent(peer_caps);
        w->both = caps_consistent(w->caps & w->peer_caps);
}

/* The chunk that the next packet joins: the last one, unless a payload has closed it. */
static struct chunk *open_chunk(struct writer *w)
{
        struct chunk *c;

        if (w->count > 0) {
                c = chunk_at(w, w->count - 1);
                if (!c->payload_size)
                        return c;
        }

        c = chunk_at(w, w->count++);
        *c = (struct chunk){ 0 };
        return c;
}

/* Makes room for a packet at the end of the buffer, by moving the runs to its front. */
static void make_room(struct writer *w)
{
        if (w->capacity * SLOT - w->end >= SLOT)
                return;

        memmove(w->buffer, w->buffer + w->begin, w->end - w->begin);
        w->end -= w->begin;
        w->begin = 0;
}

/* What the form of the packet on this connection cannot say. */
static enum packet_fault verify_form(const struct writer *w, const struct packet *packet,
                                     size_t size)
{
        if (packet->type == PACKET_bulk_packet && packet->bulk_packet.length_high &&
            !(w->both & CAP_BULK_LENGTH_32BIT))
                return PACKET_FAULT_LENGTH;
        if (size > PACKET_LENGTH_MAX - packet_fields_size(packet->type, w->both))
                return PACKET_FAULT_TOO_LONG;

        return PACKET_FAULT_NONE;
}

static int verify(struct writer *w, const struct packet *packet, const uint8_t *payload,
                  size_t size, enum packet_fault *ret_fault)
{
        enum packet_fault fault;

        if (packet->type == PACKET_hello) {
                fault = w->has_hello ? PACKET_FAULT_SECOND_HELLO : PACKET_FAULT_NONE;
        } else {
                fault = w->has_hello ? PACKET_FAULT_NONE : PACKET_FAULT_NOT_HELLO;
                if (fault == PACKET_FAULT_NONE && !w->has_peer)
                        return -ENOTCONN;
        }

        if (fault == PACKET_FAULT_NONE)
                fault = packet_verify(packet, size, w->role, w->peer_caps);
        if (fault == PACKET_FAULT_NONE)
                fault = verify_form(w, packet, size);
        if (fault == PACKET_FAULT_NONE)
                fault = packet_verify_payload(packet, payload, size);
        if (fault == PACKET_FAULT_NONE)
                return 0;

        *ret_fault = fault;
        return -EPROTO;
}

int writer_put(struct writer *w, const struct packet *packet, const uint8_t *payload, size_t size,
               void *owner, enum packet_fault *ret_fault)
{
        struct chunk *c;
        size_t prefix;
        int r;

        r = verify(w, packet, payload, size, ret_fault);
        if (r == 0 && writer_room(w) == 0)
                r = -ENOBUFS;
        if (r < 0) {
                give_back(w, owner);
                return r;
        }

        make_room(w);
        c = open_chunk(w);
        c->packets++;
        w->packets++;
        w->has_hello = true;

        prefix = packet_put(w->buffer + w->end, packet, size, w->both);
        if (size <= WRITER_COPY_MAX) {
                if (size > 0)
                        memcpy(w->buffer + w->end + prefix, payload, size);
                prefix += size;
                give_back(w, owner);
        } else {
                c->payload = payload;
                c->payload_size = size;
                c->owner = owner;
                w->bytes += size;
        }

        c->run += prefix;
        w->end += prefix;
        w->bytes += prefix;
        return 0;
}

unsigned writer_iovecs(const struct writer *w, struct iovec *iov, unsigned max)
{
        const uint8_t *run = w->buffer + w->begin;
        unsigned n = 0;

        for (size_t i = 0; i < w->count && n < max; i++) {
                const struct chunk *c = chunk_at(w, i);

                if (c->run)
                        iov[n++] = (struct iovec){ (void *)run, c->run };
                if (c->payload_size && n < max)
                        iov[n++] = (struct iovec){ (void *)c->payload, c->payload_size };
                run += c->run;
        }

        return n;
}

void writer_wrote(struct writer *w, size_t size)
{
        w->bytes -= size;

        while (size > 0) {
                struct chunk *c = chunk_at(w, 0);
                size_t n = MIN(size, c->run), m = MIN(size - n, c->payload_size);

                c->run -= n;
                w->begin += n;
                c->payload_size -= m;
                c->payload = m ? c->payload + m : c->payload;
                size -= n + m;

                if (c->run || c->payload_size)
                        break;

                w->packets -= c->packets;
                w->first = w->first + 1 < w->capacity ? w->first + 1 : 0;
                w->count--;
                give_back(w, c->owner);
        }

        if (w->begin == w->end)
                w->begin = w->end = 0;
}

size_t writer_bytes(const struct writer *w)
{
        return w->bytes;
}

size_t writer_packets(const struct writer *w)
{
        return w->packets;
}

size_t writer_room(const struct writer *w)
{
        return w->capacity - w->packets;
}
