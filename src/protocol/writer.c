/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The outgoing half of the wire. The queue is a ring of packets: bytes in the buffer (with
 * a copied payload) and then, perhaps, a payload by reference. The bytes of all packets stand in
 * the buffer one after another, so a packet needs no pointer of its own into it, and neighbours
 * go out as one run.
 *
 * Invariant: a packet takes at most SLOT bytes of the buffer, so a writer made for n packets always
 * has room for n.
 */
#include "protocol/writer.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "util/macro.h"

/* Room for the longest header with fields, and for the longest that has a copied payload: hello's.
 */
#define SLOT               588u
#define PAYLOAD_PREFIX_MAX (12 + USBREDIR_VERSION_SIZE)

_Static_assert(SLOT >= PACKET_PREFIX_MAX, "ep_info fits a slot");
_Static_assert(SLOT >= PAYLOAD_PREFIX_MAX + WRITER_COPY_MAX, "a copied payload fits a slot");

struct queued {
        size_t run; /* bytes in the buffer, not written yet */
        const uint8_t *payload;
        size_t payload_size; /* not written yet */
        void *owner;
        enum writer_kind kind;
        uint8_t endpoint; /* address, of an isochronous packet */
};

struct writer {
        enum role role;
        uint32_t caps, peer_caps, both;
        bool has_hello, has_peer;

        writer_release release;
        void *userdata;

        struct queued *queue; /* a ring of capacity */
        size_t capacity, first, count;
        size_t bytes;
        size_t packets_of[WRITER_KINDS], bytes_of[WRITER_KINDS];
        size_t iso_bytes[USBREDIR_ENDPOINTS];

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
                .queue = calloc(packets, sizeof(struct queued)),
                .buffer = malloc(packets * SLOT),
        };
        if (!w->queue || !w->buffer) {
                writer_free(w);
                return -ENOMEM;
        }

        *ret = w;
        return 0;
}

static struct queued *queued_at(const struct writer *w, size_t index)
{
        size_t i = w->first + index;

        return &w->queue[i < w->capacity ? i : i - w->capacity];
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
                give_back(w, queued_at(w, i)->owner);
        free(w->queue);
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

static enum writer_kind kind_of(const struct packet *packet)
{
        if (packet->type == PACKET_iso_packet)
                return WRITER_ISO;
        if (packet->type == PACKET_buffered_bulk_packet ||
            (packet->type == PACKET_interrupt_packet && packet->interrupt_packet.endpoint & 0x80))
                return WRITER_STREAM;

        return WRITER_ANSWER;
}

static void count(struct writer *w, struct queued *q, const struct packet *packet, size_t size)
{
        q->kind = kind_of(packet);
        w->packets_of[q->kind]++;
        w->bytes_of[q->kind] += size;
        if (q->kind == WRITER_ISO) {
                q->endpoint = packet->iso_packet.endpoint;
                w->iso_bytes[endpoint_index(q->endpoint)] += size;
        }
}

static void count_written(struct writer *w, const struct queued *q, size_t size)
{
        w->bytes_of[q->kind] -= size;
        if (q->kind == WRITER_ISO)
                w->iso_bytes[endpoint_index(q->endpoint)] -= size;
}

int writer_put(struct writer *w, const struct packet *packet, const uint8_t *payload, size_t size,
               void *owner, enum packet_fault *ret_fault)
{
        struct queued *q;
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
        q = queued_at(w, w->count++);
        *q = (struct queued){ 0 };
        w->has_hello = true;

        prefix = packet_put(w->buffer + w->end, packet, size, w->both);
        count(w, q, packet, prefix + size);
        if (size <= WRITER_COPY_MAX) {
                if (size > 0)
                        memcpy(w->buffer + w->end + prefix, payload, size);
                prefix += size;
                give_back(w, owner);
        } else {
                q->payload = payload;
                q->payload_size = size;
                q->owner = owner;
                w->bytes += size;
        }

        q->run = prefix;
        w->end += prefix;
        w->bytes += prefix;
        return 0;
}

unsigned writer_iovecs(const struct writer *w, struct iovec *iov, unsigned max)
{
        const uint8_t *run = w->buffer + w->begin;
        bool joins = false; /* the run goes on where the last iovec ends */
        unsigned n = 0;

        for (size_t i = 0; i < w->count; i++) {
                const struct queued *q = queued_at(w, i);

                if (q->run && joins) {
                        iov[n - 1].iov_len += q->run;
                } else if (q->run) {
                        if (n == max)
                                break;
                        iov[n++] = (struct iovec){ (void *)run, q->run };
                        joins = true;
                }
                run += q->run;

                if (q->payload_size) {
                        if (n == max)
                                break;
                        iov[n++] = (struct iovec){ (void *)q->payload, q->payload_size };
                        joins = false;
                }
        }

        return n;
}

void writer_wrote(struct writer *w, size_t size)
{
        w->bytes -= size;

        while (size > 0) {
                struct queued *q = queued_at(w, 0);
                size_t n = MIN(size, q->run), m = MIN(size - n, q->payload_size);

                q->run -= n;
                w->begin += n;
                q->payload_size -= m;
                q->payload = m ? q->payload + m : q->payload;
                size -= n + m;
                count_written(w, q, n + m);

                if (q->run || q->payload_size)
                        break;

                w->first = w->first + 1 < w->capacity ? w->first + 1 : 0;
                w->count--;
                w->packets_of[q->kind]--;
                give_back(w, q->owner);
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
        return w->count;
}

size_t writer_bytes_of(const struct writer *w, enum writer_kind kind)
{
        return w->bytes_of[kind];
}

size_t writer_packets_of(const struct writer *w, enum writer_kind kind)
{
        return w->packets_of[kind];
}

size_t writer_iso_bytes(const struct writer *w, uint8_t endpoint)
{
        return w->iso_bytes[endpoint_index(endpoint)];
}

size_t writer_room(const struct writer *w)
{
        return w->capacity - w->count;
}
