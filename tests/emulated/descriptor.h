#pragma once
/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Finding things in a configuration descriptor and all that follows it (wTotalLength bytes).
 * The descriptors are the tests' own: they are walked, not verified.
 */
#include <linux/usb/ch9.h>
#include <stddef.h>
#include <stdint.h>

/* Descriptors as bytes, to write them down in an array. */
#define DESCRIPTOR_LE16(value) (uint8_t)((value)&0xff), (uint8_t)((value) >> 8)

#define DESCRIPTOR_DEVICE(version, class, packet_size_0, vendor, product, release, configurations) \
        USB_DT_DEVICE_SIZE, USB_DT_DEVICE, DESCRIPTOR_LE16(version), class, 0, 0, packet_size_0,   \
                DESCRIPTOR_LE16(vendor), DESCRIPTOR_LE16(product), DESCRIPTOR_LE16(release), 1, 2, \
                3, configurations

#define DESCRIPTOR_CONFIGURATION(total_length, interfaces, value)                                  \
        USB_DT_CONFIG_SIZE, USB_DT_CONFIG, DESCRIPTOR_LE16(total_length), interfaces, value, 0,    \
                0x80, 50

#define DESCRIPTOR_INTERFACE(number, alt, endpoints, class, subclass, protocol)                    \
        USB_DT_INTERFACE_SIZE, USB_DT_INTERFACE, number, alt, endpoints, class, subclass,          \
                protocol, 0

#define DESCRIPTOR_ENDPOINT(address, type, packet_size, interval)                                  \
        USB_DT_ENDPOINT_SIZE, USB_DT_ENDPOINT, address, type, DESCRIPTOR_LE16(packet_size), interval

#define DESCRIPTOR_COMPANION USB_DT_SS_EP_COMP_SIZE, USB_DT_SS_ENDPOINT_COMP, 0, 0, 0, 0

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
