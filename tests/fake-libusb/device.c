/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The device as the kernel sees it: configuration, alternate settings, claims, kernel drivers.
 * The rules are those of usbfs: set_configuration is BUSY while any interface has a driver or a
 * claim; a claim pushes a driver off only with auto-detach; releasing an interface, changing its
 * alternate setting and resetting the device end the transfers there as CANCELLED.
 */
#include <string.h>

#include "fake-libusb/fake.h"

bool device_has_interface(const struct device *device, int interface)
{
        const struct model_configuration *configuration;

        configuration = model_configuration(&device->model, device->configuration);
        for (uint8_t i = 0; configuration && i < configuration->n_interfaces; i++) {
                if (configuration->interfaces[i].alts[0].interface == interface)
                        return true;
        }
        return false;
}

static void device_start_endpoints(struct device *device, const struct model_alt *alt)
{
        const struct model_endpoint *row;

        for (uint8_t i = 0; alt && i < alt->n_endpoints; i++) {
                row = &alt->endpoints[i];
                endpoint_start(&device->endpoints[endpoint_index(row->address)], row,
                               alt->interface);
        }
}

/* All endpoints as after power-on, in the alternate settings chosen now. */
void device_reset(struct device *device)
{
        const struct model_configuration *configuration;
        uint8_t interface;

        for (size_t i = 0; i < ELEMENTS(device->endpoints); i++)
                device->endpoints[i].behaviour = BEHAVIOUR_NONE;
        device->endpoints[0].behaviour = BEHAVIOUR_CONTROL;
        configuration = model_configuration(&device->model, device->configuration);
        for (uint8_t i = 0; configuration && i < configuration->n_interfaces; i++) {
                interface = configuration->interfaces[i].alts[0].interface;
                device_start_endpoints(
                        device, model_alt(configuration, interface,
                                          interface < INTERFACES_MAX ? device->alt[interface] : 0));
        }
}

/* 0 is "unconfigured". The kernel binds its drivers to the new interfaces by itself. */
void device_set_configuration(struct device *device, uint8_t value)
{
        device->configuration = value;
        for (uint8_t i = 0; i < INTERFACES_MAX; i++) {
                device->alt[i] = 0;
                device->claimed[i] = NULL;
                device->driver[i] = fake.options.kernel_driver && device_has_interface(device, i);
        }
        device_reset(device);
}

void device_set_alt(struct device *device, uint8_t interface, uint8_t alt)
{
        for (size_t i = 1; i < ELEMENTS(device->endpoints); i++) {
                if (device->endpoints[i].interface == interface)
                        device->endpoints[i].behaviour = BEHAVIOUR_NONE;
        }
        device->alt[interface] = alt;
        device_start_endpoints(device,
                               model_alt(model_configuration(&device->model, device->configuration),
                                         interface, alt));
}

/* Everything submitted ends with NO_DEVICE; the next round tells that the descriptor goes. */
void device_unplug(struct libusb_context *context)
{
        fake.device.gone = true;
        transfers_force(context, LIBUSB_TRANSFER_NO_DEVICE, NULL, NULL);
        events_signal(context);
}

__attribute__((visibility("default"))) void fake_libusb_unplug(libusb_context *context);

/* For programs that know that they run on a fake, and look the function up. */
void fake_libusb_unplug(libusb_context *context)
{
        fake_lock();
        device_unplug(context);
        fake_unlock();
}

static bool on_interface(const struct transfer *transfer, const void *interface)
{
        const struct endpoint *endpoint = endpoint_find(transfer->public.endpoint);

        return endpoint && endpoint->behaviour != BEHAVIOUR_CONTROL &&
               endpoint->interface == *(const int *)interface;
}

static void cancel_on_interface(struct libusb_device_handle *handle, int interface)
{
        transfers_force(handle->device->context, LIBUSB_TRANSFER_CANCELLED, on_interface,
                        &interface);
}

static bool off_control(const struct transfer *transfer, const void *unused)
{
        return transfer->public.type != LIBUSB_TRANSFER_TYPE_CONTROL;
}

/* What nearly every call starts with. The lock is held from here on if this returns 0. */
static int begin(enum function function, int interface)
{
        int r;

        if (interface < 0 || interface >= (int)INTERFACES_MAX)
                return LIBUSB_ERROR_INVALID_PARAM;
        fake_lock();
        r = fault_check(function);
        if (!r && fake.device.gone)
                r = LIBUSB_ERROR_NO_DEVICE;
        if (r)
                fake_unlock();
        return r;
}

static int end(int r)
{
        fake_unlock();
        return r;
}

int libusb_get_configuration(libusb_device_handle *handle, int *ret_configuration)
{
        int r;

        r = begin(FUNCTION_get_configuration, 0);
        if (r)
                return r;
        *ret_configuration = fake.device.configuration;
        return end(0);
}

int libusb_set_configuration(libusb_device_handle *handle, int configuration)
{
        struct device *device = &fake.device;
        int r;

        if (configuration < -1 || configuration > 0xff)
                return LIBUSB_ERROR_INVALID_PARAM;
        fake_lock();
        fake.counters.set_configurations++;
        fake_unlock();
        r = begin(FUNCTION_set_configuration, 0);
        if (r)
                return r;
        configuration = configuration < 0 ? 0 : configuration;
        if (configuration && !model_configuration(&device->model, (uint8_t)configuration))
                return end(LIBUSB_ERROR_NOT_FOUND);
        for (uint8_t i = 0; i < INTERFACES_MAX; i++) {
                if (device->claimed[i] || device->driver[i])
                        return end(LIBUSB_ERROR_BUSY);
        }
        transfers_force(handle->device->context, LIBUSB_TRANSFER_CANCELLED, off_control, NULL);
        device_set_configuration(device, (uint8_t)configuration);
        return end(0);
}

int libusb_claim_interface(libusb_device_handle *handle, int interface)
{
        struct device *device = &fake.device;
        int r;

        r = begin(FUNCTION_claim_interface, interface);
        if (r)
                return r;
        if (device->claimed[interface] == handle)
                return end(0);
        if (!device_has_interface(device, interface))
                return end(LIBUSB_ERROR_NOT_FOUND);
        if (device->claimed[interface] || (device->driver[interface] && !handle->auto_detach))
                return end(LIBUSB_ERROR_BUSY);
        device->driver[interface] = false;
        device->claimed[interface] = handle;
        return end(0);
}

int libusb_release_interface(libusb_device_handle *handle, int interface)
{
        struct device *device = &fake.device;
        int r;

        r = begin(FUNCTION_release_interface, interface);
        if (r)
                return r;
        if (device->claimed[interface] != handle)
                return end(LIBUSB_ERROR_NOT_FOUND);
        cancel_on_interface(handle, interface);
        device_set_alt(device, (uint8_t)interface, 0);
        device->claimed[interface] = NULL;
        if (handle->auto_detach)
                device->driver[interface] = fake.options.kernel_driver;
        return end(0);
}

int libusb_set_interface_alt_setting(libusb_device_handle *handle, int interface, int alt)
{
        struct device *device = &fake.device;
        int r;

        if (alt < 0 || alt > 0xff)
                return LIBUSB_ERROR_INVALID_PARAM;
        r = begin(FUNCTION_set_interface_alt_setting, interface);
        if (r)
                return r;
        fake.counters.set_alts++;
        if (device->claimed[interface] != handle)
                return end(LIBUSB_ERROR_NOT_FOUND);
        if (!model_alt(model_configuration(&device->model, device->configuration),
                       (uint8_t)interface, (uint8_t)alt))
                return end(LIBUSB_ERROR_NOT_FOUND);
        cancel_on_interface(handle, interface);
        device_set_alt(device, (uint8_t)interface, (uint8_t)alt);
        return end(0);
}

int libusb_clear_halt(libusb_device_handle *handle, unsigned char address)
{
        struct endpoint *endpoint;
        int r;

        r = begin(FUNCTION_clear_halt, 0);
        if (r)
                return r;
        endpoint = endpoint_find(address);
        if (!endpoint || endpoint->behaviour == BEHAVIOUR_CONTROL)
                return end(LIBUSB_ERROR_NOT_FOUND);
        if (endpoint->interface >= INTERFACES_MAX ||
            fake.device.claimed[endpoint->interface] != handle)
                return end(LIBUSB_ERROR_OTHER);
        endpoint->halted = false;
        fake.counters.halts_cleared++;
        return end(0);
}

/* NOT_FOUND, which only the options can order, means: it came back as another device. */
int libusb_reset_device(libusb_device_handle *handle)
{
        int r;

        fake_lock();
        fake.counters.resets++;
        fake_unlock();
        r = begin(FUNCTION_reset_device, 0);
        if (r == LIBUSB_ERROR_NOT_FOUND) {
                fake_lock();
                device_unplug(handle->device->context);
                fake_unlock();
        }
        if (r)
                return r;
        transfers_force(handle->device->context, LIBUSB_TRANSFER_CANCELLED, off_control, NULL);
        device_reset(&fake.device);
        return end(0);
}

int libusb_kernel_driver_active(libusb_device_handle *handle, int interface)
{
        int r;

        r = begin(FUNCTION_kernel_driver_active, interface);
        return r ? r : end(fake.device.driver[interface]);
}

int libusb_detach_kernel_driver(libusb_device_handle *handle, int interface)
{
        int r;

        r = begin(FUNCTION_detach_kernel_driver, interface);
        if (r)
                return r;
        if (!device_has_interface(&fake.device, interface))
                return end(LIBUSB_ERROR_INVALID_PARAM);
        if (!fake.device.driver[interface])
                return end(LIBUSB_ERROR_NOT_FOUND);
        fake.device.driver[interface] = false;
        return end(0);
}

int libusb_attach_kernel_driver(libusb_device_handle *handle, int interface)
{
        int r;

        r = begin(FUNCTION_attach_kernel_driver, interface);
        if (r)
                return r;
        if (!device_has_interface(&fake.device, interface))
                return end(LIBUSB_ERROR_INVALID_PARAM);
        if (fake.device.claimed[interface] || fake.device.driver[interface])
                return end(LIBUSB_ERROR_BUSY);
        if (!fake.options.kernel_driver)
                return end(LIBUSB_ERROR_NOT_FOUND);
        fake.device.driver[interface] = true;
        return end(0);
}

int libusb_set_auto_detach_kernel_driver(libusb_device_handle *handle, int enable)
{
        int r;

        r = begin(FUNCTION_set_auto_detach_kernel_driver, 0);
        if (r)
                return r;
        handle->auto_detach = enable;
        return end(0);
}
