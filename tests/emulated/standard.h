#pragma once
/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The standard requests of USB 2.0 chapter 9, answered from the device's description and state.
 */
#include <limits.h>

#include "emulated/internal.h"

/* Not a standard request, or none that is known here. */
enum { STANDARD_UNKNOWN = INT_MIN };

/* With the device locked. Result as of a callback, or STANDARD_UNKNOWN. */
int standard_request(struct emulated_device *device, const struct usb_ctrlrequest *setup,
                     uint8_t *data, size_t length);
