/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Each test has its own testbed: what one of them breaks, no other sees. The order of the teardown
 * is the order a real program ends in: libusb lets go, then the device may go.
 */
#include <stdlib.h>
#include <time.h>

#include "emulated/fixture.h"

static int setup(struct fixture *fixture, uint16_t vendor, uint16_t product, void **state)
{
        *state = fixture;
        assert_int_equal(testbed_new(&fixture->testbed), 0);
        assert_int_equal(testbed_plug(fixture->testbed, fixture->device, NULL), 0);
        assert_int_equal(libusb_init(&fixture->usb), 0);
        fixture->handle = libusb_open_device_with_vid_pid(fixture->usb, vendor, product);
        assert_non_null(fixture->handle);
        return 0;
}

int fixture_setup_gadget(void **state)
{
        struct fixture *fixture = calloc(1, sizeof(*fixture));

        assert_non_null(fixture);
        assert_int_equal(gadget_new(&fixture->gadget, &(struct gadget_options){ 0 }), 0);
        fixture->device = gadget_device(fixture->gadget);
        return setup(fixture, GADGET_VENDOR, GADGET_PRODUCT, state);
}

static int setup_stick(void **state, enum usb_device_speed speed)
{
        struct fixture *fixture = calloc(1, sizeof(*fixture));
        struct stick_options options = { .speed = speed };

        assert_non_null(fixture);
        assert_int_equal(stick_new(&fixture->stick, &options), 0);
        fixture->device = stick_device(fixture->stick);
        return setup(fixture, STICK_VENDOR, STICK_PRODUCT, state);
}

int fixture_setup_stick(void **state)
{
        return setup_stick(state, USB_SPEED_HIGH);
}

int fixture_setup_super_stick(void **state)
{
        return setup_stick(state, USB_SPEED_SUPER);
}

int fixture_teardown(void **state)
{
        struct fixture *fixture = *state;

        if (fixture->handle)
                libusb_close(fixture->handle);
        libusb_exit(fixture->usb);
        assert_true(emulated_wait_closed(fixture->device, DEADLINE_MS));
        assert_int_equal(emulated_abandoned(fixture->device), 0);
        testbed_free(fixture->testbed);
        gadget_free(fixture->gadget);
        stick_free(fixture->stick);
        free(fixture);
        return 0;
}

void fixture_claim(struct fixture *fixture, int interface)
{
        assert_int_equal(libusb_set_auto_detach_kernel_driver(fixture->handle, 1), 0);
        assert_int_equal(libusb_claim_interface(fixture->handle, interface), 0);
}

int fixture_bulk(struct fixture *fixture, uint8_t endpoint, void *data, size_t size)
{
        int transferred = 0, r;

        r = libusb_bulk_transfer(fixture->handle, endpoint, data, (int)size, &transferred,
                                 DEADLINE_MS);
        return r < 0 ? r : transferred;
}

void fixture_run_until(struct fixture *fixture, int *done)
{
        time_t end = time(NULL) + DEADLINE_MS / 1000 + 1;

        while (!*done) {
                struct timeval timeout = { .tv_sec = 1 };

                assert_true(time(NULL) < end);
                assert_int_equal(
                        libusb_handle_events_timeout_completed(fixture->usb, &timeout, done), 0);
        }
}
