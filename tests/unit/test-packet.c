/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The codec: every packet to bytes and back, compared with tables written by hand from the
 * protocol's description (the codec has its own, so neither can be wrong alone).
 */
#include "unit/test.h"

#include <errno.h>

#include "protocol/packet.h"
#include "unit/helpers.h"
#include "unit/wire-examples.h"

#define SEED 0x75736272

static void every_example_is_put_and_got(void **state)
{
        bool seen[PACKET_TYPES] = { 0 };

        for (size_t i = 0; i < ELEMENTS(wire_examples); i++) {
                const struct wire_example *e = &wire_examples[i];
                const char *wrong = wire_example_codec(e);

                if (wrong)
                        fail_msg("%s, example %zu: %s", packet_type_string(e->packet.type), i,
                                 wrong);
                seen[e->packet.type] = true;
        }

        for (unsigned type = 0; type < PACKET_TYPES; type = next_packet(type))
                if (!seen[type])
                        fail_msg("%s has no example", packet_type_string(type));
}

static void hello_takes_80_bytes_with_short_ids_whatever_both_have(void **state)
{
        static const struct packet hello = { PACKET_hello, 0, .hello = { "v" } };
        uint8_t want[80], bytes[PACKET_PREFIX_MAX + CAPS_WORD];

        assert_int_equal(
                hex(want, sizeof(want), "00 00 00 00 44 00 00 00 00 00 00 00 76 00*63 ff 00 00 00"),
                80);

        for (uint32_t both = 0; both <= CAP_ALL; both++) {
                size_t n = packet_put(bytes, &hello, CAPS_WORD, caps_consistent(both));

                caps_put(bytes + n, CAP_ALL);
                assert_int_equal(n + CAPS_WORD, sizeof(want));
                assert_memory_equal(bytes, want, sizeof(want));
        }
}

static void every_packet_round_trips_under_every_capability_set(void **state)
{
        uint64_t seed = SEED;
        unsigned packets = 0, rounds = 0;

        for (unsigned type = 0; type < PACKET_TYPES; type = next_packet(type)) {
                packets++;
                for (uint32_t both = 0; both <= CAP_ALL; both++) {
                        uint8_t bytes[PACKET_PREFIX_MAX + 2];
                        struct packet packet, got, want;
                        struct packet_header header;
                        size_t payload = random_u32(&seed) % 1000, n, header_size;
                        const char *difference;

                        if (caps_consistent(both) != both)
                                continue;

                        random_fields(&seed, type, &packet);
                        memset(bytes, 0x5a, sizeof(bytes));
                        n = packet_put(bytes, &packet, payload, both);
                        header_size = packet_header_size(type, both);
                        assert_int_equal(n, header_size + packet_fields_size(packet.type, both));
                        assert_in_range(n, 12, PACKET_PREFIX_MAX);
                        assert_int_equal(bytes[n], 0x5a); /* nothing past the end */

                        packet_get_header(bytes, both, &header);
                        assert_int_equal(header.type, type);
                        assert_int_equal(header.length, n - header_size + payload);

                        memset(&got, 0xa5, sizeof(got));
                        packet_get_fields(bytes + header_size, &header, both, &got);
                        want = on_the_wire(&packet, both);
                        difference = packet_difference(&got, &want);
                        if (difference)
                                fail_msg("%s with both %02x: %s", packet_type_string(type), both,
                                         difference);
                        rounds++;
                }
        }

        assert_int_equal(packets, 33);
        assert_int_equal(rounds, 33 * 192); /* 64 of the 256 sets are not consistent */
}

static void absent_fields_come_back_as_zero(void **state)
{
        static const struct {
                const char *name;
                uint32_t both;
                struct packet in, want;
        } cases[] = {
                { "device version",
                  CAP_ALL & ~CAP_CONNECT_DEVICE_VERSION,
                  { PACKET_device_connect, 0, .device_connect = { 3, 1, 2, 3, 4, 5, 0x0210 } },
                  { PACKET_device_connect, 0, .device_connect = { 3, 1, 2, 3, 4, 5, 0 } } },
                { "maximum streams",
                  CAP_ALL & ~CAP_BULK_STREAMS,
                  { PACKET_ep_info, 0, .ep_info = { { 1 }, { 2 }, { 3 }, { 4 }, { 5 } } },
                  { PACKET_ep_info, 0, .ep_info = { { 1 }, { 2 }, { 3 }, { 4 }, { 0 } } } },
                { "packet sizes",
                  CAP_ALL & ~CAP_BULK_STREAMS & ~CAP_EP_INFO_MAX_PACKET_SIZE,
                  { PACKET_ep_info, 0, .ep_info = { { 1 }, { 2 }, { 3 }, { 4 }, { 5 } } },
                  { PACKET_ep_info, 0, .ep_info = { { 1 }, { 2 }, { 3 }, { 0 }, { 0 } } } },
                { "high half of the length",
                  CAP_ALL & ~CAP_BULK_LENGTH_32BIT,
                  { PACKET_bulk_packet, 0, .bulk_packet = { 1, 2, 3, 4, 5 } },
                  { PACKET_bulk_packet, 0, .bulk_packet = { 1, 2, 3, 4, 0 } } },
                { "high half of the id",
                  CAP_ALL & ~CAP_64BIT_IDS,
                  { PACKET_cancel_data_packet, 0x1122334455667788 },
                  { PACKET_cancel_data_packet, 0x55667788 } },
        };

        for (size_t i = 0; i < ELEMENTS(cases); i++) {
                uint8_t bytes[PACKET_PREFIX_MAX];
                uint32_t both = cases[i].both;
                struct packet_header header;
                struct packet got;

                packet_put(bytes, &cases[i].in, 0, both);
                packet_get_header(bytes, both, &header);
                memset(&got, 0xa5, sizeof(got));
                packet_get_fields(bytes + packet_header_size(header.type, both), &header, both,
                                  &got);
                if (packet_difference(&got, &cases[i].want))
                        fail_msg("%s: %s", cases[i].name, packet_difference(&got, &cases[i].want));
        }
}

static void fields_have_the_documented_sizes(void **state)
{
        /* The size of all sets that have exactly these of the capabilities that matter. */
        static const struct {
                enum packet_type in;
                uint32_t matter, have;
                size_t want;
        } cases[] = {
                { PACKET_hello, 0, 0, 64 },
                { PACKET_device_connect, 0x02, 0, 8 },
                { PACKET_device_connect, 0x02, 0x02, 10 },
                { PACKET_device_disconnect, 0, 0, 0 },
                { PACKET_reset, 0, 0, 0 },
                { PACKET_interface_info, 0, 0, 132 },
                { PACKET_ep_info, 0x11, 0, 96 },
                { PACKET_ep_info, 0x11, 0x10, 160 },
                { PACKET_ep_info, 0x11, 0x11, 288 },
                { PACKET_set_configuration, 0, 0, 1 },
                { PACKET_get_configuration, 0, 0, 0 },
                { PACKET_configuration_status, 0, 0, 2 },
                { PACKET_set_alt_setting, 0, 0, 2 },
                { PACKET_get_alt_setting, 0, 0, 1 },
                { PACKET_alt_setting_status, 0, 0, 3 },
                { PACKET_start_iso_stream, 0, 0, 3 },
                { PACKET_stop_iso_stream, 0, 0, 1 },
                { PACKET_iso_stream_status, 0, 0, 2 },
                { PACKET_start_interrupt_receiving, 0, 0, 1 },
                { PACKET_stop_interrupt_receiving, 0, 0, 1 },
                { PACKET_interrupt_receiving_status, 0, 0, 2 },
                { PACKET_alloc_bulk_streams, 0, 0, 8 },
                { PACKET_free_bulk_streams, 0, 0, 4 },
                { PACKET_bulk_streams_status, 0, 0, 9 },
                { PACKET_cancel_data_packet, 0, 0, 0 },
                { PACKET_filter_reject, 0, 0, 0 },
                { PACKET_filter_filter, 0, 0, 0 },
                { PACKET_device_disconnect_ack, 0, 0, 0 },
                { PACKET_start_bulk_receiving, 0, 0, 10 },
                { PACKET_stop_bulk_receiving, 0, 0, 5 },
                { PACKET_bulk_receiving_status, 0, 0, 6 },
                { PACKET_control_packet, 0, 0, 10 },
                { PACKET_bulk_packet, 0x40, 0, 8 },
                { PACKET_bulk_packet, 0x40, 0x40, 10 },
                { PACKET_iso_packet, 0, 0, 4 },
                { PACKET_interrupt_packet, 0, 0, 4 },
                { PACKET_buffered_bulk_packet, 0, 0, 10 },
        };

        for (size_t i = 0; i < ELEMENTS(cases); i++)
                for (uint32_t both = 0; both <= CAP_ALL; both++) {
                        enum packet_type type = cases[i].in;

                        if ((both & cases[i].matter) != cases[i].have)
                                continue;
                        if (packet_fields_size(type, both) != cases[i].want)
                                fail_msg("%s with both %02x: %zu", packet_type_string(type), both,
                                         packet_fields_size(type, both));
                }
}

static void headers_have_16_bytes_if_both_have_64bit_ids_and_it_is_no_hello(void **state)
{
        static const uint32_t types[] = { 1, 3, 27, 28, 100, 104, 105, 0xffffffff };

        for (uint32_t both = 0; both <= CAP_ALL; both++) {
                assert_int_equal(packet_header_size(PACKET_hello, both), 12);
                for (size_t i = 0; i < ELEMENTS(types); i++)
                        assert_int_equal(packet_header_size(types[i], both), both & 0x20 ? 16 : 12);
        }
}

static void headers_of_any_type_are_read(void **state)
{
        static const uint8_t bytes[] = { 4, 3, 2, 0xf1, 8, 7, 6, 0xf5, 1, 2, 3, 4, 5, 6, 7, 0xf8 };
        static const uint8_t hello[] = { 0, 0, 0, 0, 8, 7, 6, 0xf5, 1, 2, 3, 4, 5, 6, 7, 0xf8 };
        struct packet_header header;

        packet_get_header(bytes, 0, &header);
        assert_int_equal(header.type, 0xf1020304);
        assert_int_equal(header.length, 0xf5060708);
        assert_int_equal(header.id, 0x04030201);
        packet_get_header(bytes, CAP_ALL, &header);
        assert_int_equal(header.type, 0xf1020304);
        assert_int_equal(header.length, 0xf5060708);
        assert_true(header.id == 0xf807060504030201);
        packet_get_header(hello, CAP_ALL, &header);
        assert_int_equal(header.id, 0x04030201);
}

static void transfer_lengths_are_set_and_combined_unsigned(void **state)
{
        static const struct {
                enum packet_type type;
                uint32_t in, want;
        } cases[] = {
                { PACKET_control_packet, 0xffff, 0xffff },
                { PACKET_bulk_packet, 0x00018000, 0x00018000 },
                { PACKET_bulk_packet, 0x80000001, 0x80000001 },
                { PACKET_bulk_packet, 0xffffffff, 0xffffffff },
                { PACKET_iso_packet, 0xffff, 0xffff },
                { PACKET_interrupt_packet, 0x8000, 0x8000 },
                { PACKET_buffered_bulk_packet, 0x87654321, 0x87654321 },
                { PACKET_start_bulk_receiving, 5, 0 },
                { PACKET_hello, 5, 0 },
        };

        for (size_t i = 0; i < ELEMENTS(cases); i++) {
                struct packet packet = { .type = cases[i].type };

                packet_set_transfer_length(&packet, cases[i].in);
                assert_int_equal(packet_transfer_length(&packet), cases[i].want);
        }

        assert_int_equal(packet_transfer_length(&(struct packet){
                                 PACKET_bulk_packet, 0,
                                 .bulk_packet = { .length = 0x4321, .length_high = 0x8765 } }),
                         0x87654321);
}

static void endpoints_have_an_index_and_back(void **state)
{
        static const struct {
                uint8_t address;
                unsigned index;
        } cases[] = { { 0x00, 0 },  { 0x01, 1 },  { 0x0f, 15 },
                      { 0x80, 16 }, { 0x81, 17 }, { 0x8f, 31 } };

        for (size_t i = 0; i < ELEMENTS(cases); i++) {
                assert_int_equal(endpoint_index(cases[i].address), cases[i].index);
                assert_int_equal(endpoint_address(cases[i].index), cases[i].address);
        }

        for (unsigned index = 0; index < USBREDIR_ENDPOINTS; index++)
                assert_int_equal(endpoint_index(endpoint_address(index)), index);
        for (unsigned address = 0; address <= 0xff; address++) /* reserved bits lead nowhere else */
                assert_in_range(endpoint_index((uint8_t)address), 0, USBREDIR_ENDPOINTS - 1);
}

static void endpoints_are_found_wherever_they_stand(void **state)
{
        static const enum packet_type with[] = {
                PACKET_start_iso_stream,
                PACKET_iso_stream_status,
                PACKET_start_bulk_receiving,
                PACKET_stop_bulk_receiving,
                PACKET_bulk_receiving_status,
                PACKET_control_packet,
                PACKET_buffered_bulk_packet,
                PACKET_bulk_packet,
                PACKET_iso_packet,
                PACKET_interrupt_packet,
                PACKET_stop_iso_stream,
                PACKET_start_interrupt_receiving,
                PACKET_stop_interrupt_receiving,
                PACKET_interrupt_receiving_status,
        };
        unsigned found = 0;
        uint8_t endpoint;

        for (size_t i = 0; i < ELEMENTS(with); i++) {
                struct packet packet = { .type = with[i] };

                set_endpoint(&packet, 0x93);
                endpoint = 0;
                assert_int_equal(packet_endpoint(&packet, &endpoint), 0);
                assert_int_equal(endpoint, 0x93);
        }

        for (unsigned type = 0; type < PACKET_TYPES; type = next_packet(type)) {
                struct packet packet = { .type = (enum packet_type)type };
                int r = packet_endpoint(&packet, &endpoint);

                assert_true(r == 0 || r == -ENOENT);
                found += r == 0;
        }
        assert_int_equal(found, ELEMENTS(with));
}

static void values_have_names_and_unknown_ones_none(void **state)
{
        assert_string_equal(packet_type_string(0), "hello");
        assert_string_equal(packet_type_string(27), "bulk_receiving_status");
        assert_string_equal(packet_type_string(104), "buffered_bulk_packet");
        assert_null(packet_type_string(28));
        assert_null(packet_type_string(99));
        assert_null(packet_type_string(105));
        assert_null(packet_type_string(UINT32_MAX));
        assert_string_equal(packet_status_string(0), "success");
        assert_string_equal(packet_status_string(6), "babble");
        assert_null(packet_status_string(7));
        assert_null(packet_status_string(255));
        assert_string_equal(packet_speed_string(3), "super");
        assert_string_equal(packet_speed_string(255), "unknown");
        assert_null(packet_speed_string(4));
        assert_string_equal(packet_endpoint_type_string(1), "iso");
        assert_string_equal(packet_endpoint_type_string(255), "invalid");
        assert_null(packet_endpoint_type_string(4));
        for (enum packet_fault f = PACKET_FAULT_NONE; f <= PACKET_FAULT_SECOND_HELLO; f++)
                assert_non_null(packet_fault_string(f));
}

int main(void)
{
        static const struct CMUnitTest tests[] = {
                cmocka_unit_test(every_example_is_put_and_got),
                cmocka_unit_test(hello_takes_80_bytes_with_short_ids_whatever_both_have),
                cmocka_unit_test(every_packet_round_trips_under_every_capability_set),
                cmocka_unit_test(absent_fields_come_back_as_zero),
                cmocka_unit_test(fields_have_the_documented_sizes),
                cmocka_unit_test(headers_have_16_bytes_if_both_have_64bit_ids_and_it_is_no_hello),
                cmocka_unit_test(headers_of_any_type_are_read),
                cmocka_unit_test(transfer_lengths_are_set_and_combined_unsigned),
                cmocka_unit_test(endpoints_have_an_index_and_back),
                cmocka_unit_test(endpoints_are_found_wherever_they_stand),
                cmocka_unit_test(values_have_names_and_unknown_ones_none),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
