/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The ordinary life of a session.
 */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "integration/bed.h"
#include "integration/process.h"

static void greets_and_goes(void **state)
{
        struct bed b;

        bed_open_greeted(&b, "");
        guest_expect_quiet(&b.guest);
        bed_close_returned(&b, REASON_GUEST_LEFT);
}

static void process_greets_and_goes(void **state)
{
        struct process p;

        process_start(&p, "", NULL, CAP_ALL);
        guest_greet(&p.guest);
        guest_expect_quiet(&p.guest);
        print_message("fds %zu mem %zu\n", process_descriptors(&p), process_memory(&p, "VmHWM"));
        process_signal(&p, SIGTERM);
        guest_expect(&p.guest, PACKET_device_disconnect);
        guest_send_bare(&p.guest, PACKET_device_disconnect_ack, 0);
        assert_int_equal(process_end(&p), 0);
        report_assert_returned(&p.report, 1);
}

int main(void)
{
        static const struct CMUnitTest tests[] = {
                cmocka_unit_test(greets_and_goes),
                cmocka_unit_test(process_greets_and_goes),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
