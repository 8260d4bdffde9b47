/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * An open device: its descriptor, its transfers, the calls that change it. Taking it from the
 * host's drivers and giving it back is in claim.c.
 */
#include "usb/device.h"

#include <errno.h>
#include <stdlib.h>

#include "usb/device-private.h"
#include "usb/status.h"
#include "util/cleanup.h"

DEFINE_CLEANUP(struct usb_device, usb_device_free)

/* libusb's answer as errno; remembers that the device is gone. */
int usb_device_result(struct usb_device *d, int libusb_error)
{
        int r = usb_errno(libusb_error);

        if (r == -ENODEV)
                d->is_gone = true;

        return r;
}

static void on_complete(void *userdata, struct usb_transfer *transfer)
{
        struct usb_device *d = userdata;

        d->events.on_complete(d->userdata, transfer);
}

static void on_reaped(void *userdata)
{
        struct usb_device *d = userdata;

        d->events.on_reaped(d->userdata);
}

static void on_gone(void *userdata)
{
        struct usb_device *d = userdata;

        d->is_gone = true;
        d->events.on_gone(d->userdata);
}

static const struct usb_transfer_events own_events = { on_complete, on_reaped, on_gone };

static int read_facts(struct usb_device *d)
{
        libusb_device *device = libusb_get_device(d->handle);
        struct libusb_device_descriptor descriptor;
        int r;

        r = usb_errno(libusb_get_device_descriptor(device, &descriptor));
        if (r < 0)
                return r;

        d->facts = (struct usb_device_facts){
                .speed = (enum libusb_speed)libusb_get_device_speed(device),
                .class_code = descriptor.bDeviceClass,
                .subclass = descriptor.bDeviceSubClass,
                .protocol = descriptor.bDeviceProtocol,
                .vendor = descriptor.idVendor,
                .product = descriptor.idProduct,
                .version_bcd = descriptor.bcdDevice,
        };
        return 0;
}

/* Takes the handle, also on error. */
static int device_new(struct usb_device **ret, struct usb_loop *loop, struct event_base *base,
                      libusb_device_handle *handle, size_t memory,
                      const struct usb_transfer_events *events, void *userdata)
{
        CLEANUP(usb_device_freep) struct usb_device *d = NULL;
        int r;

        d = calloc(1, sizeof(*d));
        if (!d) {
                libusb_close(handle);
                return -ENOMEM;
        }

        d->loop = loop;
        d->handle = handle;
        d->events = *events;
        d->userdata = userdata;

        r = read_facts(d);
        if (r < 0)
                return r;
        r = usb_transfers_new(&d->transfers, base, handle, memory, &own_events, d);
        if (r < 0)
                return r;

        /* A claim reads it again, and tells what is wrong. */
        usb_layout_read(&d->layout, NULL, 0);
        usb_device_read_layout(d);

        usb_loop_watch_removed(loop, on_gone, d);
        *ret = TAKE(d);
        return 0;
}

int usb_device_open_fd(struct usb_device **ret, struct usb_loop *loop, struct event_base *base,
                       int fd, size_t memory, const struct usb_transfer_events *events,
                       void *userdata)
{
        libusb_device_handle *handle;
        int r;

        r = usb_errno(libusb_wrap_sys_device(usb_loop_context(loop), fd, &handle));
        if (r < 0)
                return r;

        return device_new(ret, loop, base, handle, memory, events, userdata);
}

int usb_device_open_address(struct usb_device **ret, struct usb_loop *loop, struct event_base *base,
                            uint8_t bus, uint8_t address, size_t memory,
                            const struct usb_transfer_events *events, void *userdata)
{
        libusb_device_handle *handle = NULL;
        libusb_device **list;
        ssize_t n;
        int r = -ENODEV;

        n = libusb_get_device_list(usb_loop_context(loop), &list);
        if (n < 0)
                return usb_errno((int)n);

        for (ssize_t i = 0; i < n; i++)
                if (libusb_get_bus_number(list[i]) == bus &&
                    libusb_get_device_address(list[i]) == address) {
                        r = usb_errno(libusb_open(list[i], &handle));
                        break;
                }
        libusb_free_device_list(list, 1);
        if (r < 0)
                return r;

        return device_new(ret, loop, base, handle, memory, events, userdata);
}

struct usb_device *usb_device_free(struct usb_device *d)
{
        if (!d)
                return NULL;

        usb_loop_watch_removed(d->loop, NULL, NULL);
        usb_transfers_free(d->transfers);
        libusb_close(d->handle);
        free(d);
        return NULL;
}

const struct usb_device_facts *usb_device_facts(const struct usb_device *d)
{
        return &d->facts;
}

const struct usb_layout *usb_device_layout(const struct usb_device *d)
{
        return &d->layout;
}

struct usb_transfers *usb_device_transfers(struct usb_device *d)
{
        return d->transfers;
}

void usb_device_never_reset(struct usb_device *d)
{
        d->is_never_reset = true;
}

void usb_device_use_configuration(struct usb_device *d, uint8_t configuration)
{
        d->usual_configuration = configuration;
}

bool usb_device_is_gone(const struct usb_device *d)
{
        return d->is_gone;
}

int usb_device_set_alt(struct usb_device *d, uint8_t interface, uint8_t alt)
{
        struct libusb_config_descriptor *config;
        struct usb_layout layout = d->layout;
        int r;

        r = usb_device_result(
                d, libusb_get_active_config_descriptor(libusb_get_device(d->handle), &config));
        if (r < 0)
                return r;
        r = usb_layout_set_alt(&layout, config, (int)d->facts.speed, interface, alt);
        libusb_free_config_descriptor(config);
        if (r < 0)
                return r;

        d->is_clean = false;
        usb_device_drop_streams(d, usb_layout_endpoints_of(&d->layout, interface));
        r = usb_device_result(d, libusb_set_interface_alt_setting(d->handle, interface, alt));
        if (r < 0)
                return r;

        d->layout = layout;
        return 0;
}

int usb_device_clear_halt(struct usb_device *d, uint8_t endpoint)
{
        d->is_clean = false;
        return usb_device_result(d, libusb_clear_halt(d->handle, endpoint));
}

void usb_device_touch(struct usb_device *d)
{
        d->is_clean = false;
}
