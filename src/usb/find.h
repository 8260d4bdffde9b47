#pragma once
/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Finds a device by what a person types: its port path (1-1.4), VVVV:PPPP in hexadecimal, or
 * BBB/DDD, bus and address in decimal. Reads sysfs only; opens no device.
 */
#include <stddef.h>
#include <stdint.h>

#define USB_PORT_MAX 32 /* "BBB-P.P.P.P.P.P.P" and its terminator, with room */

struct usb_place {
        char port[USB_PORT_MAX];
        uint8_t bus, address;
        uint16_t vendor, product;
};

/*
 * Returns 0; -EINVAL if the text has none of the three forms; -ENODEV if there is no such device;
 * -ENOTUNIQ if there are several. On error the message says so in a sentence, with the candidates.
 */
int usb_find(const char *text, struct usb_place *ret, char *message, size_t size);
