/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Bulk streams are allocated and freed: one answer each, once the endpoints are quiet; and they are
 * gone before the device changes under them, which the fake's report counts as lost otherwise.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "integration/bed.h"
#include "util/macro.h"

/* Endpoints of the fake device, and their bits. */
enum { BULK_IN = 0x81, NAK_IN = 0x83 };
enum { BIT_IN = 1 << 17, BIT_OUT = 1 << 2, BIT_NAK = 1 << 19, BIT_CONTROL = 1 << 0 };

static uint64_t alloc(struct bed *b, uint32_t endpoints, uint32_t count)
{
        uint64_t id = guest_new_id(&b->guest);

        guest_send(&b->guest,
                   &(struct packet){ .type = PACKET_alloc_bulk_streams,
                                     .id = id,
                                     .alloc_bulk_streams = { endpoints, count } },
                   NULL, 0);
        return id;
}

static uint64_t free_streams(struct bed *b, uint32_t endpoints)
{
        uint64_t id = guest_new_id(&b->guest);

        guest_send(&b->guest,
                   &(struct packet){ .type = PACKET_free_bulk_streams,
                                     .id = id,
                                     .free_bulk_streams = { endpoints } },
                   NULL, 0);
        return id;
}

static void expect(struct bed *b, uint64_t id, uint8_t status, uint32_t endpoints, uint32_t count)
{
        const struct packet_bulk_streams_status *answer;

        answer = &guest_expect_id(&b->guest, PACKET_bulk_streams_status, id)->bulk_streams_status;
        assert_int_equal(answer->status, status);
        assert_int_equal(answer->endpoints, endpoints);
        assert_int_equal(answer->no_streams, count);
}

static uint32_t streams(struct bed *b, uint8_t address)
{
        return usb_device_streams(b->session->device, address);
}

static void each_request_has_one_answer(void **state)
{
        struct bed b;

        bed_open_greeted(&b, "speed=super");
        expect(&b, alloc(&b, BIT_IN | BIT_OUT, 16), STATUS_success, BIT_IN | BIT_OUT, 16);
        assert_int_equal(streams(&b, BULK_IN), 16);
        expect(&b, alloc(&b, BIT_IN, 4), STATUS_success, BIT_IN, 4);
        assert_int_equal(streams(&b, BULK_IN), 4);
        expect(&b, free_streams(&b, BIT_IN | BIT_OUT), STATUS_success, BIT_IN | BIT_OUT, 0);
        assert_int_equal(streams(&b, BULK_IN), 0);
        expect(&b, free_streams(&b, BIT_IN), STATUS_success, BIT_IN, 0);
        guest_expect_quiet(&b.guest);
        bed_close_returned(&b, REASON_GUEST_LEFT);
}

static void what_makes_no_sense_is_invalid(void **state)
{
        static const struct {
                const char *options;
                uint32_t endpoints, count;
        } cases[] = {
                { "speed=super", 0, 4 },
                { "speed=super", BIT_IN, 0 },
                { "speed=super", BIT_IN, 17 },
                { "speed=super", BIT_IN | BIT_CONTROL, 4 },
                { "speed=super", UINT32_MAX, UINT32_MAX },
                { "speed=high", BIT_IN, 4 },
        };

        for (size_t i = 0; i < ELEMENTS(cases); i++) {
                uint32_t endpoints = cases[i].endpoints, count = cases[i].count;
                struct bed b;

                bed_open_greeted(&b, cases[i].options);
                expect(&b, alloc(&b, endpoints, count), STATUS_inval, endpoints, count);
                if (endpoints != BIT_IN)
                        expect(&b, free_streams(&b, endpoints), STATUS_inval, endpoints, 0);
                guest_expect_quiet(&b.guest);
                bed_close_returned(&b, REASON_GUEST_LEFT);
        }
}

static void a_controller_without_streams_is_an_error(void **state)
{
        struct bed b;

        bed_open_greeted(&b, "speed=super,fail=alloc_streams:NOT_SUPPORTED@1");
        expect(&b, alloc(&b, BIT_IN, 4), STATUS_ioerror, BIT_IN, 4);
        expect(&b, alloc(&b, BIT_IN, 4), STATUS_success, BIT_IN, 4);
        bed_close_returned(&b, REASON_GUEST_LEFT);

        bed_open_greeted(&b, "speed=super,fail=alloc_streams:NO_DEVICE");
        expect(&b, alloc(&b, BIT_IN, 4), STATUS_ioerror, BIT_IN, 4);
        guest_expect(&b.guest, PACKET_device_disconnect);
        assert_int_equal(bed_close(&b), REASON_DEVICE_LOST);
        report_assert_unplugged(&b.report);
}

static void without_a_device_there_are_none(void **state)
{
        struct bed b;

        bed_open_greeted(&b, "speed=super");
        bed_end(&b);
        guest_expect(&b.guest, PACKET_device_disconnect);
        expect(&b, alloc(&b, BIT_IN, 4), STATUS_ioerror, BIT_IN, 4);
        expect(&b, free_streams(&b, BIT_IN), STATUS_ioerror, BIT_IN, 0);
        bed_close_returned(&b, REASON_ASKED);
}

static void waits_for_the_endpoints_it_reaches_and_no_others(void **state)
{
        uint64_t bulk, control, request;
        struct bed b;

        bed_open_greeted(&b, "speed=super");
        control = guest_control(&b.guest, 0xc0, 5, 0, 0, 8, NULL); /* never answered */
        bulk = guest_bulk(&b.guest, NAK_IN, 512, NULL);
        expect(&b, alloc(&b, BIT_IN | BIT_CONTROL, 4), STATUS_inval, BIT_IN | BIT_CONTROL, 4);
        expect(&b, alloc(&b, BIT_IN, 4), STATUS_success, BIT_IN, 4);

        request = alloc(&b, BIT_NAK, 4);
        guest_expect_id(&b.guest, PACKET_bulk_packet, bulk);
        assert_int_equal(guest_status(b.guest.packet), STATUS_cancelled);
        expect(&b, request, STATUS_success, BIT_NAK, 4);

        guest_cancel(&b.guest, control);
        guest_expect_id(&b.guest, PACKET_control_packet, control);
        bed_close_returned(&b, REASON_GUEST_LEFT);
}

static void are_freed_before_the_device_changes(void **state)
{
        static const struct packet changes[] = {
                { .type = PACKET_reset },
                { .type = PACKET_set_configuration, .set_configuration = { 1 } },
                { .type = PACKET_set_configuration, .set_configuration = { 2 } },
                { .type = PACKET_set_configuration, .set_configuration = { 0 } },
                { .type = PACKET_set_alt_setting, .set_alt_setting = { 0, 0 } },
        };

        for (size_t i = 0; i < ELEMENTS(changes); i++) {
                struct bed b;

                bed_open_greeted(&b, "speed=super");
                expect(&b, alloc(&b, BIT_IN | BIT_NAK, 4), STATUS_success, BIT_IN | BIT_NAK, 4);
                guest_send(&b.guest, &changes[i], NULL, 0);
                guest_control(&b.guest, 0x80, 6, 0x0100, 0, 18, NULL);
                guest_expect_later(&b.guest, PACKET_control_packet);
                assert_int_equal(streams(&b, BULK_IN), 0);
                bed_close_returned(&b, REASON_GUEST_LEFT);
        }
}

static void stay_when_another_interface_changes(void **state)
{
        struct bed b;

        bed_open_greeted(&b, "speed=super");
        expect(&b, alloc(&b, BIT_IN, 4), STATUS_success, BIT_IN, 4);
        guest_set_alt(&b.guest, 1, 1);
        guest_expect_later(&b.guest, PACKET_alt_setting_status);
        assert_int_equal(streams(&b, BULK_IN), 4);
        bed_close_returned(&b, REASON_GUEST_LEFT);
}

int main(void)
{
        static const struct CMUnitTest tests[] = {
                cmocka_unit_test(each_request_has_one_answer),
                cmocka_unit_test(what_makes_no_sense_is_invalid),
                cmocka_unit_test(a_controller_without_streams_is_an_error),
                cmocka_unit_test(without_a_device_there_are_none),
                cmocka_unit_test(waits_for_the_endpoints_it_reaches_and_no_others),
                cmocka_unit_test(are_freed_before_the_device_changes),
                cmocka_unit_test(stay_when_another_interface_changes),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
