/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Large payloads: asked for when the packet is verified and not before, read straight into the
 * memory given, lost if there is none, given back if they are never whole.
 */
#include "unit/test.h"

#include "protocol/parser.h"
#include "unit/helpers.h"

/* Who hands out the memory, and what was asked of it. */
struct memory {
        uint8_t *data;
        bool refuse;
        size_t size;
        unsigned asked, freed;
        struct packet packet;
};

static void *memory_new(void *userdata, const struct packet *packet, size_t size,
                        uint8_t **ret_data)
{
        struct memory *m = userdata;

        m->asked++;
        m->size = size;
        m->packet = *packet;
        if (m->refuse)
                return NULL;

        assert_null(m->data);
        m->data = malloc(size); /* exactly: a sanitizer sees one byte too many */
        assert_non_null(m->data);
        *ret_data = m->data;
        return m;
}

static void memory_free(void *userdata, void *owner)
{
        struct memory *m = userdata;

        assert_ptr_equal(owner, m);
        m->freed++;
        free(m->data);
        m->data = NULL;
}

static struct parser *parser_with(struct memory *m)
{
        struct parser *p;

        assert_int_equal(parser_new(&p, ROLE_HOST, CAP_ALL, memory_new, memory_free, m), 0);
        feed_hello(p, CAP_ALL);
        return p;
}

/* A bulk packet from the guest, id 7, followed by get_configuration, id 9. */
static void make_bulk(struct stream *s, size_t size)
{
        struct packet bulk = { PACKET_bulk_packet, 7, .bulk_packet = { .endpoint = 0x02 } };
        struct packet next = { PACKET_get_configuration, 9 };
        uint8_t *payload = malloc(size);
        uint64_t seed = size;

        assert_non_null(payload);
        random_bytes(&seed, payload, size);
        packet_set_transfer_length(&bulk, (uint32_t)size);
        stream_append_packet(s, &bulk, payload, size, CAP_ALL);
        stream_append_packet(s, &next, NULL, 0, CAP_ALL);
        free(payload);
}

#define PREFIX 26 /* of that packet */

static enum parser_result next(struct parser *p, struct parsed *ret)
{
        enum packet_fault fault;

        return parser_next(p, ret, &fault);
}

static void memory_is_asked_for_when_header_and_fields_are_verified(void **state)
{
        struct memory m = { 0 };
        struct parser *p = parser_with(&m);
        struct stream s = { 0 };
        struct parsed parsed;

        make_bulk(&s, 100000);
        for (size_t i = 0; i < PREFIX; i++) {
                assert_int_equal(next(p, &parsed), PARSER_MORE);
                assert_int_equal(m.asked, 0);
                feed(p, s.data + i, 1);
        }
        assert_int_equal(next(p, &parsed), PARSER_MORE);
        assert_int_equal(m.asked, 1);
        assert_int_equal(m.size, 100000);
        assert_int_equal(m.packet.type, PACKET_bulk_packet);
        assert_int_equal(m.packet.id, 7);
        assert_int_equal(m.packet.bulk_packet.endpoint, 0x02);
        assert_int_equal(next(p, &parsed), PARSER_MORE);
        assert_int_equal(m.asked, 1);

        parser_free(p);
        assert_int_equal(m.freed, 1);
        stream_clear(&s);
}

static void no_memory_is_asked_for_what_is_refused(void **state)
{
        static const struct {
                const char *name, *in;
                enum packet_fault want;
        } cases[] = {
                { "too long", "65 00*3 01 04 00 08 00*8 02 00 f7 03 00*4 00 08",
                  PACKET_FAULT_TOO_LONG },
                { "host's", "68 00*3 0a 00 01 00 00*8 00*4 00 00 01 00 81 00",
                  PACKET_FAULT_SENDER },
                { "unknown", "63 00*3 00 00 01 00 00*8 00*10", PACKET_FAULT_UNKNOWN_TYPE },
                { "wrong direction", "65 00*3 0a 00 01 00 00*8 82 00 00 00 00*4 01 00",
                  PACKET_FAULT_LENGTH },
                { "another length", "65 00*3 0a 00 01 00 00*8 02 00 01 00 00*4 01 00",
                  PACKET_FAULT_LENGTH },
                { "over the limit", "65 00*3 0b 00 00 08 00*8 02 00 01 00 00*4 00 08",
                  PACKET_FAULT_TRANSFER_LIMIT },
        };

        for (size_t i = 0; i < ELEMENTS(cases); i++) {
                struct memory m = { 0 };
                struct parser *p = parser_with(&m);
                enum packet_fault fault;
                struct parsed parsed;
                uint8_t bytes[64];

                feed(p, bytes, hex(bytes, sizeof(bytes), cases[i].in));
                assert_int_equal(parser_next(p, &parsed, &fault), PARSER_FAULT);
                if (fault != cases[i].want)
                        fail_msg("%s: %s", cases[i].name, packet_fault_string(fault));
                assert_int_equal(parser_next(p, &parsed, &fault), PARSER_MORE);
                assert_int_equal(m.asked, 0);
                parser_free(p);
        }
}

static void a_direct_payload_does_not_pass_through_the_buffer(void **state)
{
        static const size_t early[] = { 0, 1, 777 }; /* bytes that came with the header */

        for (size_t i = 0; i < ELEMENTS(early); i++) {
                struct memory m = { 0 };
                struct parser *p = parser_with(&m);
                struct iovec iov[PARSER_TARGETS];
                struct stream s = { 0 };
                struct parsed parsed;
                size_t done = PREFIX + early[i];

                make_bulk(&s, 200000);
                feed(p, s.data, done);
                assert_int_equal(next(p, &parsed), PARSER_MORE);

                /* First what is missing, then room for what follows. */
                assert_int_equal(parser_targets(p, iov), 2);
                assert_ptr_equal(iov[0].iov_base, m.data + early[i]);
                assert_int_equal(iov[0].iov_len, 200000 - early[i]);
                assert_int_equal(iov[1].iov_len, PARSER_BUFFER_SIZE);

                /* A piece, and then the rest with the next packet behind it. */
                memcpy(iov[0].iov_base, s.data + done, 1000);
                parser_filled(p, 1000);
                done += 1000;
                assert_int_equal(next(p, &parsed), PARSER_MORE);
                assert_false(parser_is_between_packets(p));
                assert_int_equal(parser_targets(p, iov), 2);
                assert_ptr_equal(iov[0].iov_base, m.data + early[i] + 1000);
                done += feed(p, s.data + done, s.size - done);
                assert_int_equal(done, s.size);

                assert_int_equal(next(p, &parsed), PARSER_PACKET);
                assert_int_equal(parsed.packet->id, 7);
                assert_ptr_equal(parsed.owner, &m);
                assert_ptr_equal(parsed.payload, m.data);
                assert_int_equal(parsed.payload_size, 200000);
                assert_false(parsed.lost);
                assert_memory_equal(m.data, s.data + PREFIX, 200000);
                assert_int_equal(next(p, &parsed), PARSER_PACKET);
                assert_int_equal(parsed.packet->id, 9);
                assert_true(parser_is_between_packets(p));

                parser_free(p);
                assert_int_equal(m.freed, 0); /* it is ours now */
                free(m.data);
                stream_clear(&s);
        }
}

static void payloads_below_the_bound_and_whole_ones_stay_in_place(void **state)
{
        static const struct {
                const char *name;
                size_t size, first;
                unsigned want;
        } cases[] = {
                { "one below, in halves", PARSER_DIRECT_MIN - 1, 20000, 0 },
                { "at the bound, in halves", PARSER_DIRECT_MIN, 20000, 1 },
                { "at the bound, but the last byte", PARSER_DIRECT_MIN,
                  PREFIX + PARSER_DIRECT_MIN - 1, 1 },
                { "at the bound, whole", PARSER_DIRECT_MIN, SIZE_MAX, 0 },
                { "twice the bound, whole", 2 * PARSER_DIRECT_MIN, SIZE_MAX, 0 },
                { "larger than the buffer", 2 * PARSER_BUFFER_SIZE, SIZE_MAX, 1 },
        };

        for (size_t i = 0; i < ELEMENTS(cases); i++) {
                struct memory m = { 0 };
                struct parser *p = parser_with(&m);
                struct stream s = { 0 };
                struct parsed parsed;
                size_t done;

                make_bulk(&s, cases[i].size);
                done = feed(p, s.data, MIN(cases[i].first, s.size));
                while (next(p, &parsed) == PARSER_MORE)
                        done += feed(p, s.data + done, s.size - done);
                if (m.asked != cases[i].want)
                        fail_msg("%s: asked %u times", cases[i].name, m.asked);
                assert_int_equal(parsed.packet->id, 7);
                assert_int_equal(parsed.payload_size, cases[i].size);
                assert_memory_equal(parsed.payload, s.data + PREFIX, cases[i].size);
                assert_true(m.asked ? parsed.owner == &m : !parsed.owner);
                free(m.data);

                while (next(p, &parsed) == PARSER_MORE)
                        done += feed(p, s.data + done, s.size - done);
                assert_int_equal(parsed.packet->id, 9);
                parser_free(p);
                stream_clear(&s);
        }
}

static void without_memory_the_packet_is_lost_and_the_stream_goes_on(void **state)
{
        static const size_t pieces[] = { SIZE_MAX, 5000, 1 };

        for (size_t i = 0; i < ELEMENTS(pieces) * 2; i++) {
                struct memory m = { .refuse = true };
                struct stream s = { 0 };
                struct parser *p;
                struct parsed parsed;
                size_t done = 0, lost = 0, others = 0;

                if (i % 2) { /* nobody to ask is the same */
                        assert_int_equal(parser_new(&p, ROLE_HOST, CAP_ALL, NULL, NULL, NULL), 0);
                        feed_hello(p, CAP_ALL);
                } else {
                        p = parser_with(&m);
                }

                make_bulk(&s, 200000);
                while (done < s.size) {
                        done += feed(p, s.data + done, MIN(pieces[i / 2], s.size - done));
                        while (next(p, &parsed) == PARSER_PACKET)
                                if (parsed.packet->id == 7) {
                                        assert_true(parsed.lost);
                                        assert_null(parsed.payload);
                                        assert_null(parsed.owner);
                                        assert_int_equal(parsed.payload_size, 200000);
                                        assert_int_equal(parsed.packet->bulk_packet.endpoint, 2);
                                        assert_false(parser_is_between_packets(p));
                                        lost++;
                                } else {
                                        assert_int_equal(parsed.packet->id, 9);
                                        assert_int_equal(done, s.size);
                                        others++;
                                }
                }
                assert_int_equal(lost, 1);
                assert_int_equal(others, 1);
                assert_int_equal(m.asked, i % 2 ? 0 : 1);
                assert_true(parser_is_between_packets(p));
                parser_free(p);
                assert_int_equal(m.freed, 0);
                stream_clear(&s);
        }
}

static void large_payloads_survive_any_cut(void **state)
{
        struct stream s = { 0 };

        make_bulk(&s, PARSER_DIRECT_MIN + 3000);
        for (size_t cut = 1; cut < s.size; cut += cut < 100 || cut > s.size - 100 ? 1 : 997) {
                struct memory m = { 0 };
                struct parser *p = parser_with(&m);
                struct parsed parsed;
                unsigned packets = 0;

                for (size_t done = 0; done < s.size;) {
                        done += feed(p, s.data + done, done < cut ? cut - done : s.size - done);
                        while (next(p, &parsed) == PARSER_PACKET)
                                if (packets++ == 0)
                                        assert_memory_equal(parsed.payload, s.data + PREFIX,
                                                            PARSER_DIRECT_MIN + 3000);
                }
                assert_int_equal(packets, 2);
                parser_free(p);
                free(m.data);
        }
        stream_clear(&s);
}

static void a_long_filter_string_needs_its_terminator_too(void **state)
{
        for (unsigned terminated = 0; terminated <= 1; terminated++) {
                struct memory m = { 0 };
                struct parser *p = parser_with(&m);
                struct packet filter = { PACKET_filter_filter };
                struct packet after = { PACKET_get_configuration, 9 };
                enum packet_fault fault = PACKET_FAULT_NONE;
                static uint8_t text[PARSER_DIRECT_MIN + 10];
                struct stream s = { 0 };
                struct parsed parsed;
                size_t done;

                memset(text, '|', sizeof(text));
                text[sizeof(text) - 1] = terminated ? '\0' : '|';
                stream_append_packet(&s, &filter, text, sizeof(text), CAP_ALL);
                stream_append_packet(&s, &after, NULL, 0, CAP_ALL);

                done = feed(p, s.data, 1000);
                assert_int_equal(parser_next(p, &parsed, &fault), PARSER_MORE);
                assert_int_equal(m.asked, 1);
                feed(p, s.data + done, s.size - done);
                if (terminated) {
                        assert_int_equal(parser_next(p, &parsed, &fault), PARSER_PACKET);
                        assert_ptr_equal(parsed.payload, m.data);
                        assert_int_equal(m.freed, 0);
                        free(m.data);
                } else {
                        assert_int_equal(parser_next(p, &parsed, &fault), PARSER_FAULT);
                        assert_int_equal(fault, PACKET_FAULT_NO_TERMINATOR);
                        assert_int_equal(m.freed, 1);
                }
                assert_int_equal(parser_next(p, &parsed, &fault), PARSER_PACKET);
                assert_int_equal(parsed.packet->id, 9);
                parser_free(p);
                assert_int_equal(m.freed, !terminated);
                stream_clear(&s);
        }
}

static void freeing_nothing_is_fine(void **state)
{
        assert_null(parser_free(NULL));
}

int main(void)
{
        static const struct CMUnitTest tests[] = {
                cmocka_unit_test(memory_is_asked_for_when_header_and_fields_are_verified),
                cmocka_unit_test(no_memory_is_asked_for_what_is_refused),
                cmocka_unit_test(a_direct_payload_does_not_pass_through_the_buffer),
                cmocka_unit_test(payloads_below_the_bound_and_whole_ones_stay_in_place),
                cmocka_unit_test(without_memory_the_packet_is_lost_and_the_stream_goes_on),
                cmocka_unit_test(large_payloads_survive_any_cut),
                cmocka_unit_test(a_long_filter_string_needs_its_terminator_too),
                cmocka_unit_test(freeing_nothing_is_fine),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
