/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Streams of packets that are nearly right. Parser and writer must judge each of them alike, for
 * the same reason; what was judged good is queued by the writer of the peer, written in pieces,
 * and must come out as the bytes that the parser read, each owner given back once.
 */
#include <errno.h>

#include "fuzz/messages.h"

/* Packets that may be queued: few, so that there is no room for some. */
#define QUEUE_MAX 3

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max, unsigned seed);
size_t LLVMFuzzerCustomCrossOver(const uint8_t *a, size_t a_size, const uint8_t *b, size_t b_size,
                                 uint8_t *data, size_t max, unsigned seed);

struct check {
        const struct wire_input *in;
        struct writer *writer;
        size_t owners; /* the writer's */
        size_t pieces; /* written */
        struct stream want, out;
};

static void on_release(void *userdata, void *owner)
{
        struct check *c = userdata;

        CHECKED(owner == c && c->owners > 0);
        c->owners--;
}

/* What is queued, by kind and endpoint, is all that is queued. */
static void check_counts(const struct writer *w)
{
        size_t bytes = 0, packets = 0, iso = 0;

        for (enum writer_kind kind = 0; kind < WRITER_KINDS; kind++) {
                bytes += writer_bytes_of(w, kind);
                packets += writer_packets_of(w, kind);
        }
        for (unsigned i = 0; i < USBREDIR_ENDPOINTS; i++)
                iso += writer_iso_bytes(w, endpoint_address(i));

        CHECKED(bytes == writer_bytes(w) && packets == writer_packets(w));
        CHECKED(iso == writer_bytes_of(w, WRITER_ISO));
}

static void write_piece(struct check *c)
{
        size_t before = writer_bytes(c->writer), done;

        done = drain(c->writer, wire_piece(c->in, c->pieces++), &c->out);
        CHECKED(writer_bytes(c->writer) == before - done);
        check_counts(c->writer);
}

/* The writer of a peer that announced that; it is made at the first hello, and then greeted. */
static void make_writer(struct check *c, uint32_t caps)
{
        enum role peer = other_role(c->in->role);

        CHECKED(writer_new(&c->writer, peer, caps, QUEUE_MAX, on_release, c) == 0);
}

/* Nothing has been said yet: only a hello is. */
static void check_before_hello(struct check *c, const struct packet *packet)
{
        enum packet_fault fault = PACKET_FAULT_NONE;

        make_writer(c, 0);
        CHECKED(writer_put(c->writer, packet, NULL, 0, NULL, &fault) == -EPROTO);
        CHECKED(fault == PACKET_FAULT_NOT_HELLO);
        c->writer = writer_free(c->writer);
}

static void on_result(void *userdata, const struct wire_place *place, const struct parsed *parsed,
                      enum packet_fault fault)
{
        struct check *c = userdata;
        enum packet_fault of_writer = PACKET_FAULT_NONE;
        const struct packet_header *header = &place->header;
        const uint8_t *payload;
        struct packet packet;
        size_t prefix, size;
        bool is_hello;
        int r;

        /* What no writer can be asked for, or has what the parser did not see. */
        if (place->available < place->whole || (parsed && parsed->lost))
                return;
        if (packet_verify_header(header, other_role(c->in->role), place->both) !=
            PACKET_FAULT_NONE) {
                CHECKED(!parsed);
                return;
        }

        prefix = place->header_size +
                 packet_fields_size((enum packet_type)header->type, place->both);
        payload = place->bytes + prefix;
        size = place->whole - prefix;
        packet_get_fields(place->bytes + place->header_size, header, place->both, &packet);

        is_hello = !c->writer && header->type == PACKET_hello;
        if (!c->writer && !is_hello) {
                CHECKED(!parsed && fault == PACKET_FAULT_NOT_HELLO);
                check_before_hello(c, &packet);
                return;
        }
        if (is_hello)
                make_writer(c, caps_get(payload, size));
        while (writer_room(c->writer) == 0) {
                CHECKED(writer_put(c->writer, &packet, payload, size, NULL, &of_writer) < 0);
                write_piece(c);
        }

        c->owners++;
        r = writer_put(c->writer, &packet, payload, size, c, &of_writer);
        CHECKED(parsed ? r == 0 : r == -EPROTO && of_writer == fault);
        check_counts(c->writer);
        if (parsed)
                stream_append(&c->want, place->bytes, place->whole);
        if (parsed && is_hello)
                writer_set_peer_caps(c->writer, c->in->caps);
        else if (is_hello)
                c->writer = writer_free(c->writer);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        struct wire_input in;
        struct check c = { &in };

        if (!wire_input_read(data, size, &in))
                return 0;

        wire_run(&in, on_result, &c);
        if (c.writer) {
                while (writer_packets(c.writer) > 0)
                        write_piece(&c);
                CHECKED(writer_bytes(c.writer) == 0 && writer_room(c.writer) == QUEUE_MAX);
        }
        CHECKED(c.owners == 0);
        CHECKED(c.out.size == c.want.size);
        CHECKED(c.out.size == 0 || memcmp(c.out.data, c.want.data, c.out.size) == 0);

        writer_free(c.writer);
        stream_clear(&c.want);
        stream_clear(&c.out);
        return 0;
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max, unsigned seed)
{
        uint64_t random = (uint64_t)seed << 32 | 1;
        static struct messages m;

        /* Sometimes without knowing anything; an input may also have no packet yet. */
        if (random_u32(&random) % 16 == 0)
                return LLVMFuzzerMutate(data, size, max);

        messages_read(&m, data, size);
        do
                messages_mutate(&m, &random);
        while (random_u32(&random) % 4 == 0);
        size = messages_write(&m, data, max);
        messages_clear(&m);
        return size;
}

size_t LLVMFuzzerCustomCrossOver(const uint8_t *a, size_t a_size, const uint8_t *b, size_t b_size,
                                 uint8_t *data, size_t max, unsigned seed)
{
        uint64_t random = (uint64_t)seed << 32 | 1;
        static struct messages m, other;
        size_t size;

        messages_read(&m, a, a_size);
        messages_read(&other, b, b_size);
        messages_mix(&m, &other, &random);
        size = messages_write(&m, data, max);
        messages_clear(&m);
        messages_clear(&other);
        return size;
}
