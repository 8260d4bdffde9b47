/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A guest that breaks the protocol, in every way that a packet or its place can be wrong. The rule
 * of all cases: the session ends for the reason the table says, and the device goes back.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include <cmocka.h>

#include "integration/bed.h"
#include "protocol/parser.h"
#include "util/bytes.h"
#include "util/macro.h"

#define MIB (1024u * 1024)

/* A header of short or long ids; returns its size. */
static size_t put_header(const struct guest *g, uint8_t *bytes, uint32_t type, uint32_t length)
{
        bool is_long = parser_both(g->parser) & CAP_64BIT_IDS && type != PACKET_hello;

        memset(bytes, 0, 16);
        put_le32(bytes, type);
        put_le32(bytes + 4, length);
        bytes[8] = 7;
        return is_long ? 16 : 12;
}

static void ends_when_a_silent_guest_leaves(void **state)
{
        struct bed b;

        bed_open(&b, "", CAP_ALL);
        guest_expect(&b.guest, PACKET_hello);
        bed_close_returned(&b, REASON_GUEST_LEFT);
        assert_int_equal(report_value(&b.report, "resets"), 0);

        /* One that did not even read: the socket says that bytes were lost. */
        bed_open(&b, "", CAP_ALL);
        bed_turn(&b);
        bed_close_returned(&b, REASON_LINK_LOST);
        assert_int_equal(report_value(&b.report, "resets"), 0);
}

static void refuses_a_first_packet_that_is_not_hello(void **state)
{
        static const uint32_t types[] = { 1,  3,  6,   7,   21,  24,  27,
                                          28, 99, 100, 101, 104, 105, UINT32_MAX };

        for (size_t i = 0; i < ELEMENTS(types); i++) {
                uint8_t bytes[80] = { 0 };
                struct bed b;

                bed_open(&b, "", CAP_ALL);
                put_header(&b.guest, bytes, types[i], 10);
                guest_send_bytes(&b.guest, bytes, 22);
                bed_wait(&b);
                bed_close_returned(&b, REASON_PROTOCOL);
                assert_true(report_logged(&b.report, "first packet is not hello"));
        }
}

static void refuses_hellos_that_cannot_be(void **state)
{
        static const struct {
                const char *name;
                uint32_t length;
                size_t sent; /* of that */
                enum packet_fault want;
        } cases[] = {
                { "no fields", 0, 0, PACKET_FAULT_TOO_SHORT },
                { "one byte", 1, 1, PACKET_FAULT_TOO_SHORT },
                { "version cut", 63, 63, PACKET_FAULT_TOO_SHORT },
                { "half a word", 66, 66, PACKET_FAULT_CAPS },
                { "a word and a byte", 69, 69, PACKET_FAULT_CAPS },
                { "the longest, and a byte", PACKET_LENGTH_MAX + 1, 68, PACKET_FAULT_TOO_LONG },
                { "2 GiB", UINT32_C(1) << 31, 68, PACKET_FAULT_TOO_LONG },
                { "4 GiB", UINT32_MAX, 68, PACKET_FAULT_TOO_LONG },
        };

        for (size_t i = 0; i < ELEMENTS(cases); i++) {
                uint8_t bytes[128];
                struct bed b;
                size_t n;

                bed_open(&b, "", CAP_ALL);
                n = put_header(&b.guest, bytes, PACKET_hello, cases[i].length);
                memset(bytes + n, 'x', cases[i].sent);
                guest_send_bytes(&b.guest, bytes, n + cases[i].sent);
                bed_wait(&b);
                bed_close_returned(&b, REASON_PROTOCOL);
                if (!report_logged(&b.report, packet_fault_string(cases[i].want)))
                        fail_msg("%s: %s", cases[i].name, b.report.log);
        }
}

/* Odd, but a hello: the session goes on. */
static void accepts_hellos_that_are_odd(void **state)
{
        static const uint32_t words[] = { 0, 1, 2, 1000, 32 * MIB };

        for (size_t i = 0; i < ELEMENTS(words); i++) {
                size_t size = words[i] * 4u;
                uint8_t *bytes = malloc(128 + size);
                struct bed b;
                size_t n;

                assert_non_null(bytes);
                bed_open(&b, "", 0);
                n = put_header(&b.guest, bytes, PACKET_hello, 64 + (uint32_t)size);
                memset(bytes + n, 0xfe, 64); /* a version without terminator */
                memset(bytes + n + 64, 0, size);
                guest_send_bytes(&b.guest, bytes, n + 64 + size);
                free(bytes);
                guest_expect_later(&b.guest, PACKET_device_connect);
                bed_close_returned(&b, REASON_GUEST_LEFT);
        }
}

static void refuses_a_second_hello(void **state)
{
        struct packet hello = { .type = PACKET_hello };
        struct bed b;

        bed_open_greeted(&b, "");
        guest_send_any(&b.guest, &hello, (const uint8_t[4]){ 0xff }, 4);
        bed_wait(&b);
        bed_close_returned(&b, REASON_PROTOCOL);
        assert_true(report_logged(&b.report, "second hello"));
}

/* Each type in the guest's mouth, with a length that fits it: the table says who may speak. */
static void refuses_every_packet_a_guest_may_not_send(void **state)
{
        for (uint32_t type = 1; type <= PACKET_TYPES + 1; type++) {
                uint8_t bytes[PACKET_PREFIX_MAX] = { 0 };
                bool is_known = packet_type_string(type);
                struct packet_header header = { .type = type };
                struct bed b;
                size_t n;

                if (is_known)
                        header.length = (uint32_t)packet_fields_size((enum packet_type)type,
                                                                     CAP_ALL & SESSION_CAPS);
                if (is_known && packet_verify_header(&header, ROLE_GUEST, CAP_ALL & SESSION_CAPS) ==
                                        PACKET_FAULT_NONE)
                        continue;

                bed_open_greeted(&b, "");
                n = put_header(&b.guest, bytes, type, header.length);
                guest_send_bytes(&b.guest, bytes, n + header.length);
                bed_wait(&b);
                bed_close_returned(&b, REASON_PROTOCOL);
                if (!report_logged(&b.report, is_known ? "packet this side may not send"
                                                       : "unknown packet type"))
                        fail_msg("type %u: %s", type, b.report.log);
        }
}

/* The guest's own, without which it could not take the answer. */
static void refuses_packets_without_their_capability(void **state)
{
        static const enum packet_type types[] = { PACKET_alloc_bulk_streams,
                                                  PACKET_free_bulk_streams,
                                                  PACKET_start_bulk_receiving,
                                                  PACKET_stop_bulk_receiving };

        for (size_t i = 0; i < ELEMENTS(types); i++) {
                struct packet packet = { .type = types[i] };
                struct bed b;

                bed_open(&b, "", CAP_ALL & ~packet_needs(types[i]));
                guest_greet(&b.guest);
                packet.start_bulk_receiving.endpoint = 0x81;
                packet.stop_bulk_receiving.endpoint = 0x81;
                guest_send_any(&b.guest, &packet, NULL, 0);
                bed_wait(&b);
                bed_close_returned(&b, REASON_PROTOCOL);
        }
}

/* Packets whose endpoint, length and payload contradict each other. */
static const struct {
        const char *name;
        struct packet packet;
        size_t size; /* of the payload */
        enum packet_fault want;
} contradictions[] = {
        { "bulk IN with data",
          { .type = PACKET_bulk_packet, .bulk_packet = { .endpoint = 0x81, .length = 4 } },
          4,
          PACKET_FAULT_LENGTH },
        { "bulk OUT without its data",
          { .type = PACKET_bulk_packet, .bulk_packet = { .endpoint = 0x02, .length = 4 } },
          0,
          PACKET_FAULT_LENGTH },
        { "bulk OUT with a byte less",
          { .type = PACKET_bulk_packet, .bulk_packet = { .endpoint = 0x02, .length = 4 } },
          3,
          PACKET_FAULT_LENGTH },
        { "bulk OUT with a byte more",
          { .type = PACKET_bulk_packet, .bulk_packet = { .endpoint = 0x02, .length = 4 } },
          5,
          PACKET_FAULT_LENGTH },
        { "bulk of 128 MiB and a byte",
          { .type = PACKET_bulk_packet,
            .bulk_packet = { .endpoint = 0x81, .length = 1, .length_high = 0x800 } },
          0,
          PACKET_FAULT_TRANSFER_LIMIT },
        { "bulk of 4 GiB",
          { .type = PACKET_bulk_packet,
            .bulk_packet = { .endpoint = 0x81, .length = 0xffff, .length_high = 0xffff } },
          0,
          PACKET_FAULT_TRANSFER_LIMIT },
        { "control OUT without its data",
          { .type = PACKET_control_packet, .control_packet = { .endpoint = 0, .length = 8 } },
          0,
          PACKET_FAULT_LENGTH },
        { "control IN with data",
          { .type = PACKET_control_packet, .control_packet = { .endpoint = 0x80, .length = 8 } },
          8,
          PACKET_FAULT_LENGTH },
        { "interrupt on an IN endpoint",
          { .type = PACKET_interrupt_packet, .interrupt_packet = { .endpoint = 0x84 } },
          0,
          PACKET_FAULT_DIRECTION },
        { "iso on an IN endpoint",
          { .type = PACKET_iso_packet, .iso_packet = { .endpoint = 0x86 } },
          0,
          PACKET_FAULT_DIRECTION },
        { "iso OUT with a byte more",
          { .type = PACKET_iso_packet, .iso_packet = { .endpoint = 0x07, .length = 1 } },
          2,
          PACKET_FAULT_LENGTH },
        { "interrupt receiving on an OUT endpoint",
          { .type = PACKET_start_interrupt_receiving, .start_interrupt_receiving.endpoint = 0x05 },
          0,
          PACKET_FAULT_DIRECTION },
        { "reset with a byte", { .type = PACKET_reset }, 1, PACKET_FAULT_NO_PAYLOAD },
        { "an empty filter", { .type = PACKET_filter_filter }, 0, PACKET_FAULT_NO_TERMINATOR },
        { "a filter without terminator",
          { .type = PACKET_filter_filter },
          9,
          PACKET_FAULT_NO_TERMINATOR },
        { "a filter of 40000 bytes without terminator",
          { .type = PACKET_filter_filter },
          40000,
          PACKET_FAULT_NO_TERMINATOR },
        { "a filter of 65536 bytes without terminator",
          { .type = PACKET_filter_filter },
          65536,
          PACKET_FAULT_NO_TERMINATOR },
        { "a filter of 1 MiB without terminator",
          { .type = PACKET_filter_filter },
          MIB,
          PACKET_FAULT_NO_TERMINATOR },
};

static void refuses_packets_that_contradict_themselves(void **state)
{
        static uint8_t payload[MIB];

        memset(payload, 'a', sizeof(payload));
        for (size_t i = 0; i < ELEMENTS(contradictions); i++) {
                struct bed b;

                bed_open_greeted(&b, "");
                guest_send_any(&b.guest, &contradictions[i].packet, payload,
                               contradictions[i].size);
                guest_expect_over(&b.guest);
                bed_close_returned(&b, REASON_PROTOCOL);
                if (!report_logged(&b.report, packet_fault_string(contradictions[i].want)))
                        fail_msg("%s: %s", contradictions[i].name, b.report.log);
        }
}

static void refuses_every_length_that_does_not_fit(void **state)
{
        static const uint32_t lengths[] = {
                0,
                1,
                2,
                9,
                10,
                11,
                64,
                128 * MIB,
                128 * MIB + 1024,
                128 * MIB + 1025,
                UINT32_C(1) << 31,
                UINT32_MAX,
        };

        for (uint32_t type = 1; type < PACKET_TYPES; type++) {
                for (size_t i = 0; packet_type_string(type) && i < ELEMENTS(lengths); i++) {
                        struct packet_header header = { .type = type, .length = lengths[i] };
                        uint8_t bytes[PACKET_PREFIX_MAX] = { 0 };
                        enum packet_fault fault;
                        struct bed b;
                        size_t n;

                        bed_open_greeted(&b, "");
                        fault = packet_verify_header(&header, ROLE_GUEST,
                                                     parser_both(b.guest.parser));
                        n = put_header(&b.guest, bytes, type, lengths[i]);
                        guest_send_bytes(&b.guest, bytes, n);
                        if (fault != PACKET_FAULT_NONE)
                                bed_wait(&b);
                        /* A length that may be, and then the guest is gone. */
                        if (fault == PACKET_FAULT_NONE && lengths[i] > 0)
                                bed_close_returned(&b, REASON_LINK_LOST);
                        else
                                assert_true(bed_close(&b) != REASON_FAILURE);
                        report_assert_returned(&b.report, 1);
                        if (fault != PACKET_FAULT_NONE &&
                            !report_logged(&b.report, packet_fault_string(fault)))
                                fail_msg("%s of %u: %s", packet_type_string(type), lengths[i],
                                         b.report.log);
                }
        }
}

int main(void)
{
        static const struct CMUnitTest tests[] = {
                cmocka_unit_test(ends_when_a_silent_guest_leaves),
                cmocka_unit_test(refuses_a_first_packet_that_is_not_hello),
                cmocka_unit_test(refuses_hellos_that_cannot_be),
                cmocka_unit_test(accepts_hellos_that_are_odd),
                cmocka_unit_test(refuses_a_second_hello),
                cmocka_unit_test(refuses_every_packet_a_guest_may_not_send),
                cmocka_unit_test(refuses_packets_without_their_capability),
                cmocka_unit_test(refuses_packets_that_contradict_themselves),
                cmocka_unit_test(refuses_every_length_that_does_not_fit),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
