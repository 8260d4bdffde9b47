/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A control request that the device never answers. The limit is five seconds, and so long does this
 * program take: the time is real, the test only waits in the event loop.
 */
#include <time.h>

#include "usb/bed.h"

static int64_t now_ms(void)
{
        struct timespec now;

        clock_gettime(CLOCK_MONOTONIC, &now);
        return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void hanging_control_request_times_out_after_five_seconds(void **state)
{
        struct bed *bed = *state;
        int64_t start = now_ms();
        struct bed_outcome *hang = bed_control(bed, 0x80, GADGET_HANG, NULL, 8);
        struct bed_outcome *bulk = bed_submit(bed, GADGET_BULK_IN, NULL, 8);

        assert_int_equal(bed_wait(bed, hang), USB_STATUS_TIMEOUT);
        assert_in_range(now_ms() - start, 4990, 6500);
        assert_int_equal(emulated_in_flight(bed->device, 0), 0);

        /* Bulk never times out, and endpoint 0 goes on. */
        assert_int_equal(bulk->completions, 0);
        assert_int_equal(bed_wait(bed, bed_control(bed, 0x00, GADGET_ECHO, "on", 2)),
                         USB_STATUS_SUCCESS);
        assert_int_equal(bed_wait(bed, bed_submit(bed, GADGET_BULK_OUT, "x", 1)), 0);
        assert_int_equal(bed_wait(bed, bulk), USB_STATUS_SUCCESS);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup_teardown(
                        hanging_control_request_times_out_after_five_seconds, bed_setup_claimed,
                        bed_teardown_claimed),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
