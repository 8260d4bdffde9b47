/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A configuration as libusb might hand it on from a device that lies, in memory of exactly its
 * size, and the choices of alt settings that a guest makes. Whatever they are, the layout can be
 * told to a guest: interfaces that are there once, endpoints that have one of them as their owner.
 *
 * Input: speed, the configuration from the outside to the inside, alt settings.
 */
#include "usb/layout.h"

#include <errno.h>

#include "fuzz/layout.h"

/* Counts are mostly small; what they say need not be so many. */
static size_t take_count(struct input *in)
{
        uint8_t n = take_u8(in);

        return n < 240 ? n % 5 : n - 200u;
}

/* Does the device lie here? */
static bool take_lie(struct input *in)
{
        return take_u8(in) >= 250;
}

static void *room(size_t n, size_t size)
{
        void *array = calloc(n, size);

        CHECKED(array || n == 0);
        return array;
}

static void take_endpoint(struct input *in, struct libusb_endpoint_descriptor *e)
{
        struct input extra;

        *e = (struct libusb_endpoint_descriptor){ .bLength = take_u8(in),
                                                  .bDescriptorType = LIBUSB_DT_ENDPOINT,
                                                  .bEndpointAddress = take_u8(in),
                                                  .bmAttributes = take_u8(in),
                                                  .wMaxPacketSize = take_u16(in),
                                                  .bInterval = take_u8(in) };
        extra = take_block(in);
        if (extra.left > 0) {
                e->extra = copy_of(extra.at, extra.left);
                e->extra_length = (int)extra.left;
        }
}

static void take_alt(struct input *in, struct libusb_interface_descriptor *alt)
{
        size_t n = take_count(in);
        struct libusb_endpoint_descriptor *endpoints = room(n, sizeof(*endpoints));

        *alt = (struct libusb_interface_descriptor){ .bInterfaceNumber = take_u8(in),
                                                     .bAlternateSetting = take_u8(in),
                                                     .bNumEndpoints = (uint8_t)n,
                                                     .bInterfaceClass = take_u8(in),
                                                     .endpoint = endpoints };
        for (size_t i = 0; i < n; i++)
                take_endpoint(in, &endpoints[i]);
        if (take_lie(in)) {
                for (size_t i = 0; i < n; i++)
                        free((void *)endpoints[i].extra);
                free(endpoints);
                alt->endpoint = NULL;
        }
}

static void free_alt(const struct libusb_interface_descriptor *alt)
{
        for (size_t i = 0; alt->endpoint && i < alt->bNumEndpoints; i++)
                free((void *)alt->endpoint[i].extra);
        free((void *)alt->endpoint);
}

static void take_interface(struct input *in, struct libusb_interface *interface)
{
        size_t n = take_count(in);
        struct libusb_interface_descriptor *alts;

        if (take_lie(in)) {
                *interface = (struct libusb_interface){ .num_altsetting = (int)n };
                return;
        }

        alts = room(n, sizeof(*alts));
        *interface = (struct libusb_interface){ .altsetting = alts, .num_altsetting = (int)n };
        for (size_t i = 0; i < n; i++)
                take_alt(in, &alts[i]);
}

static struct libusb_config_descriptor take_config(struct input *in)
{
        size_t n = take_count(in);
        struct libusb_config_descriptor config = { .bConfigurationValue = take_u8(in),
                                                   .bNumInterfaces = (uint8_t)n };
        struct libusb_interface *interfaces;

        if (take_lie(in))
                return config;

        interfaces = room(n, sizeof(*interfaces));
        for (size_t i = 0; i < n; i++)
                take_interface(in, &interfaces[i]);
        config.interface = interfaces;
        return config;
}

static void free_config(struct libusb_config_descriptor *config)
{
        for (size_t i = 0; config->interface && i < config->bNumInterfaces; i++) {
                const struct libusb_interface *interface = &config->interface[i];

                for (int j = 0; interface->altsetting && j < interface->num_altsetting; j++)
                        free_alt(&interface->altsetting[j]);
                free((void *)interface->altsetting);
        }
        free((void *)config->interface);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        struct input in = { data, size };
        int speed = take_u8(&in) % (LIBUSB_SPEED_SUPER_PLUS + 1);
        struct libusb_config_descriptor config = take_config(&in);
        struct usb_layout layout, before;
        int r = usb_layout_read(&layout, &config, speed);

        CHECKED(r == 0 || (r == -E2BIG && config.bNumInterfaces > USB_INTERFACES_MAX));
        must_be_layout(&layout);
        while (r == 0 && in.left > 0) {
                uint8_t interface = take_u8(&in), alt = take_u8(&in);
                int done;

                before = layout;
                done = usb_layout_set_alt(&layout, &config, speed, interface, alt);
                CHECKED(done == 0 || done == -ENOENT);
                CHECKED(done == 0 ? usb_layout_interface(&layout, interface)->alt == alt
                                  : !memcmp(&layout, &before, sizeof(layout)));
                must_be_layout(&layout);
        }

        free_config(&config);
        return 0;
}
