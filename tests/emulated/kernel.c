/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The rules of the kernel, as far as a redirecting host can meet them. Those it may stumble over:
 *
 *  - Releasing, also by closing the descriptor, leaves an interface without a driver; only
 *    CONNECT, a new configuration, or a reset while it is claimed binds one.
 *  - Whoever loses an interface, usbfs or a driver, leaves it in its first alt setting.
 *  - RESET takes the claims away: usbfs cannot keep an interface across a reset, and the kernel
 *    driver takes what usbfs has lost. Callers that want their claims back release before.
 *  - SETCONFIGURATION is refused while anything, also a kernel driver, has an interface.
 *  - Using an endpoint claims its interface silently, if it is free.
 */
#include <stdlib.h>
#include <string.h>

#include "emulated/descriptor.h"
#include "emulated/kernel.h"
#include "emulated/urb.h"

static const struct {
        uint8_t class;
        const char *driver;
} drivers_by_class[] = {
        { USB_CLASS_AUDIO, "snd-usb-audio" }, { USB_CLASS_COMM, "cdc_acm" },
        { USB_CLASS_HID, "usbhid" },          { USB_CLASS_MASS_STORAGE, "usb-storage" },
        { USB_CLASS_VIDEO, "uvcvideo" },
};

const struct usb_interface_descriptor *kernel_interface(struct emulated_device *device,
                                                        unsigned interface)
{
        if (!device->configuration || interface >= EMULATED_INTERFACES_MAX)
                return NULL;
        return descriptor_find_interface(device->configuration, (uint8_t)interface, 0);
}

static const char *driver_for(struct emulated_device *device,
                              const struct usb_interface_descriptor *interface)
{
        const struct emulated_ops *ops = device->description.ops;

        if (ops->driver)
                return ops->driver(device, interface);
        for (size_t i = 0; i < ELEMENTS(drivers_by_class); i++)
                if (drivers_by_class[i].class == interface->bInterfaceClass)
                        return drivers_by_class[i].driver;
        return NULL;
}

/* "1-1:1.0": the interface's name in sysfs. */
#define INTERFACE_FORMAT "%s:%u.%u"
#define INTERFACE_ARGS(device, interface)                                                          \
        (device)->description.port, (device)->configuration[5], (unsigned)(interface)

/* What the kernel tells with "bind" and "unbind"; claims of usbfs, which is a driver, too. */
static void tell_driver(struct emulated_device *device, unsigned interface)
{
        if (device->hooks && device->plugged)
                device->hooks->on_driver(device->hooks_userdata, (uint8_t)interface);
}

static bool bind_driver(struct emulated_device *device, unsigned interface, const char *how)
{
        struct emulated_interface *state = &device->interfaces[interface];
        const struct usb_interface_descriptor *descriptor = kernel_interface(device, interface);

        if (!descriptor || state->driver || state->claimed_by)
                return false;
        state->driver = driver_for(device, descriptor);
        if (!state->driver)
                return false;
        device_event(device, "kernel driver %s %s " INTERFACE_FORMAT, state->driver, how,
                     INTERFACE_ARGS(device, interface));
        tell_driver(device, interface);
        return true;
}

void kernel_configure(struct emulated_device *device, const uint8_t *configuration)
{
        device->configuration = configuration;
        if (device->hooks)
                device->hooks->on_configuration(device->hooks_userdata);
        for (unsigned i = 0; i < EMULATED_INTERFACES_MAX; i++) {
                if (!kernel_interface(device, i))
                        continue;
                if (device->hooks)
                        device->hooks->on_interface_added(device->hooks_userdata, (uint8_t)i);
                bind_driver(device, i, "attached to");
        }
}

const char *kernel_driver(struct emulated_device *device, unsigned interface)
{
        if (!kernel_interface(device, interface))
                return NULL;
        if (device->interfaces[interface].claimed_by)
                return "usbfs";
        return device->interfaces[interface].driver;
}

/* The kernel does so whenever something is unbound; it sends nothing if that is in force. */
static void use_first_alt(struct emulated_device *device, unsigned interface)
{
        const struct emulated_ops *ops = device->description.ops;

        if (device->interfaces[interface].alt == 0)
                return;
        device->interfaces[interface].alt = 0;
        device->halted &= ~urb_interface_endpoints(device, (uint8_t)interface);
        if (ops->on_set_interface)
                ops->on_set_interface(device, (uint8_t)interface, 0);
        if (device->hooks)
                device->hooks->on_alt_setting(device->hooks_userdata, (uint8_t)interface);
}

static void unclaim(struct emulated_device *device, unsigned interface)
{
        urb_kill_interface(device, (uint8_t)interface, -ENOENT);
        device->interfaces[interface].claimed_by = NULL;
        if (device->plugged)
                use_first_alt(device, interface);
        device_event(device, "interface " INTERFACE_FORMAT " released",
                     INTERFACE_ARGS(device, interface));
        tell_driver(device, interface);
}

int kernel_claim(struct emulated_client *client, unsigned interface)
{
        struct emulated_device *device = client->device;
        struct emulated_interface *state;

        if (interface >= EMULATED_INTERFACES_MAX)
                return -EINVAL;
        if (!kernel_interface(device, interface))
                return -ENOENT;
        state = &device->interfaces[interface];
        if (state->claimed_by == client)
                return 0;
        if (state->claimed_by || state->driver)
                return -EBUSY;
        state->claimed_by = client;
        device_event(device, "interface " INTERFACE_FORMAT " claimed",
                     INTERFACE_ARGS(device, interface));
        tell_driver(device, interface);
        return 0;
}

int kernel_release(struct emulated_client *client, unsigned interface)
{
        struct emulated_device *device = client->device;

        if (interface >= EMULATED_INTERFACES_MAX ||
            device->interfaces[interface].claimed_by != client)
                return -EINVAL;
        unclaim(device, interface);
        return 0;
}

int kernel_disconnect(struct emulated_device *device, unsigned interface)
{
        struct emulated_interface *state;

        if (!kernel_interface(device, interface))
                return -EINVAL;
        state = &device->interfaces[interface];
        if (state->claimed_by) {
                unclaim(device, interface);
                return 0;
        }
        if (!state->driver)
                return -ENODATA;
        device_event(device, "kernel driver %s detached from " INTERFACE_FORMAT, state->driver,
                     INTERFACE_ARGS(device, interface));
        state->driver = NULL;
        tell_driver(device, interface);
        return 0;
}

/* Gives 1 if a driver was found: that is what the kernel's device_attach() says. */
int kernel_connect(struct emulated_device *device, unsigned interface)
{
        if (!kernel_interface(device, interface))
                return -EINVAL;
        if (kernel_driver(device, interface))
                return -EBUSY;
        return bind_driver(device, interface, "attached again to");
}

int kernel_disconnect_claim(struct emulated_client *client,
                            const struct usbdevfs_disconnect_claim *request)
{
        const char *driver = kernel_driver(client->device, request->interface);

        if (!kernel_interface(client->device, request->interface))
                return -EINVAL;
        if (driver) {
                bool same = strncmp(driver, request->driver, sizeof(request->driver)) == 0;

                if ((request->flags & USBDEVFS_DISCONNECT_CLAIM_IF_DRIVER) && !same)
                        return -EBUSY;
                if ((request->flags & USBDEVFS_DISCONNECT_CLAIM_EXCEPT_DRIVER) && same)
                        return -EBUSY;
                kernel_disconnect(client->device, request->interface);
        }
        return kernel_claim(client, request->interface);
}

static const uint8_t *find_configuration(struct emulated_device *device, int value)
{
        for (size_t i = 0; i < EMULATED_CONFIGURATIONS_MAX; i++) {
                const uint8_t *configuration = device->description.configurations[i];

                if (configuration && configuration[5] == value)
                        return configuration;
        }
        return NULL;
}

/* Every interface at its first alt setting, no endpoint halted. */
static void reset_interfaces(struct emulated_device *device)
{
        device->halted = 0;
        for (uint8_t i = 0; i < EMULATED_INTERFACES_MAX; i++) {
                if (device->interfaces[i].alt == 0)
                        continue;
                device->interfaces[i].alt = 0;
                if (device->hooks)
                        device->hooks->on_alt_setting(device->hooks_userdata, i);
        }
}

int kernel_set_configuration(struct emulated_device *device, int value)
{
        const struct emulated_ops *ops = device->description.ops;
        const uint8_t *configuration = value < 0 ? NULL : find_configuration(device, value);
        bool same = configuration && configuration == device->configuration;

        for (unsigned i = 0; i < EMULATED_INTERFACES_MAX; i++)
                if (kernel_driver(device, i))
                        return -EBUSY;
        if (value > 0 && !configuration)
                return -EINVAL;

        device_event(device, "configuration %d", value);
        urb_kill_all(device, -ESHUTDOWN);
        reset_interfaces(device);
        for (unsigned i = 0; i < EMULATED_INTERFACES_MAX && !same && device->hooks; i++)
                if (kernel_interface(device, i))
                        device->hooks->on_interface_gone(device->hooks_userdata, (uint8_t)i);
        if (ops->on_set_configuration)
                ops->on_set_configuration(device, value < 0 ? 0 : value);
        if (!same)
                kernel_configure(device, configuration);
        return 0;
}

int kernel_set_interface(struct emulated_client *client, unsigned interface, unsigned alt)
{
        struct emulated_device *device = client->device;
        const struct emulated_ops *ops = device->description.ops;
        int r;

        r = kernel_claim(client, interface);
        if (r < 0)
                return r;
        if (alt > UINT8_MAX ||
            !descriptor_find_interface(device->configuration, (uint8_t)interface, (uint8_t)alt))
                return -EINVAL;

        urb_kill_interface(device, (uint8_t)interface, -ENOENT);
        device->interfaces[interface].alt = (uint8_t)alt;
        device->halted &= ~urb_interface_endpoints(device, (uint8_t)interface);
        device_event(device, "alt setting %u of interface " INTERFACE_FORMAT, alt,
                     INTERFACE_ARGS(device, interface));
        if (ops->on_set_interface)
                ops->on_set_interface(device, (uint8_t)interface, (uint8_t)alt);
        if (device->hooks)
                device->hooks->on_alt_setting(device->hooks_userdata, (uint8_t)interface);
        return 0;
}

int kernel_reset(struct emulated_device *device)
{
        const struct emulated_ops *ops = device->description.ops;
        uint32_t lost = 0;

        device_event(device, "reset");
        for (unsigned i = 0; i < EMULATED_INTERFACES_MAX; i++) {
                if (!device->interfaces[i].claimed_by)
                        continue;
                lost |= 1U << i;
                unclaim(device, i);
        }
        urb_kill_all(device, -ESHUTDOWN);
        device->halted = 0;
        if (ops->on_reset)
                ops->on_reset(device);
        for (unsigned i = 0; i < EMULATED_INTERFACES_MAX; i++)
                if (lost & 1U << i)
                        bind_driver(device, i, "attached, the reset took the claim, to");
        return 0;
}

int kernel_clear_halt(struct emulated_client *client, unsigned endpoint)
{
        struct emulated_device *device = client->device;
        const struct emulated_ops *ops = device->description.ops;
        const struct usb_endpoint_descriptor *descriptor;
        int r;

        if (endpoint > UINT8_MAX)
                return -EINVAL;
        r = kernel_check_endpoint(client, (uint8_t)endpoint, &descriptor);
        if (r < 0)
                return r;
        device_event(device, "halt of endpoint %02x cleared", endpoint);
        device->halted &= ~endpoint_bit((uint8_t)endpoint);
        if (ops->on_clear_halt)
                ops->on_clear_halt(device, (uint8_t)endpoint);
        return 0;
}

int kernel_check_endpoint(struct emulated_client *client, uint8_t address,
                          const struct usb_endpoint_descriptor **ret_endpoint)
{
        struct emulated_device *device = client->device;
        const struct usb_endpoint_descriptor *endpoint;
        uint8_t interface;
        int r;

        if (address & ~(USB_DIR_IN | USB_ENDPOINT_NUMBER_MASK))
                return -EINVAL;
        endpoint = urb_find_endpoint(device, address, &interface);
        if (!endpoint)
                return -ENOENT;
        r = kernel_claim(client, interface);
        if (r < 0)
                return r;
        *ret_endpoint = endpoint;
        return 0;
}

int kernel_check_control(struct emulated_client *client, const struct usb_ctrlrequest *setup)
{
        const struct usb_endpoint_descriptor *endpoint;
        uint8_t index = (uint8_t)le16toh(setup->wIndex);
        int r;

        if ((setup->bRequestType & USB_TYPE_MASK) == USB_TYPE_VENDOR)
                return 0;
        switch (setup->bRequestType & USB_RECIP_MASK) {
        case USB_RECIP_INTERFACE: return kernel_claim(client, index);
        case USB_RECIP_ENDPOINT:
                if ((index & ~USB_DIR_IN) == 0)
                        return 0;
                r = kernel_check_endpoint(client, index, &endpoint);
                return r == -ENOENT ? kernel_check_endpoint(client, index ^ USB_DIR_IN, &endpoint)
                                    : r;
        default: return 0;
        }
}

struct emulated_client *kernel_open(struct emulated_device *device)
{
        struct emulated_client *client = calloc(1, sizeof(*client));

        if (!client)
                return NULL;
        client->device = device;
        TAILQ_INIT(&client->completed);
        TAILQ_INSERT_TAIL(&device->clients, client, link);
        device->counts[CALL_OPEN]++;
        device_event(device, "node opened");
        return client;
}

void kernel_close(struct emulated_client *client)
{
        struct emulated_device *device = client->device;

        urb_abandon(client);
        for (unsigned i = 0; i < EMULATED_INTERFACES_MAX; i++)
                if (device->interfaces[i].claimed_by == client)
                        unclaim(device, i);
        TAILQ_REMOVE(&device->clients, client, link);
        device_event(device, "node closed");
        free(client);
}
