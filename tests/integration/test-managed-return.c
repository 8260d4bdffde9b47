/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A process that returns a device which a dead session has left.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "integration/managed.h"
#include "util/macro.h"

static void returns_a_device(void **state)
{
        static const struct {
                const char *name, *options;
                uint8_t configuration;
                uint32_t flags;
                uint8_t want;
                unsigned want_resets;
        } cases[] = {
                { "as a dead session leaves it", "kernel-driver=detached", 1, 0, 1, 1 },
                { "without a reset", "kernel-driver=detached", 1, CONTROL_NO_RESET, 1, 0 },
                { "another configuration", "kernel-driver=detached,configuration=2", 1, 0, 1, 1 },
                { "unconfigured", "configuration=0", 1, 0, 1, 1 },
                { "configuration not known", "configuration=2", 0, 0, 2, 0 },
                /* Who has it now is not disturbed. */
                { "with drivers", "", 1, 0, 1, 0 },
        };

        for (size_t i = 0; i < ELEMENTS(cases); i++) {
                struct control_order order = managed_order;
                struct managed *m;

                if (i > 0) {
                        managed_teardown(state);
                        managed_setup(state);
                }
                m = *state;
                order.purpose = CONTROL_RETURN;
                order.configuration = cases[i].configuration;
                order.flags = cases[i].flags;
                managed_start(m, cases[i].options, &order);
                managed_expect_end(m, REASON_ASKED, true);
                assert_string_equal(m->message, "the device is the host's again");
                if (report_value(&m->report, "resets") != cases[i].want_resets)
                        fail_msg("%s; log:\n%s", cases[i].name, m->report.log);
                report_assert_returned(&m->report, cases[i].want);
                assert_int_equal(m->statuses > 0, 1);
        }
}

static void tells_why_a_device_cannot_be_returned(void **state)
{
        static const struct {
                const char *in;
                uint16_t product;
                enum session_reason want;
                bool want_returned;
        } cases[] = {
                { "kernel-driver=detached,fail=claim_interface:BUSY", 1, REASON_BUSY, false },
                { "kernel-driver=detached,fail=attach_kernel_driver:IO", 1, REASON_FAILURE, false },
                { "", 2, REASON_NOT_FOUND, false },
                { "fail=wrap_sys_device:NO_DEVICE", 1, REASON_DEVICE_LOST, true },
                { "fail=claim_interface:NO_DEVICE", 1, REASON_DEVICE_LOST, true },
                { "fail=wrap_sys_device:ACCESS", 1, REASON_ACCESS_DENIED, false },
        };

        for (size_t i = 0; i < ELEMENTS(cases); i++) {
                struct control_order order = managed_order;
                struct managed *m;

                if (i > 0) {
                        managed_teardown(state);
                        managed_setup(state);
                }
                m = *state;
                order.purpose = CONTROL_RETURN;
                order.product = cases[i].product;
                managed_start(m, cases[i].in, &order);
                managed_expect_end(m, cases[i].want, cases[i].want_returned);
                assert_int_equal(report_value(&m->report, "resets"),
                                 cases[i].want == REASON_FAILURE);
        }
}

/* One that is about to end. */
static void waits_for_another_process_that_has_the_device(void **state)
{
        struct control_order order = managed_order;
        struct managed *m = *state;

        order.purpose = CONTROL_RETURN;
        managed_start(m, "kernel-driver=detached,fail=claim_interface:BUSY@1x2", &order);
        managed_expect_end(m, REASON_ASKED, true);
        report_assert_returned(&m->report, 1);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, managed_setup, managed_teardown)

int main(void)
{
        static const struct CMUnitTest tests[] = {
                TEST(returns_a_device),
                TEST(tells_why_a_device_cannot_be_returned),
                TEST(waits_for_another_process_that_has_the_device),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
