/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What cannot be known in full (more interfaces or longer texts than a policy can look at) makes a
 * refusal: a device half known is never judged.
 *
 * A device is settled when its driver is bound and all interfaces of its configuration are there:
 * the kernel announces a device before its interfaces exist.
 */
#include "daemon/device-info.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "daemon/place.h"
#include "filter/text.h"
#include "util/cleanup.h"
#include "util/macro.h"

/* Of the kernel's attributes; a string descriptor is at most 378 bytes of UTF-8. */
#define ATTRIBUTE_SIZE 512

static const struct {
        const char *megabits, *name;
} speeds[] = {
        { "1.5", "low" },    { "12", "full" },      { "480", "high" },
        { "5000", "super" }, { "10000", "super+" }, { "20000", "super+" },
};

static void refuse(struct device_info *info, const char *why)
{
        if (!info->refusal[0])
                snprintf(info->refusal, sizeof(info->refusal), "%s", why);
}

static bool read_number(struct udev_device *device, const char *name, int base, unsigned long max,
                        unsigned long *ret)
{
        const char *text = udev_device_get_sysattr_value(device, name);
        unsigned long value;
        char *end;

        if (!text)
                return false;
        text += strspn(text, " ");
        errno = 0;
        value = strtoul(text, &end, base);
        if (errno != 0 || end == text || value > max)
                return false;

        *ret = value;
        return true;
}

/* One line of a file below the device's directory. */
static bool read_line(const char *directory, const char *entry, const char *name, char *ret,
                      size_t size)
{
        char path[1024];
        FILE *file;
        bool ok;

        if ((size_t)snprintf(path, sizeof(path), "%s/%s/%s", directory, entry, name) >=
            sizeof(path))
                return false;
        file = fopen(path, "re");
        if (!file)
                return false;
        ok = fgets(ret, (int)size, file) != NULL;
        fclose(file);
        return ok;
}

static bool read_byte(const char *directory, const char *entry, const char *name, uint8_t *ret)
{
        char line[16], *end;
        unsigned long value;

        if (!read_line(directory, entry, name, line, sizeof(line)))
                return false;
        value = strtoul(line, &end, 16);
        if (end == line || value > UINT8_MAX)
                return false;

        *ret = (uint8_t)value;
        return true;
}

/* "1-1.4:1.0" below "1-1.4" */
static bool is_interface_of(const char *name, const char *port)
{
        size_t length = strlen(port);

        return !strncmp(name, port, length) && name[length] == ':';
}

static void read_interfaces(struct device_info *info)
{
        CLEANUP(closedirp) DIR *directory = opendir(info->syspath);
        struct facts *facts = &info->facts;
        struct dirent *entry;

        while (directory && (entry = readdir(directory))) {
                uint8_t number, class, subclass, protocol;

                if (!is_interface_of(entry->d_name, facts->port) ||
                    !read_byte(info->syspath, entry->d_name, "bInterfaceNumber", &number) ||
                    !read_byte(info->syspath, entry->d_name, "bInterfaceClass", &class) ||
                    !read_byte(info->syspath, entry->d_name, "bInterfaceSubClass", &subclass) ||
                    !read_byte(info->syspath, entry->d_name, "bInterfaceProtocol", &protocol))
                        continue;

                if (facts_add_interface(facts, class, subclass, protocol) < 0) {
                        refuse(info, "it has more interfaces than can be judged");
                        return;
                }
                info->interface_numbers[facts->n_interfaces - 1] = number;
        }
}

/* By number: a directory has no order, and a verdict names interfaces. */
static void sort_interfaces(struct device_info *info)
{
        struct facts *facts = &info->facts;

        for (size_t i = 1; i < facts->n_interfaces; i++)
                for (size_t j = i;
                     j > 0 && info->interface_numbers[j - 1] > info->interface_numbers[j]; j--) {
                        struct facts_interface interface = facts->interfaces[j];
                        uint8_t number = info->interface_numbers[j];

                        facts->interfaces[j] = facts->interfaces[j - 1];
                        facts->interfaces[j - 1] = interface;
                        info->interface_numbers[j] = info->interface_numbers[j - 1];
                        info->interface_numbers[j - 1] = number;
                }
}

static void read_properties(struct udev_device *device, struct device_info *info)
{
        struct udev_list_entry *entry;

        udev_list_entry_foreach (entry, udev_device_get_properties_list_entry(device)) {
                const char *value = udev_list_entry_get_value(entry);

                if (facts_add_property(&info->facts, udev_list_entry_get_name(entry), value ?: "") <
                    0) {
                        refuse(info, "udev has more properties of it than can be judged");
                        return;
                }
        }
}

/* The first of the device's own string and what udev's database says. */
static void set_name(char *field, size_t size, const char *own, const char *known)
{
        const char *name = own && *own ? own : known;

        snprintf(field, size, "%s", name ?: "");
        text_clean(field);
}

static void read_texts(struct udev_device *device, struct device_info *info)
{
        const char *manufacturer = udev_device_get_sysattr_value(device, "manufacturer");
        const char *product = udev_device_get_sysattr_value(device, "product");
        const char *serial = udev_device_get_sysattr_value(device, "serial");
        const char *path = udev_device_get_property_value(device, "ID_PATH");
        struct facts *facts = &info->facts;
        char socket_path[FACTS_PATH_MAX + 1];

        place_path(socket_path, info->place, facts->port, path ?: "");
        if (facts_set_vendor_name(facts, manufacturer ?: "") < 0 ||
            facts_set_product_name(facts, product ?: "") < 0 ||
            facts_set_serial(facts, serial ?: "") < 0 || facts_set_path(facts, path ?: "") < 0 ||
            facts_set_socket_path(facts, socket_path) < 0)
                refuse(info, "its strings are longer than USB allows");

        set_name(info->vendor, sizeof(info->vendor), manufacturer,
                 udev_device_get_property_value(device, "ID_VENDOR_FROM_DATABASE"));
        set_name(info->product, sizeof(info->product), product,
                 udev_device_get_property_value(device, "ID_MODEL_FROM_DATABASE"));
}

static void read_speed(struct udev_device *device, struct device_info *info)
{
        const char *speed = udev_device_get_sysattr_value(device, "speed");

        for (size_t i = 0; speed && i < ELEMENTS(speeds); i++)
                if (!strcmp(speed, speeds[i].megabits))
                        snprintf(info->speed, sizeof(info->speed), "%s", speeds[i].name);
}

static bool read_numbers(struct udev_device *device, struct device_info *info)
{
        unsigned long bus, address, vendor, product, version, class, subclass, protocol;

        if (!read_number(device, "busnum", 10, UINT8_MAX, &bus) ||
            !read_number(device, "devnum", 10, UINT8_MAX, &address) ||
            !read_number(device, "idVendor", 16, UINT16_MAX, &vendor) ||
            !read_number(device, "idProduct", 16, UINT16_MAX, &product) ||
            !read_number(device, "bcdDevice", 16, UINT16_MAX, &version) ||
            !read_number(device, "bDeviceClass", 16, UINT8_MAX, &class) ||
            !read_number(device, "bDeviceSubClass", 16, UINT8_MAX, &subclass) ||
            !read_number(device, "bDeviceProtocol", 16, UINT8_MAX, &protocol))
                return false;

        info->bus = (uint8_t)bus;
        info->address = (uint8_t)address;
        info->facts.vendor = (uint16_t)vendor;
        info->facts.product = (uint16_t)product;
        info->facts.version_bcd = (uint16_t)version;
        info->facts.class = (uint8_t) class;
        info->facts.subclass = (uint8_t)subclass;
        info->facts.protocol = (uint8_t)protocol;
        return true;
}

/*
 * Only udev's rules set ID_BUS; an emulated device has it without being in udev's database. And
 * where no udevd runs there is nobody to wait for.
 */
static bool udev_knows(struct udev_device *device)
{
        return udev_device_get_is_initialized(device) > 0 ||
               udev_device_get_property_value(device, "ID_BUS") ||
               access("/run/udev/control", F_OK) < 0;
}

int device_info_read(struct udev_device *device, struct device_info *ret_info)
{
        const char *port = udev_device_get_sysname(device);
        const char *syspath = udev_device_get_syspath(device);
        CLEANUP(freep) struct device_info *info = calloc(1, sizeof(*info));
        unsigned long configuration = 0, interfaces = 0;

        if (!info)
                return -ENOMEM;
        if (!port || !syspath || port[0] < '0' || port[0] > '9' ||
            (size_t)snprintf(info->syspath, sizeof(info->syspath), "%s", syspath) >=
                    sizeof(info->syspath) ||
            facts_set_port(&info->facts, port) < 0 || !read_numbers(device, info))
                return -ENODEV;

        place_find(info->place, syspath, port);
        /* Both are empty for a device without configuration. */
        read_number(device, "bConfigurationValue", 10, UINT8_MAX, &configuration);
        read_number(device, "bNumInterfaces", 10, UINT8_MAX, &interfaces);
        info->configuration = (uint8_t)configuration;
        read_interfaces(info);
        sort_interfaces(info);
        read_texts(device, info);
        read_speed(device, info);
        read_properties(device, info);
        info->is_settled = udev_device_get_driver(device) && udev_knows(device) &&
                           (info->facts.n_interfaces == interfaces || info->refusal[0]);

        *ret_info = *info;
        return 0;
}
