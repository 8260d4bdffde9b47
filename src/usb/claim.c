/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Who has the device: the host's drivers, or we. While it is claimed the drivers are detached, and
 * the layout mirrors the configuration and alt settings in force.
 *
 * The drivers come back in one place, usb_device_release(), and only after all interfaces are free:
 * a driver of a compound device (audio) wants them all. libusb's automatic attachment is therefore
 * on while claiming and off while releasing. A step that fails on the way back does not keep the
 * next ones from being tried.
 */
#include <errno.h>
#include <string.h>

#include "usb/device-private.h"
#include "usb/device.h"
#include "util/log.h"
#include "util/macro.h"

/* Devices that do not survive a reset. */
static const struct {
        uint16_t vendor, product;
} never_reset[] = {
        { 0x1210, 0x001c },
        { 0x2798, 0x0001 },
};

static bool may_reset(const struct usb_device *d)
{
        if (d->is_never_reset)
                return false;

        for (size_t i = 0; i < ELEMENTS(never_reset); i++)
                if (d->facts.vendor == never_reset[i].vendor &&
                    d->facts.product == never_reset[i].product)
                        return false;

        return true;
}

/* Those of the first count that are claimed; their streams go first. */
static void release_interfaces(struct usb_device *d, size_t count)
{
        usb_device_drop_streams(d, USB_ENDPOINTS_ALL);
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
                int r = usb_device_result(d, libusb_attach_kernel_driver(d->handle, number));

                if (r < 0 && r != -ENOENT && r != -ENODEV && r != -ENOTSUP && r != -EBUSY &&
                    error == 0)
                        error = r;
        }

        return error;
}

int usb_device_read_layout(struct usb_device *d)
{
        struct libusb_config_descriptor *config = NULL;
        int r;

        r = usb_device_result(
                d, libusb_get_active_config_descriptor(libusb_get_device(d->handle), &config));
        if (r < 0 && r != -ENOENT)
                return r;
        r = usb_layout_read(&d->layout, config, (int)d->facts.speed);
        libusb_free_config_descriptor(config);
        return r;
}

/*
 * Reads the active configuration and claims its interfaces. None claimed on error; the drivers that
 * were detached on the way are then missing.
 */
static int claim_interfaces(struct usb_device *d)
{
        int r;

        r = usb_device_read_layout(d);
        if (r < 0)
                return r;

        /* A libusb without this can still claim what has no driver. */
        libusb_set_auto_detach_kernel_driver(d->handle, 1);
        for (size_t i = 0; i < d->layout.interface_count; i++) {
                r = usb_device_result(
                        d, libusb_claim_interface(d->handle, d->layout.interfaces[i].number));
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

        r = usb_device_result(d, libusb_reset_device(d->handle));
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
        if (r == 0 && d->layout.configuration == 0 && d->usual_configuration != 0) {
                r = usb_device_result(d,
                                      libusb_set_configuration(d->handle, d->usual_configuration));
                if (r == 0)
                        r = claim_interfaces(d);
        }
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
                return -ESTALE;
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

        r = usb_device_result(d,
                              libusb_set_configuration(d->handle, d->original_configuration ?: -1));
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

/*
 * Claims what nobody has, and tells whether the host's drivers have the rest. None claimed on
 * error: -EBUSY if another program has one.
 */
static int claim_free_interfaces(struct usb_device *d, bool *ret_has_drivers)
{
        bool has_drivers = false;

        libusb_set_auto_detach_kernel_driver(d->handle, 0);
        for (size_t i = 0; i < d->layout.interface_count; i++) {
                uint8_t number = d->layout.interfaces[i].number;
                int r = usb_device_result(d, libusb_claim_interface(d->handle, number));

                if (r == -EBUSY && libusb_kernel_driver_active(d->handle, number) == 1) {
                        has_drivers = true;
                } else if (r < 0) {
                        release_interfaces(d, i);
                        return r;
                }
        }

        *ret_has_drivers = has_drivers;
        return 0;
}

int usb_device_recover(struct usb_device *d, uint8_t configuration)
{
        bool has_drivers = false;
        int r;

        r = usb_device_read_layout(d);
        if (r == 0)
                r = claim_free_interfaces(d, &has_drivers);
        if (r < 0)
                return r;

        d->is_taken = true;
        d->has_original = true;
        d->original_configuration = configuration ?: d->layout.configuration;
        d->is_never_reset |= has_drivers;
        return usb_device_release(d);
}

int usb_device_detach(struct usb_device *d)
{
        int error = 0;

        for (size_t i = 0; i < d->layout.interface_count; i++) {
                uint8_t number = d->layout.interfaces[i].number;
                int r = usb_device_result(d, libusb_detach_kernel_driver(d->handle, number));

                if (r < 0 && r != -ENOENT && r != -ENODEV && error == 0)
                        error = r;
        }

        return error;
}

/* Choosing a configuration puts every interface into its first alt setting, also the one in force.
 */
static int reset_alts(struct usb_device *d)
{
        usb_device_drop_streams(d, USB_ENDPOINTS_ALL);
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

        error = usb_device_result(d, libusb_set_configuration(d->handle, configuration ?: -1));

        /* The new configuration's interfaces, or the old one's again. */
        r = claim_interfaces(d);
        return r < 0 ? -ENODEV : error;
}

int usb_device_reset(struct usb_device *d)
{
        return d->is_clean ? 0 : reset(d);
}
