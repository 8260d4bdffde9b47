/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * libusb's codes in our words.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "usb/status.h"
#include "util/macro.h"

static void each_libusb_error_is_an_errno(void **state)
{
        static const struct {
                int in, want;
        } cases[] = {
                { LIBUSB_SUCCESS, 0 },
                { LIBUSB_ERROR_IO, -EIO },
                { LIBUSB_ERROR_INVALID_PARAM, -EINVAL },
                { LIBUSB_ERROR_ACCESS, -EACCES },
                { LIBUSB_ERROR_NO_DEVICE, -ENODEV },
                { LIBUSB_ERROR_NOT_FOUND, -ENOENT },
                { LIBUSB_ERROR_BUSY, -EBUSY },
                { LIBUSB_ERROR_TIMEOUT, -ETIMEDOUT },
                { LIBUSB_ERROR_OVERFLOW, -EOVERFLOW },
                { LIBUSB_ERROR_PIPE, -EPIPE },
                { LIBUSB_ERROR_INTERRUPTED, -EIO },
                { LIBUSB_ERROR_NO_MEM, -ENOMEM },
                { LIBUSB_ERROR_NOT_SUPPORTED, -ENOTSUP },
                { LIBUSB_ERROR_OTHER, -EIO },
        };

        for (size_t i = 0; i < ELEMENTS(cases); i++)
                assert_int_equal(usb_errno(cases[i].in), cases[i].want);
}

static void counts_stay_and_unknown_errors_are_eio(void **state)
{
        assert_int_equal(usb_errno(1), 1);
        assert_int_equal(usb_errno(INT32_MAX), INT32_MAX);
        assert_int_equal(usb_errno(-50), -EIO);
        assert_int_equal(usb_errno(INT32_MIN), -EIO);
}

static void each_errno_is_a_status(void **state)
{
        static const struct {
                int in;
                enum usb_status want;
        } cases[] = {
                { 0, USB_STATUS_SUCCESS },          { -EINVAL, USB_STATUS_INVALID },
                { -ENOENT, USB_STATUS_INVALID },    { -EPIPE, USB_STATUS_STALL },
                { -ETIMEDOUT, USB_STATUS_TIMEOUT }, { -EOVERFLOW, USB_STATUS_BABBLE },
                { -EIO, USB_STATUS_FAILED },        { -ENODEV, USB_STATUS_FAILED },
                { -ENOMEM, USB_STATUS_FAILED },     { -EBUSY, USB_STATUS_FAILED },
                { -EACCES, USB_STATUS_FAILED },     { -ENOTSUP, USB_STATUS_FAILED },
        };

        for (size_t i = 0; i < ELEMENTS(cases); i++)
                assert_int_equal(usb_status_from_errno(cases[i].in), cases[i].want);
}

static void each_transfer_status_is_a_status(void **state)
{
        static const struct {
                enum libusb_transfer_status in;
                enum usb_status want;
        } cases[] = {
                { LIBUSB_TRANSFER_COMPLETED, USB_STATUS_SUCCESS },
                { LIBUSB_TRANSFER_ERROR, USB_STATUS_FAILED },
                { LIBUSB_TRANSFER_TIMED_OUT, USB_STATUS_TIMEOUT },
                { LIBUSB_TRANSFER_CANCELLED, USB_STATUS_CANCELLED },
                { LIBUSB_TRANSFER_STALL, USB_STATUS_STALL },
                { LIBUSB_TRANSFER_NO_DEVICE, USB_STATUS_FAILED },
                { LIBUSB_TRANSFER_OVERFLOW, USB_STATUS_BABBLE },
                { (enum libusb_transfer_status)7, USB_STATUS_FAILED },
        };

        for (size_t i = 0; i < ELEMENTS(cases); i++)
                assert_int_equal(usb_status_from_transfer(cases[i].in), cases[i].want);
}

int main(void)
{
        static const struct CMUnitTest tests[] = {
                cmocka_unit_test(each_libusb_error_is_an_errno),
                cmocka_unit_test(counts_stay_and_unknown_errors_are_eio),
                cmocka_unit_test(each_errno_is_a_status),
                cmocka_unit_test(each_transfer_status_is_a_status),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
