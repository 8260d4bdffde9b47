/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Interrupt receiving: what the device sends comes in order and without a gap, however slowly the
 * guest reads; who stops a stream is told, or tells.
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

/* Endpoints of the fake device. Packets of the second begin with their number. */
#define BULK_IN      0x81
#define INTERRUPT_IN 0x84

static uint64_t start(struct bed *b, uint8_t endpoint)
{
        struct packet packet = { .type = PACKET_start_interrupt_receiving,
                                 .id = guest_new_id(&b->guest),
                                 .start_interrupt_receiving.endpoint = endpoint };

        guest_send(&b->guest, &packet, NULL, 0);
        return packet.id;
}

static uint64_t stop(struct bed *b, uint8_t endpoint)
{
        struct packet packet = { .type = PACKET_stop_interrupt_receiving,
                                 .id = guest_new_id(&b->guest),
                                 .stop_interrupt_receiving.endpoint = endpoint };

        guest_send(&b->guest, &packet, NULL, 0);
        return packet.id;
}

static void assert_status(struct bed *b, uint64_t id, uint8_t endpoint, uint8_t status)
{
        assert_int_equal(b->guest.packet->type, PACKET_interrupt_receiving_status);
        assert_int_equal(b->guest.packet->id, id);
        assert_int_equal(b->guest.packet->interrupt_receiving_status.endpoint, endpoint);
        assert_int_equal(b->guest.packet->interrupt_receiving_status.status, status);
}

static void expect_status(struct bed *b, uint64_t id, uint8_t endpoint, uint8_t status)
{
        guest_expect(&b->guest, PACKET_interrupt_receiving_status);
        assert_status(b, id, endpoint, status);
}

/* The same, behind data that was on its way. */
static void expect_status_later(struct bed *b, uint64_t id, uint8_t endpoint, uint8_t status)
{
        do
                assert_true(guest_receive(&b->guest));
        while (b->guest.packet->type == PACKET_interrupt_packet);
        assert_status(b, id, endpoint, status);
}

/* So many packets, with ids and numbers that count from these. */
static void expect_data(struct bed *b, uint64_t id, uint32_t number, unsigned count)
{
        for (unsigned i = 0; i < count; i++) {
                guest_expect(&b->guest, PACKET_interrupt_packet);
                assert_int_equal(b->guest.packet->id, id + i);
                assert_int_equal(b->guest.packet->interrupt_packet.endpoint, INTERRUPT_IN);
                assert_int_equal(b->guest.packet->interrupt_packet.status, STATUS_success);
                assert_int_equal(b->guest.payload_size, 64);
                assert_int_equal(get_le32(b->guest.payload), number + i);
        }
}

static void open_started(struct bed *b, const char *options)
{
        uint64_t id;

        bed_open_greeted(b, options);
        id = start(b, INTERRUPT_IN);
        expect_status(b, id, INTERRUPT_IN, STATUS_success);
}

static void brings_what_the_device_sends(void **state)
{
        struct bed b;
        uint64_t id;

        open_started(&b, "rate=8000");
        expect_data(&b, 0, 0, 500);
        id = stop(&b, INTERRUPT_IN);
        expect_status_later(&b, id, INTERRUPT_IN, STATUS_success);
        guest_expect_quiet(&b.guest);
        bed_close_returned(&b, REASON_GUEST_LEFT);
}

/* The device sends as fast as it is asked, so each packet that was dropped would be a gap. */
static void holds_the_device_back_for_a_slow_guest(void **state)
{
        struct bed b;

        open_started(&b, "");
        for (unsigned i = 0; i < 20000; i++)
                bed_poll(&b);
        assert_in_range(link_queued(b.session->link), 1, LINK_HIGH_PACKETS * 200);
        expect_data(&b, 0, 0, 20000);
        bed_close_returned(&b, REASON_GUEST_LEFT);
}

static void starts_once(void **state)
{
        struct bed b;
        uint64_t id;

        open_started(&b, "rate=1000");
        id = start(&b, INTERRUPT_IN);
        expect_status_later(&b, id, INTERRUPT_IN, STATUS_inval);
        guest_expect(&b.guest, PACKET_interrupt_packet);
        bed_close_returned(&b, REASON_GUEST_LEFT);
}

static void starts_only_on_interrupt_endpoints(void **state)
{
        static const uint8_t endpoints[] = { BULK_IN, 0x80, 0x8f, INTERRUPT_IN | 0x10 };
        struct bed b;

        bed_open_greeted(&b, "");
        for (size_t i = 0; i < ELEMENTS(endpoints); i++)
                expect_status(&b, start(&b, endpoints[i]), endpoints[i], STATUS_stall);
        bed_close_returned(&b, REASON_GUEST_LEFT);
}

static void stops_what_was_not_started(void **state)
{
        struct bed b;

        open_started(&b, "rate=1000");
        expect_status_later(&b, stop(&b, INTERRUPT_IN | 0x10), INTERRUPT_IN | 0x10, STATUS_success);
        guest_expect(&b.guest, PACKET_interrupt_packet);
        expect_status_later(&b, stop(&b, INTERRUPT_IN), INTERRUPT_IN, STATUS_success);
        expect_status(&b, stop(&b, INTERRUPT_IN), INTERRUPT_IN, STATUS_success);
        bed_close_returned(&b, REASON_GUEST_LEFT);
}

static void clears_a_stall_and_starts_anew(void **state)
{
        struct bed b;

        open_started(&b, "rate=8000,complete=0x84:STALL@11");
        expect_data(&b, 0, 0, 10);
        guest_expect(&b.guest, PACKET_interrupt_packet);
        assert_int_equal(b.guest.packet->id, 0);
        bed_close_returned(&b, REASON_GUEST_LEFT);
}

static void tells_of_a_stall_that_stays(void **state)
{
        struct bed b;

        open_started(&b, "rate=8000,complete=0x84:STALL@11,fail=clear_halt:IO");
        expect_data(&b, 0, 0, 10);
        expect_status(&b, 0, INTERRUPT_IN, STATUS_stall);
        expect_status(&b, start(&b, INTERRUPT_IN), INTERRUPT_IN, STATUS_success);
        bed_close_returned(&b, REASON_GUEST_LEFT);
}

static void brings_errors_and_goes_on(void **state)
{
        struct bed b;

        open_started(&b, "rate=8000,complete=0x84:ERROR@3");
        expect_data(&b, 0, 0, 2);
        guest_expect(&b.guest, PACKET_interrupt_packet);
        assert_int_equal(b.guest.packet->id, 2);
        assert_int_equal(b.guest.packet->interrupt_packet.status, STATUS_ioerror);
        guest_expect(&b.guest, PACKET_interrupt_packet);
        assert_int_equal(b.guest.packet->id, 3);
        assert_int_equal(b.guest.packet->interrupt_packet.status, STATUS_success);
        bed_close_returned(&b, REASON_GUEST_LEFT);
}

static void tells_that_a_reset_has_stopped_it(void **state)
{
        struct bed b;

        open_started(&b, "rate=8000");
        guest_send_bare(&b.guest, PACKET_reset, 0);
        expect_status_later(&b, 0, INTERRUPT_IN, STATUS_stall);
        guest_expect_quiet(&b.guest);
        bed_close_returned(&b, REASON_GUEST_LEFT);
}

static void ends_with_its_configuration(void **state)
{
        struct bed b;
        uint64_t id;

        open_started(&b, "rate=8000");
        id = guest_set_configuration(&b.guest, 2);
        guest_expect_later(&b.guest, PACKET_configuration_status);
        assert_int_equal(b.guest.packet->id, id);
        assert_int_equal(b.guest.packet->configuration_status.status, STATUS_success);
        guest_expect_quiet(&b.guest);
        bed_close_returned(&b, REASON_GUEST_LEFT);
}

static void ends_with_the_device(void **state)
{
        struct bed b;

        open_started(&b, "rate=8000,unplug-after=20");
        guest_expect_later(&b.guest, PACKET_device_disconnect);
        guest_send_bare(&b.guest, PACKET_device_disconnect_ack, 0);
        assert_int_equal(bed_close(&b), REASON_DEVICE_LOST);
        report_assert_unplugged(&b.report);
}

int main(void)
{
        static const struct CMUnitTest tests[] = {
                cmocka_unit_test(brings_what_the_device_sends),
                cmocka_unit_test(holds_the_device_back_for_a_slow_guest),
                cmocka_unit_test(starts_once),
                cmocka_unit_test(starts_only_on_interrupt_endpoints),
                cmocka_unit_test(stops_what_was_not_started),
                cmocka_unit_test(clears_a_stall_and_starts_anew),
                cmocka_unit_test(tells_of_a_stall_that_stays),
                cmocka_unit_test(brings_errors_and_goes_on),
                cmocka_unit_test(tells_that_a_reset_has_stopped_it),
                cmocka_unit_test(ends_with_its_configuration),
                cmocka_unit_test(ends_with_the_device),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
