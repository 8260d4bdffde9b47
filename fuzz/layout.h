#pragma once
/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What holds for every layout, whatever the device said: it can be told to a guest.
 */
#include "fuzz/fuzz.h"
#include "usb/layout.h"

static inline void must_be_layout(const struct usb_layout *l)
{
        uint32_t owned = 0;

        CHECKED(l->interface_count <= USB_INTERFACES_MAX);
        for (size_t i = 0; i < l->interface_count; i++) {
                uint32_t mask = usb_layout_endpoints_of(l, l->interfaces[i].number);

                CHECKED(usb_layout_interface(l, l->interfaces[i].number) == &l->interfaces[i]);
                CHECKED(!(owned & mask));
                owned |= mask;
        }

        for (size_t i = 0; i < USB_ENDPOINTS_MAX; i++) {
                const struct usb_endpoint *e = &l->endpoints[i];

                if (i % 16 == 0) {
                        CHECKED(e->type == USB_ENDPOINT_CONTROL);
                        continue;
                }
                CHECKED(!(owned & UINT32_C(1) << i) == (e->type == USB_ENDPOINT_NONE));
                CHECKED(e->type == USB_ENDPOINT_NONE || e->type <= USB_ENDPOINT_INTERRUPT);
                CHECKED(e->interval > 0 ||
                        (e->type != USB_ENDPOINT_ISO && e->type != USB_ENDPOINT_INTERRUPT));
                /* Of a service interval, where that is one packet of the wire. */
                CHECKED(e->max_packet_size <= 2047 || e->type == USB_ENDPOINT_ISO);
                CHECKED(e->max_streams <= 65536);
        }
}
