/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Filters of the guest: judged as QEMU does, when they come, when the device is offered, and when
 * its interfaces change. The fake device and its interfaces are of class 0xff.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "filter/plain.h"
#include "integration/bed.h"
#include "util/macro.h"

#define DENY  "0xff,-1,-1,-1,0|-1,-1,-1,-1,1"
#define ALLOW "-1,0x1209,0x0001,-1,1"

static const struct packet filter_packet = { .type = PACKET_filter_filter };

static void send_filter(struct guest *g, const char *filter)
{
        guest_send(g, &filter_packet, (const uint8_t *)filter, strlen(filter) + 1);
}

/* Both are there before the session looks, as of a QEMU that had our hello first. */
static void open_with_filter(struct bed *b, const char *filter)
{
        bed_open(b, "", CAP_ALL);
        guest_expect(&b->guest, PACKET_hello);
        guest_say_hello(&b->guest);
        send_filter(&b->guest, filter);
}

static void close_rejected(struct bed *b, const char *text)
{
        bed_close_returned(b, REASON_GUEST_REJECTED);
        if (!report_logged(&b->report, text))
                fail_msg("no \"%s\" in the log:\n%s", text, b->report.log);
}

static void leaves_a_device_to_the_host_that_the_guest_will_not_have(void **state)
{
        struct bed b;

        open_with_filter(&b, DENY);
        guest_expect_over(&b.guest);
        close_rejected(&b, "its filter denies it: 0xff,-1,-1,-1,0|-1,-1,-1,-1,1");
        assert_int_equal(report_value(&b.report, "resets"), 0);
}

static void disconnects_a_device_when_the_filter_comes_later(void **state)
{
        struct bed b;

        bed_open_greeted(&b, "");
        send_filter(&b.guest, DENY);
        guest_expect(&b.guest, PACKET_device_disconnect);
        /* QEMU finds out by itself. */
        guest_send_bare(&b.guest, PACKET_filter_reject, 0);
        send_filter(&b.guest, DENY);
        guest_send_bare(&b.guest, PACKET_device_disconnect_ack, 0);
        guest_expect_over(&b.guest);
        close_rejected(&b, "its filter denies it");
}

static void offers_what_the_filter_allows(void **state)
{
        struct bed b;

        open_with_filter(&b, ALLOW);
        guest_expect_later(&b.guest, PACKET_device_connect);
        send_filter(&b.guest, ALLOW);
        guest_expect_quiet(&b.guest);
        bed_close_returned(&b, REASON_GUEST_LEFT);
        assert_int_equal(report_value(&b.report, "resets"), 2);
}

static void denies_what_no_rule_is_for(void **state)
{
        static const char *const filters[] = { "0x03,-1,-1,-1,1", "", "|||" };

        for (size_t i = 0; i < ELEMENTS(filters); i++) {
                struct bed b;

                bed_open_greeted(&b, "");
                send_filter(&b.guest, filters[i]);
                guest_expect(&b.guest, PACKET_device_disconnect);
                close_rejected(&b, "its filter has no rule for it");
        }
}

static void looks_again_when_the_interfaces_change(void **state)
{
        struct bed b;
        uint64_t id;

        /* Without interfaces such a device has nothing to be judged by. */
        bed_open_greeted(&b, "class=0,configuration=0");
        send_filter(&b.guest, DENY);
        guest_expect_quiet(&b.guest);

        id = guest_set_configuration(&b.guest, 1);
        guest_expect(&b.guest, PACKET_interface_info);
        guest_expect(&b.guest, PACKET_ep_info);
        guest_expect_id(&b.guest, PACKET_configuration_status, id);
        assert_int_equal(b.guest.packet->configuration_status.status, STATUS_success);
        guest_expect(&b.guest, PACKET_device_disconnect);
        assert_int_equal(bed_close(&b), REASON_GUEST_REJECTED);
}

static void the_last_filter_counts(void **state)
{
        struct bed b;

        bed_open_greeted(&b, "");
        send_filter(&b.guest, ALLOW);
        guest_expect_quiet(&b.guest);
        send_filter(&b.guest, DENY);
        guest_expect(&b.guest, PACKET_device_disconnect);
        close_rejected(&b, "its filter denies it");
}

static void ignores_a_filter_that_cannot_be_read(void **state)
{
        char many[2 * (PLAIN_TUPLES_MAX + 1) + 1];
        const char *const filters[] = {
                "0xff,-1,-1,-1", "0xff:-1:-1:-1:0", "256,-1,-1,-1,0", "\x1b[31m\xff", many,
        };
        struct bed b;

        for (size_t i = 0; i + 1 < sizeof(many); i += 2)
                memcpy(many + i, "x|", 2);
        many[sizeof(many) - 1] = '\0';

        bed_open_greeted(&b, "");
        send_filter(&b.guest, ALLOW);
        for (size_t i = 0; i < ELEMENTS(filters); i++)
                send_filter(&b.guest, filters[i]);
        guest_expect_quiet(&b.guest);
        bed_close_returned(&b, REASON_GUEST_LEFT);
        assert_true(report_logged(&b.report, "the guest's filter is ignored"));
}

static void says_once_what_a_guest_may_repeat(void **state)
{
        const char *first;
        struct bed b;

        bed_open_greeted(&b, "");
        for (size_t i = 0; i < 100; i++)
                send_filter(&b.guest, "none");
        guest_expect_quiet(&b.guest);
        bed_close_returned(&b, REASON_GUEST_LEFT);
        first = strstr(b.report.log, "the guest's filter is ignored");
        assert_non_null(first);
        assert_null(strstr(first + 1, "the guest's filter is ignored"));
}

int main(void)
{
        static const struct CMUnitTest tests[] = {
                cmocka_unit_test(leaves_a_device_to_the_host_that_the_guest_will_not_have),
                cmocka_unit_test(disconnects_a_device_when_the_filter_comes_later),
                cmocka_unit_test(offers_what_the_filter_allows),
                cmocka_unit_test(denies_what_no_rule_is_for),
                cmocka_unit_test(looks_again_when_the_interfaces_change),
                cmocka_unit_test(the_last_filter_counts),
                cmocka_unit_test(ignores_a_filter_that_cannot_be_read),
                cmocka_unit_test(says_once_what_a_guest_may_repeat),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
