/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* clang-format off */
/*
 * What other hosts of this protocol have got wrong, and the test that shows that this one has not.
 * Those without a file's name are here.
 *
 * A request for bulk streams reaches no device.
 *      test-bulk-streams: without_a_device_there_are_none
 * Alt settings are taken by their position.
 *      unit/test-usb-layout: alt_settings_go_by_value_not_by_position
 * The wait for cancelled transfers has no end.
 *      test-answers: changes_the_device_though_transfers_never_come_back,
 *      answers_a_request_that_waits_when_the_session_ends
 * Bursts of SuperSpeed endpoints do not count, and their packets do not fit.
 *      unit/test-usb-layout-fast: an_iso_packet_is_what_a_service_interval_has
 *      test-iso: brings_three_packets_of_a_microframe_as_one
 * SuperSpeed+ is no speed.
 *      every_fast_device_is_told_as_super
 * The stream that was started last sets the marks of all.
 *      test-iso: drops_whole_transfers_for_a_slow_guest
 * What a slow guest does not take of interrupt and bulk endpoints is lost.
 *      test-streams, test-bulk-receiving: holds_the_device_back_for_a_slow_guest
 * Queues and searches grow with what is asked.
 *      test-hostile-flood: stops_reading_at_its_marks_and_goes_on,
 *      answers_more_ids_than_it_holds_transfers
 * An interval of 0 is told.
 *      no_periodic_endpoint_is_told_with_an_interval_of_0
 * Streams outlive their alt setting.
 *      unit/test-usb-layout-fast: an_alt_setting_takes_the_streams_of_the_one_before
 *      test-bulk-streams: are_freed_before_the_device_changes
 * No memory, no answer.
 *      test-answers: answers_once_whichever_allocation_fails,
 *      refuses_what_is_more_than_a_session_may_hold
 * libusb's log level changes for the whole process.
 *      the_log_level_of_libusb_is_its_users
 */
/* clang-format on */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "integration/bed.h"
#include "util/macro.h"

static unsigned options_set;
static bool is_log_level_set;

int __wrap_libusb_set_option(libusb_context *context, enum libusb_option option, ...);
int __real_libusb_set_option(libusb_context *context, enum libusb_option option, ...);

/* None of those that we set has an argument. */
int __wrap_libusb_set_option(libusb_context *context, enum libusb_option option, ...)
{
        options_set++;
        is_log_level_set |= option == LIBUSB_OPTION_LOG_LEVEL;
        return is_log_level_set ? 0 : __real_libusb_set_option(context, option);
}

static void every_fast_device_is_told_as_super(void **state)
{
        static const struct {
                const char *options;
                uint8_t want;
        } cases[] = {
                { "speed=low,device=interrupt", SPEED_low },
                { "speed=full", SPEED_full },
                { "speed=high", SPEED_high },
                { "speed=super", SPEED_super },
                { "speed=super-plus", SPEED_super },
                { "speed=unknown", SPEED_unknown },
        };

        for (size_t i = 0; i < ELEMENTS(cases); i++) {
                struct bed b;

                bed_open(&b, cases[i].options, CAP_ALL);
                guest_say_hello(&b.guest);
                guest_expect_later(&b.guest, PACKET_device_connect);
                if (b.guest.packet->device_connect.speed != cases[i].want)
                        fail_msg("%s: %u", cases[i].options, b.guest.packet->device_connect.speed);
                assert_int_equal(bed_close(&b), REASON_GUEST_LEFT);
        }
}

static void no_periodic_endpoint_is_told_with_an_interval_of_0(void **state)
{
        const struct packet_ep_info *info;
        unsigned n = 0;
        struct bed b;

        bed_open_greeted(&b, "hostile-descriptors=interval-zero");
        guest_set_alt(&b.guest, 1, 1);
        info = &guest_expect_later(&b.guest, PACKET_ep_info)->ep_info;
        for (size_t i = 0; i < USBREDIR_ENDPOINTS; i++)
                if (info->type[i] == ENDPOINT_iso || info->type[i] == ENDPOINT_interrupt) {
                        assert_int_equal(info->interval[i], 1);
                        n++;
                }
        assert_int_equal(n, 4);
        bed_close_returned(&b, REASON_GUEST_LEFT);
}

static void the_log_level_of_libusb_is_its_users(void **state)
{
        struct bed b;

        options_set = 0;
        bed_open_greeted(&b, "");
        bed_close_returned(&b, REASON_GUEST_LEFT);
        assert_int_equal(options_set, 1); /* that devices are not looked for */
        assert_false(is_log_level_set);
}

int main(void)
{
        static const struct CMUnitTest tests[] = {
                cmocka_unit_test(every_fast_device_is_told_as_super),
                cmocka_unit_test(no_periodic_endpoint_is_told_with_an_interval_of_0),
                cmocka_unit_test(the_log_level_of_libusb_is_its_users),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
