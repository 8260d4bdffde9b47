/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Transfers that go well, end short, stall, or are abandoned. That each is completed exactly once,
 * and an abandoned one never, is looked at for all of them when the bed is closed.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "usb/bed.h"
#include "util/macro.h"

static uint8_t *pattern(size_t size)
{
        uint8_t *data = malloc(size + 1);

        assert_non_null(data);
        for (size_t i = 0; i < size; i++)
                data[i] = (uint8_t)(i * 7 + i / 251);
        return data;
}

static void control_data_goes_out_and_comes_back_short(void **state)
{
        struct bed *bed = *state;
        uint8_t *data = pattern(GADGET_ECHO_MAX);
        struct bed_outcome *o;

        o = bed_control(bed, 0x00, GADGET_ECHO, data, 300);
        assert_int_equal(bed_wait(bed, o), USB_STATUS_SUCCESS);
        assert_int_equal(o->actual, 300);
        o = bed_control(bed, 0x80, GADGET_ECHO, NULL, GADGET_ECHO_MAX);
        assert_int_equal(bed_wait(bed, o), USB_STATUS_SUCCESS);
        assert_int_equal(o->actual, 300);
        assert_memory_equal(o->transfer->data, data, 300);
        free(data);
}

static void control_without_data_succeeds(void **state)
{
        struct bed *bed = *state;
        struct bed_outcome *o = bed_control(bed, 0x00, GADGET_ECHO, NULL, 0);

        assert_int_equal(bed_wait(bed, o), USB_STATUS_SUCCESS);
        assert_int_equal(o->actual, 0);
}

static void control_that_is_refused_stalls_and_the_next_one_works(void **state)
{
        struct bed *bed = *state;

        assert_int_equal(bed_wait(bed, bed_control(bed, 0x80, GADGET_REFUSE, NULL, 8)),
                         USB_STATUS_STALL);
        assert_int_equal(bed_wait(bed, bed_control(bed, 0x00, GADGET_ECHO, "next", 4)),
                         USB_STATUS_SUCCESS);
}

static void bulk_of_every_size_comes_back_as_it_was(void **state)
{
        static const uint32_t sizes[] = { 1, 511, 512, 513, 16384, 65537, 1 << 20 };
        struct bed *bed = *state;
        uint8_t *data = pattern(1 << 20);

        for (size_t i = 0; i < ELEMENTS(sizes); i++) {
                struct bed_outcome *o = bed_submit(bed, GADGET_BULK_OUT, data, sizes[i]);

                assert_int_equal(bed_wait(bed, o), USB_STATUS_SUCCESS);
                assert_int_equal(o->actual, sizes[i]);
                o = bed_submit(bed, GADGET_BULK_IN, NULL, sizes[i]);
                assert_int_equal(bed_wait(bed, o), USB_STATUS_SUCCESS);
                assert_int_equal(o->actual, sizes[i]);
                assert_memory_equal(o->transfer->data, data, sizes[i]);
        }
        free(data);
}

static void bulk_in_that_gets_less_ends_short(void **state)
{
        struct bed *bed = *state;
        struct bed_outcome *o;

        assert_int_equal(bed_wait(bed, bed_submit(bed, GADGET_BULK_OUT, "short", 5)), 0);
        o = bed_submit(bed, GADGET_BULK_IN, NULL, 4096);
        assert_int_equal(bed_wait(bed, o), USB_STATUS_SUCCESS);
        assert_int_equal(o->actual, 5);
        assert_memory_equal(o->transfer->data, "short", 5);
}

static void bulk_of_no_bytes_is_a_transfer(void **state)
{
        struct bed *bed = *state;
        struct bed_outcome *o = bed_submit(bed, GADGET_BULK_OUT, NULL, 0);

        assert_int_equal(bed_wait(bed, o), USB_STATUS_SUCCESS);
        assert_int_equal(o->actual, 0);
        o = bed_submit(bed, GADGET_BULK_IN, NULL, 512);
        assert_int_equal(bed_wait(bed, o), USB_STATUS_SUCCESS);
        assert_int_equal(o->actual, 0);
        assert_int_equal(emulated_count(bed->device, "URB"), 2);
}

static void bulk_in_waits_for_data_and_others_pass_by(void **state)
{
        struct bed *bed = *state;
        struct bed_outcome *in = bed_submit(bed, GADGET_BULK_IN, NULL, 512);

        assert_int_equal(bed_wait(bed, bed_control(bed, 0x00, GADGET_ECHO, "x", 1)), 0);
        assert_int_equal(in->completions, 0);
        assert_int_equal(bed_wait(bed, bed_submit(bed, GADGET_BULK_OUT, "late", 4)), 0);
        assert_int_equal(bed_wait(bed, in), USB_STATUS_SUCCESS);
        assert_memory_equal(in->transfer->data, "late", 4);
}

static void interrupt_out_arrives_as_one_packet(void **state)
{
        struct bed *bed = *state;
        uint8_t packet[GADGET_INTERRUPT_PACKET];
        struct bed_outcome *o = bed_submit(bed, GADGET_INTERRUPT_OUT, "pong", 4);

        assert_int_equal(bed_wait(bed, o), USB_STATUS_SUCCESS);
        assert_int_equal(o->actual, 4);
        assert_int_equal(gadget_take_interrupt(bed->gadget, packet, sizeof(packet)), 4);
        assert_memory_equal(packet, "pong", 4);
        assert_int_equal(gadget_take_interrupt(bed->gadget, packet, sizeof(packet)), -EAGAIN);
}

static void interrupt_in_gets_what_is_pushed(void **state)
{
        struct bed *bed = *state;
        struct bed_outcome *o;

        o = bed_submit(bed, GADGET_INTERRUPT_IN, NULL, GADGET_INTERRUPT_PACKET);
        assert_true(emulated_wait_in_flight(bed->device, GADGET_INTERRUPT_IN, 1, BED_DEADLINE_MS));
        assert_int_equal(gadget_push_interrupt(bed->gadget, "ping", 4), 4);
        assert_int_equal(bed_wait(bed, o), USB_STATUS_SUCCESS);
        assert_int_equal(o->actual, 4);
        assert_memory_equal(o->transfer->data, "ping", 4);
}

static void interrupt_in_with_too_little_room_babbles(void **state)
{
        struct bed *bed = *state;

        assert_int_equal(gadget_push_interrupt(bed->gadget, "too much", 8), 8);
        assert_int_equal(bed_wait(bed, bed_submit(bed, GADGET_INTERRUPT_IN, NULL, 4)),
                         USB_STATUS_BABBLE);
}

static void stall_halts_the_one_endpoint(void **state)
{
        struct bed *bed = *state;

        gadget_stall(bed->gadget, GADGET_BULK_OUT);
        assert_int_equal(bed_wait(bed, bed_submit(bed, GADGET_BULK_OUT, "x", 1)), USB_STATUS_STALL);
        assert_true(emulated_is_halted(bed->device, GADGET_BULK_OUT));
        assert_int_equal(bed_wait(bed, bed_submit(bed, GADGET_INTERRUPT_OUT, "x", 1)),
                         USB_STATUS_SUCCESS);
        assert_int_equal(gadget_buffered(bed->gadget, GADGET_BULK_OUT), 0);
}

static bool has_reaped(struct bed *bed, void *userdata)
{
        return bed->reaped >= *(unsigned *)userdata;
}

static void abandoned_transfer_comes_back_without_being_completed(void **state)
{
        struct bed *bed = *state;
        struct usb_transfers *set = usb_device_transfers(bed->usb);
        struct bed_outcome *o = bed_submit(bed, GADGET_BULK_IN, NULL, 512);

        assert_ptr_equal(usb_transfers_find(set, o->transfer->id), o->transfer);
        bed_abandon(o);
        assert_null(usb_transfers_find(set, 0));
        assert_int_equal(usb_transfers_in_flight(set, 1u << 17), 1);
        assert_int_equal(bed->reaped, 0);
        bed_run_until(bed, has_reaped, &(unsigned){ 1 });
        assert_int_equal(usb_transfers_in_flight(set, USB_ENDPOINTS_ALL), 0);
        assert_int_equal(emulated_in_flight(bed->device, EMULATED_ALL_ENDPOINTS), 0);
        assert_int_equal(emulated_count(bed->device, "DISCARDURB"), 1);
        assert_int_equal(bed->completed, 0);
}

/* The device has answered, and nobody has looked yet. */
static void transfer_abandoned_after_it_ended_is_only_reaped(void **state)
{
        struct bed *bed = *state;
        struct bed_outcome *o = bed_submit(bed, GADGET_BULK_OUT, "gone", 4);

        assert_true(emulated_wait_idle(bed->device, GADGET_BULK_OUT, BED_DEADLINE_MS));
        bed_abandon(o);
        bed_run_until(bed, has_reaped, &(unsigned){ 1 });
        assert_int_equal(bed->completed, 0);
        assert_int_equal(gadget_buffered(bed->gadget, GADGET_BULK_OUT), 4);
}

static void abandoning_one_leaves_the_others_of_its_endpoint(void **state)
{
        struct bed *bed = *state;
        struct bed_outcome *a = bed_submit(bed, GADGET_BULK_IN, NULL, 512);
        struct bed_outcome *b = bed_submit(bed, GADGET_BULK_IN, NULL, 512);

        bed_abandon(a);
        bed_run_until(bed, has_reaped, &(unsigned){ 1 });
        assert_int_equal(b->completions, 0);
        assert_int_equal(bed_wait(bed, bed_submit(bed, GADGET_BULK_OUT, "for b", 5)), 0);
        assert_int_equal(bed_wait(bed, b), USB_STATUS_SUCCESS);
        assert_memory_equal(b->transfer->data, "for b", 5);
}

static void release_ends_what_is_in_flight(void **state)
{
        struct bed *bed = *state;

        bed_abandon(bed_submit(bed, GADGET_INTERRUPT_IN, NULL, 64));
        bed_submit(bed, GADGET_BULK_IN, NULL, 512);
        assert_int_equal(usb_device_release(bed->usb), 0);
        bed_wait_idle(bed);
        assert_int_equal(bed->outcomes[1].completions, 1);
        bed_assert_state(bed, .bound = BED_ALL, .configuration = 1);
}

int main(void)
{
#define CLAIMED(test) cmocka_unit_test_setup_teardown(test, bed_setup_claimed, bed_teardown_claimed)
        const struct CMUnitTest tests[] = {
                CLAIMED(control_data_goes_out_and_comes_back_short),
                CLAIMED(control_without_data_succeeds),
                CLAIMED(control_that_is_refused_stalls_and_the_next_one_works),
                CLAIMED(bulk_of_every_size_comes_back_as_it_was),
                CLAIMED(bulk_in_that_gets_less_ends_short),
                CLAIMED(bulk_of_no_bytes_is_a_transfer),
                CLAIMED(bulk_in_waits_for_data_and_others_pass_by),
                CLAIMED(interrupt_out_arrives_as_one_packet),
                CLAIMED(interrupt_in_gets_what_is_pushed),
                CLAIMED(interrupt_in_with_too_little_room_babbles),
                CLAIMED(stall_halts_the_one_endpoint),
                CLAIMED(abandoned_transfer_comes_back_without_being_completed),
                CLAIMED(transfer_abandoned_after_it_ended_is_only_reaped),
                CLAIMED(abandoning_one_leaves_the_others_of_its_endpoint),
                CLAIMED(release_ends_what_is_in_flight),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
