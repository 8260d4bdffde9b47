#pragma once
/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Finding things in a configuration descriptor and all that follows it (wTotalLength bytes).
 * The descriptors are the tests' own: they are walked, not verified.
 */
#include <linux/usb/ch9.h>
#include <stddef.h>
#include <stdint.h>

/* Bytes of the configuration, with its interfaces and endpoints. */
size_t descriptor_total_length(const uint8_t *configuration);

/* The n-th (from 0) interface descriptor that has this alt setting, or NULL behind the last. */
const struct usb_interface_descriptor *descriptor_nth_interface(const uint8_t *configuration,
                                                                size_t n, uint8_t alt);

/* By bInterfaceNumber and bAlternateSetting; NULL if there is none. */
const struct usb_interface_descriptor *descriptor_find_interface(const uint8_t *configuration,
                                                                 uint8_t number, uint8_t alt);

/* The endpoint of that alt setting, NULL if it has none with this address. */
const struct usb_endpoint_descriptor *descriptor_find_endpoint(const uint8_t *configuration,
                                                               uint8_t number, uint8_t alt,
                                                               uint8_t address);
