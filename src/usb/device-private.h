#pragma once
/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What device.c, claim.c and bulk-streams.c share of a device.
 */
#include <stdbool.h>
#include <stdint.h>

#include "usb/device.h"

struct usb_device {
        struct usb_loop *loop;
        libusb_device_handle *handle;
        struct usb_transfers *transfers;
        struct usb_transfer_events events; /* the owner's */
        void *userdata;

        struct usb_device_facts facts;
        struct usb_layout layout;
        uint32_t streams[USB_ENDPOINTS_MAX]; /* bulk streams allocated, by endpoint index */
        uint8_t original_configuration;      /* to restore; 0 for none */
        uint8_t usual_configuration;         /* to have if it has none when it is claimed; or 0 */
        bool is_taken;                       /* drivers are detached, and must come back */
        bool has_original;
        bool is_never_reset;
        bool is_clean; /* nothing was done since the last reset */
        bool is_gone;
};

/* libusb's answer as errno; remembers that the device is gone. */
int usb_device_result(struct usb_device *d, int libusb_error);

/* Reads the layout of the configuration in force. */
int usb_device_read_layout(struct usb_device *d);

/*
 * Frees the bulk streams of those of the endpoints that have some. Returns 0 or the first error;
 * none is left here.
 */
int usb_device_drop_streams(struct usb_device *d, uint32_t endpoints);
