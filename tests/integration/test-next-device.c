/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * One device after another on the same connection. The fake has one device, so that the next one is
 * that again: claimed, offered and served anew, and nothing of before is answered once more.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "integration/bed.h"
#include "util/macro.h"

/* Endpoints of the fake device. */
enum { BULK_IN = 0x81, BULK_OUT = 0x02, NAK_IN = 0x83, INTERRUPT_IN = 0x84 };

enum { NO_ACK = CAP_ALL & ~CAP_DEVICE_DISCONNECT_ACK };

static const struct session_config next = { .device_fd = 0, .usbfs_memory = 1 << 20 };

static void open_greeted(struct bed *b, const char *options, uint32_t caps)
{
        bed_open(b, options, caps);
        guest_greet(&b->guest);
}

static void ask_for_next(struct bed *b)
{
        assert_int_equal(session_next_device(b->session, &next), 0);
}

static void acknowledge(struct bed *b)
{
        guest_send_bare(&b->guest, PACKET_device_disconnect_ack, 0);
}

static void expect_offer(struct bed *b)
{
        guest_expect(&b->guest, PACKET_interface_info);
        guest_expect(&b->guest, PACKET_ep_info);
        guest_expect(&b->guest, PACKET_device_connect);
}

static void expect_served(struct bed *b)
{
        uint64_t id = guest_bulk(&b->guest, BULK_IN, 512, NULL);

        guest_expect_id(&b->guest, PACKET_bulk_packet, id);
        assert_int_equal(guest_status(b->guest.packet), STATUS_success);
        guest_expect_quiet(&b->guest);
}

static void expect_refused(struct bed *b, uint64_t id)
{
        guest_expect_id(&b->guest, PACKET_bulk_packet, id);
        assert_int_equal(guest_status(b->guest.packet), STATUS_ioerror);
}

/* Each device was reset twice: when it was taken, and when it was given back. */
static void close_after(struct bed *b, unsigned devices)
{
        bed_close_returned(b, REASON_GUEST_LEFT);
        assert_int_equal(report_value(&b->report, "resets"), 2 * devices);
}

static void follows_when_the_guest_has_acknowledged(void **state)
{
        struct bed b;

        open_greeted(&b, "", CAP_ALL);
        for (unsigned i = 0; i < 3; i++) {
                expect_served(&b);
                ask_for_next(&b);
                guest_expect(&b.guest, PACKET_device_disconnect);
                acknowledge(&b);
                expect_offer(&b);
        }
        expect_served(&b);
        close_after(&b, 4);
}

static void follows_at_once_where_nothing_is_acknowledged(void **state)
{
        struct bed b;

        open_greeted(&b, "", NO_ACK);
        ask_for_next(&b);
        guest_expect(&b.guest, PACKET_device_disconnect);
        expect_offer(&b);
        expect_served(&b);
        close_after(&b, 2);
}

/* Runs the session until it has that state, while the guest says nothing. */
static void wait_for(struct bed *b, enum device_state state)
{
        for (int i = 0; b->session->device_state != state; i++) {
                assert_true(i < 1000);
                bed_turn(b);
        }
}

static void is_not_offered_before_the_acknowledgement(void **state)
{
        struct bed b;

        /* The first one is its host's again before, for the guest may be paused. */
        open_greeted(&b, "", CAP_ALL);
        ask_for_next(&b);
        guest_expect(&b.guest, PACKET_device_disconnect);
        wait_for(&b, DEVICE_NONE);
        expect_refused(&b, guest_bulk(&b.guest, BULK_IN, 512, NULL));
        guest_expect_quiet(&b.guest);
        acknowledge(&b);
        expect_offer(&b);
        acknowledge(&b);
        expect_served(&b);
        close_after(&b, 2);
}

static void requests_in_between_are_refused(void **state)
{
        uint8_t data[100] = { 0 };
        struct bed b;
        uint64_t id;

        open_greeted(&b, "", CAP_ALL);
        ask_for_next(&b);
        guest_expect(&b.guest, PACKET_device_disconnect);
        guest_send_bare(&b.guest, PACKET_reset, 0);
        guest_cancel(&b.guest, 1);
        expect_refused(&b, guest_bulk(&b.guest, BULK_IN, 512, NULL));
        expect_refused(&b, guest_bulk(&b.guest, BULK_OUT, sizeof(data), data));
        id = guest_control(&b.guest, 0x80, 6, 0x0100, 0, 18, NULL);
        guest_expect_id(&b.guest, PACKET_control_packet, id);
        assert_int_equal(guest_status(b.guest.packet), STATUS_ioerror);
        id = guest_set_configuration(&b.guest, 2);
        guest_expect_id(&b.guest, PACKET_configuration_status, id);
        assert_int_equal(b.guest.packet->configuration_status.status, STATUS_ioerror);
        id = guest_set_alt(&b.guest, 1, 1);
        guest_expect_id(&b.guest, PACKET_alt_setting_status, id);
        assert_int_equal(b.guest.packet->alt_setting_status.status, STATUS_ioerror);
        acknowledge(&b);
        expect_offer(&b);
        close_after(&b, 2);
}

static void what_was_asked_of_the_last_one_is_answered_once(void **state)
{
        bool is_answered[64] = { false };
        struct packet start = { .type = PACKET_start_interrupt_receiving,
                                .start_interrupt_receiving = { INTERRUPT_IN } };
        struct bed b;
        uint64_t first, id;

        open_greeted(&b, "rate=10,cancel=late,latency-us=20000", CAP_ALL);
        guest_send(&b.guest, &start, NULL, 0);
        guest_expect(&b.guest, PACKET_interrupt_receiving_status);
        first = guest_bulk(&b.guest, BULK_IN, 512, NULL);
        for (size_t i = 1; i < ELEMENTS(is_answered); i++)
                guest_bulk(&b.guest, BULK_IN, 512, NULL);
        id = guest_set_configuration(&b.guest, 2); /* waits for them */
        bed_poll(&b);
        ask_for_next(&b);

        while (guest_receive(&b.guest) && b.guest.packet->type != PACKET_device_disconnect) {
                if (b.guest.packet->type == PACKET_configuration_status) {
                        assert_int_equal(b.guest.packet->id, id);
                        id = 0;
                }
                if (b.guest.packet->type != PACKET_bulk_packet)
                        continue;
                assert_in_range(b.guest.packet->id, first, first + ELEMENTS(is_answered) - 1);
                assert_false(is_answered[b.guest.packet->id - first]);
                is_answered[b.guest.packet->id - first] = true;
        }
        assert_int_equal(id, 0);
        for (size_t i = 0; i < ELEMENTS(is_answered); i++)
                assert_true(is_answered[i]);

        /* Their ids and the stream are the next one's now. */
        acknowledge(&b);
        expect_offer(&b);
        guest_send(&b.guest,
                   &(struct packet){ .type = PACKET_bulk_packet,
                                     .id = first,
                                     .bulk_packet = { .endpoint = BULK_IN, .length = 8 } },
                   NULL, 0);
        guest_expect_id(&b.guest, PACKET_bulk_packet, first);
        assert_int_equal(guest_status(b.guest.packet), STATUS_success);
        guest_send(&b.guest, &start, NULL, 0);
        guest_expect(&b.guest, PACKET_interrupt_receiving_status);
        assert_int_equal(b.guest.packet->interrupt_receiving_status.status, STATUS_success);
        guest_expect_id(&b.guest, PACKET_interrupt_packet, 0);
        close_after(&b, 2);
}

static void follows_one_that_was_rejected(void **state)
{
        struct bed b;

        /* Each rejection but the first comes when nothing is offered. */
        open_greeted(&b, "", CAP_ALL);
        guest_send_bare(&b.guest, PACKET_filter_reject, 0);
        guest_expect(&b.guest, PACKET_device_disconnect);
        ask_for_next(&b);
        guest_send_bare(&b.guest, PACKET_filter_reject, 0);
        wait_for(&b, DEVICE_NONE);
        guest_send_bare(&b.guest, PACKET_filter_reject, 0);
        acknowledge(&b);
        guest_send_bare(&b.guest, PACKET_filter_reject, 0);
        expect_offer(&b);
        expect_served(&b);
        guest_send_bare(&b.guest, PACKET_filter_reject, 0);
        guest_send_bare(&b.guest, PACKET_filter_reject, 0);
        guest_expect(&b.guest, PACKET_device_disconnect);
        acknowledge(&b);
        guest_expect_over(&b.guest);
        bed_close_returned(&b, REASON_GUEST_REJECTED);
}

static void a_rejection_meanwhile_is_that_of_the_last_one(void **state)
{
        struct bed b;

        open_greeted(&b, "", CAP_ALL);
        guest_send_bare(&b.guest, PACKET_filter_reject, 0);
        ask_for_next(&b);
        guest_expect(&b.guest, PACKET_device_disconnect);
        acknowledge(&b);
        expect_offer(&b);
        expect_served(&b);
        close_after(&b, 2);
}

static void is_judged_by_the_filter_that_came_before(void **state)
{
        static const char filter[] = "-1,0x1209,-1,-1,0|-1,-1,-1,-1,1";
        struct bed b;

        open_greeted(&b, "", CAP_ALL);
        ask_for_next(&b);
        guest_expect(&b.guest, PACKET_device_disconnect);
        guest_send(&b.guest, &(struct packet){ .type = PACKET_filter_filter },
                   (const uint8_t *)filter, sizeof(filter));
        acknowledge(&b);
        guest_expect_over(&b.guest);
        bed_close_returned(&b, REASON_GUEST_REJECTED);
        assert_int_equal(report_value(&b.report, "resets"), 2);
}

static void takes_the_place_of_one_that_the_guest_has_not_seen(void **state)
{
        struct bed b;

        bed_open(&b, "", CAP_ALL);
        guest_expect(&b.guest, PACKET_hello);
        ask_for_next(&b);
        bed_poll(&b);
        guest_say_hello(&b.guest);
        expect_offer(&b);
        close_after(&b, 1);
}

static void a_payload_in_the_middle_keeps_its_memory(void **state)
{
        static uint8_t data[200000], bytes[sizeof(data) + 64];
        struct bed b;
        size_t n;

        /* Without an acknowledgement only the parser knows that one is not whole. */
        open_greeted(&b, "", NO_ACK);
        n = guest_encode(&b.guest,
                         &(struct packet){ .type = PACKET_bulk_packet,
                                           .id = 7,
                                           .bulk_packet = { .endpoint = BULK_OUT,
                                                            .length = sizeof(data) & 0xffff,
                                                            .length_high = sizeof(data) >> 16 } },
                         data, sizeof(data), bytes);
        guest_send_bytes(&b.guest, bytes, n / 2);
        bed_poll(&b);
        ask_for_next(&b);
        guest_expect(&b.guest, PACKET_device_disconnect);
        wait_for(&b, DEVICE_RETURNED);
        guest_send_bytes(&b.guest, bytes + n / 2, n - n / 2);
        expect_refused(&b, 7);
        expect_offer(&b);
        close_after(&b, 2);
}

static void one_that_cannot_be_had_ends_the_session(void **state)
{
        static const struct {
                const char *options;
                enum session_reason want;
        } cases[] = {
                { "fail=wrap_sys_device:NO_DEVICE@2", REASON_NOT_FOUND },
                { "fail=wrap_sys_device:ACCESS@2", REASON_ACCESS_DENIED },
                { "fail=get_device_descriptor:IO@2", REASON_FAILURE },
                { "fail=claim_interface:BUSY@5", REASON_BUSY },
        };

        for (size_t i = 0; i < ELEMENTS(cases); i++) {
                struct bed b;

                open_greeted(&b, cases[i].options, CAP_ALL);
                ask_for_next(&b);
                guest_expect(&b.guest, PACKET_device_disconnect);
                acknowledge(&b);
                guest_expect_over(&b.guest);
                bed_close_returned(&b, cases[i].want);
        }
}

/* The kernel ends them with the release; the next device is opened when they have been seen. */
static void follows_one_whose_transfers_never_came_back(void **state)
{
        struct bed b;

        open_greeted(&b, "cancel=lost", CAP_ALL);
        guest_bulk(&b.guest, NAK_IN, 512, NULL);
        bed_poll(&b);
        ask_for_next(&b);
        guest_expect(&b.guest, PACKET_bulk_packet);
        guest_expect(&b.guest, PACKET_device_disconnect);
        acknowledge(&b);
        expect_offer(&b);
        expect_served(&b);
        close_after(&b, 2);
}

static void a_guest_that_leaves_meanwhile_ends_the_session(void **state)
{
        static const enum device_state states[] = { DEVICE_OFFERED, DEVICE_DISCONNECTING,
                                                    DEVICE_NONE };

        for (size_t i = 0; i < ELEMENTS(states); i++) {
                enum session_reason reason;
                struct bed b;

                open_greeted(&b, "", CAP_ALL);
                ask_for_next(&b);
                wait_for(&b, states[i]);
                reason = bed_close(&b);
                assert_true(reason == REASON_GUEST_LEFT || reason == REASON_LINK_LOST);
                report_assert_returned(&b.report, 1);
                assert_int_equal(report_value(&b.report, "resets"), 2);
        }
}

static void is_given_up_when_the_session_is_to_end(void **state)
{
        struct bed b;

        open_greeted(&b, "", CAP_ALL);
        ask_for_next(&b);
        assert_int_equal(session_next_device(b.session, &next), -EBUSY);
        guest_expect(&b.guest, PACKET_device_disconnect);
        bed_end(&b);
        assert_int_equal(session_next_device(b.session, &next), -ESHUTDOWN);
        guest_expect_over(&b.guest); /* which never acknowledges */
        bed_close_returned(&b, REASON_ASKED);
        assert_int_equal(report_value(&b.report, "resets"), 2);
}

int main(void)
{
        static const struct CMUnitTest tests[] = {
                cmocka_unit_test(follows_when_the_guest_has_acknowledged),
                cmocka_unit_test(follows_at_once_where_nothing_is_acknowledged),
                cmocka_unit_test(is_not_offered_before_the_acknowledgement),
                cmocka_unit_test(requests_in_between_are_refused),
                cmocka_unit_test(what_was_asked_of_the_last_one_is_answered_once),
                cmocka_unit_test(follows_one_that_was_rejected),
                cmocka_unit_test(a_rejection_meanwhile_is_that_of_the_last_one),
                cmocka_unit_test(is_judged_by_the_filter_that_came_before),
                cmocka_unit_test(takes_the_place_of_one_that_the_guest_has_not_seen),
                cmocka_unit_test(a_payload_in_the_middle_keeps_its_memory),
                cmocka_unit_test(one_that_cannot_be_had_ends_the_session),
                cmocka_unit_test(follows_one_whose_transfers_never_came_back),
                cmocka_unit_test(a_guest_that_leaves_meanwhile_ends_the_session),
                cmocka_unit_test(is_given_up_when_the_session_is_to_end),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
