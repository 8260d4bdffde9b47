/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Descriptors as bytes, the answer to GET_DESCRIPTOR. Written through a cursor that counts past
 * the end of the buffer, so that the full length is known whatever was asked for.
 */
#include <string.h>

#include "fake-libusb/fake.h"

struct cursor {
        uint8_t *buffer;
        size_t size;
        size_t at;
};

static void put8(struct cursor *c, unsigned int byte)
{
        if (c->at < c->size)
                c->buffer[c->at] = (uint8_t)byte;
        c->at++;
}

static void put16(struct cursor *c, unsigned int number)
{
        put8(c, number & 0xff);
        put8(c, number >> 8);
}

static void put_device(struct cursor *c, const struct libusb_device_descriptor *device)
{
        put8(c, LIBUSB_DT_DEVICE_SIZE);
        put8(c, LIBUSB_DT_DEVICE);
        put16(c, device->bcdUSB);
        put8(c, device->bDeviceClass);
        put8(c, device->bDeviceSubClass);
        put8(c, device->bDeviceProtocol);
        put8(c, device->bMaxPacketSize0);
        put16(c, device->idVendor);
        put16(c, device->idProduct);
        put16(c, device->bcdDevice);
        put8(c, device->iManufacturer);
        put8(c, device->iProduct);
        put8(c, device->iSerialNumber);
        put8(c, device->bNumConfigurations);
}

static void put_companion(struct cursor *c, const struct model *model, uint8_t attributes)
{
        bool bulk = attributes == LIBUSB_ENDPOINT_TRANSFER_TYPE_BULK;

        put8(c, LIBUSB_DT_SS_ENDPOINT_COMPANION_SIZE);
        put8(c, LIBUSB_DT_SS_ENDPOINT_COMPANION);
        put8(c, 0);
        put8(c, bulk ? model->stream_bits : 0);
        put16(c, 0);
}

size_t raw_companion(const struct model *model, uint8_t attributes, uint8_t *buffer, size_t size)
{
        struct cursor c = { .buffer = buffer, .size = size };

        put_companion(&c, model, attributes);
        return c.at;
}

static void put_alt(struct cursor *c, const struct model *model, const struct model_alt *alt)
{
        put8(c, LIBUSB_DT_INTERFACE_SIZE);
        put8(c, LIBUSB_DT_INTERFACE);
        put8(c, alt->interface);
        put8(c, alt->alt);
        put8(c, alt->n_endpoints);
        put8(c, LIBUSB_CLASS_VENDOR_SPEC);
        put16(c, 0);
        put8(c, 0);
        for (uint8_t i = 0; i < alt->n_endpoints; i++) {
                put8(c, LIBUSB_DT_ENDPOINT_SIZE);
                put8(c, LIBUSB_DT_ENDPOINT);
                put8(c, alt->endpoints[i].address);
                put8(c, alt->endpoints[i].attributes);
                put16(c, alt->endpoints[i].packet);
                put8(c, alt->endpoints[i].interval);
                if (model->companions)
                        put_companion(c, model, alt->endpoints[i].attributes);
        }
}

static void put_configuration(struct cursor *c, const struct model *model,
                              const struct model_configuration *configuration, size_t total)
{
        put8(c, LIBUSB_DT_CONFIG_SIZE);
        put8(c, LIBUSB_DT_CONFIG);
        put16(c, (unsigned int)total);
        put8(c, configuration->n_interfaces);
        put8(c, configuration->value);
        put8(c, 0);
        put8(c, 0x80);
        put8(c, 50);
        for (uint8_t i = 0; i < configuration->n_interfaces; i++) {
                for (uint8_t j = 0; j < configuration->interfaces[i].n_alts; j++)
                        put_alt(c, model, &configuration->interfaces[i].alts[j]);
        }
}

static void put_string(struct cursor *c, const char *text)
{
        put8(c, (unsigned int)(2 + 2 * strlen(text)));
        put8(c, LIBUSB_DT_STRING);
        for (; *text; text++)
                put16(c, (unsigned char)*text);
}

/* which is wValue: descriptor type and index. Returns 0 for what the device does not have. */
size_t raw_descriptor(const struct model *model, uint16_t which, uint8_t *buffer, size_t size)
{
        static const char *const strings[] = { NULL, "fake-libusb", "device made of code", "1" };
        struct cursor none = { 0 }, c = { .buffer = buffer, .size = size };
        unsigned int index = which & 0xff;

        switch (which >> 8) {
        case LIBUSB_DT_DEVICE: put_device(&c, &model->device); break;
        case LIBUSB_DT_CONFIG:
                if (index >= MODEL_CONFIGURATIONS)
                        return 0;
                put_configuration(&none, model, &model->configurations[index], 0);
                put_configuration(&c, model, &model->configurations[index], none.at);
                break;
        case LIBUSB_DT_STRING:
                if (index >= ELEMENTS(strings))
                        return 0;
                if (index) {
                        put_string(&c, strings[index]);
                } else {
                        put8(&c, 4);
                        put8(&c, LIBUSB_DT_STRING);
                        put16(&c, 0x0409);
                }
                break;
        default: return 0;
        }
        return c.at;
}
