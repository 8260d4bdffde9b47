/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Devices that leave, fail or lie: in each state of a session, by each call that can say so. The
 * guest gets its answers and is told; the host's drivers get back what there is.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "integration/bed.h"
#include "util/macro.h"

enum { BULK_IN = 0x81, NAK_IN = 0x83 };

static void expect_goodbye(struct bed *b)
{
        guest_expect(&b->guest, PACKET_device_disconnect);
        guest_send_bare(&b->guest, PACKET_device_disconnect_ack, 0);
        guest_expect_over(&b->guest);
}

static void close_lost(struct bed *b)
{
        enum session_reason reason = bed_close(b);

        assert_true(reason == REASON_DEVICE_LOST || reason == REASON_RESET_LOST);
        report_assert_unplugged(&b->report);
}

/* A transfer that has been cancelled brings the news, while a request waits for it. */
static void answers_the_request_that_waits_when_the_device_goes(void **state)
{
        struct bed b;
        uint64_t id;

        bed_open_greeted(&b, "cancel=late,latency-us=20000,complete=0x81:NO_DEVICE");
        guest_bulk(&b.guest, BULK_IN, 512, NULL);
        id = guest_set_configuration(&b.guest, 2);
        guest_expect(&b.guest, PACKET_bulk_packet);
        guest_expect_id(&b.guest, PACKET_configuration_status, id);
        assert_int_equal(b.guest.packet->configuration_status.status, STATUS_ioerror);
        expect_goodbye(&b);
        close_lost(&b);
}

static void ends_as_asked_when_the_device_goes_meanwhile(void **state)
{
        struct bed b;

        bed_open_greeted(&b, "cancel=late,latency-us=20000,complete=0x81:NO_DEVICE");
        guest_bulk(&b.guest, BULK_IN, 512, NULL);
        bed_turn(&b);
        bed_end(&b);
        guest_expect(&b.guest, PACKET_bulk_packet);
        expect_goodbye(&b);
        assert_int_equal(bed_close(&b), REASON_ASKED);
        report_assert_unplugged(&b.report);
}

static void refuses_requests_while_transfers_come_back(void **state)
{
        struct bed b;
        uint64_t id;

        /* Acknowledged long before the cancelled transfer is back. */
        bed_open_greeted(&b, "cancel=late,latency-us=300000");
        guest_bulk(&b.guest, BULK_IN, 512, NULL);
        bed_turn(&b);
        bed_end(&b);
        guest_expect(&b.guest, PACKET_bulk_packet);
        guest_expect(&b.guest, PACKET_device_disconnect);
        guest_send_bare(&b.guest, PACKET_device_disconnect_ack, 0);
        id = guest_bulk(&b.guest, BULK_IN, 512, NULL);
        guest_expect_id(&b.guest, PACKET_bulk_packet, id);
        assert_int_equal(guest_status(b.guest.packet), STATUS_ioerror);
        guest_send_bare(&b.guest, PACKET_device_disconnect_ack, 0);
        guest_expect_quiet(&b.guest);
        guest_expect_over(&b.guest);
        bed_close_returned(&b, REASON_ASKED);
}

/* Each call on the device that may be the first to hear that it is gone. */
static void ends_when_a_call_says_that_the_device_is_gone(void **state)
{
        static const struct {
                const char *options;
                enum packet_type request, answer;
                uint8_t status;
        } cases[] = {
                { "fail=set_configuration:NO_DEVICE", PACKET_set_configuration,
                  PACKET_configuration_status, STATUS_ioerror },
                { "fail=get_active_config_descriptor:NO_DEVICE@4", PACKET_set_configuration,
                  PACKET_configuration_status, STATUS_ioerror },
                { "fail=claim_interface:NO_DEVICE@5", PACKET_set_configuration,
                  PACKET_configuration_status, STATUS_ioerror },
                { "fail=set_interface_alt_setting:NO_DEVICE", PACKET_set_alt_setting,
                  PACKET_alt_setting_status, STATUS_ioerror },
                { "fail=get_active_config_descriptor:NO_DEVICE@4", PACKET_set_alt_setting,
                  PACKET_alt_setting_status, STATUS_ioerror },
                { "fail=clear_halt:NO_DEVICE", PACKET_control_packet, PACKET_control_packet,
                  STATUS_ioerror },
                { "fail=submit_transfer:NO_DEVICE", PACKET_bulk_packet, PACKET_bulk_packet,
                  STATUS_cancelled },
                { "fail=reset_device:NO_DEVICE@2", PACKET_reset, PACKET_device_disconnect, 0 },
        };

        for (size_t i = 0; i < ELEMENTS(cases); i++) {
                struct packet request = { .type = cases[i].request, .id = 7 };
                struct bed b;

                bed_open_greeted(&b, cases[i].options);
                switch ((unsigned)request.type) {
                case PACKET_set_configuration: request.set_configuration.configuration = 2; break;
                case PACKET_set_alt_setting:
                        request.set_alt_setting = (struct packet_set_alt_setting){ 1, 1 };
                        break;
                case PACKET_control_packet:
                        request.control_packet = (struct packet_control_packet){ .request = 1,
                                                                                 .requesttype = 2,
                                                                                 .index = 0x88 };
                        break;
                case PACKET_bulk_packet:
                        request.bulk_packet.endpoint = BULK_IN;
                        request.bulk_packet.length = 512;
                        break;
                default: /* a clean device would not be reset */
                        guest_control(&b.guest, 0x80, 6, 0x0100, 0, 18, NULL);
                        guest_expect(&b.guest, PACKET_control_packet);
                }

                guest_send(&b.guest, &request, NULL, 0);
                if (cases[i].answer != PACKET_device_disconnect) {
                        guest_expect_id(&b.guest, cases[i].answer, 7);
                        if (guest_status(b.guest.packet) != 255)
                                assert_int_equal(guest_status(b.guest.packet), cases[i].status);
                }
                expect_goodbye(&b);
                close_lost(&b);
        }
}

/* Calls that fail, and a device that stays: the request fails, the session goes on. */
static void goes_on_when_a_call_fails(void **state)
{
        static const struct {
                const char *options;
                uint8_t want;
        } cases[] = {
                { "fail=set_interface_alt_setting:IO@1", STATUS_ioerror },
                { "fail=set_interface_alt_setting:PIPE@1", STATUS_stall },
                { "fail=set_interface_alt_setting:NOT_FOUND@1", STATUS_inval },
                { "fail=set_interface_alt_setting:TIMEOUT@1", STATUS_timeout },
                { "fail=get_active_config_descriptor:IO@4", STATUS_ioerror },
        };

        for (size_t i = 0; i < ELEMENTS(cases); i++) {
                struct bed b;
                uint64_t id;

                bed_open_greeted(&b, cases[i].options);
                id = guest_set_alt(&b.guest, 1, 1);
                guest_expect_id(&b.guest, PACKET_alt_setting_status, id);
                assert_int_equal(b.guest.packet->alt_setting_status.status, cases[i].want);
                assert_int_equal(b.guest.packet->alt_setting_status.alt, 0);
                id = guest_set_alt(&b.guest, 1, 1);
                guest_expect_later(&b.guest, PACKET_alt_setting_status);
                assert_int_equal(b.guest.packet->alt_setting_status.status, STATUS_success);
                bed_close_returned(&b, REASON_GUEST_LEFT);
        }
}

static void gives_back_what_it_can(void **state)
{
        static const struct {
                const char *options;
                bool is_told;
        } cases[] = {
                { "fail=reset_device:IO", true },
                { "fail=attach_kernel_driver:NOT_FOUND@1", false },
                { "fail=set_auto_detach_kernel_driver:NOT_SUPPORTED", false },
                { "kernel-driver=no", false },
                { "fail=attach_kernel_driver:IO@1", true },
                { "fail=release_interface:IO@1", false },
        };

        for (size_t i = 0; i < ELEMENTS(cases); i++) {
                struct bed b;

                bed_open(&b, cases[i].options, CAP_ALL);
                guest_say_hello(&b.guest);
                guest_expect(&b.guest, PACKET_hello);
                assert_true(guest_receive(&b.guest) || b.is_over);
                bed_close(&b);
                report_assert_unplugged(&b.report);
                assert_int_equal(report_logged(&b.report, "returning the device was not complete"),
                                 cases[i].is_told);
        }
}

/* Descriptors that lie: whatever the guest makes of them, the session holds. */
static void holds_when_the_descriptors_lie(void **state)
{
        for (unsigned lie = 1; lie <= 14; lie++) {
                char options[64];
                struct bed b;

                snprintf(options, sizeof(options), "hostile-descriptors=%u,speed=super", lie);
                bed_open(&b, options, CAP_ALL);
                guest_say_hello(&b.guest);
                while (guest_receive(&b.guest) && b.guest.packet->type != PACKET_device_connect) {
                }
                for (unsigned i = 0; i < 32 && !b.is_over; i++) {
                        uint8_t address = endpoint_address(i);
                        uint8_t bytes[100] = { 0 };

                        guest_bulk(&b.guest, address, sizeof(bytes), bytes);
                        if (!(address & 0x80))
                                guest_interrupt_out(&b.guest, address, sizeof(bytes), bytes);
                        guest_set_alt(&b.guest, (uint8_t)i, 0);
                        guest_set_alt(&b.guest, (uint8_t)(255 - i), (uint8_t)(i % 3));
                        bed_poll(&b);
                }
                if (!b.is_over) {
                        guest_set_configuration(&b.guest, 2);
                        guest_set_configuration(&b.guest, 1);
                        guest_expect_later(&b.guest, PACKET_configuration_status);
                        guest_expect_later(&b.guest, PACKET_configuration_status);
                }
                bed_close(&b);
                report_assert_unplugged(&b.report);
                assert_int_equal(report_value(&b.report, "claimed-interfaces"), 0);
        }
}

int main(void)
{
        static const struct CMUnitTest tests[] = {
                cmocka_unit_test(answers_the_request_that_waits_when_the_device_goes),
                cmocka_unit_test(ends_as_asked_when_the_device_goes_meanwhile),
                cmocka_unit_test(refuses_requests_while_transfers_come_back),
                cmocka_unit_test(ends_when_a_call_says_that_the_device_is_gone),
                cmocka_unit_test(goes_on_when_a_call_fails),
                cmocka_unit_test(gives_back_what_it_can),
                cmocka_unit_test(holds_when_the_descriptors_lie),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
