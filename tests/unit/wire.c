/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Upstream's functions take fields and data, but no bytes: what cannot be said in its words is not
 * compared here, but read by it from a conversation.
 */
#include "unit/test.h"

#include <errno.h>

#include "unit/differences.h"
#include "unit/wire.h"

unsigned wire_sent[PACKET_TYPES];

/* The original library adds one to a guest's: it always acknowledges. */
static uint32_t with_ack(enum role role, uint32_t caps)
{
        return role == ROLE_GUEST ? caps | CAP_DEVICE_DISCONNECT_ACK : caps;
}

static void put_hello(struct wire *w)
{
        struct packet hello = { PACKET_hello, 0, .hello = { WIRE_VERSION } };
        uint8_t words[CAPS_WORD];
        enum packet_fault fault;

        caps_put(words, caps_consistent(w->caps));
        assert_int_equal(writer_put(w->writer, &hello, words, sizeof(words), NULL, &fault), 0);
        drain(w->writer, SIZE_MAX, &w->bytes);

        assert_int_equal(w->bytes.size, w->upstream->output.size);
        assert_memory_equal(w->bytes.data, w->upstream->output.data, w->bytes.size);
        wire_sent[PACKET_hello]++;
}

void wire_open(struct wire *w, enum role sender, uint32_t caps, uint32_t peer_caps)
{
        *w = (struct wire){
                .sender = sender,
                .caps = with_ack(sender, caps),
                .peer_caps = with_ack(other_role(sender), peer_caps),
                .bytes = w->bytes,
        };
        w->bytes.size = 0;
        w->both = caps_consistent(w->caps & w->peer_caps);
        w->upstream = upstream_new(sender, caps, WIRE_VERSION);
        assert_int_equal(writer_new(&w->writer, sender, w->caps, 2, NULL, NULL), 0);
        put_hello(w);
}

void wire_greet(struct wire *w, struct upstream *peer)
{
        writer_set_peer_caps(w->writer, w->peer_caps);
        upstream_feed(w->upstream, peer->output.data, peer->output.size);
        assert_int_equal(upstream_next(w->upstream), PARSER_PACKET);
        assert_int_equal(upstream_next(w->upstream), PARSER_MORE);
        assert_int_equal(upstream_peer_caps(w->upstream), caps_consistent(w->peer_caps));
}

void wire_close(struct wire *w)
{
        upstream_free(w->upstream);
        writer_free(w->writer);
}

/* Upstream's functions take fields and data, but no header; an ack it sends by itself. */
static bool upstream_sends(struct wire *w, const struct packet *packet, const uint8_t *payload,
                           size_t size)
{
        struct packet gone = { PACKET_device_disconnect };
        struct stream bytes = { 0 };

        if (packet->type != PACKET_device_disconnect_ack) {
                upstream_send(w->upstream, packet, payload, size);
                return true;
        }
        if (w->sender != ROLE_GUEST)
                return false;

        stream_append_packet(&bytes, &gone, NULL, 0, w->both);
        upstream_feed(w->upstream, bytes.data, bytes.size);
        while (upstream_next(w->upstream) != PARSER_MORE)
                ;
        stream_clear(&bytes);
        return true;
}

void wire_send(struct wire *w, const struct packet *packet, const uint8_t *payload, size_t size)
{
        struct stream *theirs = &w->upstream->output;
        enum packet_fault fault = PACKET_FAULT_NONE;

        w->bytes.size = 0;
        if (writer_put(w->writer, packet, payload, size, NULL, &fault) == -ENOTCONN)
                fault = PACKET_FAULT_NOT_HELLO;
        drain(w->writer, SIZE_MAX, &w->bytes);
        if (!upstream_sends(w, packet, payload, size))
                return;

        differences_judge(DEED_SEND, packet->type, fault, theirs->size ? VERDICT_GOOD : VERDICT_BAD,
                          w->upstream->message);
        if (fault == PACKET_FAULT_NONE && (theirs->size != w->bytes.size ||
                                           memcmp(theirs->data, w->bytes.data, w->bytes.size) != 0))
                fail_msg("%s: other bytes, caps %02x and %02x", packet_type_string(packet->type),
                         w->caps, w->peer_caps);
        wire_sent[packet->type] += fault == PACKET_FAULT_NONE;
}
