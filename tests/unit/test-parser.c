/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Bytes of a peer: hello, order, resynchronisation. Pieces of any size are in
 * test-parser-pieces.c, large payloads in test-parser-payload.c.
 */
#include "unit/test.h"

#include "protocol/parser.h"
#include "unit/helpers.h"

/* get_configuration, id 9, in a stream with short and with long ids. */
#define NEXT   "07 00*7 09 00*3"
#define NEXT64 "07 00*7 09 00*7"

static struct parser *parser_for(enum role role, uint32_t caps)
{
        struct parser *p;

        assert_int_equal(parser_new(&p, role, caps, NULL, NULL, NULL), 0);
        return p;
}

static void feed_hex(struct parser *p, const char *text)
{
        uint8_t bytes[1024];
        size_t size = hex(bytes, sizeof(bytes), text);

        assert_int_equal(feed(p, bytes, size), size);
}

/* The next result is a packet of that type and id. */
static void assert_packet(struct parser *p, enum packet_type type, uint64_t id)
{
        enum packet_fault fault = PACKET_FAULT_NONE;
        struct parsed parsed;
        enum parser_result r = parser_next(p, &parsed, &fault);

        if (r != PARSER_PACKET)
                fail_msg("%s instead of %s",
                         r == PARSER_FAULT ? packet_fault_string(fault) : "more",
                         packet_type_string(type));
        assert_int_equal(parsed.packet->type, type);
        assert_int_equal(parsed.packet->id, id);
}

static void assert_fault(struct parser *p, enum packet_fault want)
{
        enum packet_fault fault = PACKET_FAULT_NONE;
        struct parsed parsed;

        assert_int_equal(parser_next(p, &parsed, &fault), PARSER_FAULT);
        if (fault != want)
                fail_msg("%s instead of %s", packet_fault_string(fault), packet_fault_string(want));
}

static void assert_more(struct parser *p)
{
        enum packet_fault fault;
        struct parsed parsed;

        assert_int_equal(parser_next(p, &parsed, &fault), PARSER_MORE);
}

/* Any peer's first packets: what comes before hello is refused, and hello still counts. */
static void refuses_packets_before_hello(void **state)
{
        struct parser *p = parser_for(ROLE_HOST, CAP_ALL);

        feed_hex(p, NEXT " 17 00*3 02 00*7 41 00 " /* filter_filter "A" */
                         "65 00 00 80 00*8");      /* no type at all */
        assert_fault(p, PACKET_FAULT_NOT_HELLO);
        assert_fault(p, PACKET_FAULT_NOT_HELLO);
        assert_fault(p, PACKET_FAULT_NOT_HELLO);
        assert_more(p);
        assert_false(parser_has_peer(p));
        feed_hello(p, CAP_ALL);
        assert_true(parser_has_peer(p));
        feed_hex(p, NEXT64);
        assert_packet(p, PACKET_get_configuration, 9);
        parser_free(p);
}

static void refuses_a_second_hello_and_keeps_the_first(void **state)
{
        struct parser *p = parser_for(ROLE_GUEST, CAP_ALL);
        uint8_t bytes[HELLO_SIZE];

        feed_hello(p, CAP_FILTER | CAP_64BIT_IDS);
        feed(p, bytes, hello_bytes(bytes, CAP_ALL));
        feed_hex(p, "02 00*15");
        assert_fault(p, PACKET_FAULT_SECOND_HELLO);
        assert_int_equal(parser_peer_caps(p), CAP_FILTER | CAP_64BIT_IDS);
        assert_packet(p, PACKET_device_disconnect, 0);
        parser_free(p);
}

static void header_and_fields_change_with_the_byte_after_hello(void **state)
{
        struct parser *p = parser_for(ROLE_GUEST, CAP_ALL);
        uint8_t bytes[HELLO_SIZE + 16 + 10];
        enum packet_fault fault;
        struct parsed parsed;
        size_t n = hello_bytes(bytes, CAP_ALL);

        n += hex(bytes + n, sizeof(bytes) - n,
                 "01 00*3 0a 00*3 00*8 02 00 00 00 34 12 78 56 10 02");
        assert_int_equal(feed(p, bytes, n), sizeof(bytes));
        assert_packet(p, PACKET_hello, 0);
        assert_int_equal(parser_next(p, &parsed, &fault), PARSER_PACKET);
        assert_int_equal(parsed.packet->device_connect.product_id, 0x5678);
        assert_int_equal(parsed.packet->device_connect.device_version_bcd, 0x0210);
        assert_more(p);
        assert_true(parser_is_between_packets(p));
        parser_free(p);
}

static void hellos_have_any_number_of_whole_words(void **state)
{
        static const struct {
                const char *name;
                size_t words;
                const char *in;
                uint32_t want;
        } cases[] = {
                { "none", 0, "", 0 },
                { "one", 1, "b0 00 00 00", 0xb0 },
                { "one with all bits", 1, "ff ff ff ff", 0xffffffff },
                { "two", 2, "b0 00 00 00 ff*4", 0xb0 },
                { "1000", 1000, "b0 00 00 00 ee*3996", 0xb0 },
                { "streams without packet sizes", 1, "21 00 00 00", 0x20 },
        };

        for (size_t i = 0; i < ELEMENTS(cases); i++) {
                struct parser *p = parser_for(ROLE_HOST, 0xb1);
                uint8_t bytes[76 + 4000] = { 0 }, words[4000];

                put_le32(bytes + 4, (uint32_t)(64 + 4 * cases[i].words));
                assert_int_equal(hex(words, sizeof(words), cases[i].in), 4 * cases[i].words);
                memcpy(bytes + 76, words, 4 * cases[i].words);
                feed(p, bytes, 76 + 4 * cases[i].words);
                feed_hex(p, cases[i].want & 0x20 ? NEXT64 : NEXT);
                assert_packet(p, PACKET_hello, 0);
                if (parser_peer_caps(p) != cases[i].want)
                        fail_msg("%s: %x", cases[i].name, parser_peer_caps(p));
                assert_int_equal(parser_both(p), caps_consistent(cases[i].want & 0xb1));
                assert_packet(p, PACKET_get_configuration, 9);
                assert_true(parser_is_between_packets(p));
                parser_free(p);
        }
}

static void own_capabilities_are_made_consistent(void **state)
{
        struct parser *p = parser_for(ROLE_GUEST, CAP_BULK_STREAMS | CAP_FILTER);

        assert_int_equal(parser_both(p), 0);
        assert_int_equal(parser_peer_caps(p), 0);
        feed_hello(p, CAP_ALL);
        assert_int_equal(parser_both(p), CAP_FILTER);
        assert_int_equal(parser_peer_caps(p), CAP_ALL);
        feed_hex(p, "14 00*3 09 00*7 00*9"); /* bulk_streams_status: we cannot have them */
        assert_fault(p, PACKET_FAULT_NOT_CAPABLE);
        parser_free(p);
}

static void bad_packets_are_skipped_and_the_next_one_is_read(void **state)
{
        /* From a guest, ids of 32 bits, own caps and peer's caps as given. */
        static const struct {
                enum packet_fault want;
                uint32_t caps;
                const char *in;
        } cases[] = {
                { PACKET_FAULT_UNKNOWN_TYPE, 0xff, "1c 00*3 00 00*7" },
                { PACKET_FAULT_UNKNOWN_TYPE, 0xff, "63 00*3 05 00*7 01 02 03 04 05" },
                { PACKET_FAULT_UNKNOWN_TYPE, 0xff, "ff ff ff ff 01 00*7 01" },
                { PACKET_FAULT_SENDER, 0xff, "02 00*3 00 00*7" },
                { PACKET_FAULT_SENDER, 0xff, "01 00*3 0a 00*7 00*10" },
                { PACKET_FAULT_SENDER, 0xff, "68 00*3 0b 00*7 00*4 01 00*3 81 00 55" },
                { PACKET_FAULT_TOO_SHORT, 0xff, "06 00*3 00 00*7" },
                { PACKET_FAULT_TOO_SHORT, 0xff, "64 00*3 09 00*7 00*9" },
                { PACKET_FAULT_NO_PAYLOAD, 0xff, "03 00*3 04 00*7 00*4" },
                { PACKET_FAULT_NOT_CAPABLE, 0xfb, "16 00*3 00 00*7" },
                { PACKET_FAULT_NOT_CAPABLE, 0xfb, "17 00*3 02 00*7 41 00" },
                { PACKET_FAULT_NOT_CAPABLE, 0xf7, "18 00*3 00 00*7" },
                { PACKET_FAULT_NOT_CAPABLE, 0xfe, "13 00*3 04 00*7 01 00*3" },
                { PACKET_FAULT_NOT_CAPABLE, 0x7f, "1a 00*3 05 00*7 00*4 81" },
                { PACKET_FAULT_DIRECTION, 0xff, "0f 00*3 01 00*7 01" },
                { PACKET_FAULT_DIRECTION, 0xff, "66 00*3 05 00*7 81 00 01 00 55" },
                { PACKET_FAULT_DIRECTION, 0xff, "67 00*3 04 00*7 81 00 00 00" },
                { PACKET_FAULT_LENGTH, 0xff, "65 00*3 0d 00*7 01 00 04 00 00*4 00 00 01 02 03" },
                { PACKET_FAULT_LENGTH, 0xff, "64 00*3 0b 00*7 80 00*7 01 00 55" },
                { PACKET_FAULT_TRANSFER_LIMIT, 0xff, "65 00*3 0a 00*7 81 00 01 00 00*4 00 08" },
                { PACKET_FAULT_TRANSFER_LIMIT, 0xff, "65 00*3 0a 00*7 81 00 00 00 00*4 00 80" },
                { PACKET_FAULT_TRANSFER_LIMIT, 0xff, "19 00*3 0a 00*7 00*4 01 00 00 08 81 01" },
                { PACKET_FAULT_NO_TERMINATOR, 0xff, "17 00*3 00 00*7" },
                { PACKET_FAULT_NO_TERMINATOR, 0xff, "17 00*3 01 00*7 41" },
                { PACKET_FAULT_NO_TERMINATOR, 0xff, "17 00*3 03 00*7 41 00 41" },
                { PACKET_FAULT_SECOND_HELLO, 0xff, "00*4 44 00*7 00*64 ff ff ff ff" },
        };
        static const uint8_t pieces[] = { 255, 1, 3 };

        for (size_t i = 0; i < ELEMENTS(cases) * ELEMENTS(pieces); i++) {
                size_t row = i / ELEMENTS(pieces), piece = pieces[i % ELEMENTS(pieces)];
                struct parser *p = parser_for(ROLE_HOST, cases[row].caps);
                enum packet_fault fault = PACKET_FAULT_NONE;
                enum parser_result r;
                struct parsed parsed;
                uint8_t bytes[256];
                size_t size = hex(bytes, sizeof(bytes), cases[row].in), faults = 0, packets = 0;

                size += hex(bytes + size, sizeof(bytes) - size, NEXT);
                feed_hello(p, cases[row].caps & ~(uint32_t)CAP_64BIT_IDS);
                for (size_t done = 0; done < size;) {
                        done += feed(p, bytes + done, MIN(piece, size - done));
                        while ((r = parser_next(p, &parsed, &fault)) != PARSER_MORE) {
                                faults += r == PARSER_FAULT;
                                packets += r == PARSER_PACKET &&
                                           parsed.packet->type == PACKET_get_configuration;
                        }
                }
                if (fault != cases[row].want || faults != 1 || packets != 1)
                        fail_msg("row %zu: %s, %zu faults, %zu packets", row,
                                 packet_fault_string(fault), faults, packets);
                assert_true(parser_is_between_packets(p));
                parser_free(p);
        }
}

static void hosts_packets_are_verified_by_a_guest(void **state)
{
        struct parser *p = parser_for(ROLE_GUEST, CAP_ALL);

        feed_hello(p, 0);
        feed_hex(p, "04 00*3 84 00*7 21 00*131"); /* 33 interfaces */
        assert_fault(p, PACKET_FAULT_INTERFACES);
        feed_hex(p, "04 00*3 84 00*7 20 00*131");
        assert_packet(p, PACKET_interface_info, 0);
        feed_hex(p, "05 00*3 a0 00*7 00*160"); /* the form of a capability nobody announced */
        assert_fault(p, PACKET_FAULT_NO_PAYLOAD);
        feed_hex(p, "03 00*11");
        assert_fault(p, PACKET_FAULT_SENDER);
        feed_hex(p, "02 00*11");
        assert_packet(p, PACKET_device_disconnect, 0);
        parser_free(p);
}

static void half_a_word_of_capabilities_is_refused(void **state)
{
        struct parser *p = parser_for(ROLE_HOST, CAP_ALL);

        feed_hex(p, "00*4 42 00*7 00*64 ff ff");
        assert_fault(p, PACKET_FAULT_CAPS);
        assert_false(parser_has_peer(p));
        feed_hello(p, 0);
        parser_free(p);
}

static void any_stated_length_is_skipped_exactly(void **state)
{
        static const struct {
                uint32_t type, length;
                enum packet_fault want;
        } cases[] = {
                { PACKET_bulk_packet, PACKET_LENGTH_MAX + 1, PACKET_FAULT_TOO_LONG },
                { PACKET_bulk_packet, 0x7fffffff, PACKET_FAULT_TOO_LONG },
                { PACKET_bulk_packet, 0x80000000, PACKET_FAULT_TOO_LONG },
                { PACKET_bulk_packet, 0xffffffff, PACKET_FAULT_TOO_LONG },
                { 0xdeadbeef, 0xffffffff, PACKET_FAULT_UNKNOWN_TYPE },
                { PACKET_device_connect, 0xfffffffe, PACKET_FAULT_SENDER },
        };

        for (size_t i = 0; i < ELEMENTS(cases); i++) {
                struct parser *p = parser_for(ROLE_HOST, CAP_ALL);
                uint8_t header[16] = { 0 };
                uint64_t left = cases[i].length;

                feed_hello(p, CAP_ALL);
                put_le32(header, cases[i].type);
                put_le32(header + 4, cases[i].length);
                feed(p, header, sizeof(header));
                assert_fault(p, cases[i].want);

                /* The bytes themselves do not matter, so none are written. */
                while (left > 0) {
                        struct iovec iov[PARSER_TARGETS];

                        assert_int_equal(parser_targets(p, iov), 1);
                        parser_filled(p, (size_t)MIN(left, (uint64_t)iov[0].iov_len));
                        left -= MIN(left, (uint64_t)iov[0].iov_len);
                        assert_false(parser_is_between_packets(p));
                        assert_more(p);
                }
                assert_true(parser_is_between_packets(p));
                feed_hex(p, NEXT64);
                assert_packet(p, PACKET_get_configuration, 9);
                parser_free(p);
        }
}

static void an_end_of_file_cuts_nothing_off_only_between_packets(void **state)
{
        struct parser *p = parser_for(ROLE_HOST, CAP_ALL);
        uint8_t bytes[256];
        size_t size;

        assert_true(parser_is_between_packets(p));
        feed_hello(p, CAP_ALL);
        assert_true(parser_is_between_packets(p));

        size = hex(bytes, sizeof(bytes), "65 00*3 0e 00*3 07 00*7 02 00 04 00 00*6 55 53 42 43");
        for (size_t i = 0; i < size; i++) {
                feed(p, bytes + i, 1);
                assert_false(parser_is_between_packets(p));
                if (i + 1 < size)
                        assert_more(p);
        }
        assert_packet(p, PACKET_bulk_packet, 7);
        assert_true(parser_is_between_packets(p));
        parser_free(p);
}

static void no_room_is_offered_until_packets_are_taken(void **state)
{
        struct parser *p = parser_for(ROLE_HOST, CAP_ALL & ~CAP_64BIT_IDS);
        struct iovec iov[PARSER_TARGETS];
        uint8_t bytes[12];
        size_t fed = 0, taken = 0, n;
        enum packet_fault fault;
        struct parsed parsed;

        feed_hello(p, CAP_ALL);
        hex(bytes, sizeof(bytes), NEXT);
        while ((n = feed(p, bytes + fed % 12, 12 - fed % 12)) > 0)
                fed += n;

        assert_int_equal(fed, PARSER_BUFFER_SIZE);
        assert_int_equal(parser_targets(p, iov), 0);
        while (parser_next(p, &parsed, &fault) == PARSER_PACKET)
                taken++;
        assert_int_equal(taken, fed / 12);

        assert_int_equal(parser_targets(p, iov), 1);
        assert_int_equal(iov[0].iov_len, PARSER_BUFFER_SIZE - fed % 12);
        feed(p, bytes + fed % 12, 12 - fed % 12); /* the cut one goes on where it was */
        assert_packet(p, PACKET_get_configuration, 9);
        parser_free(p);
}

int main(void)
{
        static const struct CMUnitTest tests[] = {
                cmocka_unit_test(refuses_packets_before_hello),
                cmocka_unit_test(refuses_a_second_hello_and_keeps_the_first),
                cmocka_unit_test(header_and_fields_change_with_the_byte_after_hello),
                cmocka_unit_test(hellos_have_any_number_of_whole_words),
                cmocka_unit_test(own_capabilities_are_made_consistent),
                cmocka_unit_test(bad_packets_are_skipped_and_the_next_one_is_read),
                cmocka_unit_test(hosts_packets_are_verified_by_a_guest),
                cmocka_unit_test(half_a_word_of_capabilities_is_refused),
                cmocka_unit_test(any_stated_length_is_skipped_exactly),
                cmocka_unit_test(an_end_of_file_cuts_nothing_off_only_between_packets),
                cmocka_unit_test(no_room_is_offered_until_packets_are_taken),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
