#pragma once
/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the active configuration of a device consists of: its interfaces with their alt settings,
 * and its endpoints by index (0-15 OUT, 16-31 IN). Plain data, read from libusb's descriptors,
 * which come from the device and are never trusted.
 *
 * Source: USB 2.0 specification 9.6.3 to 9.6.6; USB 3.2 9.6.7 (companion).
 */
#include <libusb.h>
#include <stddef.h>
#include <stdint.h>

#define USB_INTERFACES_MAX 32
#define USB_ENDPOINTS_MAX  32

/* bmAttributes' transfer type, and "there is no such endpoint now". */
enum usb_endpoint_type {
        USB_ENDPOINT_CONTROL = 0,
        USB_ENDPOINT_ISO = 1,
        USB_ENDPOINT_BULK = 2,
        USB_ENDPOINT_INTERRUPT = 3,
        USB_ENDPOINT_NONE = 255,
};

struct usb_endpoint {
        enum usb_endpoint_type type;
        uint8_t interval;         /* bInterval; at least 1 for iso and interrupt */
        uint8_t interface;        /* bInterfaceNumber of its owner */
        uint16_t max_packet_size; /* bytes per packet; of an iso endpoint, per service interval */
        uint32_t max_streams;     /* bulk streams, 0 for none */
};

struct usb_interface {
        uint8_t number; /* bInterfaceNumber */
        uint8_t alt;    /* bAlternateSetting in use */
        uint8_t class_code, subclass, protocol;
};

struct usb_layout {
        uint8_t configuration; /* bConfigurationValue; 0: not configured */
        uint8_t interface_count;
        struct usb_interface interfaces[USB_INTERFACES_MAX];
        struct usb_endpoint endpoints[USB_ENDPOINTS_MAX];
};

/*
 * The layout of a configuration with every interface in its first alt setting; of none at all if
 * config is NULL. Speed is an enum libusb_speed. What does not make sense is left out. Returns 0,
 * or -E2BIG for more interfaces than usbredir can express.
 */
int usb_layout_read(struct usb_layout *layout, const struct libusb_config_descriptor *config,
                    int speed);

/*
 * Puts an interface into another alt setting. Returns 0, or -ENOENT if there is no such
 * interface or alt setting; the layout is then as before.
 */
int usb_layout_set_alt(struct usb_layout *layout, const struct libusb_config_descriptor *config,
                       int speed, uint8_t interface, uint8_t alt);

/* The interface of that number, or NULL. */
const struct usb_interface *usb_layout_interface(const struct usb_layout *layout, uint8_t number);

/* The endpoint with that address; one of type NONE for an address that cannot be. */
const struct usb_endpoint *usb_layout_endpoint(const struct usb_layout *layout, uint8_t address);

/* Endpoints of the interface, as a mask by index; without endpoint 0. */
uint32_t usb_layout_endpoints_of(const struct usb_layout *layout, uint8_t interface);

/* Endpoints that can have bulk streams, as a mask by index. */
uint32_t usb_layout_endpoints_with_streams(const struct usb_layout *layout);
