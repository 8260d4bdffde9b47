/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Requests that change the device under its transfers: configuration, alt setting, reset. Those
 * transfers are answered as cancelled first; infos come before the status that tells of them.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "integration/bed.h"

/* Endpoints of the fake device. */
#define BULK_IN 0x81
#define NAK_IN  0x83

static void expect_configuration(struct bed *b, uint64_t id, uint8_t status, uint8_t value)
{
        guest_expect_id(&b->guest, PACKET_configuration_status, id);
        assert_int_equal(b->guest.packet->configuration_status.status, status);
        assert_int_equal(b->guest.packet->configuration_status.configuration, value);
}

static void changes_the_configuration_infos_first(void **state)
{
        struct bed b;
        uint64_t id;

        bed_open_greeted(&b, "");
        id = guest_set_configuration(&b.guest, 2);
        guest_expect(&b.guest, PACKET_interface_info);
        assert_int_equal(b.guest.packet->interface_info.interface_count, 1);
        guest_expect(&b.guest, PACKET_ep_info);
        assert_int_equal(b.guest.packet->ep_info.type[endpoint_index(NAK_IN)], ENDPOINT_invalid);
        expect_configuration(&b, id, STATUS_success, 2);

        id = guest_set_configuration(&b.guest, 0);
        guest_expect(&b.guest, PACKET_interface_info);
        assert_int_equal(b.guest.packet->interface_info.interface_count, 0);
        guest_expect(&b.guest, PACKET_ep_info);
        expect_configuration(&b, id, STATUS_success, 0);

        bed_close_returned(&b, REASON_GUEST_LEFT);
}

static void keeps_the_configuration_if_it_cannot_change(void **state)
{
        struct bed b;
        uint64_t id;

        bed_open_greeted(&b, "");
        id = guest_set_configuration(&b.guest, 9);
        guest_receive(&b.guest);
        assert_int_equal(b.guest.packet->id, id);
        assert_int_not_equal(b.guest.packet->configuration_status.status, STATUS_success);
        assert_int_equal(b.guest.packet->configuration_status.configuration, 1);

        id = guest_bulk(&b.guest, BULK_IN, 512, NULL);
        guest_expect_id(&b.guest, PACKET_bulk_packet, id);
        assert_int_equal(guest_status(b.guest.packet), STATUS_success);
        bed_close_returned(&b, REASON_GUEST_LEFT);
}

static void ends_when_the_new_configuration_cannot_be_claimed(void **state)
{
        struct bed b;

        /* The first four claims are those of the offer, before and after its reset. */
        bed_open_greeted(&b, "fail=claim_interface:BUSY@5");
        guest_set_configuration(&b.guest, 2);
        guest_expect_later(&b.guest, PACKET_configuration_status);
        assert_int_equal(b.guest.packet->configuration_status.status, STATUS_ioerror);
        guest_expect(&b.guest, PACKET_device_disconnect);
        guest_send_bare(&b.guest, PACKET_device_disconnect_ack, 0);
        bed_close_returned(&b, REASON_DEVICE_LOST);
}

/* Puts so many requests that never complete on the endpoint. Returns the first id. */
static uint64_t pend(struct bed *b, unsigned count)
{
        uint64_t first = guest_bulk(&b->guest, NAK_IN, 512, NULL);

        for (unsigned i = 1; i < count; i++)
                guest_bulk(&b->guest, NAK_IN, 512, NULL);

        return first;
}

/* The answers to those, as cancelled, in any order, each once. */
static void expect_cancelled(struct bed *b, uint64_t first, unsigned count)
{
        unsigned seen = 0;

        for (unsigned i = 0; i < count; i++) {
                guest_expect(&b->guest, PACKET_bulk_packet);
                assert_int_equal(guest_status(b->guest.packet), STATUS_cancelled);
                assert_in_range(b->guest.packet->id, first, first + count - 1);
                seen |= 1u << (b->guest.packet->id - first);
        }

        assert_int_equal(seen, (1u << count) - 1);
}

static void cancels_transfers_before_it_changes_the_configuration(void **state)
{
        struct bed b;
        uint64_t first, id;

        bed_open_greeted(&b, "");
        first = pend(&b, 5);
        id = guest_set_configuration(&b.guest, 2);
        expect_cancelled(&b, first, 5);
        guest_expect(&b.guest, PACKET_interface_info);
        guest_expect(&b.guest, PACKET_ep_info);
        expect_configuration(&b, id, STATUS_success, 2);
        bed_close_returned(&b, REASON_GUEST_LEFT);
}

static void expect_alt(struct bed *b, uint64_t id, uint8_t status, uint8_t interface, uint8_t alt)
{
        guest_expect_id(&b->guest, PACKET_alt_setting_status, id);
        assert_int_equal(b->guest.packet->alt_setting_status.status, status);
        assert_int_equal(b->guest.packet->alt_setting_status.interface, interface);
        assert_int_equal(b->guest.packet->alt_setting_status.alt, alt);
}

/* The same behind infos. */
static void expect_later_alt(struct bed *b, uint64_t id, uint8_t alt)
{
        guest_expect_later(&b->guest, PACKET_alt_setting_status);
        assert_int_equal(b->guest.packet->id, id);
        assert_int_equal(b->guest.packet->alt_setting_status.alt, alt);
}

static void changes_alt_settings_infos_first(void **state)
{
        struct bed b;
        uint64_t id;

        bed_open_greeted(&b, "");
        id = guest_set_alt(&b.guest, 1, 2);
        guest_expect(&b.guest, PACKET_interface_info);
        guest_expect(&b.guest, PACKET_ep_info);
        assert_int_equal(b.guest.packet->ep_info.type[endpoint_index(0x86)], ENDPOINT_iso);
        assert_int_equal(b.guest.packet->ep_info.max_packet_size[endpoint_index(0x86)], 3072);
        expect_alt(&b, id, STATUS_success, 1, 2);

        id = guest_new_id(&b.guest);
        guest_send(&b.guest,
                   &(struct packet){ .type = PACKET_get_alt_setting,
                                     .id = id,
                                     .get_alt_setting.interface = 1 },
                   NULL, 0);
        expect_alt(&b, id, STATUS_success, 1, 2);
        bed_close_returned(&b, REASON_GUEST_LEFT);
}

static void starts_anew_with_the_configuration_in_force(void **state)
{
        struct bed b;
        uint64_t id;

        /* As the bus has it: every interface is in its first alt setting afterwards. */
        bed_open_greeted(&b, "");
        expect_later_alt(&b, guest_set_alt(&b.guest, 1, 1), 1);
        id = guest_set_configuration(&b.guest, 1);
        guest_expect(&b.guest, PACKET_interface_info);
        guest_expect(&b.guest, PACKET_ep_info);
        assert_int_equal(b.guest.packet->ep_info.type[endpoint_index(0x86)], ENDPOINT_invalid);
        expect_configuration(&b, id, STATUS_success, 1);
        bed_close_returned(&b, REASON_GUEST_LEFT);
}

static void refuses_alt_settings_that_are_not_there(void **state)
{
        struct bed b;

        bed_open_greeted(&b, "");
        expect_alt(&b, guest_set_alt(&b.guest, 1, 9), STATUS_inval, 1, 0);
        expect_alt(&b, guest_set_alt(&b.guest, 7, 0), STATUS_inval, 7, 0xff);
        guest_send(&b.guest,
                   &(struct packet){ .type = PACKET_get_alt_setting,
                                     .id = 5,
                                     .get_alt_setting.interface = 200 },
                   NULL, 0);
        expect_alt(&b, 5, STATUS_inval, 200, 0xff);
        bed_close_returned(&b, REASON_GUEST_LEFT);
}

static void cancels_only_the_transfers_of_the_interface_that_changes(void **state)
{
        struct bed b;
        uint64_t first, id;

        bed_open_greeted(&b, "");
        first = pend(&b, 3);
        id = guest_set_alt(&b.guest, 1, 1);
        guest_expect(&b.guest, PACKET_interface_info);
        guest_expect(&b.guest, PACKET_ep_info);
        expect_alt(&b, id, STATUS_success, 1, 1);

        id = guest_set_alt(&b.guest, 0, 0);
        expect_cancelled(&b, first, 3);
        expect_alt(&b, id, STATUS_success, 0, 0);
        bed_close_returned(&b, REASON_GUEST_LEFT);
}

static void resets_only_what_is_not_clean(void **state)
{
        struct bed b;
        uint64_t first;

        /* One reset to claim, one to give back; a clean device takes the guest's for granted. */
        bed_open_greeted(&b, "");
        guest_send_bare(&b.guest, PACKET_reset, 0);
        guest_expect_quiet(&b.guest);
        bed_close_returned(&b, REASON_GUEST_LEFT);
        assert_int_equal(report_value(&b.report, "resets"), 2);

        bed_open_greeted(&b, "");
        first = pend(&b, 4);
        guest_send_bare(&b.guest, PACKET_reset, 0);
        expect_cancelled(&b, first, 4);
        guest_send_bare(&b.guest, PACKET_reset, 0);
        guest_expect_quiet(&b.guest);
        bed_close_returned(&b, REASON_GUEST_LEFT);
        assert_int_equal(report_value(&b.report, "resets"), 3);
}

static void ends_when_the_device_does_not_survive_a_reset(void **state)
{
        struct bed b;

        bed_open_greeted(&b, "fail=reset_device:NOT_FOUND@2");
        pend(&b, 1);
        guest_send_bare(&b.guest, PACKET_reset, 0);
        guest_expect_later(&b.guest, PACKET_device_disconnect);
        guest_send_bare(&b.guest, PACKET_device_disconnect_ack, 0);
        assert_int_equal(bed_close(&b), REASON_RESET_LOST);
        report_assert_unplugged(&b.report);
}

int main(void)
{
        static const struct CMUnitTest tests[] = {
                cmocka_unit_test(changes_the_configuration_infos_first),
                cmocka_unit_test(keeps_the_configuration_if_it_cannot_change),
                cmocka_unit_test(ends_when_the_new_configuration_cannot_be_claimed),
                cmocka_unit_test(cancels_transfers_before_it_changes_the_configuration),
                cmocka_unit_test(changes_alt_settings_infos_first),
                cmocka_unit_test(starts_anew_with_the_configuration_in_force),
                cmocka_unit_test(refuses_alt_settings_that_are_not_there),
                cmocka_unit_test(cancels_only_the_transfers_of_the_interface_that_changes),
                cmocka_unit_test(resets_only_what_is_not_clean),
                cmocka_unit_test(ends_when_the_device_does_not_survive_a_reset),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
