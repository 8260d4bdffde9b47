/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The model of the device's descriptors: built once, from the tables below, the options and the
 * hostile variant. The trees for the program (tree.c), the bytes for the guest (raw.c) and the
 * endpoints that work (endpoint.c) are all made from it, so that they cannot disagree.
 */
#include "fake-libusb/fake.h"

#define BULK LIBUSB_ENDPOINT_TRANSFER_TYPE_BULK
#define INTR LIBUSB_ENDPOINT_TRANSFER_TYPE_INTERRUPT
#define ISO  LIBUSB_ENDPOINT_TRANSFER_TYPE_ISOCHRONOUS

/* wMaxPacketSize 0: what is usual for the type at the device's speed. */
static const struct model_interface interface_every = {
        .n_alts = 1,
        .alts = { { .n_endpoints = 8,
                    .endpoints = { { 0x81, BULK, 0, 0 },
                                   { 0x02, BULK, 0, 0 },
                                   { 0x83, BULK, 0, 0 },
                                   { 0x84, INTR, 0, 1 },
                                   { 0x05, INTR, 0, 1 },
                                   { 0x88, BULK, 0, 0 },
                                   { 0x89, BULK, 0, 0 },
                                   { 0x8a, BULK, 0, 0 } } } },
};
static const struct model_interface interface_bulk = {
        .n_alts = 1,
        .alts = { { .n_endpoints = 2,
                    .endpoints = { { 0x81, BULK, 0, 0 }, { 0x02, BULK, 0, 0 } } } },
};
static const struct model_interface interface_interrupt = {
        .n_alts = 1,
        .alts = { { .n_endpoints = 2,
                    .endpoints = { { 0x84, INTR, 0, 1 }, { 0x05, INTR, 0, 1 } } } },
};
static const struct model_interface interface_iso = {
        .n_alts = 3,
        .alts = { { .alt = 0 },
                  { .alt = 1,
                    .n_endpoints = 2,
                    .endpoints = { { 0x86, ISO, 0, 1 }, { 0x07, ISO, 0, 1 } } },
                  { .alt = 2,
                    .n_endpoints = 2,
                    .endpoints = { { 0x86, ISO, 0x1400, 1 }, { 0x07, ISO, 0x1400, 1 } } } },
};

static uint16_t usual_packet(uint8_t type, uint64_t speed)
{
        switch (type) {
        case BULK:
                return speed >= LIBUSB_SPEED_SUPER ? 1024 : speed == LIBUSB_SPEED_HIGH ? 512 : 64;
        case ISO: return speed >= LIBUSB_SPEED_HIGH ? 1024 : 1023;
        default: return speed == LIBUSB_SPEED_LOW ? 8 : 64;
        }
}

static void configuration_add(struct model_configuration *configuration,
                              const struct model_interface *interface, uint64_t speed)
{
        struct model_interface *added = &configuration->interfaces[configuration->n_interfaces];
        struct model_endpoint *endpoint;

        *added = *interface;
        for (uint8_t i = 0; i < added->n_alts; i++) {
                added->alts[i].interface = configuration->n_interfaces;
                for (uint8_t j = 0; j < added->alts[i].n_endpoints; j++) {
                        endpoint = &added->alts[i].endpoints[j];
                        if (!endpoint->packet || speed != LIBUSB_SPEED_HIGH)
                                endpoint->packet = usual_packet(endpoint->attributes, speed);
                }
        }
        configuration->n_interfaces++;
}

static void endpoint_make_hostile(struct model_endpoint *endpoint, uint64_t hostile)
{
        if (hostile == HOSTILE_RESERVED_BITS)
                endpoint->address |= 0x70;
        if (hostile == HOSTILE_PACKET_ZERO)
                endpoint->packet = 0;
        if (hostile == HOSTILE_PACKET_MAX)
                endpoint->packet = 0xffff;
        if (hostile == HOSTILE_INTERVAL_ZERO)
                endpoint->interval = 0;
}

static void interface_make_hostile(struct model_interface *interface, uint8_t position,
                                   uint64_t hostile)
{
        struct model_alt *alt;

        for (uint8_t i = 0; i < interface->n_alts; i++) {
                alt = &interface->alts[i];
                if (hostile == HOSTILE_DUPLICATE_INTERFACES)
                        alt->interface = 0;
                if (hostile == HOSTILE_HIGH_INTERFACES)
                        alt->interface = (uint8_t)(255 - position);
                if (hostile == HOSTILE_ODD_ALTSETTINGS && i)
                        alt->alt = i == 1 ? 7 : 255;
                if (hostile == HOSTILE_DUPLICATE_ENDPOINTS && i)
                        alt->endpoints[1] = alt->endpoints[0];
                for (uint8_t j = 0; j < alt->n_endpoints; j++)
                        endpoint_make_hostile(&alt->endpoints[j], hostile);
        }
}

static void configuration_make_hostile(struct model_configuration *configuration, uint64_t speed,
                                       uint64_t hostile)
{
        static const struct model_interface empty = { .n_alts = 1 };

        while (hostile == HOSTILE_MANY_INTERFACES &&
               configuration->n_interfaces < MODEL_INTERFACES_MAX)
                configuration_add(configuration, &empty, speed);
        /* The same endpoints in two interfaces. */
        if (hostile == HOSTILE_DUPLICATE_ENDPOINTS)
                configuration_add(configuration, &configuration->interfaces[0], speed);
        for (uint8_t i = 0; i < configuration->n_interfaces; i++)
                interface_make_hostile(&configuration->interfaces[i], i, hostile);
}

void model_build(struct model *model, const struct options *options)
{
        struct model_configuration *first = &model->configurations[0];
        struct model_configuration *second = &model->configurations[1];
        uint64_t speed = options->speed;

        *model = (struct model){ 0 };
        model->device = (struct libusb_device_descriptor){
                .bLength = LIBUSB_DT_DEVICE_SIZE,
                .bDescriptorType = LIBUSB_DT_DEVICE,
                .bcdUSB = speed >= LIBUSB_SPEED_SUPER ? 0x0300 : 0x0200,
                .bDeviceClass = (uint8_t)options->device_class,
                .bMaxPacketSize0 = speed >= LIBUSB_SPEED_SUPER ? 9
                                   : speed == LIBUSB_SPEED_LOW ? 8
                                                               : 64,
                .idVendor = (uint16_t)(options->id >> 16),
                .idProduct = (uint16_t)options->id,
                .bcdDevice = 0x0123,
                .iManufacturer = 1,
                .iProduct = 2,
                .iSerialNumber = 3,
                .bNumConfigurations = MODEL_CONFIGURATIONS,
        };
        model->companions = speed >= LIBUSB_SPEED_SUPER;
        while (model->stream_bits < 16 && UINT64_C(2) << model->stream_bits <= options->streams)
                model->stream_bits++;
        first->value = 1;
        if (options->device == DEVICE_EVERY)
                configuration_add(first, &interface_every, speed);
        if (options->device == DEVICE_BULK)
                configuration_add(first, &interface_bulk, speed);
        if (options->device == DEVICE_INTERRUPT)
                configuration_add(first, &interface_interrupt, speed);
        if (options->device == DEVICE_EVERY || options->device == DEVICE_ISO)
                configuration_add(first, &interface_iso, speed);
        second->value = 2;
        configuration_add(second, &interface_bulk, speed);
        configuration_make_hostile(first, speed, options->hostile);
        configuration_make_hostile(second, speed, options->hostile);
}

const struct model_configuration *model_configuration(const struct model *model, uint8_t value)
{
        for (size_t i = 0; i < MODEL_CONFIGURATIONS; i++) {
                if (model->configurations[i].value == value)
                        return &model->configurations[i];
        }
        return NULL;
}

/* The first one, should the descriptors have several. */
const struct model_alt *model_alt(const struct model_configuration *configuration,
                                  uint8_t interface, uint8_t alt)
{
        const struct model_interface *i;

        for (uint8_t n = 0; configuration && n < configuration->n_interfaces; n++) {
                i = &configuration->interfaces[n];
                for (uint8_t k = 0; k < i->n_alts; k++) {
                        if (i->alts[k].interface == interface && i->alts[k].alt == alt)
                                return &i->alts[k];
                }
        }
        return NULL;
}
