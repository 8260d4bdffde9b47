/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the guest is told of the device: its interfaces and endpoints, and the device itself.
 */
#include "session/session.h"

static uint8_t wire_speed(enum libusb_speed speed)
{
        switch (speed) {
        case LIBUSB_SPEED_UNKNOWN: return SPEED_unknown;
        case LIBUSB_SPEED_LOW: return SPEED_low;
        case LIBUSB_SPEED_FULL: return SPEED_full;
        case LIBUSB_SPEED_HIGH: return SPEED_high;
        case LIBUSB_SPEED_SUPER:
        case LIBUSB_SPEED_SUPER_PLUS: break;
        }

        return SPEED_super; /* the wire knows nothing faster */
}

void session_send_connect(struct session *s)
{
        const struct usb_device_facts *facts = usb_device_facts(s->device);
        struct packet connect = {
                .type = PACKET_device_connect,
                .device_connect = {
                        .speed = wire_speed(facts->speed),
                        .device_class = facts->class_code,
                        .device_subclass = facts->subclass,
                        .device_protocol = facts->protocol,
                        .vendor_id = facts->vendor,
                        .product_id = facts->product,
                        .device_version_bcd = facts->version_bcd,
                },
        };

        session_send(s, &connect);
}

void session_send_infos(struct session *s)
{
        const struct usb_layout *layout = usb_device_layout(s->device);
        struct packet interfaces = { .type = PACKET_interface_info };
        struct packet endpoints = { .type = PACKET_ep_info };

        interfaces.interface_info.interface_count = layout->interface_count;
        for (size_t i = 0; i < layout->interface_count; i++) {
                const struct usb_interface *interface = &layout->interfaces[i];

                interfaces.interface_info.interface[i] = interface->number;
                interfaces.interface_info.interface_class[i] = interface->class_code;
                interfaces.interface_info.interface_subclass[i] = interface->subclass;
                interfaces.interface_info.interface_protocol[i] = interface->protocol;
        }

        for (size_t i = 0; i < USBREDIR_ENDPOINTS; i++) {
                const struct usb_endpoint *endpoint = &layout->endpoints[i];

                endpoints.ep_info.type[i] = (uint8_t)endpoint->type;
                endpoints.ep_info.interval[i] = endpoint->interval;
                endpoints.ep_info.interface[i] = endpoint->interface;
                endpoints.ep_info.max_packet_size[i] = endpoint->max_packet_size;
                endpoints.ep_info.max_streams[i] = endpoint->max_streams;
        }

        session_send(s, &interfaces);
        session_send(s, &endpoints);
}
