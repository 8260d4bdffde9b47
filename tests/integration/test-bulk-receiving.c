/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Buffered bulk receiving: what a bulk endpoint sends comes without being asked for, packet by
 * packet or in longer transfers, and not a byte is lost however slowly the guest reads.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "integration/bed.h"
#include "util/macro.h"

/* Endpoints of the fake device. The first sends a running pattern. */
#define BULK_IN      0x81
#define BULK_NAK     0x83
#define INTERRUPT_IN 0x84
#define BULK_SHORT   0x8a
#define PACKET_SIZE  512

static uint64_t start(struct bed *b, uint8_t endpoint, uint32_t bytes, uint8_t transfers)
{
        struct packet packet = { .type = PACKET_start_bulk_receiving,
                                 .id = guest_new_id(&b->guest),
                                 .start_bulk_receiving = { 0, bytes, endpoint, transfers } };

        guest_send(&b->guest, &packet, NULL, 0);
        return packet.id;
}

static uint64_t stop(struct bed *b, uint8_t endpoint)
{
        struct packet packet = { .type = PACKET_stop_bulk_receiving,
                                 .id = guest_new_id(&b->guest),
                                 .stop_bulk_receiving = { 0, endpoint } };

        guest_send(&b->guest, &packet, NULL, 0);
        return packet.id;
}

/* The next status; data that was on its way goes before it. */
static void expect_status(struct bed *b, uint64_t id, uint8_t endpoint, uint8_t status)
{
        do
                assert_true(guest_receive(&b->guest));
        while (b->guest.packet->type == PACKET_buffered_bulk_packet);
        assert_int_equal(b->guest.packet->type, PACKET_bulk_receiving_status);
        assert_int_equal(b->guest.packet->id, id);
        assert_int_equal(b->guest.packet->bulk_receiving_status.endpoint, endpoint);
        assert_int_equal(b->guest.packet->bulk_receiving_status.status, status);
}

/* A packet with that id, and the pattern from there on. Returns how much of it came. */
static size_t expect_data(struct bed *b, uint64_t id, size_t offset)
{
        guest_expect_id(&b->guest, PACKET_buffered_bulk_packet, id);
        assert_int_equal(b->guest.packet->buffered_bulk_packet.endpoint & 0x80, 0x80);
        for (size_t i = 0; i < b->guest.payload_size; i++) {
                size_t at = (offset + i) % 65536;

                if (b->guest.payload[i] != (uint8_t)(at ^ at >> 8))
                        fail_msg("id %llu, byte %zu is wrong", (unsigned long long)id, i);
        }

        return b->guest.payload_size;
}

static void open_started(struct bed *b, const char *options, uint32_t bytes, uint8_t transfers)
{
        uint64_t id;

        bed_open_greeted(b, options);
        id = start(b, BULK_IN, bytes, transfers);
        expect_status(b, id, BULK_IN, STATUS_success);
}

static void brings_every_byte_in_order(void **state)
{
        static const struct {
                uint32_t bytes;
                uint8_t transfers;
        } cases[] = { { 512, 1 }, { 512, 5 }, { 512, 16 }, { 65536, 4 }, { 1 << 20, 16 } };

        for (size_t i = 0; i < ELEMENTS(cases); i++) {
                size_t offset = 0;
                struct bed b;

                open_started(&b, "", cases[i].bytes, cases[i].transfers);
                for (uint64_t id = 0; id < 50; id++) {
                        assert_int_equal(expect_data(&b, id, offset), cases[i].bytes);
                        offset += cases[i].bytes;
                }
                expect_status(&b, stop(&b, BULK_IN), BULK_IN, STATUS_success);
                guest_expect_quiet(&b.guest);
                bed_close_returned(&b, REASON_GUEST_LEFT);
        }
}

static void starts_only_what_is_possible_and_once(void **state)
{
        static const struct {
                uint8_t endpoint;
                uint32_t bytes;
                uint8_t transfers, want;
        } cases[] = {
                { BULK_IN, 0, 4, STATUS_stall },
                { BULK_IN, 511, 4, STATUS_stall },
                { BULK_IN, 513, 4, STATUS_stall },
                { BULK_IN, 512, 0, STATUS_stall },
                { BULK_IN, 512, 17, STATUS_stall },
                { BULK_IN | 0x20, 512, 4, STATUS_stall },
                { INTERRUPT_IN, 512, 4, STATUS_stall },
                { 0x8f, 512, 4, STATUS_stall },
                { 0x80, 512, 4, STATUS_stall },
                { BULK_NAK, 512, 16, STATUS_success },
                { BULK_NAK, 512, 16, STATUS_inval },
                { BULK_IN, 128 << 20, 1, STATUS_stall }, /* more than a session may hold */
                { BULK_IN, 32 << 20, 1, STATUS_success },
        };
        struct bed b;

        bed_open_greeted(&b, "payload=none");
        for (size_t i = 0; i < ELEMENTS(cases); i++)
                expect_status(&b, start(&b, cases[i].endpoint, cases[i].bytes, cases[i].transfers),
                              cases[i].endpoint, cases[i].want);
        for (unsigned i = 0; i < 2; i++)
                expect_status(&b, stop(&b, BULK_NAK), BULK_NAK, STATUS_success);
        bed_close_returned(&b, REASON_GUEST_LEFT);
}

static void holds_the_device_back_for_a_slow_guest(void **state)
{
        size_t most = 0, offset = 0;
        struct bed b;

        open_started(&b, "", 4 * PACKET_SIZE, 16);
        for (unsigned i = 0; i < 20000; i++) {
                bed_step(&b);
                most = MAX(most, link_queued(b.session->link));
        }
        assert_in_range(most, 1, LINK_HIGH_BYTES);
        for (uint64_t id = 0; id < 20000; id++)
                offset += expect_data(&b, id, offset);
        assert_int_equal(offset, 20000 * 4 * PACKET_SIZE);
        printf("%zu bytes queued at most\n", most);
        bed_close_returned(&b, REASON_GUEST_LEFT);
}

static void ends_a_packet_where_the_device_does(void **state)
{
        struct bed b;
        uint64_t id;

        bed_open_greeted(&b, "");
        id = start(&b, BULK_SHORT, 4 * PACKET_SIZE, 2);
        expect_status(&b, id, BULK_SHORT, STATUS_success);
        for (uint64_t n = 0; n < 10; n++)
                assert_int_equal(expect_data(&b, n, n * 2 * PACKET_SIZE), 2 * PACKET_SIZE);
        bed_close_returned(&b, REASON_GUEST_LEFT);
}

static void clears_a_stall_and_starts_anew(void **state)
{
        struct bed b;

        open_started(&b, "complete=0x81:STALL@11", PACKET_SIZE, 4);
        for (uint64_t id = 0; id < 10; id++)
                expect_data(&b, id, id * PACKET_SIZE);
        expect_data(&b, 0, 10 * PACKET_SIZE);
        bed_close_returned(&b, REASON_GUEST_LEFT);
        assert_int_equal(report_value(&b.report, "halts-cleared"), 1);
}

static void tells_of_a_stall_that_stays(void **state)
{
        struct bed b;

        open_started(&b, "complete=0x81:STALL@11,fail=clear_halt:IO", PACKET_SIZE, 4);
        expect_status(&b, 0, BULK_IN, STATUS_stall);
        guest_expect_quiet(&b.guest);
        bed_close_returned(&b, REASON_GUEST_LEFT);
}

static void brings_errors_and_goes_on(void **state)
{
        struct bed b;

        open_started(&b, "complete=0x81:ERROR@3", PACKET_SIZE, 4);
        expect_data(&b, 0, 0);
        expect_data(&b, 1, PACKET_SIZE);
        assert_int_equal(expect_data(&b, 2, 0), 0);
        assert_int_equal(b.guest.packet->buffered_bulk_packet.status, STATUS_ioerror);
        expect_data(&b, 3, 2 * PACKET_SIZE);
        bed_close_returned(&b, REASON_GUEST_LEFT);
}

int main(void)
{
        static const struct CMUnitTest tests[] = {
                cmocka_unit_test(brings_every_byte_in_order),
                cmocka_unit_test(starts_only_what_is_possible_and_once),
                cmocka_unit_test(holds_the_device_back_for_a_slow_guest),
                cmocka_unit_test(ends_a_packet_where_the_device_does),
                cmocka_unit_test(clears_a_stall_and_starts_anew),
                cmocka_unit_test(tells_of_a_stall_that_stays),
                cmocka_unit_test(brings_errors_and_goes_on),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
