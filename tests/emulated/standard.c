/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What arrives here comes through a control transfer and so goes past the kernel: as with a real
 * device SET_CONFIGURATION and SET_INTERFACE change the device, not what the kernel believes. The
 * exception is the halt of an endpoint, which exists once.
 */
#include <endian.h>
#include <string.h>

#include "emulated/descriptor.h"
#include "emulated/standard.h"
#include "emulated/urb.h"

static int answer(uint8_t *data, size_t length, const void *source, size_t size)
{
        memcpy(data, source, MIN(length, size));
        return (int)MIN(length, size);
}

static int get_string(struct emulated_device *device, uint8_t index, uint8_t *data, size_t length)
{
        uint8_t descriptor[UINT8_MAX] = { 4, USB_DT_STRING, 0x09, 0x04 }; /* US English */
        const char *string = emulated_string(device, index);

        if (index == 0)
                return answer(data, length, descriptor, 4);
        if (!string)
                return EMULATED_STALL;

        descriptor[0] = 2;
        for (size_t i = 0; string[i] && descriptor[0] + 2 < UINT8_MAX; i++) {
                descriptor[2 + 2 * i] = (uint8_t)string[i];
                descriptor[3 + 2 * i] = 0;
                descriptor[0] = (uint8_t)(descriptor[0] + 2);
        }
        return answer(data, length, descriptor, descriptor[0]);
}

static int get_descriptor(struct emulated_device *device, uint16_t value, uint8_t *data,
                          size_t length)
{
        const struct emulated_description *description = &device->description;
        uint8_t index = (uint8_t)value;

        switch (value >> 8) {
        case USB_DT_DEVICE:
                return answer(data, length, description->device_descriptor, USB_DT_DEVICE_SIZE);
        case USB_DT_CONFIG:
                if (index >= EMULATED_CONFIGURATIONS_MAX || !description->configurations[index])
                        return EMULATED_STALL;
                return answer(data, length, description->configurations[index],
                              descriptor_total_length(description->configurations[index]));
        case USB_DT_STRING: return get_string(device, index, data, length);
        case USB_DT_BOS:
                if (!description->bos)
                        return EMULATED_STALL;
                return answer(data, length, description->bos,
                              descriptor_total_length(description->bos));
        default: return STANDARD_UNKNOWN;
        }
}

static int change_feature(struct emulated_device *device, const struct usb_ctrlrequest *setup)
{
        const struct emulated_ops *ops = device->description.ops;
        uint8_t endpoint = (uint8_t)le16toh(setup->wIndex);

        if ((setup->bRequestType & USB_RECIP_MASK) != USB_RECIP_ENDPOINT)
                return 0; /* remote wakeup and the like: believed */
        if (le16toh(setup->wValue) != USB_ENDPOINT_HALT)
                return EMULATED_STALL;
        if (setup->bRequest == USB_REQ_SET_FEATURE) {
                device->halted |= endpoint_bit(endpoint);
                return 0;
        }
        device->halted &= ~endpoint_bit(endpoint);
        device_event(device, "halt of endpoint %02x cleared by a control transfer", endpoint);
        if (ops->on_clear_halt)
                ops->on_clear_halt(device, endpoint);
        return 0;
}

static int get_status(struct emulated_device *device, const struct usb_ctrlrequest *setup,
                      uint8_t *data, size_t length)
{
        uint8_t status[2] = { 0 };

        if ((setup->bRequestType & USB_RECIP_MASK) == USB_RECIP_ENDPOINT)
                status[0] = (device->halted & endpoint_bit((uint8_t)le16toh(setup->wIndex))) != 0;
        return answer(data, length, status, sizeof(status));
}

static int get_interface(struct emulated_device *device, uint16_t interface, uint8_t *data,
                         size_t length)
{
        if (!device->configuration || interface >= EMULATED_INTERFACES_MAX ||
            !descriptor_find_interface(device->configuration, (uint8_t)interface, 0))
                return EMULATED_STALL;
        return answer(data, length, &device->interfaces[interface].alt, 1);
}

int standard_request(struct emulated_device *device, const struct usb_ctrlrequest *setup,
                     uint8_t *data, size_t length)
{
        const struct emulated_ops *ops = device->description.ops;
        uint16_t value = le16toh(setup->wValue), index = le16toh(setup->wIndex);

        if ((setup->bRequestType & USB_TYPE_MASK) != USB_TYPE_STANDARD)
                return STANDARD_UNKNOWN;

        switch (setup->bRequest) {
        case USB_REQ_GET_STATUS: return get_status(device, setup, data, length);
        case USB_REQ_CLEAR_FEATURE:
        case USB_REQ_SET_FEATURE: return change_feature(device, setup);
        case USB_REQ_GET_DESCRIPTOR: return get_descriptor(device, value, data, length);
        case USB_REQ_GET_CONFIGURATION:
                return answer(data, length,
                              device->configuration ? &device->configuration[5]
                                                    : &(const uint8_t){ 0 },
                              1);
        case USB_REQ_SET_CONFIGURATION:
                if (ops->on_set_configuration)
                        ops->on_set_configuration(device, value);
                return 0;
        case USB_REQ_GET_INTERFACE: return get_interface(device, index, data, length);
        case USB_REQ_SET_INTERFACE:
                if (ops->on_set_interface)
                        ops->on_set_interface(device, (uint8_t)index, (uint8_t)value);
                return 0;
        default: return STANDARD_UNKNOWN;
        }
}
