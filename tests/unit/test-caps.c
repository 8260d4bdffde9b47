/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Capability sets: the bits, the one rule between them, and the words of a hello.
 */
#include "unit/test.h"

#include "protocol/caps.h"
#include "unit/helpers.h"

static void each_capability_has_its_bit_and_name(void **state)
{
        static const struct {
                const char *name;
                uint32_t in;
        } cases[] = {
                { "BULK_STREAMS", 0x01 },
                { "CONNECT_DEVICE_VERSION", 0x02 },
                { "FILTER", 0x04 },
                { "DEVICE_DISCONNECT_ACK", 0x08 },
                { "EP_INFO_MAX_PACKET_SIZE", 0x10 },
                { "64BIT_IDS", 0x20 },
                { "BULK_LENGTH_32BIT", 0x40 },
                { "BULK_RECEIVING", 0x80 },
        };

        for (size_t i = 0; i < ELEMENTS(cases); i++)
                assert_string_equal(caps_name(cases[i].in), cases[i].name);
}

static void no_bit_two_bits_and_unknown_bits_have_no_name(void **state)
{
        static const uint32_t cases[] = { 0, 0x03, 0xff, 0x100, 0x80000000, 0xffffffff };

        for (size_t i = 0; i < ELEMENTS(cases); i++)
                assert_null(caps_name(cases[i]));
}

static void bulk_streams_fall_without_packet_sizes_and_nothing_else_changes(void **state)
{
        for (uint32_t caps = 0; caps <= 0xff; caps++) {
                uint32_t want = (caps & 0x11) == 0x01 ? caps - 1 : caps;

                assert_int_equal(caps_consistent(caps), want);
                assert_int_equal(caps_consistent(caps | 0xabcdef00), want | 0xabcdef00);
        }
}

static void missing_words_are_zero_and_further_words_are_ignored(void **state)
{
        static const struct {
                const char *name, *in;
                uint32_t want;
        } cases[] = {
                { "empty", "", 0 },
                { "cut word", "ff ff ff", 0 },
                { "one word", "04 03 02 81", 0x81020304 },
                { "two words", "38 00 00 00 ff ff ff ff", 0x38 },
        };

        for (size_t i = 0; i < ELEMENTS(cases); i++) {
                uint8_t bytes[16];
                size_t size = hex(bytes, sizeof(bytes), cases[i].in);

                if (caps_get(bytes, size) != cases[i].want)
                        fail_msg("%s: %x", cases[i].name, caps_get(bytes, size));
        }
        assert_int_equal(caps_get(NULL, 0), 0);
}

static void a_word_is_put_little_endian(void **state)
{
        uint8_t bytes[] = { 0, 0, 0, 0, 0xee };

        caps_put(bytes, 0x81020304);
        assert_memory_equal(bytes, "\x04\x03\x02\x81\xee", sizeof(bytes));
}

int main(void)
{
        static const struct CMUnitTest tests[] = {
                cmocka_unit_test(each_capability_has_its_bit_and_name),
                cmocka_unit_test(no_bit_two_bits_and_unknown_bits_have_no_name),
                cmocka_unit_test(bulk_streams_fall_without_packet_sizes_and_nothing_else_changes),
                cmocka_unit_test(missing_words_are_zero_and_further_words_are_ignored),
                cmocka_unit_test(a_word_is_put_little_endian),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
