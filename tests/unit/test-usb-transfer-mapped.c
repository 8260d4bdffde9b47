/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Large buffers, which are mapped from usbfs memory: how many, and when they are given back. They
 * are only where devices share the processors' caches.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "unit/usb-transfer-bed.h"
#include "usb/transfer-private.h"

#define MIB (UINT32_C(1) << 20)

#if defined(__x86_64__)

static void large_buffers_are_mapped_up_to_a_quarter_of_the_share(void **state)
{
        static const struct {
                uint32_t length;
                bool is_mapped;
        } cases[] = {
                { 65536, false }, { MIB, true }, { 65537, true }, { MIB, false }, { 2 * MIB, false }
        };
        struct transfer_bed bed;

        transfer_bed_open(&bed, "", 6 * MIB);
        for (uint64_t i = 0; i < ELEMENTS(cases); i++) {
                struct usb_transfer *t = make_transfer(&bed, i, BULK_OUT, cases[i].length);

                assert_int_equal(t->is_mapped, cases[i].is_mapped);
                submit(t);
        }
        RUN_UNTIL(bed.usb.base, bed.completions == ELEMENTS(cases));
        transfer_bed_close(&bed);
        assert_int_equal(bed_reported(&bed.usb.fake, "leaked-device-memory"), 0);
}

/* 4 MiB: a quarter is mapped, 3 MiB are left for the rest. */
static void they_count_as_part_of_the_share(void **state)
{
        struct usb_transfer *mapped, *t[4];
        struct transfer_bed bed;

        transfer_bed_open(&bed, "", 4 * MIB);
        mapped = make_transfer(&bed, 0, BULK_IN, MIB);
        assert_true(mapped->is_mapped);
        for (uint64_t i = 0; i < 4; i++) {
                t[i] = make_transfer(&bed, 1 + i, SILENT_IN, MIB - USB_URB_OVERHEAD);
                assert_false(t[i]->is_mapped);
                submit(t[i]);
        }
        assert_int_equal(t[2]->state, USB_TRANSFER_SUBMITTED);
        assert_int_equal(t[3]->state, USB_TRANSFER_WAITING);
        for (size_t i = 0; i < 4; i++)
                abandon(&bed, t[i]);
        RUN_UNTIL(bed.usb.base, bed.reaped == 3);
        transfer_bed_close(&bed);
}

static void none_is_mapped_while_others_need_the_share(void **state)
{
        struct transfer_bed bed;

        transfer_bed_open(&bed, "", 4 * MIB);
        for (uint64_t i = 0; i < 48; i++)
                submit(make_transfer(&bed, i, SILENT_IN, 65536));
        assert_false(make_transfer(&bed, 48, BULK_IN, MIB)->is_mapped);
        for (size_t i = 0; i < 48; i++)
                abandon(&bed, bed.made[i]);
        RUN_UNTIL(bed.usb.base, bed.reaped == 48);
        transfer_bed_close(&bed);
}

static void they_are_given_back_when_nothing_uses_them(void **state)
{
        struct transfer_bed bed;

        transfer_bed_open(&bed, "", SHARE * 16);
        usb_transfer_free(make_transfer(&bed, 0, BULK_IN, MIB));
        bed.n_made = 0;
        assert_int_equal(bed.set->pool.mapped, MIB);
        RUN_UNTIL(bed.usb.base, bed.set->pool.mapped == 0);
        assert_false(event_pending(bed.set->unmap, EV_TIMEOUT, NULL));
        transfer_bed_close(&bed);
}

/* A device may have nothing to say for hours: nothing wakes up for that. */
static void one_that_is_in_flight_stays(void **state)
{
        struct transfer_bed bed;
        struct usb_transfer *t;

        transfer_bed_open(&bed, "", SHARE * 16);
        t = make_transfer(&bed, 0, SILENT_IN, MIB);
        submit(t);
        RUN_UNTIL(bed.usb.base, !event_pending(bed.set->unmap, EV_TIMEOUT, NULL));
        assert_int_equal(bed.set->pool.mapped, MIB);
        abandon(&bed, t);
        RUN_UNTIL(bed.usb.base, bed.set->pool.mapped == 0);
        transfer_bed_close(&bed);
}

static void they_are_given_back_when_the_share_or_the_memory_gets_short(void **state)
{
        struct transfer_bed bed;
        struct usb_transfer *t;

        transfer_bed_open(&bed, "memory=1000", SHARE * 16);
        usb_transfer_free(make_transfer(&bed, 0, BULK_IN, MIB));
        bed.n_made = 0;
        usb_transfers_set_memory(bed.set, SHARE * 8);
        assert_int_equal(bed.set->pool.mapped, 0);

        usb_transfer_free(make_transfer(&bed, 0, BULK_IN, MIB));
        bed.n_made = 0;
        assert_int_equal(bed.set->pool.mapped, MIB);
        submit(make_transfer(&bed, 1, SILENT_IN, 900));
        t = make_transfer(&bed, 2, SILENT_IN, 900);
        submit(t);
        assert_int_equal(t->state, USB_TRANSFER_WAITING);
        assert_int_equal(bed.set->pool.mapped, 0);
        abandon(&bed, t);
        abandon(&bed, bed.made[0]);
        RUN_UNTIL(bed.usb.base, bed.reaped == 1);
        transfer_bed_close(&bed);
}

static void what_cannot_be_mapped_comes_from_the_heap(void **state)
{
        struct transfer_bed bed;

        transfer_bed_open(&bed, "fail=dev_mem_alloc:NO_MEM", SHARE * 16);
        assert_false(make_transfer(&bed, 0, BULK_IN, MIB)->is_mapped);
        transfer_bed_close(&bed);
}

int main(void)
{
        static const struct CMUnitTest tests[] = {
                cmocka_unit_test(large_buffers_are_mapped_up_to_a_quarter_of_the_share),
                cmocka_unit_test(they_count_as_part_of_the_share),
                cmocka_unit_test(none_is_mapped_while_others_need_the_share),
                cmocka_unit_test(they_are_given_back_when_nothing_uses_them),
                cmocka_unit_test(one_that_is_in_flight_stays),
                cmocka_unit_test(they_are_given_back_when_the_share_or_the_memory_gets_short),
                cmocka_unit_test(what_cannot_be_mapped_comes_from_the_heap),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}

#else

int main(void)
{
        return 77;
}

#endif
