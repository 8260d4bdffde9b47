/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Too little usbfs memory: of our share, and of the kernel's (ENOMEM from SUBMITURB). What can wait
 * for a completion waits; what has nothing to wait for fails.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "usb/bed.h"

enum { SMALL = 16 << 10, LONG = 100000 };

static int setup_small(void **state)
{
        struct bed *bed = bed_new();

        *state = bed;
        assert_int_equal(bed_open(bed, SMALL), 0);
        assert_int_equal(usb_device_claim(bed->usb), 0);
        return 0;
}

static void long_bulk_goes_in_pieces_and_comes_back_whole(void **state)
{
        struct bed *bed = *state;
        uint8_t *data = malloc(LONG);
        struct bed_outcome *o;

        for (size_t i = 0; i < LONG; i++)
                data[i] = (uint8_t)(i * 7 + i / 251);
        o = bed_submit(bed, GADGET_BULK_OUT, data, LONG);
        assert_int_equal(bed_wait(bed, o), USB_STATUS_SUCCESS);
        assert_int_equal(o->actual, LONG);
        assert_int_equal(emulated_count(bed->device, "URB"), (LONG + SMALL / 4 - 1) / (SMALL / 4));
        o = bed_submit(bed, GADGET_BULK_IN, NULL, LONG);
        assert_int_equal(bed_wait(bed, o), USB_STATUS_SUCCESS);
        assert_int_equal(o->actual, LONG);
        assert_memory_equal(o->transfer->data, data, LONG);
        free(data);
}

static void short_piece_ends_a_split_transfer(void **state)
{
        struct bed *bed = *state;
        uint8_t data[6000];
        struct bed_outcome *o;

        memset(data, 7, sizeof(data));
        assert_int_equal(bed_wait(bed, bed_submit(bed, GADGET_BULK_OUT, data, 4096)), 0);
        assert_int_equal(bed_wait(bed, bed_submit(bed, GADGET_BULK_OUT, data, 1904)), 0);
        o = bed_submit(bed, GADGET_BULK_IN, NULL, LONG);
        assert_int_equal(bed_wait(bed, o), USB_STATUS_SUCCESS);
        assert_int_equal(o->actual, sizeof(data));
        assert_memory_equal(o->transfer->data, data, sizeof(data));
}

static void stall_in_the_middle_ends_a_split_transfer(void **state)
{
        struct bed *bed = *state;
        struct bed_outcome *o;

        assert_int_equal(emulated_fail(bed->device, "URB-01", EPIPE, 2, 1), 0);
        o = bed_submit(bed, GADGET_BULK_OUT, NULL, LONG);
        assert_int_equal(bed_wait(bed, o), USB_STATUS_STALL);
        assert_int_equal(o->actual, 2 * (SMALL / 4));
        assert_int_equal(emulated_count(bed->device, "URB"), 3);
}

static void split_transfer_keeps_its_endpoint_to_itself(void **state)
{
        struct bed *bed = *state;
        uint8_t *data = malloc(LONG);
        struct bed_outcome *first, *second, *in;

        memset(data, 1, LONG);
        first = bed_submit(bed, GADGET_BULK_OUT, data, LONG);
        memset(data, 2, LONG);
        second = bed_submit(bed, GADGET_BULK_OUT, data, 100);
        assert_int_equal(second->transfer->state, USB_TRANSFER_WAITING);
        assert_int_equal(bed_wait(bed, second), USB_STATUS_SUCCESS);
        assert_int_equal(first->completions, 1);
        in = bed_submit(bed, GADGET_BULK_IN, NULL, LONG);
        assert_int_equal(bed_wait(bed, in), USB_STATUS_SUCCESS);
        memset(data, 1, LONG);
        assert_memory_equal(in->transfer->data, data, LONG);
        free(data);
}

static void transfer_beyond_the_share_waits_its_turn(void **state)
{
        struct bed *bed = *state;
        struct bed_outcome *in[5];

        for (size_t i = 0; i < 5; i++)
                in[i] = bed_submit(bed, GADGET_BULK_IN, NULL, 4000);
        assert_int_equal(in[2]->transfer->state, USB_TRANSFER_SUBMITTED);
        assert_int_equal(in[3]->transfer->state, USB_TRANSFER_WAITING);
        assert_int_equal(in[4]->transfer->state, USB_TRANSFER_WAITING);

        /* Those that wait go away at once; those that do not make room. */
        bed_abandon(in[3]);
        bed_abandon(in[0]);
        bed_abandon(in[1]);
        bed_abandon(in[2]);
        while (bed->reaped < 3)
                assert_int_equal(event_base_loop(bed->base, EVLOOP_ONCE), 0);
        assert_int_equal(in[4]->transfer->state, USB_TRANSFER_SUBMITTED);
        bed_abandon(in[4]);
        bed_wait_idle(bed);
        assert_int_equal(bed->completed, 0);
        assert_int_equal(emulated_count(bed->device, "URB"), 4);
}

/* Those in wait for data have the rest of the share, and may have it for hours. */
static void pieces_go_before_those_that_wait(void **state)
{
        struct bed *bed = *state;
        struct bed_outcome *in[3], *out;

        for (size_t i = 0; i < 2; i++)
                in[i] = bed_submit(bed, GADGET_INTERRUPT_IN, NULL, 4000);
        out = bed_submit(bed, GADGET_BULK_OUT, NULL, LONG);
        in[2] = bed_submit(bed, GADGET_INTERRUPT_IN, NULL, 4000);
        assert_int_equal(out->transfer->state, USB_TRANSFER_SUBMITTED);
        assert_int_equal(in[2]->transfer->state, USB_TRANSFER_WAITING);
        assert_int_equal(bed_wait(bed, out), USB_STATUS_SUCCESS);
        for (size_t i = 0; i < 3; i++)
                bed_abandon(in[i]);
}

static void interrupt_beyond_the_share_is_refused(void **state)
{
        struct bed *bed = *state;

        assert_int_equal(bed_submit(bed, GADGET_INTERRUPT_OUT, NULL, SMALL)->error, -EMSGSIZE);
}

static void abandoned_split_transfer_sends_no_further_piece(void **state)
{
        struct bed *bed = *state;
        unsigned urbs;

        bed_abandon(bed_submit(bed, GADGET_BULK_OUT, NULL, LONG));
        bed_wait_idle(bed);
        urbs = emulated_count(bed->device, "URB");
        assert_int_equal(urbs, 1);
        assert_int_equal(bed_wait(bed, bed_submit(bed, GADGET_BULK_OUT, "x", 1)), 0);
        assert_int_equal(emulated_count(bed->device, "URB"), urbs + 1);
}

static void no_memory_with_nothing_in_flight_fails(void **state)
{
        struct bed *bed = *state;

        assert_int_equal(emulated_fail(bed->device, "SUBMITURB", ENOMEM, 0, 1), 0);
        assert_int_equal(bed_submit(bed, GADGET_BULK_OUT, "x", 1)->error, -ENOMEM);
        assert_int_equal(bed_wait(bed, bed_submit(bed, GADGET_BULK_OUT, "x", 1)), 0);
}

static void no_memory_waits_for_a_completion(void **state)
{
        struct bed *bed = *state;
        struct bed_outcome *in, *out;

        in = bed_submit(bed, GADGET_INTERRUPT_IN, NULL, 64);
        assert_int_equal(emulated_fail(bed->device, "SUBMITURB", ENOMEM, 0, 1), 0);
        out = bed_submit(bed, GADGET_BULK_OUT, "late", 4);
        assert_int_equal(out->error, 0);
        assert_int_equal(out->transfer->state, USB_TRANSFER_WAITING);
        assert_int_equal(gadget_push_interrupt(bed->gadget, "ping", 4), 4);
        assert_int_equal(bed_wait(bed, in), USB_STATUS_SUCCESS);
        assert_int_equal(bed_wait(bed, out), USB_STATUS_SUCCESS);
        assert_int_equal(gadget_buffered(bed->gadget, GADGET_BULK_OUT), 4);
}

/* libusb says so of bulk and interrupt only. */
static void no_memory_for_a_control_request_fails_whatever_is_in_flight(void **state)
{
        struct bed *bed = *state;

        bed_abandon(bed_submit(bed, GADGET_INTERRUPT_IN, NULL, 64));
        assert_int_equal(emulated_fail(bed->device, "SUBMITURB", ENOMEM, 0, 1), 0);
        assert_int_equal(bed_control(bed, 0x80, GADGET_ECHO, NULL, 8)->error, -EIO);
}

static void no_memory_is_looked_for_again_while_nothing_completes(void **state)
{
        struct bed *bed = *state;
        struct bed_outcome *in, *out;

        in = bed_submit(bed, GADGET_INTERRUPT_IN, NULL, 64);
        assert_int_equal(emulated_fail(bed->device, "SUBMITURB", ENOMEM, 0, 2), 0);
        out = bed_submit(bed, GADGET_BULK_OUT, "late", 4);
        assert_int_equal(bed_wait(bed, out), USB_STATUS_SUCCESS);
        assert_int_equal(in->completions, 0);
        bed_abandon(in);
}

static void those_that_wait_for_memory_keep_their_order(void **state)
{
        struct bed *bed = *state;
        struct bed_outcome *in, *out[2];

        in = bed_submit(bed, GADGET_INTERRUPT_IN, NULL, 64);
        assert_int_equal(emulated_fail(bed->device, "SUBMITURB", ENOMEM, 0, 2), 0);
        out[0] = bed_submit(bed, GADGET_BULK_OUT, "first", 5);
        out[1] = bed_submit(bed, GADGET_BULK_OUT, "second", 6);
        assert_int_equal(bed_wait(bed, out[0]), USB_STATUS_SUCCESS);
        assert_int_equal(bed_wait(bed, out[1]), USB_STATUS_SUCCESS);
        bed_abandon(in);
        in = bed_submit(bed, GADGET_BULK_IN, NULL, 512);
        assert_int_equal(bed_wait(bed, in), USB_STATUS_SUCCESS);
        assert_memory_equal(in->transfer->data, "first", 5);
}

static void no_memory_at_all_fails_all_that_wait_after_the_last_completion(void **state)
{
        struct bed *bed = *state;
        struct bed_outcome *in, *out[2];

        in = bed_submit(bed, GADGET_INTERRUPT_IN, NULL, 64);
        assert_int_equal(emulated_fail(bed->device, "SUBMITURB", ENOMEM, 0, EMULATED_FOREVER), 0);
        for (size_t i = 0; i < 2; i++) {
                out[i] = bed_submit(bed, GADGET_BULK_OUT, "never", 5);
                assert_int_equal(out[i]->error, 0);
        }
        assert_int_equal(gadget_push_interrupt(bed->gadget, "ping", 4), 4);
        assert_int_equal(bed_wait(bed, in), USB_STATUS_SUCCESS);
        assert_int_equal(bed_wait(bed, out[0]), USB_STATUS_FAILED);
        assert_int_equal(bed_wait(bed, out[1]), USB_STATUS_FAILED);
}

int main(void)
{
#define SMALL_SHARE(test) cmocka_unit_test_setup_teardown(test, setup_small, bed_teardown_claimed)
#define CLAIMED(test)     cmocka_unit_test_setup_teardown(test, bed_setup_claimed, bed_teardown_claimed)
        const struct CMUnitTest tests[] = {
                SMALL_SHARE(long_bulk_goes_in_pieces_and_comes_back_whole),
                SMALL_SHARE(short_piece_ends_a_split_transfer),
                SMALL_SHARE(stall_in_the_middle_ends_a_split_transfer),
                SMALL_SHARE(split_transfer_keeps_its_endpoint_to_itself),
                SMALL_SHARE(transfer_beyond_the_share_waits_its_turn),
                SMALL_SHARE(pieces_go_before_those_that_wait),
                SMALL_SHARE(interrupt_beyond_the_share_is_refused),
                SMALL_SHARE(abandoned_split_transfer_sends_no_further_piece),
                CLAIMED(no_memory_with_nothing_in_flight_fails),
                CLAIMED(no_memory_waits_for_a_completion),
                CLAIMED(no_memory_for_a_control_request_fails_whatever_is_in_flight),
                CLAIMED(no_memory_is_looked_for_again_while_nothing_completes),
                CLAIMED(those_that_wait_for_memory_keep_their_order),
                CLAIMED(no_memory_at_all_fails_all_that_wait_after_the_last_completion),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
