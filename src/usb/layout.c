/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Reads descriptors that libusb has parsed. A device may have lied in any of them, and libusb hands
 * some of that on: an interface without alt settings, an endpoint count with no endpoints behind
 * it, two interfaces with one number, an endpoint that belongs to two. The rule is the same
 * for all: what comes first counts, what does not make sense is left out.
 */
#include "usb/layout.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "util/macro.h"

static const struct usb_endpoint no_endpoint = { .type = USB_ENDPOINT_NONE };

static struct usb_endpoint *endpoint_at(struct usb_layout *layout, uint8_t address)
{
        return &layout->endpoints[(address & 0x80) >> 3 | (address & 0x0f)];
}

/* Endpoint 0 is there always, as 0 and 16, and is of the control type. */
static void clear(struct usb_layout *layout)
{
        memset(layout, 0, sizeof(*layout)); /* padding too: layouts are compared as bytes */
        for (size_t i = 0; i < USB_ENDPOINTS_MAX; i++)
                layout->endpoints[i] = i % 16 ? no_endpoint : (struct usb_endpoint){ 0 };
}

/* What the SuperSpeed companion says of an endpoint; nothing if there is none. */
static struct libusb_ss_endpoint_companion_descriptor
companion_of(const struct libusb_endpoint_descriptor *e, int speed)
{
        struct libusb_ss_endpoint_companion_descriptor *companion, copy = { 0 };

        if (speed < LIBUSB_SPEED_SUPER || !e->extra ||
            libusb_get_ss_endpoint_companion_descriptor(NULL, e, &companion) < 0)
                return copy;

        copy = *companion;
        libusb_free_ss_endpoint_companion_descriptor(companion);
        return copy;
}

/*
 * Packets of an iso endpoint in one service interval: up to three transactions in a high-speed
 * microframe, up to three bursts of 16 at SuperSpeed. The fourth value of two bits is reserved. Who
 * sends more than 48 KiB an interval says so in a second companion; we say "as much as can be".
 */
static unsigned iso_packets(const struct libusb_endpoint_descriptor *e, int speed)
{
        struct libusb_ss_endpoint_companion_descriptor companion = companion_of(e, speed);
        unsigned multiple = speed == LIBUSB_SPEED_HIGH ? e->wMaxPacketSize >> 11 & 3
                                                       : companion.bmAttributes & 3;

        if (companion.bmAttributes & 0x80)
                return UINT16_MAX;

        return (multiple == 3 ? 1 : 1 + multiple) * (1 + MIN(companion.bMaxBurst, 15u));
}

/*
 * Of an iso endpoint what it may move in a service interval, for that is one packet of the wire.
 * The packets of an interrupt endpoint's burst stay apart: the short one ends a message.
 */
static uint16_t max_packet_size(const struct libusb_endpoint_descriptor *e, int speed)
{
        unsigned size = e->wMaxPacketSize & 0x07ff;

        if ((e->bmAttributes & 3) == USB_ENDPOINT_ISO)
                size *= iso_packets(e, speed);

        return (uint16_t)MIN(size, (unsigned)UINT16_MAX);
}

/* From the companion: 2^n streams, n at most 16. */
static uint32_t max_streams(const struct libusb_endpoint_descriptor *e, int speed)
{
        unsigned exponent;

        if ((e->bmAttributes & 3) != USB_ENDPOINT_BULK)
                return 0;

        exponent = companion_of(e, speed).bmAttributes & 0x1f;
        return exponent >= 1 && exponent <= 16 ? 1u << exponent : 0;
}

static void add_endpoint(struct usb_layout *layout, uint8_t interface,
                         const struct libusb_endpoint_descriptor *e, int speed)
{
        struct usb_endpoint *endpoint = endpoint_at(layout, e->bEndpointAddress);

        if (e->bEndpointAddress & 0x70 || endpoint->type != USB_ENDPOINT_NONE)
                return;

        *endpoint = (struct usb_endpoint){
                .type = (enum usb_endpoint_type)(e->bmAttributes & 3),
                .interval = e->bInterval,
                .interface = interface,
                .max_packet_size = max_packet_size(e, speed),
                .max_streams = max_streams(e, speed),
        };

        /* QEMU refuses a device with an interval of 0 on a periodic endpoint. */
        if (endpoint->interval == 0 &&
            (endpoint->type == USB_ENDPOINT_ISO || endpoint->type == USB_ENDPOINT_INTERRUPT))
                endpoint->interval = 1;
}

static void use_alt(struct usb_layout *layout, struct usb_interface *interface,
                    const struct libusb_interface_descriptor *alt, int speed)
{
        *interface = (struct usb_interface){
                .number = alt->bInterfaceNumber,
                .alt = alt->bAlternateSetting,
                .class_code = alt->bInterfaceClass,
                .subclass = alt->bInterfaceSubClass,
                .protocol = alt->bInterfaceProtocol,
        };

        for (size_t i = 0; alt->endpoint && i < alt->bNumEndpoints; i++)
                add_endpoint(layout, interface->number, &alt->endpoint[i], speed);
}

int usb_layout_read(struct usb_layout *layout, const struct libusb_config_descriptor *config,
                    int speed)
{
        clear(layout);
        if (!config)
                return 0;
        if (config->bNumInterfaces > USB_INTERFACES_MAX)
                return -E2BIG;

        layout->configuration = config->bConfigurationValue;

        for (size_t i = 0; config->interface && i < config->bNumInterfaces; i++) {
                const struct libusb_interface *interface = &config->interface[i];

                if (!interface->altsetting || interface->num_altsetting < 1 ||
                    usb_layout_interface(layout, interface->altsetting[0].bInterfaceNumber))
                        continue;

                use_alt(layout, &layout->interfaces[layout->interface_count++],
                        &interface->altsetting[0], speed);
        }

        return 0;
}

static const struct libusb_interface_descriptor *
find_alt(const struct libusb_config_descriptor *config, uint8_t interface, uint8_t alt)
{
        for (size_t i = 0; config->interface && i < config->bNumInterfaces; i++) {
                const struct libusb_interface *candidate = &config->interface[i];

                for (int j = 0; candidate->altsetting && j < candidate->num_altsetting; j++)
                        if (candidate->altsetting[j].bInterfaceNumber == interface &&
                            candidate->altsetting[j].bAlternateSetting == alt)
                                return &candidate->altsetting[j];
        }

        return NULL;
}

int usb_layout_set_alt(struct usb_layout *layout, const struct libusb_config_descriptor *config,
                       int speed, uint8_t interface, uint8_t alt)
{
        const struct libusb_interface_descriptor *descriptor = find_alt(config, interface, alt);
        const struct usb_interface *current = usb_layout_interface(layout, interface);
        uint32_t old = usb_layout_endpoints_of(layout, interface);

        if (!descriptor || !current)
                return -ENOENT;

        for (size_t i = 0; i < USB_ENDPOINTS_MAX; i++)
                if (old & UINT32_C(1) << i)
                        layout->endpoints[i] = no_endpoint;

        use_alt(layout, &layout->interfaces[current - layout->interfaces], descriptor, speed);
        return 0;
}

const struct usb_interface *usb_layout_interface(const struct usb_layout *layout, uint8_t number)
{
        for (size_t i = 0; i < layout->interface_count; i++)
                if (layout->interfaces[i].number == number)
                        return &layout->interfaces[i];

        return NULL;
}

const struct usb_endpoint *usb_layout_endpoint(const struct usb_layout *layout, uint8_t address)
{
        if (address & 0x70)
                return &no_endpoint;

        return &layout->endpoints[(address & 0x80) >> 3 | (address & 0x0f)];
}

uint32_t usb_layout_endpoints_of(const struct usb_layout *layout, uint8_t interface)
{
        uint32_t mask = 0;

        for (size_t i = 0; i < USB_ENDPOINTS_MAX; i++)
                if (i % 16 && layout->endpoints[i].type != USB_ENDPOINT_NONE &&
                    layout->endpoints[i].interface == interface)
                        mask |= UINT32_C(1) << i;

        return mask;
}

uint32_t usb_layout_endpoints_with_streams(const struct usb_layout *layout)
{
        uint32_t mask = 0;

        for (size_t i = 0; i < USB_ENDPOINTS_MAX; i++)
                if (layout->endpoints[i].max_streams > 0)
                        mask |= UINT32_C(1) << i;

        return mask;
}
