/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The share of usbfs memory changes while transfers wait for it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "unit/usb-transfer-bed.h"

/* What the kernel is taken to count for an URB beside its data. */
#define OVERHEAD 1024

static void a_larger_share_lets_go_what_waits(void **state)
{
        struct transfer_bed bed;
        struct usb_transfer *t[3];

        transfer_bed_open(&bed, "", 2 * (512 + OVERHEAD));
        for (uint64_t i = 0; i < 3; i++) {
                t[i] = make_transfer(&bed, i, SILENT_IN, 512);
                submit(t[i]);
        }
        assert_int_equal(t[2]->state, USB_TRANSFER_WAITING);
        usb_transfers_set_memory(bed.set, 3 * (512 + OVERHEAD));
        assert_int_equal(t[2]->state, USB_TRANSFER_SUBMITTED);
        for (size_t i = 0; i < 3; i++)
                abandon(&bed, t[i]);
        RUN_UNTIL(bed.usb.base, bed.reaped == 3);
        transfer_bed_close(&bed);
}

static void a_smaller_share_holds_for_what_comes_next(void **state)
{
        struct transfer_bed bed;
        struct usb_transfer *t[2];

        transfer_bed_open(&bed, "", SHARE);
        t[0] = make_transfer(&bed, 0, SILENT_IN, 512);
        submit(t[0]);
        usb_transfers_set_memory(bed.set, 0);
        t[1] = make_transfer(&bed, 1, BULK_OUT, 512);
        submit(t[1]);
        assert_int_equal(t[0]->state, USB_TRANSFER_SUBMITTED);
        assert_int_equal(t[1]->state, USB_TRANSFER_WAITING);
        abandon(&bed, t[0]);
        RUN_UNTIL(bed.usb.base, bed.completions == 1);
        assert_int_equal(t[1]->status, USB_STATUS_SUCCESS);
        transfer_bed_close(&bed);
}

/* An interrupt transfer in pieces would be several packets of the device's. */
static void what_cannot_be_cut_goes_whole_though_the_share_is_too_small_now(void **state)
{
        struct transfer_bed bed;
        struct usb_transfer *t[3];

        transfer_bed_open(&bed, "", 8192);
        for (uint64_t i = 0; i < 2; i++) {
                t[i] = make_transfer(&bed, i, SILENT_IN, 2048);
                submit(t[i]);
        }
        t[2] = make_transfer(&bed, 2, INTERRUPT_OUT, 4096);
        submit(t[2]);
        assert_int_equal(t[2]->state, USB_TRANSFER_WAITING);
        usb_transfers_set_memory(bed.set, 2048);
        for (size_t i = 0; i < 2; i++)
                abandon(&bed, t[i]);
        RUN_UNTIL(bed.usb.base, bed.completions == 1);
        assert_int_equal(t[2]->status, USB_STATUS_SUCCESS);
        assert_int_equal(t[2]->actual, 4096);
        transfer_bed_close(&bed);
        /* The second of those two waited behind the first, in vain. */
        assert_in_range(bed_reported(&bed.usb.fake, "submitted"), 2, 3);
}

int main(void)
{
        static const struct CMUnitTest tests[] = {
                cmocka_unit_test(a_larger_share_lets_go_what_waits),
                cmocka_unit_test(a_smaller_share_holds_for_what_comes_next),
                cmocka_unit_test(what_cannot_be_cut_goes_whole_though_the_share_is_too_small_now),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
