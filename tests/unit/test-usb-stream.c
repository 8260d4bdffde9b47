/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Streams on the fake device's interrupt endpoint, whose packets begin with their number: none is
 * lost while the stream runs, is held, or goes on.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "unit/usb-transfer-bed.h"
#include "usb/stream.h"
#include "util/bytes.h"

struct stream_bed {
        struct transfer_bed transfers;
        struct usb_stream *stream;
        uint32_t received; /* packets, numbered from 0 without a gap */
        uint32_t hold_at;  /* holds the stream from within its callback; 0: never */
        unsigned errors, stops;
        enum usb_status last_status;
};

static const struct usb_endpoint interrupt_in = { .type = USB_ENDPOINT_INTERRUPT,
                                                  .interval = 1,
                                                  .max_packet_size = 64 };

static const struct usb_stream_config five_packets = { .address = INTERRUPT_IN,
                                                       .transfers = 5,
                                                       .bytes = 64 };

static void on_data(void *userdata, struct usb_transfer *t)
{
        struct stream_bed *bed = userdata;

        assert_int_equal(t->id, bed->received + bed->errors);
        if (t->status == USB_STATUS_SUCCESS) {
                assert_int_equal(t->actual, 64);
                assert_int_equal(get_le32(t->data), bed->received);
                bed->received++;
        } else {
                bed->errors++;
                bed->last_status = t->status;
        }
        usb_transfer_free(t);

        if (bed->received == bed->hold_at)
                usb_stream_hold(bed->stream, true);
}

static void on_stopped(void *userdata, struct usb_stream *stream, enum usb_status status)
{
        struct stream_bed *bed = userdata;

        assert_ptr_equal(stream, bed->stream);
        bed->stops++;
        bed->last_status = status;
}

static const struct usb_stream_events events = { .on_data = on_data, .on_stopped = on_stopped };

static void open_stream(struct stream_bed *bed, const char *options)
{
        *bed = (struct stream_bed){ 0 };
        transfer_bed_open(&bed->transfers, options, SHARE);
        assert_int_equal(usb_stream_start(&bed->stream, bed->transfers.set, &interrupt_in,
                                          &five_packets, &events, bed),
                         0);
}

static size_t in_flight(const struct stream_bed *bed)
{
        return usb_transfers_in_flight(bed->transfers.set, USB_ENDPOINTS_ALL);
}

/* What is in flight is abandoned, and comes back to nobody. */
static void close_stream(struct stream_bed *bed)
{
        uint32_t received = bed->received;

        bed->stream = usb_stream_free(bed->stream);
        RUN_UNTIL(bed->transfers.usb.base, in_flight(bed) == 0);
        assert_int_equal(bed->received, received);
        assert_int_equal(bed->transfers.completions, 0);
        transfer_bed_close(&bed->transfers);
}

static void keeps_transfers_in_flight_and_hands_over_each(void **state)
{
        struct stream_bed bed;

        open_stream(&bed, "rate=8000");
        assert_true(in_flight(&bed) > 1);
        RUN_UNTIL(bed.transfers.usb.base, bed.received >= 200);
        assert_true(in_flight(&bed) > 1);
        assert_null(usb_transfers_oldest(bed.transfers.set, USB_ENDPOINTS_ALL));
        assert_int_equal(bed.stops, 0);
        close_stream(&bed);
}

static void asks_for_no_more_while_it_is_held(void **state)
{
        struct stream_bed bed;
        uint32_t held;

        open_stream(&bed, "");
        bed.hold_at = 50;
        RUN_UNTIL(bed.transfers.usb.base, in_flight(&bed) == 0);
        held = bed.received;
        assert_in_range(held, 50, 60);
        run_ready(bed.transfers.usb.base);
        assert_int_equal(bed.received, held);

        usb_stream_hold(bed.stream, false);
        RUN_UNTIL(bed.transfers.usb.base, bed.received >= 200);
        close_stream(&bed);
}

static void starts_only_what_fits_the_endpoint(void **state)
{
        static const struct {
                struct usb_endpoint endpoint;
                struct usb_stream_config config;
        } wrong[] = {
                { { USB_ENDPOINT_NONE, .max_packet_size = 64 }, { 0x84, 0, 5, 1, 64 } },
                { { USB_ENDPOINT_CONTROL, .max_packet_size = 64 }, { 0x84, 0, 5, 1, 64 } },
                { { USB_ENDPOINT_INTERRUPT, .max_packet_size = 0 }, { 0x84, 0, 5, 1, 64 } },
                { { USB_ENDPOINT_INTERRUPT, .max_packet_size = 64 }, { 0x84, 0, 0, 1, 64 } },
                { { USB_ENDPOINT_INTERRUPT, .max_packet_size = 64 }, { 0x84, 0, 17, 1, 64 } },
                { { USB_ENDPOINT_INTERRUPT, .max_packet_size = 64 }, { 0x04, 0, 5, 1, 64 } },
                { { USB_ENDPOINT_BULK, .max_packet_size = 64 }, { 0x84, 0, 5, 1, 0 } },
                { { USB_ENDPOINT_BULK, .max_packet_size = 64 }, { 0x84, 0, 5, 1, 65 } },
                { { USB_ENDPOINT_ISO, .max_packet_size = 64 }, { 0x84, 0, 5, 0, 64 } },
                { { USB_ENDPOINT_ISO, .max_packet_size = 64 }, { 0x84, 0, 5, 33, 64 } },
        };
        struct usb_stream *stream = NULL;
        struct transfer_bed bed;

        transfer_bed_open(&bed, "", SHARE);
        for (size_t i = 0; i < ELEMENTS(wrong); i++)
                assert_int_equal(usb_stream_start(&stream, bed.set, &wrong[i].endpoint,
                                                  &wrong[i].config, &events, NULL),
                                 -EINVAL);
        assert_null(stream);
        assert_null(usb_stream_free(NULL));
        transfer_bed_close(&bed);
}

/* The first two are in flight by then. */
static void a_start_that_fails_leaves_nothing(void **state)
{
        struct usb_stream *stream = NULL;
        struct transfer_bed bed;

        transfer_bed_open(&bed, "fail=submit_transfer:IO@3", SHARE);
        assert_int_equal(
                usb_stream_start(&stream, bed.set, &interrupt_in, &five_packets, &events, NULL),
                -EIO);
        assert_null(stream);
        RUN_UNTIL(bed.usb.base, usb_transfers_in_flight(bed.set, USB_ENDPOINTS_ALL) == 0);
        assert_int_equal(bed.completions, 0);
        transfer_bed_close(&bed);
}

static void goes_on_after_an_error(void **state)
{
        struct stream_bed bed;

        open_stream(&bed, "rate=8000,complete=0x84:ERROR@3x2");
        RUN_UNTIL(bed.transfers.usb.base, bed.errors == 2);
        assert_int_equal(bed.last_status, USB_STATUS_FAILED);
        assert_int_equal(bed.stops, 0);
        assert_true(in_flight(&bed) > 0);
        close_stream(&bed);
}

static void stops_by_itself_once(void **state)
{
        static const struct {
                const char *name, *options;
                enum usb_status want;
        } cases[] = {
                { "stall", "rate=8000,complete=0x84:STALL@4", USB_STATUS_STALL },
                { "cancelled by the kernel", "rate=8000,complete=0x84:CANCELLED@4",
                  USB_STATUS_CANCELLED },
                { "refused", "rate=8000,fail=submit_transfer:IO@9", USB_STATUS_FAILED },
        };

        for (size_t i = 0; i < ELEMENTS(cases); i++) {
                struct stream_bed bed;

                open_stream(&bed, cases[i].options);
                RUN_UNTIL(bed.transfers.usb.base, bed.stops > 0 && in_flight(&bed) == 0);
                if (bed.last_status != cases[i].want)
                        fail_msg("%s: status %u", cases[i].name, bed.last_status);
                usb_stream_hold(bed.stream, false);
                run_ready(bed.transfers.usb.base);
                assert_int_equal(bed.stops, 1);
                assert_int_equal(in_flight(&bed), 0);
                close_stream(&bed);
        }
}

int main(void)
{
        static const struct CMUnitTest tests[] = {
                cmocka_unit_test(keeps_transfers_in_flight_and_hands_over_each),
                cmocka_unit_test(asks_for_no_more_while_it_is_held),
                cmocka_unit_test(starts_only_what_fits_the_endpoint),
                cmocka_unit_test(a_start_that_fails_leaves_nothing),
                cmocka_unit_test(goes_on_after_an_error),
                cmocka_unit_test(stops_by_itself_once),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
