/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * libusb's codes to errno, and both to the status of a request.
 */
#include "usb/status.h"

#include <errno.h>

int usb_errno(int libusb_error)
{
        if (libusb_error >= 0)
                return libusb_error;

        switch (libusb_error) {
        case LIBUSB_ERROR_INVALID_PARAM: return -EINVAL;
        case LIBUSB_ERROR_ACCESS: return -EACCES;
        case LIBUSB_ERROR_NO_DEVICE: return -ENODEV;
        case LIBUSB_ERROR_NOT_FOUND: return -ENOENT;
        case LIBUSB_ERROR_BUSY: return -EBUSY;
        case LIBUSB_ERROR_TIMEOUT: return -ETIMEDOUT;
        case LIBUSB_ERROR_OVERFLOW: return -EOVERFLOW;
        case LIBUSB_ERROR_PIPE: return -EPIPE;
        case LIBUSB_ERROR_NO_MEM: return -ENOMEM;
        case LIBUSB_ERROR_NOT_SUPPORTED: return -ENOTSUP;
        default: return -EIO;
        }
}

enum usb_status usb_status_from_errno(int error)
{
        switch (-error) {
        case 0: return USB_STATUS_SUCCESS;
        case EINVAL:
        case ENOENT: return USB_STATUS_INVALID;
        case EPIPE: return USB_STATUS_STALL;
        case ETIMEDOUT: return USB_STATUS_TIMEOUT;
        case EOVERFLOW: return USB_STATUS_BABBLE;
        default: return USB_STATUS_FAILED;
        }
}

enum usb_status usb_status_from_transfer(enum libusb_transfer_status status)
{
        switch (status) {
        case LIBUSB_TRANSFER_COMPLETED: return USB_STATUS_SUCCESS;
        case LIBUSB_TRANSFER_ERROR: return USB_STATUS_FAILED;
        case LIBUSB_TRANSFER_TIMED_OUT: return USB_STATUS_TIMEOUT;
        case LIBUSB_TRANSFER_CANCELLED: return USB_STATUS_CANCELLED;
        case LIBUSB_TRANSFER_STALL: return USB_STATUS_STALL;
        case LIBUSB_TRANSFER_NO_DEVICE: return USB_STATUS_FAILED;
        case LIBUSB_TRANSFER_OVERFLOW: return USB_STATUS_BABBLE;
        }

        return USB_STATUS_FAILED; /* a newer libusb's */
}
