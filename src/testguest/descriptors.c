/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Each kind of descriptor is a list of fields, and a depth: it belongs to the last one before it
 * that is less deep. What has no row is told by its bytes, and belongs to the last one that has.
 */
#include "testguest/descriptors.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "testguest/names.h"
#include "testguest/print.h"
#include "util/bytes.h"
#include "util/cleanup.h"
#include "util/macro.h"

enum kind {
        FIELD_END,
        FIELD_U8,
        FIELD_U16,
        FIELD_X8,
        FIELD_X16,
        FIELD_X32,
        FIELD_BCD,        /* 0x0210: 2.10 */
        FIELD_STRING,     /* the index of one */
        FIELD_CLASS,      /* of a device or an interface */
        FIELD_VENDOR,     /* X16 */
        FIELD_PRODUCT,    /* X16, right behind the vendor */
        FIELD_ENDPOINT,   /* its address */
        FIELD_TRANSFER,   /* an endpoint's attributes */
        FIELD_POWER,      /* in units of 2 mA */
        FIELD_CAPABILITY, /* the type of a device capability */
};

struct field {
        const char *name;
        enum kind kind;
};

static const struct row {
        uint8_t type;
        unsigned depth;
        const char *name;
        struct field fields[13]; /* behind length and type */
} rows[] = {
        { 1,
          0,
          "Device",
          { { "bcdUSB", FIELD_BCD },
            { "bDeviceClass", FIELD_CLASS },
            { "bDeviceSubClass", FIELD_X8 },
            { "bDeviceProtocol", FIELD_X8 },
            { "bMaxPacketSize0", FIELD_U8 },
            { "idVendor", FIELD_VENDOR },
            { "idProduct", FIELD_PRODUCT },
            { "bcdDevice", FIELD_BCD },
            { "iManufacturer", FIELD_STRING },
            { "iProduct", FIELD_STRING },
            { "iSerial", FIELD_STRING },
            { "bNumConfigurations", FIELD_U8 } } },
        { 2,
          0,
          "Configuration",
          { { "wTotalLength", FIELD_U16 },
            { "bNumInterfaces", FIELD_U8 },
            { "bConfigurationValue", FIELD_U8 },
            { "iConfiguration", FIELD_STRING },
            { "bmAttributes", FIELD_X8 },
            { "bMaxPower", FIELD_POWER } } },
        { 4,
          1,
          "Interface",
          { { "bInterfaceNumber", FIELD_U8 },
            { "bAlternateSetting", FIELD_U8 },
            { "bNumEndpoints", FIELD_U8 },
            { "bInterfaceClass", FIELD_CLASS },
            { "bInterfaceSubClass", FIELD_X8 },
            { "bInterfaceProtocol", FIELD_X8 },
            { "iInterface", FIELD_STRING } } },
        { 5,
          2,
          "Endpoint",
          { { "bEndpointAddress", FIELD_ENDPOINT },
            { "bmAttributes", FIELD_TRANSFER },
            { "wMaxPacketSize", FIELD_U16 },
            { "bInterval", FIELD_U8 } } },
        { 11,
          1,
          "Interface Association",
          { { "bFirstInterface", FIELD_U8 },
            { "bInterfaceCount", FIELD_U8 },
            { "bFunctionClass", FIELD_CLASS },
            { "bFunctionSubClass", FIELD_X8 },
            { "bFunctionProtocol", FIELD_X8 },
            { "iFunction", FIELD_STRING } } },
        { 15,
          0,
          "Binary Object Store",
          { { "wTotalLength", FIELD_U16 }, { "bNumDeviceCaps", FIELD_U8 } } },
        { 16, 1, "Device Capability", { { "bDevCapabilityType", FIELD_CAPABILITY } } },
        { 48,
          3,
          "SuperSpeed Endpoint Companion",
          { { "bMaxBurst", FIELD_U8 },
            { "bmAttributes", FIELD_X8 },
            { "wBytesPerInterval", FIELD_U16 } } },
        { 49,
          4,
          "SuperSpeedPlus Isochronous Endpoint Companion",
          { { "wReserved", FIELD_U16 }, { "dwBytesPerInterval", FIELD_X32 } } },
};

#define DEPTHS 5

struct walk {
        json_t *array;
        json_t *last[DEPTHS]; /* the last one of each depth, from 0 on as far as there are */
        descriptors_string string;
        void *userdata;
};

static size_t size_of(enum kind kind)
{
        switch (kind) {
        case FIELD_END: break;
        case FIELD_X32: return 4;
        case FIELD_U16:
        case FIELD_X16:
        case FIELD_BCD:
        case FIELD_VENDOR:
        case FIELD_PRODUCT: return 2;
        case FIELD_U8:
        case FIELD_X8:
        case FIELD_STRING:
        case FIELD_CLASS:
        case FIELD_ENDPOINT:
        case FIELD_TRANSFER:
        case FIELD_POWER:
        case FIELD_CAPABILITY: return 1;
        }

        return 0;
}

static uint32_t load(const uint8_t *bytes, size_t size)
{
        return size == 4 ? get_le32(bytes) : size == 2 ? get_le16(bytes) : bytes[0];
}

/* The number as JSON has it, before a name is added. */
static json_t *number(enum kind kind, uint32_t value)
{
        switch (kind) {
        case FIELD_X8:
        case FIELD_CLASS:
        case FIELD_ENDPOINT:
        case FIELD_TRANSFER:
        case FIELD_CAPABILITY: return json_sprintf("0x%02x", value);
        case FIELD_X16:
        case FIELD_VENDOR:
        case FIELD_PRODUCT: return json_sprintf("0x%04x", value);
        case FIELD_X32: return json_sprintf("0x%08x", value);
        case FIELD_BCD: return json_sprintf("%x.%02x", value >> 8, value & 0xff);
        case FIELD_POWER: return json_sprintf("%u mA", value * 2);
        case FIELD_END:
        case FIELD_U8:
        case FIELD_U16:
        case FIELD_STRING: break;
        }

        return json_integer(value);
}

/* What the number means, or NULL. The vendor stands in front of the product. */
static const char *meaning(const struct walk *w, enum kind kind, const uint8_t *at, uint32_t value)
{
        static const char *const transfers[] = { "Control", "Isochronous", "Bulk", "Interrupt" };

        switch (kind) {
        case FIELD_STRING: return value ? w->string(w->userdata, (uint8_t)value) : NULL;
        case FIELD_CLASS: return names_class((uint8_t)value);
        case FIELD_VENDOR: return names_vendor((uint16_t)value);
        case FIELD_PRODUCT: return names_product(get_le16(at - 2), (uint16_t)value);
        case FIELD_ENDPOINT: return value & 0x80 ? "IN" : "OUT";
        case FIELD_TRANSFER: return transfers[value & 0x03];
        case FIELD_CAPABILITY: return names_capability((uint8_t)value);
        case FIELD_END:
        case FIELD_U8:
        case FIELD_U16:
        case FIELD_X8:
        case FIELD_X16:
        case FIELD_X32:
        case FIELD_BCD:
        case FIELD_POWER: break;
        }

        return NULL;
}

static void set_field(const struct walk *w, json_t *object, const struct field *f,
                      const uint8_t *at)
{
        uint32_t value = load(at, size_of(f->kind));
        const char *name = meaning(w, f->kind, at, value);
        json_t *both;

        if (!name) {
                print_set(object, f->name, number(f->kind, value));
                return;
        }

        both = json_object();
        print_set(object, f->name, both);
        print_set(both, "value", number(f->kind, value));
        print_set_text(both, "name", name);
}

static const struct row *find_row(uint8_t type)
{
        for (size_t i = 0; i < ELEMENTS(rows); i++)
                if (rows[i].type == type)
                        return &rows[i];

        return NULL;
}

/* Where one of that depth belongs: the array of the last that is less deep. */
static json_t *place(struct walk *w, unsigned depth)
{
        while (depth > 0 && !w->last[depth - 1])
                depth--;
        if (depth == 0)
                return w->array;
        if (!json_object_get(w->last[depth - 1], "descriptors"))
                print_set(w->last[depth - 1], "descriptors", json_array());

        return json_object_get(w->last[depth - 1], "descriptors");
}

static const char *kind_name(uint8_t type)
{
        return type >= 0x40 ? "Vendor Specific" : type >= 0x20 ? "Class Specific" : "Unknown";
}

/* One descriptor; size bytes of it are there. */
static void decode_one(struct walk *w, const uint8_t *bytes, size_t size)
{
        const struct row *row = find_row(bytes[1]);
        json_t *object = json_object();
        size_t at = 2;

        json_array_append_new(place(w, row ? row->depth : DEPTHS), object);
        print_set_text(object, "descriptor", row ? row->name : kind_name(bytes[1]));
        if (!row)
                print_set_hex(object, "bDescriptorType", bytes[1], 2);

        for (const struct field *f = row ? row->fields : NULL; f && f->kind != FIELD_END; f++) {
                if (at + size_of(f->kind) > size)
                        break;
                set_field(w, object, f, bytes + at);
                at += size_of(f->kind);
        }

        if (at < size)
                print_set_bytes(object, "extra", bytes + at, size - at);
        if (size < bytes[0])
                print_set(object, "truncated", json_true());
        if (row) {
                w->last[row->depth] = object;
                for (unsigned i = row->depth + 1; i < DEPTHS; i++)
                        w->last[i] = NULL;
        }
}

void descriptors_decode(json_t *array, const uint8_t *bytes, size_t size, descriptors_string string,
                        void *userdata)
{
        struct walk w = { .array = array, .string = string, .userdata = userdata };

        while (size >= 2) {
                size_t length = MIN((size_t)bytes[0], size);

                /* One that does not even cover its own length and type: nothing can follow it. */
                if (length < 2)
                        break;
                decode_one(&w, bytes, length);
                bytes += length;
                size -= length;
        }

        if (size > 0) {
                json_t *rest = json_object();

                json_array_append_new(array, rest);
                print_set_text(rest, "descriptor", "Broken");
                print_set_bytes(rest, "extra", bytes, size);
        }
}

static char *put_utf8(char *at, uint32_t code)
{
        if (code < 0x80) {
                *at++ = (char)code;
        } else if (code < 0x800) {
                *at++ = (char)(0xc0 | code >> 6);
                *at++ = (char)(0x80 | (code & 0x3f));
        } else if (code < 0x10000) {
                *at++ = (char)(0xe0 | code >> 12);
                *at++ = (char)(0x80 | (code >> 6 & 0x3f));
                *at++ = (char)(0x80 | (code & 0x3f));
        } else {
                *at++ = (char)(0xf0 | code >> 18);
                *at++ = (char)(0x80 | (code >> 12 & 0x3f));
                *at++ = (char)(0x80 | (code >> 6 & 0x3f));
                *at++ = (char)(0x80 | (code & 0x3f));
        }

        return at;
}

char *descriptors_text(const uint8_t *bytes, size_t size)
{
        bool is_string = size >= 2 && bytes[1] == DESCRIPTOR_STRING;
        size_t end = is_string ? MIN((size_t)bytes[0], size) : 0;
        char *text = malloc(end * 3 / 2 + 1), *out = text;

        for (size_t at = 2; text && at + 2 <= end; at += 2) {
                uint32_t code = get_le16(bytes + at);
                uint32_t low = at + 4 <= end ? get_le16(bytes + at + 2) : 0;

                if (code >= 0xd800 && code <= 0xdbff && low >= 0xdc00 && low <= 0xdfff) {
                        code = 0x10000 + ((code & 0x3ff) << 10 | (low & 0x3ff));
                        at += 2;
                } else if (code >= 0xd800 && code <= 0xdfff) {
                        code = 0xfffd; /* half of a character */
                } else if (code == 0) {
                        break;
                }
                out = put_utf8(out, code);
        }

        if (text)
                *out = '\0';
        return text;
}
