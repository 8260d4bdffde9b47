/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Isochronous streams. The device numbers the packets it sends, and counts holes in those it gets.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "integration/bed.h"
#include "util/bytes.h"
#include "util/macro.h"

/* Endpoints of the fake device, and the interface of the isochronous ones. */
#define BULK_IN       0x81
#define ISO_IN        0x86
#define ISO_OUT       0x07
#define ISO_INTERFACE 1

/* In alt setting 1. */
#define PACKET_SIZE 1024

static uint64_t start(struct bed *b, uint8_t endpoint, uint8_t packets, uint8_t urbs)
{
        struct packet packet = { .type = PACKET_start_iso_stream,
                                 .id = guest_new_id(&b->guest),
                                 .start_iso_stream = { endpoint, packets, urbs } };

        guest_send(&b->guest, &packet, NULL, 0);
        return packet.id;
}

static uint64_t stop(struct bed *b, uint8_t endpoint)
{
        struct packet packet = { .type = PACKET_stop_iso_stream,
                                 .id = guest_new_id(&b->guest),
                                 .stop_iso_stream.endpoint = endpoint };

        guest_send(&b->guest, &packet, NULL, 0);
        return packet.id;
}

/* The next status; data that was on its way goes before it. */
static void expect_status(struct bed *b, uint64_t id, uint8_t endpoint, uint8_t status)
{
        do
                assert_true(guest_receive(&b->guest));
        while (b->guest.packet->type == PACKET_iso_packet);
        assert_int_equal(b->guest.packet->type, PACKET_iso_stream_status);
        assert_int_equal(b->guest.packet->id, id);
        assert_int_equal(b->guest.packet->iso_stream_status.endpoint, endpoint);
        assert_int_equal(b->guest.packet->iso_stream_status.status, status);
}

/* A packet with that id, and, if it is not empty, that number. */
static void expect_packet(struct bed *b, uint64_t id, uint32_t number, size_t size)
{
        guest_expect_id(&b->guest, PACKET_iso_packet, id);
        assert_int_equal(b->guest.packet->iso_packet.endpoint, ISO_IN);
        assert_int_equal(b->guest.payload_size, size);
        if (size > 0)
                assert_int_equal(get_le32(b->guest.payload), number);
}

static void send_packet(struct bed *b, uint32_t number, uint16_t size)
{
        struct packet packet = { .type = PACKET_iso_packet,
                                 .id = number,
                                 .iso_packet = { .endpoint = ISO_OUT, .length = size } };
        uint8_t data[2 * PACKET_SIZE] = { 0 };

        put_le32(data, number);
        guest_send(&b->guest, &packet, data, size);
}

static void open_alt(struct bed *b, const char *options, uint8_t alt)
{
        bed_open_greeted(b, options);
        guest_set_alt(&b->guest, ISO_INTERFACE, alt);
        guest_expect_later(&b->guest, PACKET_alt_setting_status);
        assert_int_equal(b->guest.packet->alt_setting_status.status, STATUS_success);
}

static void open_started(struct bed *b, const char *options, uint8_t endpoint, uint8_t packets,
                         uint8_t urbs)
{
        uint64_t id;

        open_alt(b, options, 1);
        id = start(b, endpoint, packets, urbs);
        expect_status(b, id, endpoint, STATUS_success);
}

static void brings_every_packet_in_order(void **state)
{
        static const struct {
                uint8_t packets, urbs;
        } cases[] = { { 1, 1 }, { 1, 16 }, { 8, 3 }, { 32, 1 }, { 32, 16 } };

        for (size_t i = 0; i < ELEMENTS(cases); i++) {
                struct bed b;

                open_started(&b, "rate=8000", ISO_IN, cases[i].packets, cases[i].urbs);
                for (uint32_t n = 0; n < 600; n++)
                        expect_packet(&b, n, n, PACKET_SIZE);
                expect_status(&b, stop(&b, ISO_IN), ISO_IN, STATUS_success);
                guest_expect_quiet(&b.guest);
                bed_close_returned(&b, REASON_GUEST_LEFT);
        }
}

static void brings_three_packets_of_a_microframe_as_one(void **state)
{
        struct bed b;

        open_alt(&b, "rate=8000", 2);
        expect_status(&b, start(&b, ISO_IN, 8, 4), ISO_IN, STATUS_success);
        for (uint32_t n = 0; n < 100; n++)
                expect_packet(&b, n, n, 3 * PACKET_SIZE);
        bed_close_returned(&b, REASON_GUEST_LEFT);
}

static void starts_only_what_is_possible_and_once(void **state)
{
        static const struct {
                uint8_t endpoint, packets, urbs, want;
        } cases[] = {
                { ISO_IN, 0, 4, STATUS_stall },        { ISO_IN, 33, 4, STATUS_stall },
                { ISO_IN, 8, 0, STATUS_stall },        { ISO_IN, 8, 17, STATUS_stall },
                { ISO_IN | 0x10, 8, 4, STATUS_stall }, { BULK_IN, 8, 4, STATUS_stall },
                { 0x0f, 8, 4, STATUS_stall },          { ISO_OUT, 0, 4, STATUS_stall },
                { ISO_OUT, 33, 4, STATUS_stall },      { ISO_OUT, 8, 17, STATUS_stall },
                { ISO_OUT, 32, 16, STATUS_success },   { ISO_IN, 32, 16, STATUS_success },
                { ISO_IN, 32, 16, STATUS_inval },      { ISO_OUT, 1, 1, STATUS_inval },
        };
        struct bed b;

        open_alt(&b, "rate=8000", 1);
        for (size_t i = 0; i < ELEMENTS(cases); i++)
                expect_status(&b, start(&b, cases[i].endpoint, cases[i].packets, cases[i].urbs),
                              cases[i].endpoint, cases[i].want);
        expect_status(&b, stop(&b, ISO_IN), ISO_IN, STATUS_success);
        expect_status(&b, stop(&b, ISO_IN), ISO_IN, STATUS_success);
        expect_status(&b, stop(&b, ISO_OUT), ISO_OUT, STATUS_success);
        bed_close_returned(&b, REASON_GUEST_LEFT);
}

/* An isochronous transfer is not cut. */
static void refuses_what_usbfs_memory_cannot_hold(void **state)
{
        struct bed b;
        uint64_t id;

        bed_open_memory(&b, "", CAP_ALL, 32 * 1024);
        guest_greet(&b.guest);
        guest_set_alt(&b.guest, ISO_INTERFACE, 1);
        guest_expect_later(&b.guest, PACKET_alt_setting_status);
        id = start(&b, ISO_IN, 32, 1);
        expect_status(&b, id, ISO_IN, STATUS_stall);
        bed_close_returned(&b, REASON_GUEST_LEFT);
        assert_true(report_logged(&b.report, "usbfs_memory_mb"));
}

/*
 * Whole transfers are missing, their ids with them, and what comes is right. Another stream has
 * marks of its own.
 */
static void drops_whole_transfers_for_a_slow_guest(void **state)
{
        enum { PACKETS = 8, URBS = 4, MARK = 3 * PACKETS * URBS * (PACKET_SIZE + 20) };
        uint64_t next = UINT64_MAX, first = 0, gaps = 0, received = 0;
        struct bed b;
        size_t most = 0;

        open_started(&b, "", ISO_IN, PACKETS, URBS);
        expect_status(&b, start(&b, ISO_OUT, 32, 16), ISO_OUT, STATUS_success);
        for (unsigned i = 0; i < 3000; i++) {
                bed_step(&b);
                most = MAX(most, link_queued(b.session->link));
        }
        assert_in_range(most, MARK, MARK + (PACKETS + 1) * (PACKET_SIZE + 20));

        while (received < 20000) {
                guest_expect(&b.guest, PACKET_iso_packet);
                assert_int_equal(b.guest.packet->id, get_le32(b.guest.payload));
                if (next == UINT64_MAX)
                        first = next = b.guest.packet->id;
                if (b.guest.packet->id != next) {
                        assert_int_equal(next % PACKETS, 0);
                        assert_int_equal(b.guest.packet->id % PACKETS, 0);
                        gaps++;
                }
                next = b.guest.packet->id + 1;
                received++;
        }
        assert_true(gaps > 0);
        assert_int_equal(b.session->packets_dropped, b.session->streams[16 + 6].dropped);
        assert_true(b.session->packets_dropped >= next - first - received);
        printf("%llu of %llu packets dropped, in %llu gaps; %zu bytes queued at most\n",
               (unsigned long long)(next - first - received), (unsigned long long)(next - first),
               (unsigned long long)gaps, most);
        bed_close_returned(&b, REASON_GUEST_LEFT);
        assert_true(report_logged(&b.report, "reads too slowly"));
}

/* The device's other endpoint is not made to suffer, nor are requests. */
static void answers_requests_while_it_drops(void **state)
{
        struct bed b;
        uint64_t id;

        open_started(&b, "", ISO_IN, 32, 16);
        while (b.session->packets_dropped < 10000)
                bed_step(&b);
        id = guest_bulk(&b.guest, BULK_IN, 512, NULL);
        guest_expect_later(&b.guest, PACKET_bulk_packet);
        assert_int_equal(b.guest.packet->id, id);
        assert_int_equal(b.guest.packet->bulk_packet.status, STATUS_success);
        bed_close_returned(&b, REASON_GUEST_LEFT);
}

static void tells_which_packets_and_transfers_failed(void **state)
{
        struct bed b;

        open_started(&b, "rate=8000,complete=0x86:ERROR@3", ISO_IN, 4, 4);
        for (uint32_t n = 0; n < 8; n++)
                expect_packet(&b, n, n, PACKET_SIZE);
        expect_packet(&b, 8, 0, 0);
        assert_int_equal(b.guest.packet->iso_packet.status, STATUS_ioerror);
        for (uint32_t n = 0; n < 8; n++)
                expect_packet(&b, 12 + n, 8 + n, PACKET_SIZE);
        bed_close_returned(&b, REASON_GUEST_LEFT);
}

static void clears_a_stall_and_starts_anew(void **state)
{
        struct bed b;

        open_started(&b, "rate=8000,complete=0x86:STALL@3", ISO_IN, 4, 4);
        for (uint32_t n = 0; n < 8; n++)
                expect_packet(&b, n, n, PACKET_SIZE);
        guest_expect_id(&b.guest, PACKET_iso_packet, 0);
        bed_close_returned(&b, REASON_GUEST_LEFT);
}

static void tells_that_it_was_stopped(void **state)
{
        struct bed b;

        open_started(&b, "rate=8000", ISO_IN, 4, 4);
        expect_status(&b, start(&b, ISO_OUT, 4, 4), ISO_OUT, STATUS_success);
        guest_send_bare(&b.guest, PACKET_reset, 0);
        expect_status(&b, 0, ISO_OUT, STATUS_stall);
        expect_status(&b, 0, ISO_IN, STATUS_stall);
        guest_expect_later(&b.guest, PACKET_ep_info);
        guest_expect_quiet(&b.guest);
        bed_close_returned(&b, REASON_GUEST_LEFT);
}

/* Up to one packet before the half nothing is sent; with it all transfers that are full are. */
static void begins_to_send_when_half_is_there(void **state)
{
        static const struct {
                uint8_t packets, urbs;
                unsigned half, sent;
        } cases[] = { { 4, 4, 8, 2 }, { 4, 3, 6, 1 }, { 4, 1, 4, 1 }, { 1, 16, 8, 8 } };

        for (size_t i = 0; i < ELEMENTS(cases); i++) {
                struct bed b;

                open_started(&b, "rate=10", ISO_OUT, cases[i].packets, cases[i].urbs);
                for (uint32_t n = 0; n + 1 < cases[i].half; n++)
                        send_packet(&b, n, 100);
                guest_expect_quiet(&b.guest);
                assert_int_equal(bed_in_flight(&b), 0);
                send_packet(&b, cases[i].half - 1, 100);
                guest_expect_quiet(&b.guest);
                assert_int_equal(bed_in_flight(&b), cases[i].sent);
                bed_close_returned(&b, REASON_GUEST_LEFT);
        }
}

static void sends_packets_of_any_size_in_order(void **state)
{
        struct bed b;

        open_started(&b, "", ISO_OUT, 8, 16);
        for (uint32_t n = 0; n < 4096; n++) {
                send_packet(&b, n, (uint16_t)(4 + n % (PACKET_SIZE - 3)));
                if (n % 8 == 0)
                        bed_step(&b);
        }
        guest_expect_quiet(&b.guest);
        assert_int_equal(usb_iso_out_dropped(b.session->streams[ISO_OUT].out), 0);
        bed_close_returned(&b, REASON_GUEST_LEFT);
        assert_int_equal(report_value(&b.report, "sequence-gaps"), 0);
        assert_true(report_value(&b.report, "bytes-out") > 1000 * 1024);
}

/* What is too much goes as a whole, down to half of what may be in flight. */
static void drops_back_to_half_on_overflow(void **state)
{
        struct usb_iso_out *out;
        struct bed b;

        open_started(&b, "rate=1", ISO_OUT, 4, 4);
        for (uint32_t n = 0; n < 16; n++)
                send_packet(&b, n, 100);
        guest_expect_quiet(&b.guest);
        out = b.session->streams[ISO_OUT].out;
        assert_int_equal(bed_in_flight(&b), 4);
        assert_int_equal(usb_iso_out_dropped(out), 0);
        send_packet(&b, 16, 100);
        guest_expect_quiet(&b.guest);
        assert_int_equal(usb_iso_out_dropped(out), 1);
        for (uint32_t n = 17; n < 17 + 8; n++)
                send_packet(&b, n, 100);
        guest_expect_quiet(&b.guest);
        assert_int_equal(usb_iso_out_dropped(out), 1 + 8);
        bed_close_returned(&b, REASON_GUEST_LEFT);
        assert_true(report_logged(&b.report, "9 isochronous packets were dropped"));
}

static void waits_for_half_again_after_an_underrun(void **state)
{
        struct usb_iso_out *out;
        struct bed b;

        open_started(&b, "", ISO_OUT, 4, 4);
        out = b.session->streams[ISO_OUT].out;
        for (uint32_t n = 0; n < 8; n++)
                send_packet(&b, n, 100);
        while (usb_iso_out_underruns(out) == 0)
                bed_step(&b);
        for (uint32_t n = 8; n < 15; n++)
                send_packet(&b, n, 100);
        guest_expect_quiet(&b.guest);
        assert_int_equal(bed_in_flight(&b), 0);
        assert_int_equal(usb_iso_out_underruns(out), 1);
        send_packet(&b, 15, 100);
        while (usb_iso_out_underruns(out) == 1)
                bed_step(&b);
        bed_close_returned(&b, REASON_GUEST_LEFT);
        assert_int_equal(report_value(&b.report, "sequence-gaps"), 0);
        assert_int_equal(report_value(&b.report, "bytes-out"), 16 * 100);
}

static void tells_of_packets_that_cannot_be_sent(void **state)
{
        struct bed b;

        open_alt(&b, "rate=1000", 1);
        send_packet(&b, 77, 100);
        expect_status(&b, 77, ISO_OUT, STATUS_inval);
        expect_status(&b, start(&b, ISO_OUT, 4, 4), ISO_OUT, STATUS_success);
        send_packet(&b, 78, PACKET_SIZE);
        guest_expect_quiet(&b.guest);
        send_packet(&b, 79, PACKET_SIZE + 1);
        expect_status(&b, 79, ISO_OUT, STATUS_inval);
        bed_close_returned(&b, REASON_GUEST_LEFT);
}

static void tells_of_a_transfer_that_failed(void **state)
{
        struct bed b;

        open_started(&b, "rate=1000,complete=0x07:ERROR@2", ISO_OUT, 2, 4);
        for (uint32_t n = 100; n < 108; n++)
                send_packet(&b, n, 100);
        expect_status(&b, 102, ISO_OUT, STATUS_ioerror);
        guest_expect_quiet(&b.guest);
        bed_close_returned(&b, REASON_GUEST_LEFT);
}

int main(void)
{
        static const struct CMUnitTest tests[] = {
                cmocka_unit_test(brings_every_packet_in_order),
                cmocka_unit_test(brings_three_packets_of_a_microframe_as_one),
                cmocka_unit_test(starts_only_what_is_possible_and_once),
                cmocka_unit_test(refuses_what_usbfs_memory_cannot_hold),
                cmocka_unit_test(drops_whole_transfers_for_a_slow_guest),
                cmocka_unit_test(answers_requests_while_it_drops),
                cmocka_unit_test(tells_which_packets_and_transfers_failed),
                cmocka_unit_test(clears_a_stall_and_starts_anew),
                cmocka_unit_test(tells_that_it_was_stopped),
                cmocka_unit_test(begins_to_send_when_half_is_there),
                cmocka_unit_test(sends_packets_of_any_size_in_order),
                cmocka_unit_test(drops_back_to_half_on_overflow),
                cmocka_unit_test(waits_for_half_again_after_an_underrun),
                cmocka_unit_test(tells_of_packets_that_cannot_be_sent),
                cmocka_unit_test(tells_of_a_transfer_that_failed),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
