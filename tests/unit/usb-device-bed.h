#pragma once
/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A usb_device on the fake's, and a second handle on it: the other program, that also looks at what
 * the kernel would know. Include after cmocka.h.
 */
#include "unit/usb-bed.h"
#include "usb/device.h"
#include "util/macro.h"

struct device_bed {
        struct usb_bed usb;
        libusb_device_handle *other;
        struct usb_device *device;
        int gone;
};

static inline void on_device_complete(void *userdata, struct usb_transfer *transfer)
{
        usb_transfer_free(transfer);
}

static inline void on_device_reaped(void *userdata)
{
}

static inline void on_device_gone(void *userdata)
{
        ((struct device_bed *)userdata)->gone++;
}

static const struct usb_transfer_events device_events = { on_device_complete, on_device_reaped,
                                                          on_device_gone };

static inline void open_bed(struct device_bed *bed, const char *options)
{
        *bed = (struct device_bed){ 0 };
        usb_bed_open(&bed->usb, options);
        assert_int_equal(libusb_wrap_sys_device(usb_loop_context(bed->usb.loop), 0, &bed->other),
                         0);
        assert_int_equal(usb_device_open_fd(&bed->device, bed->usb.loop, bed->usb.base, 0, 1 << 20,
                                            &device_events, bed),
                         0);
}

static inline void open_claimed(struct device_bed *bed, const char *options)
{
        open_bed(bed, options);
        assert_int_equal(usb_device_claim(bed->device), 0);
}

static inline void close_bed(struct device_bed *bed)
{
        usb_device_free(bed->device);
        libusb_close(bed->other);
        usb_bed_close(&bed->usb);
}

static inline uint64_t reported(const struct device_bed *bed, const char *key)
{
        return bed_reported(&bed->usb.fake, key);
}

static inline int configuration(struct device_bed *bed)
{
        int value = -1;

        assert_int_equal(libusb_get_configuration(bed->other, &value), 0);
        return value;
}

/* The host's drivers have interfaces 0 and 1. */
static inline void assert_drivers(struct device_bed *bed, int wanted)
{
        assert_int_equal(libusb_kernel_driver_active(bed->other, 0), wanted);
        assert_int_equal(libusb_kernel_driver_active(bed->other, 1), wanted);
}

/* Would another program get it? */
static inline void assert_claimable(struct device_bed *bed, int interface, int want)
{
        assert_int_equal(libusb_claim_interface(bed->other, interface), want);
        if (want == 0)
                assert_int_equal(libusb_release_interface(bed->other, interface), 0);
}

static inline const struct usb_interface *interface_of(struct device_bed *bed, uint8_t number)
{
        return usb_layout_interface(usb_device_layout(bed->device), number);
}

static inline enum usb_endpoint_type endpoint_type(struct device_bed *bed, uint8_t address)
{
        return usb_layout_endpoint(usb_device_layout(bed->device), address)->type;
}
