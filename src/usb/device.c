/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A device's life here: open, claimed, released, closed. While it is claimed the host's drivers are
 * detached, and the layout mirrors the configuration and alt settings in force.
 *
 * The drivers come back in one place, usb_device_release(), and only after all interfaces are free:
 * a driver of a compound device (audio) wants them all. libusb's automatic attachment is therefore
 * on while claiming and off while releasing.
 */
#include "usb/device.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "usb/status.h"
#include "util/cleanup.h"
#include "util/log.h"
#include "util/macro.h"

struct usb_device {
        struct usb_loop *loop;
        libusb_device_handle *handle;
        struct usb_transfers *transfers;
        struct usb_transfer_events events; /* the owner's */
        void *userdata;

        struct usb_device_facts facts;
        struct usb_layout layout;
        uint8_t original_configuration; /* to restore; 0 for none */
        bool is_taken;                  /* drivers are detached, and must come back */
        bool has_original;
        bool is_clean; /* nothing was done since the last reset */
        bool is_gone;
};

DEFINE_CLEANUP(struct usb_device, usb_device_free)

/* Devices that do not survive a reset. */
static const struct {
        uint16_t vendor, product;
} never_reset[] = {
        { 0x1210, 0x001c },
        { 0x2798, 0x0001 },
};

static bool may_reset(const struct usb_device *d)
{
        for (size_t i = 0; i < ELEMENTS(never_reset); i++)
                if (d->facts.vendor == never_reset[i].vendor &&
                    d->facts.product == never_reset[i].product)
                        return false;

        return true;
}

/* libusb's answer as errno; remembers that the device is gone. */
static int result(struct usb_device *d, int libusb_error)
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

bool usb_device_is_gone(const struct usb_device *d)
{
        return d->is_gone;
}

/* Those of the first count that are claimed. */
static void release_interfaces(struct usb_device *d, size_t count)
{
        libusb_set_auto_detach_kernel_driver(d->handle, 0);
        for (size_t i = 0; i < count; i++)
                libusb_release_interface(d->handle, d->layout.interfaces[i].number);
}

/* Drivers that were never there, or are there already, are no error. */
static int attach_drivers(struct usb_device *d)
{
        int error = 0;

        for (size_t i = 0; i < d->layout.interface_count; i++) {
                uint8_t number = d->layout.interfaces[i].number;
                int r = result(d, libusb_attach_kernel_driver(d->handle, number));

                if (r < 0 && r != -ENOENT && r != -ENODEV && r != -ENOTSUP && r != -EBUSY &&
                    error == 0)
                        error = r;
        }

        return error;
}

/*
 * Reads the active configuration and claims its interfaces. None claimed on error; the drivers that
 * were detached on the way are then missing.
 */
static int claim_interfaces(struct usb_device *d)
{
        struct libusb_config_descriptor *config = NULL;
        int r;

        r = result(d, libusb_get_active_config_descriptor(libusb_get_device(d->handle), &config));
        if (r < 0 && r != -ENOENT)
                return r;
        r = usb_layout_read(&d->layout, config, (int)d->facts.speed);
        libusb_free_config_descriptor(config);
        if (r < 0)
                return r;

        /* A libusb without this can still claim what has no driver. */
        libusb_set_auto_detach_kernel_driver(d->handle, 1);
        for (size_t i = 0; i < d->layout.interface_count; i++) {
                r = result(d, libusb_claim_interface(d->handle, d->layout.interfaces[i].number));
                if (r < 0) {
                        release_interfaces(d, i);
                        return r;
                }
        }

        return 0;
}

/* To restore: what is active, or, after a "safely remove", the only configuration there is. */
static void remember_configuration(struct usb_device *d)
{
        libusb_device *device = libusb_get_device(d->handle);
        struct libusb_device_descriptor descriptor;
        struct libusb_config_descriptor *config;

        if (d->has_original)
                return;

        d->has_original = true;
        d->original_configuration = d->layout.configuration;
        if (d->original_configuration != 0 ||
            libusb_get_device_descriptor(device, &descriptor) < 0 ||
            descriptor.bNumConfigurations != 1 ||
            libusb_get_config_descriptor(device, 0, &config) < 0)
                return;

        d->original_configuration = config->bConfigurationValue;
        libusb_free_config_descriptor(config);
}

/* A device that comes back from a reset as another one is lost. */
static int reset_port(struct usb_device *d)
{
        int r;

        if (!may_reset(d))
                return 0;

        r = result(d, libusb_reset_device(d->handle));
        if (r == -ENOENT) {
                d->is_gone = true;
                r = -ENODEV;
        }
        if (r == 0)
                d->is_clean = true;

        return r;
}

/*
 * A reset takes the claims. libusb would release and claim by itself, but believes in its claims
 * after a reset that failed, and calls a claim that failed the loss of the device. Each interface
 * is in its first alt setting then: the kernel sees to that when one is released.
 */
static int reset(struct usb_device *d)
{
        int error, r;

        if (!may_reset(d))
                return 0;

        release_interfaces(d, d->layout.interface_count);
        error = reset_port(d);
        if (error == -ENODEV)
                return error;

        r = claim_interfaces(d);
        return r < 0 ? -ENODEV : error;
}

int usb_device_claim(struct usb_device *d)
{
        int r;

        r = claim_interfaces(d);
        if (r < 0) {
                attach_drivers(d);
                return r;
        }

        d->is_taken = true;
        remember_configuration(d);

        /* Every guest resets first: done now, its reset costs nothing. */
        r = reset(d);
        if (r == -ENODEV) {
                usb_device_release(d);
                return r;
        }
        if (r < 0)
                log_warning("the device does not take a reset: %s", strerror(-r));

        return 0;
}

/* Drivers of the configuration in force, which a claim that failed has left, would refuse it. */
static int restore_configuration(struct usb_device *d)
{
        int r;

        for (size_t i = 0; i < d->layout.interface_count; i++)
                libusb_detach_kernel_driver(d->handle, d->layout.interfaces[i].number);

        r = result(d, libusb_set_configuration(d->handle, d->original_configuration ?: -1));
        if (r < 0)
                attach_drivers(d);

        return r;
}

int usb_device_release(struct usb_device *d)
{
        int error = 0, r;

        if (!d->is_taken)
                return 0;

        /* Also if it is gone: where that was a mistake its drivers come back. */
        d->is_taken = false;
        release_interfaces(d, d->layout.interface_count);

        r = reset_port(d);
        if (r < 0 && r != -ENODEV)
                error = r;

        /* What could not be released before the reset, libusb has claimed again. */
        release_interfaces(d, d->layout.interface_count);

        if (d->layout.configuration != d->original_configuration)
                r = restore_configuration(d);
        else
                r = attach_drivers(d);

        return error < 0 || r == -ENODEV ? error : r;
}

int usb_device_set_alt(struct usb_device *d, uint8_t interface, uint8_t alt)
{
        struct libusb_config_descriptor *config;
        struct usb_layout layout = d->layout;
        int r;

        r = result(d, libusb_get_active_config_descriptor(libusb_get_device(d->handle), &config));
        if (r < 0)
                return r;
        r = usb_layout_set_alt(&layout, config, (int)d->facts.speed, interface, alt);
        libusb_free_config_descriptor(config);
        if (r < 0)
                return r;

        d->is_clean = false;
        r = result(d, libusb_set_interface_alt_setting(d->handle, interface, alt));
        if (r < 0)
                return r;

        d->layout = layout;
        return 0;
}

/* Choosing a configuration puts every interface into its first alt setting, also the one in force.
 */
static int reset_alts(struct usb_device *d)
{
        for (size_t i = 0; i < d->layout.interface_count; i++)
                if (d->layout.interfaces[i].alt != 0) {
                        int r = usb_device_set_alt(d, d->layout.interfaces[i].number, 0);

                        if (r < 0)
                                return r;
                }

        return 0;
}

int usb_device_set_configuration(struct usb_device *d, uint8_t configuration)
{
        int error, r;

        if (configuration == d->layout.configuration)
                return reset_alts(d);

        d->is_clean = false;
        release_interfaces(d, d->layout.interface_count);

        error = result(d, libusb_set_configuration(d->handle, configuration ?: -1));

        /* The new configuration's interfaces, or the old one's again. */
        r = claim_interfaces(d);
        return r < 0 ? -ENODEV : error;
}

int usb_device_reset(struct usb_device *d)
{
        return d->is_clean ? 0 : reset(d);
}

int usb_device_clear_halt(struct usb_device *d, uint8_t endpoint)
{
        d->is_clean = false;
        return result(d, libusb_clear_halt(d->handle, endpoint));
}

void usb_device_touch(struct usb_device *d)
{
        d->is_clean = false;
}

uint32_t usb_device_endpoints_of(const struct usb_device *d, uint8_t interface)
{
        uint32_t mask = 0;

        for (size_t i = 0; i < USB_ENDPOINTS_MAX; i++)
                if (i % 16 && d->layout.endpoints[i].type != USB_ENDPOINT_NONE &&
                    d->layout.endpoints[i].interface == interface)
                        mask |= UINT32_C(1) << i;

        return mask;
}
