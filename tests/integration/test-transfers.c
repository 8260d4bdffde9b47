/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Control, bulk and interrupt transfers: the right bytes, the right status, and one answer each,
 * also when they are cancelled, refused, cut into pieces, or when memory runs out.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "integration/bed.h"
#include "util/macro.h"

/* Vendor requests and endpoints of the fake device. */
enum { VENDOR_PATTERN = 1, VENDOR_WRITE, VENDOR_ECHO, VENDOR_STALL, VENDOR_NAK };
enum {
        BULK_IN = 0x81,
        BULK_OUT = 0x02,
        NAK_IN = 0x83,
        INTERRUPT_IN = 0x84,
        INTERRUPT_OUT = 0x05,
        BABBLE = 0x89,
        HALF = 0x8a,
};

#define VENDOR_IN  0xc0
#define VENDOR_OUT 0x40

#define MIB (1024u * 1024)

/* The pattern that the device sends and wants to be sent. */
static uint8_t pattern(size_t offset)
{
        uint32_t at = (uint32_t)(offset % 65536);

        return (uint8_t)(at ^ at >> 8);
}

static uint8_t *new_pattern(size_t offset, size_t size)
{
        uint8_t *bytes = malloc(size);

        assert_non_null(bytes);
        for (size_t i = 0; i < size; i++)
                bytes[i] = pattern(offset + i);

        return bytes;
}

static void expect_data(struct guest *g, uint64_t id, size_t offset, size_t size)
{
        guest_expect_id(g, PACKET_bulk_packet, id);
        assert_int_equal(guest_status(g->packet), STATUS_success);
        assert_int_equal(packet_transfer_length(g->packet), size);
        assert_int_equal(g->payload_size, size);
        for (size_t i = 0; i < size; i++)
                if (g->payload[i] != pattern(offset + i))
                        fail_msg("byte %zu of %zu at %zu differs", i, size, offset);
}

static void expect_status(struct guest *g, enum packet_type type, uint64_t id, uint8_t status)
{
        guest_expect_id(g, type, id);
        assert_int_equal(guest_status(g->packet), status);
}

/* Sizes around all that the way of a payload depends on: packet, copy, direct, share, limits. */
static const uint32_t sizes[] = {
        0,      1,       255,   256,     257,     511,      512,      513,
        4096,   32767,   32768, 32769,   65535,   65536,    65537,    131072,
        131073, MIB - 1, MIB,   MIB + 1, 3 * MIB, 14 * MIB, 16 * MIB, 40 * MIB + 7,
};

static void receives_every_byte_of_any_size(void **state)
{
        size_t offset = 0;
        struct bed b;

        bed_open_greeted(&b, "");
        for (size_t i = 0; i < ELEMENTS(sizes); i++) {
                uint64_t id = guest_bulk(&b.guest, BULK_IN, sizes[i], NULL);

                expect_data(&b.guest, id, offset, sizes[i]);
                offset += sizes[i];
        }
        bed_close_returned(&b, REASON_GUEST_LEFT);
        assert_int_equal(report_value(&b.report, "bytes-in"), offset);
}

static void sends_every_byte_of_any_size(void **state)
{
        size_t offset = 0;
        struct bed b;

        bed_open_greeted(&b, "");
        for (size_t i = 0; i < ELEMENTS(sizes); i++) {
                uint8_t *bytes = new_pattern(offset, sizes[i]);
                uint64_t id = guest_bulk(&b.guest, BULK_OUT, sizes[i], bytes);

                expect_status(&b.guest, PACKET_bulk_packet, id, STATUS_success);
                assert_int_equal(packet_transfer_length(b.guest.packet), sizes[i]);
                offset += sizes[i];
                free(bytes);
        }
        bed_close_returned(&b, REASON_GUEST_LEFT);
        assert_int_equal(report_value(&b.report, "bytes-out"), offset);
        assert_int_equal(report_value(&b.report, "pattern-mismatches"), 0);
}

static void keeps_the_order_of_transfers_cut_by_a_small_share(void **state)
{
        static const size_t shares[] = { 4096, 20000, 65536, 300000 };

        for (size_t i = 0; i < ELEMENTS(shares); i++) {
                uint64_t in[8], out[8];
                size_t length = 50000;
                struct bed b;

                bed_open_memory(&b, "", CAP_ALL, shares[i]);
                guest_greet(&b.guest);
                for (size_t n = 0; n < 8; n++) {
                        uint8_t *bytes = new_pattern(n * length, length);

                        in[n] = guest_bulk(&b.guest, BULK_IN, (uint32_t)length, NULL);
                        out[n] = guest_bulk(&b.guest, BULK_OUT, (uint32_t)length, bytes);
                        free(bytes);
                }
                for (size_t n = 0, m = 0; n + m < 16;) {
                        assert_true(guest_receive(&b.guest));
                        assert_int_equal(guest_status(b.guest.packet), STATUS_success);
                        if (b.guest.packet->bulk_packet.endpoint == BULK_OUT) {
                                assert_int_equal(b.guest.packet->id, out[m++]);
                                continue;
                        }
                        assert_int_equal(b.guest.packet->id, in[n]);
                        assert_int_equal(b.guest.payload_size, length);
                        for (size_t k = 0; k < length; k++)
                                if (b.guest.payload[k] != pattern(n * length + k))
                                        fail_msg("share %zu: byte %zu of %zu", shares[i], k, n);
                        n++;
                }
                bed_close_returned(&b, REASON_GUEST_LEFT);
                assert_int_equal(report_value(&b.report, "pattern-mismatches"), 0);
        }
}

/* The endpoint sends half of each piece: the first one tells the length of the pieces. */
static void cuts_at_packets_and_ends_with_a_short_piece(void **state)
{
        static const size_t shares[] = { 3000, 4096, 20000, 65536, 100000, 300001 };

        for (size_t i = 0; i < ELEMENTS(shares); i++) {
                struct bed b;
                uint64_t id;

                bed_open_memory(&b, "", CAP_ALL, shares[i]);
                guest_greet(&b.guest);
                id = guest_bulk(&b.guest, HALF, MIB, NULL);
                expect_status(&b.guest, PACKET_bulk_packet, id, STATUS_success);
                assert_in_range(b.guest.payload_size * 2, 512, shares[i] / 4);
                assert_int_equal(b.guest.payload_size * 2 % 512, 0);
                bed_close_returned(&b, REASON_GUEST_LEFT);
        }
}

static void carries_control_requests_both_ways(void **state)
{
        static const uint16_t lengths[] = { 0, 1, 64, 255, 256, 4095, 4096 };
        struct bed b;
        uint64_t id;

        bed_open_greeted(&b, "");
        for (size_t i = 0; i < ELEMENTS(lengths); i++) {
                uint8_t *bytes = new_pattern(7, lengths[i] + 1u);

                id = guest_control(&b.guest, VENDOR_OUT, VENDOR_WRITE, 1, 2, lengths[i], bytes);
                expect_status(&b.guest, PACKET_control_packet, id, STATUS_success);
                assert_int_equal(b.guest.packet->control_packet.length, lengths[i]);
                assert_int_equal(b.guest.packet->control_packet.value, 1);
                assert_int_equal(b.guest.packet->control_packet.index, 2);

                id = guest_control(&b.guest, VENDOR_IN, VENDOR_ECHO, 0, 0, lengths[i], NULL);
                expect_status(&b.guest, PACKET_control_packet, id, STATUS_success);
                assert_int_equal(b.guest.payload_size, lengths[i]);
                if (lengths[i] > 0)
                        assert_memory_equal(b.guest.payload, bytes, lengths[i]);
                free(bytes);
        }
        bed_close_returned(&b, REASON_GUEST_LEFT);
}

static void reads_the_device_descriptor(void **state)
{
        struct bed b;
        uint64_t id;

        bed_open_greeted(&b, "");
        id = guest_control(&b.guest, 0x80, 6, 0x0100, 0, 64, NULL);
        expect_status(&b.guest, PACKET_control_packet, id, STATUS_success);
        assert_int_equal(b.guest.payload_size, 18);
        assert_int_equal(b.guest.payload[8] | b.guest.payload[9] << 8, 0x1209);
        bed_close_returned(&b, REASON_GUEST_LEFT);
}

static void sends_interrupt_packets_in_order(void **state)
{
        struct bed b;

        bed_open_greeted(&b, "");
        for (uint32_t i = 0; i < 100; i++) {
                uint8_t bytes[64] = { (uint8_t)i };
                uint64_t id = guest_interrupt_out(&b.guest, INTERRUPT_OUT, sizeof(bytes), bytes);

                expect_status(&b.guest, PACKET_interrupt_packet, id, STATUS_success);
                assert_int_equal(b.guest.packet->interrupt_packet.length, sizeof(bytes));
        }
        bed_close_returned(&b, REASON_GUEST_LEFT);
        assert_int_equal(report_value(&b.report, "sequence-gaps"), 0);
}

static void tells_what_the_device_says(void **state)
{
        static const struct {
                const char *name, *options;
                uint8_t endpoint, want;
        } cases[] = {
                { "babble", "", BABBLE, STATUS_babble },
                { "stall", "complete=0x81:STALL", BULK_IN, STATUS_stall },
                { "error", "complete=0x81:ERROR", BULK_IN, STATUS_ioerror },
                { "time out", "complete=0x81:TIMED_OUT", BULK_IN, STATUS_timeout },
                { "cancelled by the host", "complete=0x81:CANCELLED", BULK_IN, STATUS_cancelled },
                { "not submitted: pipe", "fail=submit_transfer:PIPE", BULK_IN, STATUS_stall },
                { "not submitted: parameter", "fail=submit_transfer:INVALID_PARAM", BULK_IN,
                  STATUS_inval },
                { "not submitted: memory", "fail=submit_transfer:NO_MEM", BULK_IN, STATUS_ioerror },
                { "not submitted: other", "fail=submit_transfer:IO", BULK_IN, STATUS_ioerror },
                { "no such endpoint", "", 0x8b, STATUS_inval },
                { "an interrupt endpoint", "", INTERRUPT_IN, STATUS_inval },
                { "an endpoint of another alt setting", "", 0x86, STATUS_inval },
                { "endpoint 0", "", 0x80, STATUS_inval },
                { "reserved bits", "", 0xf1, STATUS_inval },
        };

        for (size_t i = 0; i < ELEMENTS(cases); i++) {
                struct bed b;
                uint64_t id;

                bed_open_greeted(&b, cases[i].options);
                id = guest_bulk(&b.guest, cases[i].endpoint, 512, NULL);
                guest_expect_id(&b.guest, PACKET_bulk_packet, id);
                if (guest_status(b.guest.packet) != cases[i].want)
                        fail_msg("%s: status %u", cases[i].name, guest_status(b.guest.packet));
                guest_expect_quiet(&b.guest);
                bed_close_returned(&b, REASON_GUEST_LEFT);
        }
}

/* Requests that contradict themselves or the device. */
static const struct {
        const char *name;
        struct packet packet;
        size_t size; /* of the payload */
} wrong_requests[] = {
        { "bulk on the interrupt OUT endpoint",
          { .type = PACKET_bulk_packet, .bulk_packet = { .endpoint = INTERRUPT_OUT, .length = 3 } },
          3 },
        { "bulk with a stream id",
          { .type = PACKET_bulk_packet,
            .bulk_packet = { .endpoint = BULK_IN, .length = 3, .stream_id = 1 } },
          0 },
        { "bulk OUT of 64 KiB where there is no endpoint",
          { .type = PACKET_bulk_packet, .bulk_packet = { .endpoint = 0x0e, .length_high = 1 } },
          65536 },
        { "interrupt on the bulk endpoint",
          { .type = PACKET_interrupt_packet,
            .interrupt_packet = { .endpoint = BULK_OUT, .length = 3 } },
          3 },
        { "control on an endpoint that is none",
          { .type = PACKET_control_packet,
            .control_packet = { .endpoint = 0x81, .requesttype = VENDOR_IN, .length = 3 } },
          0 },
        { "control whose setup says OUT, and its endpoint IN",
          { .type = PACKET_control_packet,
            .control_packet = { .endpoint = 0x80, .requesttype = VENDOR_OUT, .length = 3 } },
          0 },
        { "control whose setup says IN, and its endpoint OUT",
          { .type = PACKET_control_packet,
            .control_packet = { .endpoint = 0, .requesttype = VENDOR_IN, .length = 3 } },
          3 },
        { "control longer than usbfs takes",
          { .type = PACKET_control_packet,
            .control_packet = { .endpoint = 0x80,
                                .request = VENDOR_PATTERN,
                                .requesttype = VENDOR_IN,
                                .length = 4097 } },
          0 },
};

static void refuses_requests_that_make_no_sense(void **state)
{
        static uint8_t payload[65536];

        for (size_t i = 0; i < ELEMENTS(wrong_requests); i++) {
                struct packet packet = wrong_requests[i].packet;
                struct bed b;

                bed_open_greeted(&b, "");
                packet.id = guest_new_id(&b.guest);
                guest_send(&b.guest, &packet, payload, wrong_requests[i].size);
                guest_expect_id(&b.guest, packet.type, packet.id);
                if (guest_status(b.guest.packet) != STATUS_inval)
                        fail_msg("%s: status %u", wrong_requests[i].name,
                                 guest_status(b.guest.packet));
                assert_int_equal(packet_transfer_length(b.guest.packet), 0);
                guest_expect_quiet(&b.guest);
                bed_close_returned(&b, REASON_GUEST_LEFT);
                assert_int_equal(report_value(&b.report, "completed"), 0);
        }
}

int main(void)
{
        static const struct CMUnitTest tests[] = {
                cmocka_unit_test(receives_every_byte_of_any_size),
                cmocka_unit_test(sends_every_byte_of_any_size),
                cmocka_unit_test(keeps_the_order_of_transfers_cut_by_a_small_share),
                cmocka_unit_test(cuts_at_packets_and_ends_with_a_short_piece),
                cmocka_unit_test(carries_control_requests_both_ways),
                cmocka_unit_test(reads_the_device_descriptor),
                cmocka_unit_test(sends_interrupt_packets_in_order),
                cmocka_unit_test(tells_what_the_device_says),
                cmocka_unit_test(refuses_requests_that_make_no_sense),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
