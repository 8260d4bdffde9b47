/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Bulk streams of USB 3. The kernel takes endpoints of one interface at a time and none that has
 * streams already; so each interface is asked by itself, and what is there goes first.
 */
#include <errno.h>

#include "usb/device-private.h"
#include "usb/device.h"

static uint32_t bit(size_t index)
{
        return UINT32_C(1) << index;
}

/* Takes the endpoints of one interface out of the mask. Returns how many addresses these are. */
static int take_interface(const struct usb_device *d, uint32_t *mask, unsigned char *ret_addresses)
{
        uint8_t interface = d->layout.endpoints[__builtin_ctz(*mask)].interface;
        int n = 0;

        for (size_t i = 0; i < USB_ENDPOINTS_MAX; i++)
                if (*mask & bit(i) && d->layout.endpoints[i].interface == interface) {
                        ret_addresses[n++] = (unsigned char)((i & 0x10) << 3 | (i & 0x0f));
                        *mask &= ~bit(i);
                }

        return n;
}

static void set_streams(struct usb_device *d, uint32_t endpoints, uint32_t count)
{
        for (size_t i = 0; i < USB_ENDPOINTS_MAX; i++)
                if (endpoints & bit(i))
                        d->streams[i] = count;
}

int usb_device_drop_streams(struct usb_device *d, uint32_t endpoints)
{
        unsigned char addresses[USB_ENDPOINTS_MAX];
        uint32_t left = 0;
        int error = 0;

        for (size_t i = 0; i < USB_ENDPOINTS_MAX; i++)
                if (d->streams[i] > 0)
                        left |= endpoints & bit(i);

        set_streams(d, endpoints, 0);
        while (left) {
                int n = take_interface(d, &left, addresses);
                int r = usb_device_result(d, libusb_free_streams(d->handle, addresses, n));

                if (r < 0 && error == 0)
                        error = r;
        }

        return error;
}

/* May all of them have so many? */
static int check(const struct usb_device *d, uint32_t endpoints, uint32_t count)
{
        if (endpoints == 0 || count == 0)
                return -EINVAL;

        for (size_t i = 0; i < USB_ENDPOINTS_MAX; i++)
                if (endpoints & bit(i) && count > d->layout.endpoints[i].max_streams)
                        return -EINVAL;

        return 0;
}

int usb_device_alloc_streams(struct usb_device *d, uint32_t endpoints, uint32_t count)
{
        unsigned char addresses[USB_ENDPOINTS_MAX];
        uint32_t left = endpoints;
        int r;

        r = check(d, endpoints, count);
        if (r < 0)
                return r;

        d->is_clean = false;
        usb_device_drop_streams(d, endpoints);
        while (left) {
                uint32_t before = left;
                int n = take_interface(d, &left, addresses);

                r = usb_device_result(d, libusb_alloc_streams(d->handle, count, addresses, n));
                if (r > 0)
                        set_streams(d, before & ~left, (uint32_t)r);
                if (r != (int)count) {
                        usb_device_drop_streams(d, endpoints);
                        return r == -ENODEV ? r : -EIO;
                }
        }

        return 0;
}

int usb_device_free_streams(struct usb_device *d, uint32_t endpoints)
{
        int r;

        r = check(d, endpoints, 1);
        return r < 0 ? r : usb_device_drop_streams(d, endpoints);
}

uint32_t usb_device_streams(const struct usb_device *d, uint8_t address)
{
        return address & 0x70 ? 0 : d->streams[(address & 0x80) >> 3 | (address & 0x0f)];
}
