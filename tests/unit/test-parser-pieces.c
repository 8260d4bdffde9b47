/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A recorded conversation of all packets, in pieces of every size and cut at every byte.
 */
#include "unit/test.h"

#include "protocol/parser.h"
#include "unit/helpers.h"

#define SEED 0x70617273

/* A hello, then each packet the peer may send, several times. */
static void record_conversation(struct stream *s, enum role sender, uint32_t caps)
{
        struct packet hello = { PACKET_hello, 0, .hello = { "recorded" } }, packet;
        uint8_t words[CAPS_WORD], payload[400];
        uint64_t seed = SEED;
        size_t size;

        caps_put(words, caps);
        stream_append_packet(s, &hello, words, sizeof(words), 0);
        for (unsigned round = 0; round < 3; round++)
                for (unsigned type = next_packet(0); type < PACKET_TYPES;
                     type = next_packet(type)) {
                        size_t wanted = random_u32(&seed) % (round == 0 ? 1 : 150);

                        if ((descriptors[type].needs & caps) != descriptors[type].needs ||
                            !random_packet(&seed, type, sender, caps, wanted, &packet, &size))
                                continue;
                        random_bytes(&seed, payload, size);
                        if (packet_payload_kind(packet.type) == PAYLOAD_STRING)
                                payload[size - 1] = '\0';
                        stream_append_packet(s, &packet, payload, size, caps);
                }
}

/* Feeds first bytes, then pieces of that size; what is parsed must make the same bytes again. */
static void assert_same_in_pieces(const struct stream *in, enum role role, uint32_t caps,
                                  size_t first, size_t piece)
{
        struct parser *p;
        struct stream out = { 0 };
        enum packet_fault fault = PACKET_FAULT_NONE;
        enum parser_result r;
        struct parsed parsed;

        assert_int_equal(parser_new(&p, role, caps, NULL, NULL, NULL), 0);
        for (size_t done = 0; done < in->size;) {
                size_t size = MIN(done < first ? first - done : piece, in->size - done);

                done += feed(p, in->data + done, size);
                while ((r = parser_next(p, &parsed, &fault)) == PARSER_PACKET)
                        stream_append_packet(&out, parsed.packet, parsed.payload,
                                             parsed.payload_size, parser_both(p));
                if (r == PARSER_FAULT)
                        fail_msg("%s after %zu of %zu bytes, pieces of %zu and %zu",
                                 packet_fault_string(fault), done, in->size, first, piece);
        }

        if (out.size != in->size || memcmp(out.data, in->data, in->size) != 0)
                fail_msg("other packets with pieces of %zu and %zu", first, piece);
        assert_true(parser_is_between_packets(p));
        stream_clear(&out);
        parser_free(p);
}

static void any_pieces_make_the_same_packets(void **state)
{
        static const uint32_t caps[] = { CAP_ALL, 0 };

        for (size_t i = 0; i < ELEMENTS(caps) * 2; i++) {
                enum role role = i % 2 ? ROLE_HOST : ROLE_GUEST;
                struct stream s = { 0 };

                record_conversation(&s, other_role(role), caps[i / 2]);
                assert_true(s.size > 1000);
                for (size_t piece = 1; piece <= s.size; piece++)
                        assert_same_in_pieces(&s, role, caps[i / 2], 0, piece);
                for (size_t cut = 1; cut < s.size; cut++)
                        assert_same_in_pieces(&s, role, caps[i / 2], cut, s.size);
                stream_clear(&s);
        }
}

int main(void)
{
        static const struct CMUnitTest tests[] = {
                cmocka_unit_test(any_pieces_make_the_same_packets),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
