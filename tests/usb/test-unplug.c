/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The device is pulled out. What a real node shows an idle program then (a hang-up) the emulated
 * node cannot: idle, the loss is told by the next call or transfer.
 */
#include <errno.h>

#include "usb/bed.h"

static void transfers_in_flight_fail_once_and_the_loss_is_told(void **state)
{
        struct bed *bed = *state;
        struct bed_outcome *o[4];

        o[0] = bed_submit(bed, GADGET_BULK_IN, NULL, 512);
        o[1] = bed_submit(bed, GADGET_BULK_IN, NULL, 512);
        o[2] = bed_submit(bed, GADGET_INTERRUPT_IN, NULL, 64);
        o[3] = bed_control(bed, 0x80, GADGET_HANG, NULL, 8);
        emulated_unplug(bed->device);
        for (size_t i = 0; i < 4; i++)
                assert_int_equal(bed_wait(bed, o[i]), USB_STATUS_FAILED);
        assert_true(bed->gone >= 1);
        assert_true(usb_device_is_gone(bed->usb));
}

static void abandoned_transfer_comes_back_from_an_unplugged_device(void **state)
{
        struct bed *bed = *state;

        bed_abandon(bed_submit(bed, GADGET_BULK_IN, NULL, 512));
        emulated_unplug(bed->device);
        bed_wait_idle(bed);
        assert_int_equal(bed->reaped, 1);
        assert_int_equal(bed->completed, 0);
}

static void transfer_abandoned_after_the_unplug_comes_back(void **state)
{
        struct bed *bed = *state;
        struct bed_outcome *o = bed_submit(bed, GADGET_BULK_IN, NULL, 512);

        emulated_unplug(bed->device);
        bed_abandon(o);
        bed_wait_idle(bed);
        assert_int_equal(bed->reaped, 1);
        assert_int_equal(bed->completed, 0);
}

static void waiting_transfer_fails_with_those_in_flight(void **state)
{
        struct bed *bed = *state;
        struct bed_outcome *a, *b;

        a = bed_submit(bed, GADGET_BULK_IN, NULL, 512);
        assert_int_equal(emulated_fail(bed->device, "SUBMITURB", ENOMEM, 0, 1), 0);
        b = bed_submit(bed, GADGET_BULK_IN, NULL, 512);
        assert_int_equal(b->transfer->state, USB_TRANSFER_WAITING);
        emulated_unplug(bed->device);
        assert_int_equal(bed_wait(bed, a), USB_STATUS_FAILED);
        assert_int_equal(bed_wait(bed, b), USB_STATUS_FAILED);
}

static void idle_device_is_found_gone_by_the_next_transfer(void **state)
{
        struct bed *bed = *state;

        emulated_unplug(bed->device);
        assert_int_equal(bed_submit(bed, GADGET_BULK_OUT, "x", 1)->error, -ENODEV);
        assert_true(usb_device_is_gone(bed->usb));
}

static void idle_device_is_found_gone_by_the_next_call(void **state)
{
        struct bed *bed = *state;

        emulated_unplug(bed->device);
        usb_device_touch(bed->usb);
        assert_int_equal(usb_device_clear_halt(bed->usb, GADGET_BULK_IN), -ENODEV);
        assert_true(usb_device_is_gone(bed->usb));
        assert_int_equal(usb_device_reset(bed->usb), -ENODEV);
        assert_int_equal(usb_device_set_alt(bed->usb, 0, 1), -ENODEV);
        assert_int_equal(usb_device_set_configuration(bed->usb, 2), -ENODEV);
}

static void reset_of_an_unplugged_device_loses_it(void **state)
{
        struct bed *bed = *state;

        usb_device_touch(bed->usb);
        emulated_unplug(bed->device);
        assert_int_equal(usb_device_reset(bed->usb), -ENODEV);
        assert_true(usb_device_is_gone(bed->usb));
}

static void claim_of_an_unplugged_device_finds_none(void **state)
{
        struct bed *bed = *state;

        emulated_unplug(bed->device);
        assert_int_equal(usb_device_claim(bed->usb), -ENODEV);
}

/* The teardown releases it: no error. */
static void release_of_an_idle_unplugged_device_is_no_error(void **state)
{
        struct bed *bed = *state;

        emulated_unplug(bed->device);
        assert_false(usb_device_is_gone(bed->usb));
}

int main(void)
{
#define OPENED(test)  cmocka_unit_test_setup_teardown(test, bed_setup_opened, bed_teardown_claimed)
#define CLAIMED(test) cmocka_unit_test_setup_teardown(test, bed_setup_claimed, bed_teardown_claimed)
        const struct CMUnitTest tests[] = {
                CLAIMED(transfers_in_flight_fail_once_and_the_loss_is_told),
                CLAIMED(abandoned_transfer_comes_back_from_an_unplugged_device),
                CLAIMED(transfer_abandoned_after_the_unplug_comes_back),
                CLAIMED(waiting_transfer_fails_with_those_in_flight),
                CLAIMED(idle_device_is_found_gone_by_the_next_transfer),
                CLAIMED(idle_device_is_found_gone_by_the_next_call),
                CLAIMED(reset_of_an_unplugged_device_loses_it),
                OPENED(claim_of_an_unplugged_device_finds_none),
                CLAIMED(release_of_an_idle_unplugged_device_is_no_error),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
