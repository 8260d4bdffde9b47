/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "testguest/names.h"

#include <stdio.h>
#include <systemd/sd-hwdb.h>

#include "util/macro.h"

struct name {
        uint8_t code;
        const char *name;
};

static const char *find(const struct name *names, size_t n, uint8_t code)
{
        for (size_t i = 0; i < n; i++)
                if (names[i].code == code)
                        return names[i].name;

        return NULL;
}

const char *names_class(uint8_t code)
{
        static const struct name names[] = {
                { 0x01, "Audio" },
                { 0x02, "Communications" },
                { 0x03, "Human Interface Device" },
                { 0x05, "Physical Interface Device" },
                { 0x06, "Imaging" },
                { 0x07, "Printer" },
                { 0x08, "Mass Storage" },
                { 0x09, "Hub" },
                { 0x0a, "CDC Data" },
                { 0x0b, "Chip/SmartCard" },
                { 0x0d, "Content Security" },
                { 0x0e, "Video" },
                { 0x0f, "Personal Healthcare" },
                { 0x10, "Audio/Video" },
                { 0x11, "Billboard" },
                { 0x12, "Type-C Bridge" },
                { 0xdc, "Diagnostic" },
                { 0xe0, "Wireless" },
                { 0xef, "Miscellaneous" },
                { 0xfe, "Application Specific" },
                { 0xff, "Vendor Specific" },
        };

        return find(names, ELEMENTS(names), code);
}

const char *names_capability(uint8_t type)
{
        static const struct name names[] = {
                { 0x01, "Wireless USB" },   { 0x02, "USB 2.0 Extension" },
                { 0x03, "SuperSpeed" },     { 0x04, "Container ID" },
                { 0x05, "Platform" },       { 0x06, "Power Delivery" },
                { 0x0a, "SuperSpeedPlus" },
        };

        return find(names, ELEMENTS(names), type);
}

static const char *look_up(const char *modalias, const char *key)
{
        static sd_hwdb *hwdb;
        const char *value = NULL;

        /* A machine without one has no names. */
        if (!hwdb && sd_hwdb_new(&hwdb) < 0)
                return NULL;

        return sd_hwdb_get(hwdb, modalias, key, &value) < 0 ? NULL : value;
}

const char *names_vendor(uint16_t vendor)
{
        char modalias[32];

        snprintf(modalias, sizeof(modalias), "usb:v%04X", vendor);
        return look_up(modalias, "ID_VENDOR_FROM_DATABASE");
}

const char *names_product(uint16_t vendor, uint16_t product)
{
        char modalias[32];

        snprintf(modalias, sizeof(modalias), "usb:v%04Xp%04X", vendor, product);
        return look_up(modalias, "ID_MODEL_FROM_DATABASE");
}
