/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A configuration is a list of descriptors, each with its length and type in the first two bytes.
 * Every search walks the whole list: it is short, and nothing has to be kept up to date.
 */
#include <stdbool.h>

#include "emulated/descriptor.h"

size_t descriptor_total_length(const uint8_t *configuration)
{
        return (size_t)configuration[2] | (size_t)configuration[3] << 8;
}

/* The descriptor behind this one, NULL at the end. */
static const uint8_t *next_descriptor(const uint8_t *configuration, const uint8_t *at)
{
        const uint8_t *end = configuration + descriptor_total_length(configuration);

        if (at[0] < 2)
                return NULL;
        at += at[0];
        return end - at >= 2 ? at : NULL;
}

const struct usb_interface_descriptor *descriptor_nth_interface(const uint8_t *configuration,
                                                                size_t n, uint8_t alt)
{
        for (const uint8_t *at = configuration; at; at = next_descriptor(configuration, at)) {
                const struct usb_interface_descriptor *interface = (const void *)at;

                if (at[1] == USB_DT_INTERFACE && interface->bAlternateSetting == alt && n-- == 0)
                        return interface;
        }
        return NULL;
}

const struct usb_interface_descriptor *descriptor_find_interface(const uint8_t *configuration,
                                                                 uint8_t number, uint8_t alt)
{
        for (const uint8_t *at = configuration; at; at = next_descriptor(configuration, at)) {
                const struct usb_interface_descriptor *interface = (const void *)at;

                if (at[1] == USB_DT_INTERFACE && interface->bInterfaceNumber == number &&
                    interface->bAlternateSetting == alt)
                        return interface;
        }
        return NULL;
}

const struct usb_endpoint_descriptor *
descriptor_find_endpoint(const uint8_t *configuration, uint8_t number, uint8_t alt, uint8_t address)
{
        const struct usb_interface_descriptor *interface =
                descriptor_find_interface(configuration, number, alt);

        if (!interface)
                return NULL;
        for (const uint8_t *at = next_descriptor(configuration, (const void *)interface);
             at && at[1] != USB_DT_INTERFACE; at = next_descriptor(configuration, at)) {
                const struct usb_endpoint_descriptor *endpoint = (const void *)at;

                if (at[1] == USB_DT_ENDPOINT && endpoint->bEndpointAddress == address)
                        return endpoint;
        }
        return NULL;
}
