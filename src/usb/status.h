#pragma once
/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * How a transfer ended, and what libusb's codes are in our words. Functions of this folder return
 * 0 or a negative errno; transfers, which end later, carry an enum usb_status.
 */
#include <libusb.h>

enum usb_status {
        USB_STATUS_SUCCESS,
        USB_STATUS_CANCELLED,
        USB_STATUS_INVALID, /* the request makes no sense for this device */
        USB_STATUS_FAILED,  /* input/output error, no memory, or the device is gone */
        USB_STATUS_STALL,
        USB_STATUS_TIMEOUT,
        USB_STATUS_BABBLE, /* the device sent more than was asked for */
};

/*
 * An enum libusb_error as negative errno: -ENODEV gone, -EBUSY, -EACCES, -ENOENT, -ENOMEM,
 * -EPIPE stall, -EINVAL, -ETIMEDOUT, -EOVERFLOW, -ENOTSUP, else -EIO. 0 and above stay.
 */
int usb_errno(int libusb_error);

/* A negative errno of this folder as the status of a request. */
enum usb_status usb_status_from_errno(int error);

enum usb_status usb_status_from_transfer(enum libusb_transfer_status status);
