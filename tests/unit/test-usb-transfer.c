/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Transfers on the fake device: each completes once, and data stays in order although usbfs memory
 * is short. The fake compares what is written with its running pattern; a piece out of order is a
 * mismatch in its report.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "unit/usb-transfer-bed.h"

static void completes_once_and_not_within_submit(void **state)
{
        struct transfer_bed bed;
        struct usb_transfer *t;

        transfer_bed_open(&bed, "", SHARE);
        t = make_transfer(&bed, 7, BULK_IN, 1000);
        submit(t);
        assert_int_equal(t->state, USB_TRANSFER_SUBMITTED);
        assert_int_equal(bed.completions, 0);
        assert_ptr_equal(usb_transfers_find(bed.set, 7), t);

        RUN_UNTIL(bed.usb.base, bed.completions == 1);
        run_ready(bed.usb.base);
        assert_int_equal(bed.completions, 1);
        assert_ptr_equal(bed.last, t);
        assert_int_equal(t->state, USB_TRANSFER_IDLE);
        assert_int_equal(t->status, USB_STATUS_SUCCESS);
        assert_int_equal(t->actual, 1000);
        assert_pattern(t, 0, 1000);
        assert_null(usb_transfers_find(bed.set, 7));
        assert_int_equal(bed.gone, 0);
        transfer_bed_close(&bed);
        assert_int_equal(bed_reported(&bed.usb.fake, "submitted"), 1);
}

static void each_type_moves_its_data(void **state)
{
        struct transfer_bed bed;
        struct usb_transfer *t;

        transfer_bed_open(&bed, "", SHARE);
        t = make_transfer(&bed, 1, 0x00, 3);
        memcpy(t->data, "usb", 3);
        *usb_transfer_setup(t) = (struct libusb_control_setup){ .bmRequestType = 0x40,
                                                                .bRequest = 2,
                                                                .wLength = libusb_cpu_to_le16(3) };
        run_transfer(&bed, t);
        assert_int_equal(t->status, USB_STATUS_SUCCESS);
        assert_int_equal(t->actual, 3);

        t = make_transfer(&bed, 2, 0x80, 64);
        *usb_transfer_setup(t) = (struct libusb_control_setup){ .bmRequestType = 0xc0,
                                                                .bRequest = 3,
                                                                .wLength = libusb_cpu_to_le16(64) };
        run_transfer(&bed, t);
        assert_int_equal(t->actual, 3);
        assert_memory_equal(t->data, "usb", 3);

        t = make_transfer(&bed, 3, INTERRUPT_IN, 64);
        run_transfer(&bed, t);
        assert_int_equal(t->actual, 64);
        t = make_transfer(&bed, 4, INTERRUPT_OUT, 64);
        run_transfer(&bed, t);
        assert_int_equal(t->actual, 64);
        t = make_transfer(&bed, 5, BULK_OUT, 0);
        run_transfer(&bed, t);
        assert_int_equal(t->status, USB_STATUS_SUCCESS);
        assert_int_equal(t->actual, 0);
        transfer_bed_close(&bed);
}

static void says_how_it_ended(void **state)
{
        static const struct {
                const char *options;
                uint8_t endpoint;
                enum usb_status want;
                uint32_t actual;
        } cases[] = {
                { "", HALTED_IN, USB_STATUS_STALL, 0 },
                { "", BABBLING_IN, USB_STATUS_BABBLE, 512 },
                { "", SHORT_IN, USB_STATUS_SUCCESS, 256 },
                { "complete=0x81:ERROR", BULK_IN, USB_STATUS_FAILED, 0 },
                { "complete=0x81:TIMED_OUT", BULK_IN, USB_STATUS_TIMEOUT, 0 },
                { "complete=0x81:CANCELLED", BULK_IN, USB_STATUS_CANCELLED, 0 },
        };

        for (size_t i = 0; i < ELEMENTS(cases); i++) {
                struct transfer_bed bed;
                struct usb_transfer *t;

                transfer_bed_open(&bed, cases[i].options, SHARE);
                t = make_transfer(&bed, 1, cases[i].endpoint, 512);
                run_transfer(&bed, t);
                assert_int_equal(t->status, cases[i].want);
                assert_int_equal(t->actual, cases[i].actual);
                transfer_bed_close(&bed);
        }
}

static void a_refused_transfer_stays_the_owners(void **state)
{
        static const struct {
                const char *options;
                uint8_t endpoint;
                enum usb_endpoint_type type;
                int want;
        } cases[] = {
                { "fail=submit_transfer:IO@1", BULK_IN, USB_ENDPOINT_BULK, -EIO },
                { "fail=submit_transfer:INVALID_PARAM@1", BULK_IN, USB_ENDPOINT_BULK, -EINVAL },
                { "fail=submit_transfer:NO_MEM@1", BULK_IN, USB_ENDPOINT_BULK, -ENOMEM },
                { "", BULK_IN, USB_ENDPOINT_ISO, -EINVAL },
                { "", BULK_IN, USB_ENDPOINT_NONE, -EINVAL },
                { "", 0x8f, USB_ENDPOINT_BULK, -EIO },
        };

        for (size_t i = 0; i < ELEMENTS(cases); i++) {
                struct transfer_bed bed;
                struct usb_transfer *t;

                transfer_bed_open(&bed, cases[i].options, SHARE);
                t = make_transfer(&bed, 1, cases[i].endpoint, 512);
                t->type = cases[i].type;
                assert_int_equal(usb_transfer_submit(t), cases[i].want);
                assert_int_equal(t->state, USB_TRANSFER_IDLE);
                assert_null(usb_transfers_find(bed.set, 1));
                assert_int_equal(usb_transfers_in_flight(bed.set, USB_ENDPOINTS_ALL), 0);
                run_ready(bed.usb.base);
                assert_int_equal(bed.completions, 0);

                /* It may be used again. */
                if (cases[i].want == -EIO && cases[i].endpoint == BULK_IN) {
                        run_transfer(&bed, t);
                        assert_int_equal(t->actual, 512);
                }
                transfer_bed_close(&bed);
        }
}

/* Ids that share a bucket, and ids that differ in the upper half only. */
static void finds_each_of_many_colliding_ids(void **state)
{
        static const uint64_t ids[] = {
                0, 256, 512, 1, 65536, 1ull << 32, (1ull << 32) + 256, UINT64_MAX
        };
        struct usb_transfer *t[ELEMENTS(ids)];
        struct transfer_bed bed;

        transfer_bed_open(&bed, "", SHARE);
        for (size_t i = 0; i < ELEMENTS(ids); i++) {
                t[i] = make_transfer(&bed, ids[i], SILENT_IN, 64);
                assert_null(usb_transfers_find(bed.set, ids[i]));
                submit(t[i]);
        }
        for (size_t i = 0; i < ELEMENTS(ids); i++)
                assert_ptr_equal(usb_transfers_find(bed.set, ids[i]), t[i]);
        assert_null(usb_transfers_find(bed.set, 768));

        /* From the middle, the front and the end of a bucket. */
        for (size_t i = 0; i < ELEMENTS(ids); i++) {
                size_t gone = (i + 3) % ELEMENTS(ids);

                abandon(&bed, t[gone]);
                t[gone] = NULL;
                for (size_t j = 0; j < ELEMENTS(ids); j++)
                        assert_ptr_equal(usb_transfers_find(bed.set, ids[j]), t[j]);
        }
        RUN_UNTIL(bed.usb.base, bed.reaped == (int)ELEMENTS(ids));
        transfer_bed_close(&bed);
}

static void counts_what_is_in_flight_by_endpoint(void **state)
{
        const uint32_t in = 1u << 17, out = 1u << 2, silent = 1u << 19, control = 1u | 1u << 16;
        struct usb_transfer *a, *b;
        struct transfer_bed bed;

        transfer_bed_open(&bed, "", SHARE);
        a = make_transfer(&bed, 1, SILENT_IN, 64);
        b = make_transfer(&bed, 2, BULK_OUT, 64);
        submit(a);
        submit(b);
        assert_int_equal(usb_transfers_in_flight(bed.set, USB_ENDPOINTS_ALL), 2);
        assert_int_equal(usb_transfers_in_flight(bed.set, silent), 1);
        assert_int_equal(usb_transfers_in_flight(bed.set, out), 1);
        assert_int_equal(usb_transfers_in_flight(bed.set, silent | out), 2);
        assert_int_equal(usb_transfers_in_flight(bed.set, in | control), 0);
        assert_int_equal(usb_transfers_in_flight(bed.set, 0), 0);
        assert_ptr_equal(usb_transfers_oldest(bed.set, silent), a);
        assert_ptr_equal(usb_transfers_oldest(bed.set, out | in), b);
        assert_null(usb_transfers_oldest(bed.set, in | control));

        /* An abandoned one is in flight until it has come back, but nobody waits for it. */
        RUN_UNTIL(bed.usb.base, bed.completions == 1);
        abandon(&bed, a);
        assert_int_equal(usb_transfers_in_flight(bed.set, silent), 1);
        assert_null(usb_transfers_oldest(bed.set, USB_ENDPOINTS_ALL));
        assert_null(usb_transfers_find(bed.set, 1));
        RUN_UNTIL(bed.usb.base, bed.reaped == 1);
        assert_int_equal(usb_transfers_in_flight(bed.set, USB_ENDPOINTS_ALL), 0);
        assert_int_equal(bed.completions, 1);
        transfer_bed_close(&bed);
}

/* Cancelled too late: it completes all the same, but not towards the owner. */
static void an_abandoned_transfer_is_not_completed(void **state)
{
        static const char *const options[] = { "", "cancel=late",
                                               "fail=cancel_transfer:NOT_FOUND" };

        for (size_t i = 0; i < ELEMENTS(options); i++) {
                struct transfer_bed bed;

                transfer_bed_open(&bed, options[i], SHARE);
                submit(make_transfer(&bed, 1, BULK_IN, 64));
                abandon(&bed, usb_transfers_find(bed.set, 1));
                assert_int_equal(bed.reaped, 0);

                /* Its id is free at once. */
                submit(make_transfer(&bed, 1, BULK_IN, 64));
                RUN_UNTIL(bed.usb.base, bed.completions == 1 && bed.reaped == 1);
                run_ready(bed.usb.base);
                assert_int_equal(bed.completions, 1);
                assert_int_equal(bed.reaped, 1);
                transfer_bed_close(&bed);
        }
}

static void tells_when_the_device_is_gone(void **state)
{
        struct usb_transfer *a, *b, *late;
        struct transfer_bed bed;

        transfer_bed_open(&bed, "unplug-after=2", SHARE);
        a = make_transfer(&bed, 1, SILENT_IN, 64);
        b = make_transfer(&bed, 2, SILENT_IN, 64);
        late = make_transfer(&bed, 3, BULK_IN, 64);
        submit(a);
        submit(b);
        abandon(&bed, b);
        submit(late);
        assert_int_equal(bed.gone, 1);
        RUN_UNTIL(bed.usb.base, bed.reaped == 1 && bed.gone > 1);
        assert_int_equal(usb_transfers_in_flight(bed.set, USB_ENDPOINTS_ALL), 0);

        /* What was not abandoned yet still is to be, in the order of submission. */
        assert_int_equal(bed.completions, 0);
        assert_ptr_equal(usb_transfers_oldest(bed.set, USB_ENDPOINTS_ALL), a);
        abandon(&bed, a);
        assert_ptr_equal(usb_transfers_oldest(bed.set, USB_ENDPOINTS_ALL), late);
        abandon(&bed, late);
        assert_null(usb_transfers_oldest(bed.set, USB_ENDPOINTS_ALL));
        transfer_bed_close(&bed);
}

static void a_device_that_goes_between_two_pieces_loses_the_transfer(void **state)
{
        struct usb_transfer *t;
        struct transfer_bed bed;

        transfer_bed_open(&bed, "unplug-after=2", 32768); /* pieces of a quarter */
        t = make_transfer(&bed, 1, BULK_IN, 30000);
        submit(t);
        RUN_UNTIL(bed.usb.base, bed.gone > 0);
        assert_int_equal(t->state, USB_TRANSFER_LOST);
        assert_int_equal(bed.completions, 0);
        abandon(&bed, t);
        transfer_bed_close(&bed);
}

int main(void)
{
        static const struct CMUnitTest tests[] = {
                cmocka_unit_test(completes_once_and_not_within_submit),
                cmocka_unit_test(each_type_moves_its_data),
                cmocka_unit_test(says_how_it_ended),
                cmocka_unit_test(a_refused_transfer_stays_the_owners),
                cmocka_unit_test(finds_each_of_many_colliding_ids),
                cmocka_unit_test(counts_what_is_in_flight_by_endpoint),
                cmocka_unit_test(an_abandoned_transfer_is_not_completed),
                cmocka_unit_test(tells_when_the_device_is_gone),
                cmocka_unit_test(a_device_that_goes_between_two_pieces_loses_the_transfer),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
