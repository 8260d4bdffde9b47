#pragma once
/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * For cmocka tests with one emulated device and a libusb of their own: setup and teardown, and the
 * transfers the tests share.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <libusb.h>

#include "emulated/gadget.h"
#include "emulated/stick.h"
#include "emulated/testbed.h"

enum { DEADLINE_MS = 30000 };

struct fixture {
        struct testbed *testbed;
        struct gadget *gadget;
        struct stick *stick;
        struct emulated_device *device; /* of the one of them there is */
        libusb_context *usb;
        libusb_device_handle *handle;
};

/* Plugged in, opened, nothing claimed. *state becomes the fixture. */
int fixture_setup_gadget(void **state);
int fixture_setup_stick(void **state);
int fixture_setup_super_stick(void **state);

/* Fails if libusb left something in flight. */
int fixture_teardown(void **state);

/* Claims the interface, taking the kernel's driver away. */
void fixture_claim(struct fixture *fixture, int interface);

/* A synchronous bulk transfer: bytes, or the libusb_error. */
int fixture_bulk(struct fixture *fixture, uint8_t endpoint, void *data, size_t size);

/* Runs the event loop until the flag is set, which a transfer's callback does. */
void fixture_run_until(struct fixture *fixture, int *done);

#define assert_driver(fixture, interface, name)                                                    \
        assert_string_equal(emulated_driver((fixture)->device, interface), name)
#define assert_no_driver(fixture, interface)                                                       \
        assert_null(emulated_driver((fixture)->device, interface))
