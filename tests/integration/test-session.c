/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The ordinary life of a session: greeting, offering, and the requests that are not transfers.
 * Each test ends with the guest leaving and looks at what became of the device.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "integration/bed.h"
#include "util/macro.h"

/* Endpoints of the fake device. */
#define BULK_IN 0x81
#define NAK_IN  0x83
#define HALTED  0x88

static void says_hello_before_the_guest_does(void **state)
{
        struct bed b;

        bed_open(&b, "", CAP_ALL);
        guest_expect(&b.guest, PACKET_hello);
        assert_int_equal(caps_get(b.guest.payload, b.guest.payload_size), SESSION_CAPS);
        guest_say_hello(&b.guest);
        guest_expect(&b.guest, PACKET_interface_info);
        bed_close_returned(&b, REASON_GUEST_LEFT);
}

static void offers_the_device_as_it_is(void **state)
{
        const struct packet *p;
        struct bed b;

        bed_open(&b, "", CAP_ALL);
        guest_say_hello(&b.guest);
        guest_expect(&b.guest, PACKET_hello);

        p = guest_expect(&b.guest, PACKET_interface_info);
        assert_int_equal(p->interface_info.interface_count, 2);
        assert_int_equal(p->interface_info.interface[1], 1);

        p = guest_expect(&b.guest, PACKET_ep_info);
        assert_int_equal(p->ep_info.type[endpoint_index(0x00)], ENDPOINT_control);
        assert_int_equal(p->ep_info.type[endpoint_index(0x80)], ENDPOINT_control);
        assert_int_equal(p->ep_info.type[endpoint_index(0x81)], ENDPOINT_bulk);
        assert_int_equal(p->ep_info.type[endpoint_index(0x84)], ENDPOINT_interrupt);
        assert_int_equal(p->ep_info.type[endpoint_index(0x86)], ENDPOINT_invalid);
        assert_int_equal(p->ep_info.max_packet_size[endpoint_index(0x81)], 512);
        assert_int_equal(p->ep_info.interval[endpoint_index(0x84)], 1);

        p = guest_expect(&b.guest, PACKET_device_connect);
        assert_int_equal(p->device_connect.speed, SPEED_high);
        assert_int_equal(p->device_connect.vendor_id, 0x1209);
        assert_int_equal(p->device_connect.product_id, 0x0001);
        assert_int_equal(p->device_connect.device_version_bcd, 0x0123);
        bed_close_returned(&b, REASON_GUEST_LEFT);
}

static void serves_guests_of_any_capabilities(void **state)
{
        static const uint32_t sets[] = {
                CAP_ALL,
                CAP_ALL & ~CAP_64BIT_IDS,
                CAP_ALL & ~CAP_BULK_LENGTH_32BIT,
                CAP_ALL & ~CAP_EP_INFO_MAX_PACKET_SIZE,
                CAP_ALL & ~CAP_CONNECT_DEVICE_VERSION,
                CAP_ALL & ~CAP_DEVICE_DISCONNECT_ACK,
                CAP_64BIT_IDS,
                0,
        };

        for (size_t i = 0; i < ELEMENTS(sets); i++) {
                struct bed b;
                uint64_t id;

                bed_open(&b, "", sets[i]);
                guest_greet(&b.guest);
                id = guest_bulk(&b.guest, BULK_IN, 65535, NULL);
                guest_expect_id(&b.guest, PACKET_bulk_packet, id);
                assert_int_equal(b.guest.payload_size, 65535);
                guest_expect_quiet(&b.guest);
                bed_close_returned(&b, REASON_GUEST_LEFT);
        }
}

static void refuses_requests_before_the_device_is_offered(void **state)
{
        uint8_t bytes[512];
        struct bed b;
        size_t n;

        /* In one piece with the hello, so that there is no device yet. */
        bed_open(&b, "", 0);
        n = guest_encode(&b.guest, &(struct packet){ .type = PACKET_hello },
                         (const uint8_t[4]){ 0 }, 4, bytes);
        n += guest_encode(&b.guest, &(struct packet){ .type = PACKET_get_configuration, .id = 1 },
                          NULL, 0, bytes + n);
        n += guest_encode(&b.guest,
                          &(struct packet){ .type = PACKET_bulk_packet,
                                            .id = 2,
                                            .bulk_packet = { .endpoint = BULK_IN, .length = 8 } },
                          NULL, 0, bytes + n);
        guest_send_bytes(&b.guest, bytes, n);

        guest_expect(&b.guest, PACKET_hello);
        guest_expect_id(&b.guest, PACKET_configuration_status, 1);
        assert_int_equal(b.guest.packet->configuration_status.status, STATUS_ioerror);
        guest_expect_id(&b.guest, PACKET_bulk_packet, 2);
        assert_int_equal(b.guest.packet->bulk_packet.status, STATUS_ioerror);
        guest_expect_later(&b.guest, PACKET_device_connect);
        bed_close_returned(&b, REASON_GUEST_LEFT);
}

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
        assert_int_equal(bed_close(&b), REASON_DEVICE_LOST);
        report_assert_unplugged(&b.report);
}

static void clears_a_halt_through_the_host(void **state)
{
        struct bed b;
        uint64_t id;

        bed_open_greeted(&b, "");
        id = guest_bulk(&b.guest, HALTED, 512, NULL);
        guest_expect_id(&b.guest, PACKET_bulk_packet, id);
        assert_int_equal(guest_status(b.guest.packet), STATUS_stall);

        id = guest_control(&b.guest, 0x02, 1, 0, HALTED, 0, NULL);
        guest_expect_id(&b.guest, PACKET_control_packet, id);
        assert_int_equal(guest_status(b.guest.packet), STATUS_success);

        id = guest_bulk(&b.guest, HALTED, 512, NULL);
        guest_expect_id(&b.guest, PACKET_bulk_packet, id);
        assert_int_equal(guest_status(b.guest.packet), STATUS_success);
        assert_int_equal(b.guest.payload_size, 512);

        id = guest_control(&b.guest, 0x02, 1, 0, 0x8f, 0, NULL);
        guest_expect_id(&b.guest, PACKET_control_packet, id);
        assert_int_not_equal(guest_status(b.guest.packet), STATUS_success);
        bed_close_returned(&b, REASON_GUEST_LEFT);
        assert_int_equal(report_value(&b.report, "halts-cleared"), 1);
}

static void does_not_carry_streams_yet(void **state)
{
        const struct packet *p;
        struct bed b;

        bed_open_greeted(&b, "");
        guest_send(&b.guest,
                   &(struct packet){ .type = PACKET_start_interrupt_receiving,
                                     .id = 4,
                                     .start_interrupt_receiving.endpoint = 0x84 },
                   NULL, 0);
        p = guest_expect_id(&b.guest, PACKET_interrupt_receiving_status, 4);
        assert_int_equal(p->interrupt_receiving_status.status, STATUS_inval);
        assert_int_equal(p->interrupt_receiving_status.endpoint, 0x84);

        guest_send(&b.guest,
                   &(struct packet){ .type = PACKET_start_iso_stream,
                                     .start_iso_stream = { 7, 8, 2 } },
                   NULL, 0);
        p = guest_expect_id(&b.guest, PACKET_iso_stream_status, 0);
        assert_int_equal(p->iso_stream_status.status, STATUS_inval);
        bed_close_returned(&b, REASON_GUEST_LEFT);
}

int main(void)
{
        static const struct CMUnitTest tests[] = {
                cmocka_unit_test(says_hello_before_the_guest_does),
                cmocka_unit_test(offers_the_device_as_it_is),
                cmocka_unit_test(serves_guests_of_any_capabilities),
                cmocka_unit_test(refuses_requests_before_the_device_is_offered),
                cmocka_unit_test(changes_the_configuration_infos_first),
                cmocka_unit_test(keeps_the_configuration_if_it_cannot_change),
                cmocka_unit_test(ends_when_the_new_configuration_cannot_be_claimed),
                cmocka_unit_test(cancels_transfers_before_it_changes_the_configuration),
                cmocka_unit_test(changes_alt_settings_infos_first),
                cmocka_unit_test(refuses_alt_settings_that_are_not_there),
                cmocka_unit_test(cancels_only_the_transfers_of_the_interface_that_changes),
                cmocka_unit_test(resets_only_what_is_not_clean),
                cmocka_unit_test(ends_when_the_device_does_not_survive_a_reset),
                cmocka_unit_test(clears_a_halt_through_the_host),
                cmocka_unit_test(does_not_carry_streams_yet),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
