/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The ordinary life of a session: greeting, offering, clearing a halt. Each test ends with the
 * guest leaving and looks at what became of the device.
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

int main(void)
{
        static const struct CMUnitTest tests[] = {
                cmocka_unit_test(says_hello_before_the_guest_does),
                cmocka_unit_test(offers_the_device_as_it_is),
                cmocka_unit_test(serves_guests_of_any_capabilities),
                cmocka_unit_test(refuses_requests_before_the_device_is_offered),
                cmocka_unit_test(clears_a_halt_through_the_host),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
