/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Every rule that packets are held to, at the bound and one past it, and who may send what.
 */
#include "unit/test.h"

#include <limits.h>

#include "protocol/packet.h"
#include "unit/helpers.h"

#define MIB 1048576u

static void only_the_documented_side_sends_each_packet(void **state)
{
        /* With an IN and with an OUT endpoint; both are equal for packets that have none. */
        static const struct {
                enum packet_type type;
                const char *host, *guest;
        } matrix[] = {
                { PACKET_hello, "IN OUT", "IN OUT" },
                { PACKET_device_connect, "IN OUT", "" },
                { PACKET_device_disconnect, "IN OUT", "" },
                { PACKET_reset, "", "IN OUT" },
                { PACKET_interface_info, "IN OUT", "" },
                { PACKET_ep_info, "IN OUT", "" },
                { PACKET_set_configuration, "", "IN OUT" },
                { PACKET_get_configuration, "", "IN OUT" },
                { PACKET_configuration_status, "IN OUT", "" },
                { PACKET_set_alt_setting, "", "IN OUT" },
                { PACKET_get_alt_setting, "", "IN OUT" },
                { PACKET_alt_setting_status, "IN OUT", "" },
                { PACKET_start_iso_stream, "", "IN OUT" },
                { PACKET_stop_iso_stream, "", "IN OUT" },
                { PACKET_iso_stream_status, "IN OUT", "" },
                { PACKET_start_interrupt_receiving, "", "IN" },
                { PACKET_stop_interrupt_receiving, "", "IN" },
                { PACKET_interrupt_receiving_status, "IN", "" },
                { PACKET_alloc_bulk_streams, "", "IN OUT" },
                { PACKET_free_bulk_streams, "", "IN OUT" },
                { PACKET_bulk_streams_status, "IN OUT", "" },
                { PACKET_cancel_data_packet, "", "IN OUT" },
                { PACKET_filter_reject, "", "IN OUT" },
                { PACKET_filter_filter, "IN OUT", "IN OUT" },
                { PACKET_device_disconnect_ack, "", "IN OUT" },
                { PACKET_start_bulk_receiving, "", "IN" },
                { PACKET_stop_bulk_receiving, "", "IN" },
                { PACKET_bulk_receiving_status, "IN", "" },
                { PACKET_control_packet, "IN OUT", "IN OUT" },
                { PACKET_bulk_packet, "IN OUT", "IN OUT" },
                { PACKET_iso_packet, "IN", "OUT" },
                { PACKET_interrupt_packet, "IN OUT", "OUT" },
                { PACKET_buffered_bulk_packet, "IN", "" },
        };

        assert_int_equal(ELEMENTS(matrix), 33);

        for (size_t i = 0; i < ELEMENTS(matrix); i++)
                for (int in = 0; in <= 1; in++)
                        for (enum role sender = ROLE_HOST; sender <= ROLE_GUEST; sender++) {
                                const char *ways =
                                        sender == ROLE_HOST ? matrix[i].host : matrix[i].guest;
                                struct packet packet = { .type = matrix[i].type };
                                struct packet_header header = { matrix[i].type, 0, 0 };
                                enum packet_fault want = PACKET_FAULT_NONE, fault;
                                size_t size = packet.type == PACKET_filter_filter ? 1 : 0;

                                if (!*ways)
                                        want = PACKET_FAULT_SENDER;
                                else if (!strstr(ways, in ? "IN" : "OUT"))
                                        want = PACKET_FAULT_DIRECTION;

                                set_endpoint(&packet, in ? 0x81 : 0x01);
                                fault = packet_verify(&packet, size, sender, CAP_ALL);
                                if (fault != want)
                                        fail_msg("%s: %s, not %s", packet_type_string(packet.type),
                                                 packet_fault_string(fault),
                                                 packet_fault_string(want));

                                header.length = (uint32_t)packet_fields_size(packet.type, CAP_ALL);
                                fault = packet_verify_header(&header, sender, CAP_ALL);
                                assert_int_equal(fault,
                                                 *ways ? PACKET_FAULT_NONE : PACKET_FAULT_SENDER);
                        }
}

static void packets_that_need_a_capability_are_refused_without_it(void **state)
{
        static const struct {
                enum packet_type type;
                uint32_t needs;
        } cases[] = {
                { PACKET_alloc_bulk_streams, 0x01 },    { PACKET_free_bulk_streams, 0x01 },
                { PACKET_bulk_streams_status, 0x01 },   { PACKET_filter_reject, 0x04 },
                { PACKET_filter_filter, 0x04 },         { PACKET_device_disconnect_ack, 0x08 },
                { PACKET_start_bulk_receiving, 0x80 },  { PACKET_stop_bulk_receiving, 0x80 },
                { PACKET_bulk_receiving_status, 0x80 }, { PACKET_buffered_bulk_packet, 0x80 },
        };

        for (unsigned type = 0; type < PACKET_TYPES; type = next_packet(type)) {
                struct packet packet = { .type = (enum packet_type)type };
                enum role sender =
                        descriptors[type].senders[1] & ROLE_HOST ? ROLE_HOST : ROLE_GUEST;
                size_t size = type == PACKET_filter_filter ? 1 : 0;
                uint32_t needs = 0;

                for (size_t i = 0; i < ELEMENTS(cases); i++)
                        if (cases[i].type == type)
                                needs = cases[i].needs;

                set_endpoint(&packet, 0x81);
                assert_int_equal(packet_verify(&packet, size, sender, needs), PACKET_FAULT_NONE);
                if (needs)
                        assert_int_equal(packet_verify(&packet, size, sender, ~needs),
                                         PACKET_FAULT_NOT_CAPABLE);
        }
}

static void headers_are_refused_for_type_and_length(void **state)
{
        static const struct {
                const char *name;
                struct packet_header in;
                uint32_t both;
                enum packet_fault want;
        } cases[] = {
                { "first gap", { 28 }, 0, PACKET_FAULT_UNKNOWN_TYPE },
                { "end of the gap", { 99 }, 0, PACKET_FAULT_UNKNOWN_TYPE },
                { "past the last", { 105 }, 0, PACKET_FAULT_UNKNOWN_TYPE },
                { "sign bit", { 0x80000000 }, 0, PACKET_FAULT_UNKNOWN_TYPE },
                { "largest type", { UINT32_MAX }, 0, PACKET_FAULT_UNKNOWN_TYPE },
                { "length at the limit", { 101, 128 * MIB + 1024 }, 0, PACKET_FAULT_NONE },
                { "length past it", { 101, 128 * MIB + 1025 }, 0, PACKET_FAULT_TOO_LONG },
                { "length 2^31", { 101, 0x80000000 }, 0, PACKET_FAULT_TOO_LONG },
                { "largest length", { 101, UINT32_MAX }, 0, PACKET_FAULT_TOO_LONG },
                { "too long without payload", { 3, UINT32_MAX }, 0, PACKET_FAULT_TOO_LONG },
                { "bulk, 8 bytes", { 101, 8 }, 0, PACKET_FAULT_NONE },
                { "bulk, 7 bytes", { 101, 7 }, 0, PACKET_FAULT_TOO_SHORT },
                { "long bulk, 10 bytes", { 101, 10 }, CAP_ALL, PACKET_FAULT_NONE },
                { "long bulk, 9 bytes", { 101, 9 }, CAP_ALL, PACKET_FAULT_TOO_SHORT },
                { "hello, 63 bytes", { 0, 63 }, 0, PACKET_FAULT_TOO_SHORT },
                { "hello, 64 bytes", { 0, 64 }, 0, PACKET_FAULT_NONE },
                { "reset, none", { 3, 0 }, 0, PACKET_FAULT_NONE },
                { "reset, 1 byte", { 3, 1 }, 0, PACKET_FAULT_NO_PAYLOAD },
                { "set_configuration, none", { 6, 0 }, 0, PACKET_FAULT_TOO_SHORT },
                { "set_configuration, 1 byte", { 6, 1 }, 0, PACKET_FAULT_NONE },
                { "set_configuration, 2 bytes", { 6, 2 }, 0, PACKET_FAULT_NO_PAYLOAD },
        };

        for (size_t i = 0; i < ELEMENTS(cases); i++) {
                enum packet_fault fault =
                        packet_verify_header(&cases[i].in, ROLE_GUEST, cases[i].both);

                if (fault != cases[i].want)
                        fail_msg("%s: %s", cases[i].name, packet_fault_string(fault));
        }
}

static void each_form_of_ep_info_has_one_length(void **state)
{
        static const struct {
                uint32_t both, length;
        } cases[] = { { 0, 96 }, { 0x10, 160 }, { 0x11, 288 } };

        for (size_t i = 0; i < ELEMENTS(cases); i++) {
                struct packet_header header = { PACKET_ep_info, cases[i].length, 0 };

                assert_int_equal(packet_verify_header(&header, ROLE_HOST, cases[i].both),
                                 PACKET_FAULT_NONE);
                header.length--;
                assert_int_equal(packet_verify_header(&header, ROLE_HOST, cases[i].both),
                                 PACKET_FAULT_TOO_SHORT);
                header.length += 2;
                assert_int_equal(packet_verify_header(&header, ROLE_HOST, cases[i].both),
                                 PACKET_FAULT_NO_PAYLOAD);
        }
}

/* clang-format off */
#define CONTROL(ep, n)  { PACKET_control_packet, 1, .control_packet = { (ep), .length = (n) } }
#define BULK(ep, lo, hi)                                                                           \
        { PACKET_bulk_packet, 1,                                                                   \
          .bulk_packet = { .endpoint = (ep), .length = (lo), .length_high = (hi) } }
#define ISO(ep, n)      { PACKET_iso_packet, 1, .iso_packet = { (ep), 0, (n) } }
#define INTERRUPT(ep, n) { PACKET_interrupt_packet, 1, .interrupt_packet = { (ep), 0, (n) } }
#define BUFFERED(ep, n) { PACKET_buffered_bulk_packet, 1, .buffered_bulk_packet = { 0, (n), (ep) } }
#define RECEIVE(ep, n)                                                                             \
        { PACKET_start_bulk_receiving, 1,                                                          \
          .start_bulk_receiving = { .bytes_per_transfer = (n), .endpoint = (ep) } }
#define INTERFACES(n)   { PACKET_interface_info, 0, .interface_info = { .interface_count = (n) } }

static const struct {
        const char *name;
        enum role sender;
        size_t size;
        struct packet in;
        enum packet_fault want;
} rules[] = {
        { "no interfaces", ROLE_HOST, 0, INTERFACES(0), PACKET_FAULT_NONE },
        { "32 interfaces", ROLE_HOST, 0, INTERFACES(32), PACKET_FAULT_NONE },
        { "33 interfaces", ROLE_HOST, 0, INTERFACES(33), PACKET_FAULT_INTERFACES },
        { "2^32-1 interfaces", ROLE_HOST, 0, INTERFACES(UINT32_MAX), PACKET_FAULT_INTERFACES },
        { "transfers of 128 MiB", ROLE_GUEST, 0, RECEIVE(0x81, 128 * MIB), PACKET_FAULT_NONE },
        { "transfers over 128 MiB", ROLE_GUEST, 0, RECEIVE(0x81, 128 * MIB + 1),
          PACKET_FAULT_TRANSFER_LIMIT },
        { "reset with payload", ROLE_GUEST, 1, { PACKET_reset }, PACKET_FAULT_NO_PAYLOAD },
        { "filter of one byte", ROLE_HOST, 1, { PACKET_filter_filter }, PACKET_FAULT_NONE },
        { "filter of none", ROLE_GUEST, 0, { PACKET_filter_filter }, PACKET_FAULT_NO_TERMINATOR },
        { "hello without words", ROLE_GUEST, 0, { PACKET_hello }, PACKET_FAULT_NONE },
        { "hello with 1000 words", ROLE_HOST, 4000, { PACKET_hello }, PACKET_FAULT_NONE },
        { "hello with half a word", ROLE_HOST, 2, { PACKET_hello }, PACKET_FAULT_CAPS },
        { "hello with 1.25 words", ROLE_GUEST, 5, { PACKET_hello }, PACKET_FAULT_CAPS },

        { "control in request", ROLE_GUEST, 0, CONTROL(0x80, 0xffff), PACKET_FAULT_NONE },
        { "control in request with data", ROLE_GUEST, 8, CONTROL(0x80, 8), PACKET_FAULT_LENGTH },
        { "control in answer", ROLE_HOST, 8, CONTROL(0x80, 8), PACKET_FAULT_NONE },
        { "control in answer, one short", ROLE_HOST, 7, CONTROL(0x80, 8), PACKET_FAULT_LENGTH },
        { "control in answer, one more", ROLE_HOST, 9, CONTROL(0x80, 8), PACKET_FAULT_LENGTH },
        { "control in answer without data", ROLE_HOST, 0, CONTROL(0x80, 8), PACKET_FAULT_LENGTH },
        { "control out request", ROLE_GUEST, 8, CONTROL(0x00, 8), PACKET_FAULT_NONE },
        { "control out request without data", ROLE_GUEST, 0, CONTROL(0, 8), PACKET_FAULT_LENGTH },
        { "control out answer", ROLE_HOST, 0, CONTROL(0x00, 8), PACKET_FAULT_NONE },
        { "control out answer with data", ROLE_HOST, 8, CONTROL(0x00, 8), PACKET_FAULT_LENGTH },

        { "bulk in request", ROLE_GUEST, 0, BULK(0x81, 512, 0), PACKET_FAULT_NONE },
        { "bulk in request with data", ROLE_GUEST, 512, BULK(0x81, 512, 0), PACKET_FAULT_LENGTH },
        { "bulk in answer", ROLE_HOST, 512, BULK(0x81, 512, 0), PACKET_FAULT_NONE },
        { "bulk in answer, one more", ROLE_HOST, 513, BULK(0x81, 512, 0), PACKET_FAULT_LENGTH },
        { "bulk out request", ROLE_GUEST, 512, BULK(0x01, 512, 0), PACKET_FAULT_NONE },
        { "bulk out request, one short", ROLE_GUEST, 511, BULK(1, 512, 0), PACKET_FAULT_LENGTH },
        { "bulk out answer", ROLE_HOST, 0, BULK(0x01, 512, 0), PACKET_FAULT_NONE },
        { "bulk out answer with data", ROLE_HOST, 512, BULK(0x01, 512, 0), PACKET_FAULT_LENGTH },
        { "bulk with a high half", ROLE_HOST, 0x10002, BULK(0x81, 2, 1), PACKET_FAULT_NONE },
        { "bulk with its low half only", ROLE_HOST, 2, BULK(0x81, 2, 1), PACKET_FAULT_LENGTH },
        { "bulk of 128 MiB", ROLE_HOST, 128 * MIB, BULK(0x81, 0, 0x0800), PACKET_FAULT_NONE },
        { "bulk over 128 MiB", ROLE_HOST, 128 * MIB + 1, BULK(0x81, 1, 0x0800),
          PACKET_FAULT_TRANSFER_LIMIT },
        { "bulk request of 128 MiB", ROLE_GUEST, 0, BULK(0x81, 0, 0x0800), PACKET_FAULT_NONE },
        { "bulk request over it", ROLE_GUEST, 0, BULK(0x81, 1, 0x0800),
          PACKET_FAULT_TRANSFER_LIMIT },
        { "bulk length with the sign bit", ROLE_GUEST, 0, BULK(0x81, 0, 0x8000),
          PACKET_FAULT_TRANSFER_LIMIT },
        { "largest bulk length", ROLE_GUEST, 0, BULK(0x81, 0xffff, 0xffff),
          PACKET_FAULT_TRANSFER_LIMIT },

        { "iso in", ROLE_HOST, 0xffff, ISO(0x81, 0xffff), PACKET_FAULT_NONE },
        { "empty iso in", ROLE_HOST, 0, ISO(0x81, 0), PACKET_FAULT_NONE },
        { "iso in, one short", ROLE_HOST, 0xfffe, ISO(0x81, 0xffff), PACKET_FAULT_LENGTH },
        { "iso out", ROLE_GUEST, 9, ISO(0x01, 9), PACKET_FAULT_NONE },
        { "iso out without data", ROLE_GUEST, 0, ISO(0x01, 9), PACKET_FAULT_LENGTH },
        { "iso from the guest on IN", ROLE_GUEST, 0, ISO(0x81, 9), PACKET_FAULT_DIRECTION },
        { "iso from the host on OUT", ROLE_HOST, 0, ISO(0x01, 9), PACKET_FAULT_DIRECTION },

        { "interrupt in", ROLE_HOST, 8, INTERRUPT(0x81, 8), PACKET_FAULT_NONE },
        { "interrupt in without data", ROLE_HOST, 0, INTERRUPT(0x81, 8), PACKET_FAULT_LENGTH },
        { "interrupt from the guest on IN", ROLE_GUEST, 0, INTERRUPT(0x81, 8),
          PACKET_FAULT_DIRECTION },
        { "interrupt out", ROLE_GUEST, 8, INTERRUPT(0x01, 8), PACKET_FAULT_NONE },
        { "interrupt out without data", ROLE_GUEST, 0, INTERRUPT(0x01, 8), PACKET_FAULT_LENGTH },
        { "interrupt out answer", ROLE_HOST, 0, INTERRUPT(0x01, 8), PACKET_FAULT_NONE },
        { "interrupt out answer with data", ROLE_HOST, 8, INTERRUPT(1, 8), PACKET_FAULT_LENGTH },

        { "buffered bulk", ROLE_HOST, 512, BUFFERED(0x81, 512), PACKET_FAULT_NONE },
        { "buffered bulk, one more", ROLE_HOST, 513, BUFFERED(0x81, 512), PACKET_FAULT_LENGTH },
        { "buffered bulk without data", ROLE_HOST, 0, BUFFERED(0x81, 512), PACKET_FAULT_LENGTH },
        { "buffered bulk of 128 MiB", ROLE_HOST, 128 * MIB, BUFFERED(0x81, 128 * MIB),
          PACKET_FAULT_NONE },
        { "buffered bulk over 128 MiB", ROLE_HOST, 128 * MIB + 1, BUFFERED(0x81, 128 * MIB + 1),
          PACKET_FAULT_TRANSFER_LIMIT },
        { "buffered bulk on OUT", ROLE_HOST, 512, BUFFERED(0x01, 512), PACKET_FAULT_DIRECTION },
};
/* clang-format on */

static void packets_are_held_to_every_rule(void **state)
{
        for (size_t i = 0; i < ELEMENTS(rules); i++) {
                enum packet_fault fault =
                        packet_verify(&rules[i].in, rules[i].size, rules[i].sender, CAP_ALL);

                if (fault != rules[i].want)
                        fail_msg("%s: %s", rules[i].name, packet_fault_string(fault));
        }
}

static void unknown_types_are_refused_before_anything_is_looked_up(void **state)
{
        static const unsigned cases[] = { 28, 50, 99, 105, 0x7fffffff, 0x80000000, UINT_MAX };

        for (size_t i = 0; i < ELEMENTS(cases); i++) {
                struct packet packet = { .type = (enum packet_type)cases[i] };

                assert_int_equal(packet_verify(&packet, 0, ROLE_HOST, CAP_ALL),
                                 PACKET_FAULT_UNKNOWN_TYPE);
        }
}

static void only_filter_strings_need_a_terminator(void **state)
{
        static const struct packet filter = { PACKET_filter_filter }, bulk = BULK(0x81, 3, 0);
        static const uint8_t text[] = "a\0b";

        assert_int_equal(packet_verify_payload(&filter, text, 1), PACKET_FAULT_NO_TERMINATOR);
        assert_int_equal(packet_verify_payload(&filter, text, 2), PACKET_FAULT_NONE);
        assert_int_equal(packet_verify_payload(&filter, text, 3), PACKET_FAULT_NO_TERMINATOR);
        assert_int_equal(packet_verify_payload(&filter, text, 4), PACKET_FAULT_NONE);
        assert_int_equal(packet_verify_payload(&bulk, text, 3), PACKET_FAULT_NONE);
}

int main(void)
{
        static const struct CMUnitTest tests[] = {
                cmocka_unit_test(only_the_documented_side_sends_each_packet),
                cmocka_unit_test(packets_that_need_a_capability_are_refused_without_it),
                cmocka_unit_test(headers_are_refused_for_type_and_length),
                cmocka_unit_test(each_form_of_ep_info_has_one_length),
                cmocka_unit_test(packets_are_held_to_every_rule),
                cmocka_unit_test(unknown_types_are_refused_before_anything_is_looked_up),
                cmocka_unit_test(only_filter_strings_need_a_terminator),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
