/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Transfers when usbfs memory is short, ours (the share) or the machine's (the fake's memory=):
 * what does not fit waits, what is long goes in pieces, and the order on an endpoint stays.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "unit/usb-transfer-bed.h"

/* What the kernel is taken to count for an URB beside its data. */
#define OVERHEAD 1024

/* Pieces of 8 KiB: a quarter. */
#define SMALL_SHARE 32768

static void assert_order(const struct transfer_bed *bed, const uint64_t *ids, size_t n)
{
        assert_int_equal(bed->completions, n);
        for (size_t i = 0; i < n; i++)
                assert_int_equal(bed->order[i], ids[i]);
}

/* The share counts the overhead: 4 x (512 + 1024) fit 6144, a fifth does not. */
static void waits_for_its_own_share(void **state)
{
        struct transfer_bed bed;
        struct usb_transfer *t[5];

        transfer_bed_open(&bed, "", 4 * (512 + OVERHEAD));
        for (uint64_t i = 0; i < 5; i++) {
                t[i] = make_transfer(&bed, i, SILENT_IN, 512);
                submit(t[i]);
        }
        for (size_t i = 0; i < 5; i++)
                assert_int_equal(t[i]->state,
                                 i < 4 ? USB_TRANSFER_SUBMITTED : USB_TRANSFER_WAITING);
        assert_int_equal(usb_transfers_in_flight(bed.set, USB_ENDPOINTS_ALL), 4);
        assert_ptr_equal(usb_transfers_find(bed.set, 4), t[4]);

        /* One byte more would not fit either. */
        abandon(&bed, t[0]);
        RUN_UNTIL(bed.usb.base, bed.reaped == 1);
        assert_int_equal(t[4]->state, USB_TRANSFER_SUBMITTED);
        for (size_t i = 1; i < 5; i++)
                abandon(&bed, t[i]);
        RUN_UNTIL(bed.usb.base, bed.reaped == 5);
        transfer_bed_close(&bed);
}

static void waits_for_the_machines_memory(void **state)
{
        static const uint64_t want[] = { 0, 1, 2, 3, 4, 5 };
        struct transfer_bed bed;

        transfer_bed_open(&bed, "memory=2000", SHARE);
        for (uint64_t i = 0; i < 6; i++)
                submit(make_transfer(&bed, i, BULK_OUT, 1000));
        assert_int_equal(usb_transfers_in_flight(bed.set, USB_ENDPOINTS_ALL), 2);
        RUN_UNTIL(bed.usb.base, bed.completions == 6);
        assert_order(&bed, want, 6);
        for (size_t i = 0; i < 6; i++)
                assert_int_equal(bed.made[i]->status, USB_STATUS_SUCCESS);
        transfer_bed_close(&bed);
        assert_int_equal(bed_reported(&bed.usb.fake, "bytes-out"), 6000);
}

/* Also one that would fit: what came first goes first. */
static void waits_behind_others_that_wait(void **state)
{
        struct usb_transfer *silent, *large, *small;
        struct transfer_bed bed;

        transfer_bed_open(&bed, "memory=2000", SHARE);
        silent = make_transfer(&bed, 1, SILENT_IN, 1500);
        large = make_transfer(&bed, 2, BULK_IN, 1000);
        small = make_transfer(&bed, 3, BULK_IN, 10);
        submit(silent);
        submit(large);
        submit(small);
        assert_int_equal(large->state, USB_TRANSFER_WAITING);
        assert_int_equal(small->state, USB_TRANSFER_WAITING);
        run_ready(bed.usb.base);
        assert_int_equal(bed.completions, 0);

        abandon(&bed, silent);
        RUN_UNTIL(bed.usb.base, bed.completions == 2);
        assert_int_equal(bed.order[0], 2);
        assert_pattern(large, 0, 1000);
        assert_pattern(small, 1000, 10);
        transfer_bed_close(&bed);
}

/* The first needs no memory to be free: a share of nothing would never move anything. */
static void one_transfer_always_goes(void **state)
{
        struct usb_transfer *t;
        struct transfer_bed bed;

        transfer_bed_open(&bed, "", 0);
        t = make_transfer(&bed, 1, BULK_IN, 1024);
        run_transfer(&bed, t);
        assert_int_equal(t->actual, 1024);
        t = make_transfer(&bed, 2, INTERRUPT_OUT, 1024);
        run_transfer(&bed, t);
        t = make_transfer(&bed, 3, INTERRUPT_OUT, 1025);
        assert_int_equal(usb_transfer_submit(t), -EMSGSIZE);
        transfer_bed_close(&bed);
}

static void only_bulk_is_cut(void **state)
{
        static const uint8_t endpoints[] = { INTERRUPT_OUT, 0x00 };
        struct transfer_bed bed;
        struct usb_transfer *t;

        transfer_bed_open(&bed, "", 4096);
        for (size_t i = 0; i < ELEMENTS(endpoints); i++) {
                t = make_transfer(&bed, i, endpoints[i], 4096 - OVERHEAD + 1);
                assert_int_equal(usb_transfer_submit(t), -EMSGSIZE);
                assert_int_equal(t->state, USB_TRANSFER_IDLE);
                assert_null(usb_transfers_find(bed.set, i));
        }
        t = make_transfer(&bed, 9, INTERRUPT_OUT, 4096 - OVERHEAD);
        run_transfer(&bed, t);
        assert_int_equal(t->actual, 4096 - OVERHEAD);
        transfer_bed_close(&bed);
}

/* Others are queued on the endpoint before, between and behind: the fake sees one running pattern.
 */
static void a_long_out_in_pieces_arrives_in_order(void **state)
{
        static const uint32_t lengths[] = { 100, 100000, 512, 8192, 8193, 40000, 1 };
        static const uint64_t want[] = { 0, 1, 2, 3, 4, 5, 6 };
        static const char *const options[] = { "", "memory=9000", "latency-us=200",
                                               "memory=9000,latency-us=200" };

        for (size_t o = 0; o < ELEMENTS(options); o++) {
                struct transfer_bed bed;
                uint32_t sum = 0;

                transfer_bed_open(&bed, options[o], SMALL_SHARE);
                for (size_t i = 0; i < ELEMENTS(lengths); i++) {
                        submit(make_transfer(&bed, i, BULK_OUT, lengths[i]));
                        sum += lengths[i];
                }
                RUN_UNTIL(bed.usb.base, bed.completions == (int)ELEMENTS(lengths));
                assert_order(&bed, want, ELEMENTS(want));
                for (size_t i = 0; i < ELEMENTS(lengths); i++) {
                        assert_int_equal(bed.made[i]->status, USB_STATUS_SUCCESS);
                        assert_int_equal(bed.made[i]->actual, lengths[i]);
                }
                transfer_bed_close(&bed);
                assert_int_equal(bed_reported(&bed.usb.fake, "bytes-out"), sum);
                /* 1 + 13 + 1 + 1 + 2 + 5 + 1 pieces of at most 8192 bytes. */
                assert_int_equal(bed_reported(&bed.usb.fake, "completed"), 24);
        }
}

static void a_long_in_is_cut_at_whole_packets(void **state)
{
        struct usb_transfer *t, *next;
        struct transfer_bed bed;

        /* A quarter is 8448 bytes, in whole packets 8192. */
        transfer_bed_open(&bed, "", SMALL_SHARE + 1024);
        t = make_transfer(&bed, 1, BULK_IN, 20000);
        next = make_transfer(&bed, 2, BULK_IN, 100);
        submit(t);
        submit(next);
        assert_int_equal(t->piece, 8192);
        assert_int_equal(next->state, USB_TRANSFER_WAITING);
        RUN_UNTIL(bed.usb.base, bed.completions == 2);
        assert_int_equal(t->actual, 20000);
        assert_pattern(t, 0, 20000);
        assert_pattern(next, 20000, 100);
        transfer_bed_close(&bed);
        assert_int_equal(bed_reported(&bed.usb.fake, "completed"), 4);
}

static void other_endpoints_go_on_beside_the_pieces(void **state)
{
        struct usb_transfer *t, *other;
        struct transfer_bed bed;

        transfer_bed_open(&bed, "", SMALL_SHARE);
        t = make_transfer(&bed, 1, SILENT_IN, 20000);
        other = make_transfer(&bed, 2, BULK_IN, 512);
        submit(t);
        assert_int_equal(t->state, USB_TRANSFER_SUBMITTED);
        submit(make_transfer(&bed, 3, SILENT_IN, 512));
        submit(other);
        RUN_UNTIL(bed.usb.base, bed.completions == 1);
        assert_ptr_equal(bed.last, other);
        assert_int_equal(usb_transfers_find(bed.set, 3)->state, USB_TRANSFER_WAITING);

        abandon(&bed, usb_transfers_find(bed.set, 3));
        abandon(&bed, t);
        RUN_UNTIL(bed.usb.base, bed.reaped == 1);
        transfer_bed_close(&bed);
}

static void a_short_packet_ends_the_pieces(void **state)
{
        struct usb_transfer *t, *next;
        struct transfer_bed bed;

        transfer_bed_open(&bed, "", SMALL_SHARE);
        t = make_transfer(&bed, 1, SHORT_IN, 20000);
        next = make_transfer(&bed, 2, SHORT_IN, 100);
        submit(t);
        submit(next);
        RUN_UNTIL(bed.usb.base, bed.completions == 2);
        assert_int_equal(t->status, USB_STATUS_SUCCESS);
        assert_int_equal(t->actual, 4096);
        assert_int_equal(next->actual, 50);
        transfer_bed_close(&bed);
        assert_int_equal(bed_reported(&bed.usb.fake, "completed"), 2);
}

static void an_error_ends_the_pieces_and_tells_what_moved(void **state)
{
        struct usb_transfer *t, *next;
        struct transfer_bed bed;

        transfer_bed_open(&bed, "complete=0x81:TIMED_OUT@2", SMALL_SHARE);
        t = make_transfer(&bed, 1, BULK_IN, 30000);
        next = make_transfer(&bed, 2, BULK_IN, 100);
        submit(t);
        submit(next);
        RUN_UNTIL(bed.usb.base, bed.completions == 2);
        assert_int_equal(t->status, USB_STATUS_TIMEOUT);
        assert_int_equal(t->actual, 8192);
        assert_int_equal(next->status, USB_STATUS_SUCCESS);
        assert_pattern(next, 8192, 100);
        transfer_bed_close(&bed);
}

static void a_piece_that_cannot_be_submitted_fails_the_transfer(void **state)
{
        static const char *const options[] = {
                "fail=submit_transfer:IO@3",
                /* Nothing is in flight, so no memory will come back. */
                "fail=submit_transfer:NO_MEM@3",
        };

        for (size_t i = 0; i < ELEMENTS(options); i++) {
                struct transfer_bed bed;
                struct usb_transfer *t;

                transfer_bed_open(&bed, options[i], SMALL_SHARE);
                t = make_transfer(&bed, 1, BULK_IN, 30000);
                run_transfer(&bed, t);
                assert_int_equal(t->status, USB_STATUS_FAILED);
                assert_int_equal(t->actual, 16384);
                assert_int_equal(usb_transfers_in_flight(bed.set, USB_ENDPOINTS_ALL), 0);
                assert_int_equal(bed.gone, 0);
                t = make_transfer(&bed, 2, BULK_IN, 512);
                run_transfer(&bed, t);
                assert_pattern(t, 16384, 512);
                transfer_bed_close(&bed);
        }
}

static void may_be_abandoned_while_it_waits(void **state)
{
        struct usb_transfer *silent, *waiting, *behind;
        struct transfer_bed bed;

        transfer_bed_open(&bed, "memory=1000", SHARE);
        silent = make_transfer(&bed, 1, SILENT_IN, 500);
        waiting = make_transfer(&bed, 2, BULK_IN, 1000);
        behind = make_transfer(&bed, 3, BULK_IN, 500);
        submit(silent);
        submit(waiting);
        submit(behind);
        abandon(&bed, waiting);
        assert_null(usb_transfers_find(bed.set, 2));
        assert_int_equal(bed.reaped, 0);

        /* What waited behind it has room now, although nothing else ends. */
        RUN_UNTIL(bed.usb.base, bed.completions == 1);
        assert_ptr_equal(bed.last, behind);
        assert_pattern(behind, 0, 500);
        abandon(&bed, silent);
        RUN_UNTIL(bed.usb.base, bed.reaped == 1);
        transfer_bed_close(&bed);
}

static void may_be_abandoned_between_and_within_its_pieces(void **state)
{
        struct usb_transfer *silent, *t, *next;
        struct transfer_bed bed;

        /* The second piece must wait: another program takes the memory. */
        transfer_bed_open(&bed, "fail=submit_transfer:NO_MEM@3", SMALL_SHARE);
        silent = make_transfer(&bed, 1, SILENT_IN, 512);
        t = make_transfer(&bed, 2, BULK_IN, 30000);
        next = make_transfer(&bed, 3, BULK_IN, 512);
        submit(silent);
        submit(t);
        submit(next);
        RUN_UNTIL(bed.usb.base, t->state == USB_TRANSFER_WAITING);
        assert_int_equal(t->actual, 8192);
        abandon(&bed, t);
        RUN_UNTIL(bed.usb.base, bed.completions == 1);
        assert_ptr_equal(bed.last, next);
        assert_pattern(next, 8192, 512);

        /* While a piece is in flight the endpoint stays its own until that has come back. */
        t = make_transfer(&bed, 4, BULK_IN, 30000);
        next = make_transfer(&bed, 5, BULK_IN, 512);
        submit(t);
        submit(next);
        abandon(&bed, t);
        assert_int_equal(next->state, USB_TRANSFER_WAITING);
        RUN_UNTIL(bed.usb.base, bed.completions == 2);
        assert_int_equal(bed.reaped, 1);
        assert_pattern(next, 8704, 512);
        abandon(&bed, silent);
        RUN_UNTIL(bed.usb.base, bed.reaped == 2);
        transfer_bed_close(&bed);
}

/* The memory was another program's: no completion of ours tells when it is back. */
static void looks_again_for_memory_by_itself(void **state)
{
        struct usb_transfer *silent, *t;
        struct transfer_bed bed;

        transfer_bed_open(&bed, "fail=submit_transfer:NO_MEM@2x3", SHARE);
        silent = make_transfer(&bed, 1, SILENT_IN, 512);
        t = make_transfer(&bed, 2, BULK_IN, 512);
        submit(silent);
        submit(t);
        assert_int_equal(t->state, USB_TRANSFER_WAITING);
        RUN_UNTIL(bed.usb.base, bed.completions == 1);
        assert_int_equal(t->status, USB_STATUS_SUCCESS);
        assert_int_equal(silent->state, USB_TRANSFER_SUBMITTED);
        abandon(&bed, silent);
        RUN_UNTIL(bed.usb.base, bed.reaped == 1);
        transfer_bed_close(&bed);
}

/* However many wait: with nothing in flight no completion will help any of them. */
static void without_memory_and_with_nothing_in_flight_all_that_wait_fail(void **state)
{
        struct transfer_bed bed;

        transfer_bed_open(&bed, "fail=submit_transfer:NO_MEM@2x1000000", SHARE);
        for (uint64_t id = 0; id < 4; id++)
                submit(make_transfer(&bed, id, BULK_IN, 512));
        RUN_UNTIL(bed.usb.base, bed.completions == 4);
        assert_int_equal(bed.made[0]->status, USB_STATUS_SUCCESS);
        for (size_t i = 1; i < 4; i++)
                assert_int_equal(bed.made[i]->status, USB_STATUS_FAILED);
        transfer_bed_close(&bed);
}

int main(void)
{
        static const struct CMUnitTest tests[] = {
                cmocka_unit_test(waits_for_its_own_share),
                cmocka_unit_test(waits_for_the_machines_memory),
                cmocka_unit_test(waits_behind_others_that_wait),
                cmocka_unit_test(one_transfer_always_goes),
                cmocka_unit_test(only_bulk_is_cut),
                cmocka_unit_test(a_long_out_in_pieces_arrives_in_order),
                cmocka_unit_test(a_long_in_is_cut_at_whole_packets),
                cmocka_unit_test(other_endpoints_go_on_beside_the_pieces),
                cmocka_unit_test(a_short_packet_ends_the_pieces),
                cmocka_unit_test(an_error_ends_the_pieces_and_tells_what_moved),
                cmocka_unit_test(a_piece_that_cannot_be_submitted_fails_the_transfer),
                cmocka_unit_test(may_be_abandoned_while_it_waits),
                cmocka_unit_test(may_be_abandoned_between_and_within_its_pieces),
                cmocka_unit_test(looks_again_for_memory_by_itself),
                cmocka_unit_test(without_memory_and_with_nothing_in_flight_all_that_wait_fail),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
