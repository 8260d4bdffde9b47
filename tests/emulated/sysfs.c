/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Attributes have the kernel's formats, each with its newline. A device gets its place in
 * /sys/bus/usb/devices last: whoever enumerates sees all of it or nothing. Each bus is a
 * controller of its own, so that ports of the same number have paths of their own.
 */
#include <endian.h>
#include <glib.h>

#include "emulated/descriptor.h"
#include "emulated/properties.h"
#include "emulated/sysfs.h"
#include "emulated/tree.h"

#define DEVICES "/sys/bus/usb/devices"

/* What is written to one directory; the first error stays. */
struct writer {
        const char *root;
        const char *path;
        int result;
};

#define ATTRIBUTE(writer, name, format, ...)                                                       \
        do {                                                                                       \
                if ((writer)->result == 0)                                                         \
                        (writer)->result = tree_print((writer)->root, (writer)->path, name,        \
                                                      format "\n", __VA_ARGS__);                   \
        } while (false)

static const char *speed_text(enum usb_device_speed speed)
{
        switch (speed) {
        case USB_SPEED_LOW: return "1.5";
        case USB_SPEED_HIGH: return "480";
        case USB_SPEED_SUPER: return "5000";
        case USB_SPEED_SUPER_PLUS: return "10000";
        default: return "12";
        }
}

/* "subsystem", and the entry among the devices. */
static void add_to_bus(struct writer *writer)
{
        g_autofree char *name = g_path_get_basename(writer->path);
        g_autofree char *target = g_strconcat("../../..", writer->path + strlen("/sys"), NULL);
        GString *up = g_string_new(NULL);

        for (const char *slash = writer->path + strlen("/sys"); slash;
             slash = strchr(slash + 1, '/'))
                g_string_append(up, "../");
        g_string_append(up, "bus/usb");
        if (writer->result == 0)
                writer->result = tree_link(writer->root, writer->path, "subsystem", up->str);
        if (writer->result == 0)
                writer->result = tree_link(writer->root, DEVICES, name, target);
        g_string_free(up, TRUE);
}

int sysfs_remove(const char *root, const char *path)
{
        g_autofree char *name = g_path_get_basename(path);
        int r;

        r = tree_unlink(root, DEVICES, name);
        return r < 0 ? r : tree_remove(root, path);
}

int sysfs_set_driver(const char *root, const char *path, const char *driver)
{
        g_autofree char *directory = NULL;
        g_autofree char *target = NULL;
        int r;

        r = tree_unlink(root, path, "driver");
        if (r < 0 || !driver)
                return r;
        directory = g_strconcat("/sys/bus/usb/drivers/", driver, NULL);
        r = tree_make_directory(root, directory);
        if (r < 0)
                return r;
        /* Also of an interface, whose depth the kernel's link would tell: this is as good. */
        target = g_strconcat(root, directory, NULL);
        return tree_link(root, path, "driver", target);
}

int sysfs_set_uevent(const char *root, const char *path, const char *properties)
{
        return tree_write(root, path, "uevent", properties, strlen(properties));
}

static void write_device_descriptor(struct writer *writer, const uint8_t *descriptor,
                                    enum usb_device_speed speed)
{
        const struct usb_device_descriptor *device = (const void *)descriptor;
        unsigned version = le16toh(device->bcdUSB);

        ATTRIBUTE(writer, "speed", "%s", speed_text(speed));
        ATTRIBUTE(writer, "version", "%2x.%02x", version >> 8, version & 0xff);
        ATTRIBUTE(writer, "idVendor", "%04x", le16toh(device->idVendor));
        ATTRIBUTE(writer, "idProduct", "%04x", le16toh(device->idProduct));
        ATTRIBUTE(writer, "bcdDevice", "%04x", le16toh(device->bcdDevice));
        ATTRIBUTE(writer, "bDeviceClass", "%02x", device->bDeviceClass);
        ATTRIBUTE(writer, "bDeviceSubClass", "%02x", device->bDeviceSubClass);
        ATTRIBUTE(writer, "bDeviceProtocol", "%02x", device->bDeviceProtocol);
        ATTRIBUTE(writer, "bMaxPacketSize0", "%u",
                  speed >= USB_SPEED_SUPER ? 1U << device->bMaxPacketSize0
                                           : device->bMaxPacketSize0);
        ATTRIBUTE(writer, "bNumConfigurations", "%u", device->bNumConfigurations);
        ATTRIBUTE(writer, "authorized", "%u", 1U);
}

static void write_numbers(struct writer *writer, unsigned busnum, unsigned devnum,
                          const char *devpath)
{
        unsigned minor = (busnum - 1) * 128 + devnum - 1;
        g_autofree char *dev = g_strdup_printf("189:%u", minor);
        g_autofree char *node = g_strdup_printf("bus_usb_%03u_%03u", busnum, devnum);
        g_autofree char *target = g_strconcat("../..", writer->path + strlen("/sys"), NULL);

        ATTRIBUTE(writer, "busnum", "%u", busnum);
        ATTRIBUTE(writer, "devnum", "%u", devnum);
        ATTRIBUTE(writer, "devpath", "%s", devpath);
        ATTRIBUTE(writer, "dev", "%s", dev);
        /* Where libudev finds a device by its number, and umockdev the number of a node. */
        if (writer->result == 0)
                writer->result = tree_link(writer->root, "/sys/dev/char", dev, target);
        if (writer->result == 0)
                writer->result = tree_link(writer->root, "/dev/.node", node, dev);
}

static void write_interface(struct writer *writer,
                            const struct usb_interface_descriptor *descriptor)
{
        ATTRIBUTE(writer, "bInterfaceNumber", "%02x", descriptor->bInterfaceNumber);
        ATTRIBUTE(writer, "bAlternateSetting", "%2u", descriptor->bAlternateSetting);
        ATTRIBUTE(writer, "bNumEndpoints", "%02x", descriptor->bNumEndpoints);
        ATTRIBUTE(writer, "bInterfaceClass", "%02x", descriptor->bInterfaceClass);
        ATTRIBUTE(writer, "bInterfaceSubClass", "%02x", descriptor->bInterfaceSubClass);
        ATTRIBUTE(writer, "bInterfaceProtocol", "%02x", descriptor->bInterfaceProtocol);
        ATTRIBUTE(writer, "authorized", "%u", 1U);
}

int sysfs_add_hub(const char *root, unsigned busnum, enum usb_device_speed speed)
{
        bool super = speed >= USB_SPEED_SUPER;
        const uint8_t descriptors[] = {
                DESCRIPTOR_DEVICE(super ? 0x0300 : 0x0200, USB_CLASS_HUB, super ? 9 : 64, 0x1d6b,
                                  super ? 3 : 2, 0, 1),
                DESCRIPTOR_CONFIGURATION(9 + 9 + 7, 1, 1),
                DESCRIPTOR_INTERFACE(0, 0, 1, USB_CLASS_HUB, 0, 0),
                DESCRIPTOR_ENDPOINT(0x81, USB_ENDPOINT_XFER_INT, 4, 12),
        };
        const void *interface = descriptors + USB_DT_DEVICE_SIZE + USB_DT_CONFIG_SIZE;
        g_autofree char *path = sysfs_hub_path(busnum);
        g_autofree char *interface_path = g_strdup_printf("%s/%u-0:1.0", path, busnum);
        struct writer hub = { .root = root, .path = path };
        struct writer child = { .root = root, .path = interface_path };

        write_device_descriptor(&hub, descriptors, speed);
        write_numbers(&hub, busnum, 1, "0");
        ATTRIBUTE(&hub, "bConfigurationValue", "%u", 1U);
        ATTRIBUTE(&hub, "bNumInterfaces", "%2u", 1U);
        ATTRIBUTE(&hub, "uevent",
                  "DEVTYPE=usb_device\nDRIVER=usb\nPRODUCT=1d6b/%u/0\nTYPE=9/0/0\n"
                  "DEVNAME=bus/usb/%03u/001\nBUSNUM=%03u\nDEVNUM=001\nID_BUS=usb\n"
                  "ID_VENDOR_ID=1d6b\nID_MODEL_ID=%04u\nID_USB_INTERFACES=:090000:",
                  super ? 3U : 2U, busnum, busnum, super ? 3U : 2U);
        write_interface(&child, interface);
        ATTRIBUTE(&child, "uevent", "DEVTYPE=usb_interface\nDRIVER=%s\nINTERFACE=9/0/0", "hub");
        if (hub.result == 0)
                hub.result =
                        tree_write(root, path, "descriptors", descriptors, sizeof(descriptors));
        if (hub.result == 0)
                hub.result = sysfs_set_driver(root, path, "usb");
        if (child.result == 0)
                child.result = sysfs_set_driver(root, interface_path, "hub");
        add_to_bus(&child);
        add_to_bus(&hub);
        return hub.result < 0 ? hub.result : child.result;
}

static void write_string(struct writer *writer, const struct emulated_device *device,
                         const char *name, uint8_t index)
{
        const char *string = emulated_string(device, index);

        if (string)
                ATTRIBUTE(writer, name, "%s", string);
}

static int write_descriptors(const char *root, const char *path,
                             const struct emulated_description *description)
{
        GByteArray *bytes = g_byte_array_new();
        int r;

        g_byte_array_append(bytes, description->device_descriptor, USB_DT_DEVICE_SIZE);
        for (size_t i = 0; i < EMULATED_CONFIGURATIONS_MAX; i++)
                if (description->configurations[i])
                        g_byte_array_append(
                                bytes, description->configurations[i],
                                (guint)descriptor_total_length(description->configurations[i]));
        r = tree_write(root, path, "descriptors", bytes->data, bytes->len);
        g_byte_array_free(bytes, TRUE);
        return r;
}

int sysfs_add_device(const char *root, const struct emulated_device *device)
{
        const struct emulated_description *description = &device->description;
        const struct usb_device_descriptor *descriptor =
                (const void *)description->device_descriptor;
        const char *devpath = strchr(description->port, '-');
        g_autofree char *path = sysfs_device_path(device);
        struct writer writer = { .root = root, .path = path };

        write_device_descriptor(&writer, description->device_descriptor, description->speed);
        write_numbers(&writer, description->busnum, description->devnum,
                      devpath ? devpath + 1 : "0");
        write_string(&writer, device, "manufacturer", descriptor->iManufacturer);
        write_string(&writer, device, "product", descriptor->iProduct);
        write_string(&writer, device, "serial", descriptor->iSerialNumber);
        if (writer.result == 0)
                writer.result = write_descriptors(root, path, description);
        if (writer.result == 0)
                writer.result = sysfs_set_configuration(root, device);
        add_to_bus(&writer);
        return writer.result;
}

int sysfs_remove_device(const char *root, const struct emulated_device *device)
{
        unsigned busnum = device->description.busnum, devnum = device->description.devnum;
        g_autofree char *path = sysfs_device_path(device);
        g_autofree char *dev = g_strdup_printf("189:%u", (busnum - 1) * 128 + devnum - 1);
        g_autofree char *node = g_strdup_printf("bus_usb_%03u_%03u", busnum, devnum);

        tree_unlink(root, "/sys/dev/char", dev);
        tree_unlink(root, "/dev/.node", node);
        return sysfs_remove(root, path);
}

int sysfs_set_configuration(const char *root, const struct emulated_device *device)
{
        static const char *const names[] = { "bConfigurationValue", "bNumInterfaces",
                                             "bmAttributes", "bMaxPower" };
        const uint8_t *configuration = device->configuration;
        g_autofree char *path = sysfs_device_path(device);
        struct writer writer = { .root = root, .path = path };

        if (configuration) {
                ATTRIBUTE(&writer, "bConfigurationValue", "%u", configuration[5]);
                ATTRIBUTE(&writer, "bNumInterfaces", "%2u", configuration[4]);
                ATTRIBUTE(&writer, "bmAttributes", "%02x", configuration[7]);
                ATTRIBUTE(&writer, "bMaxPower", "%umA", configuration[8] * 2U);
                return writer.result;
        }
        for (size_t i = 0; i < ELEMENTS(names) && writer.result == 0; i++)
                writer.result = tree_write(root, path, names[i], "", 0);
        return writer.result;
}

int sysfs_add_interface(const char *root, const struct emulated_device *device, uint8_t interface)
{
        g_autofree char *path = sysfs_interface_path(device, interface);
        struct writer writer = { .root = root, .path = path };

        write_interface(&writer, descriptor_find_interface(device->configuration, interface,
                                                           device->interfaces[interface].alt));
        add_to_bus(&writer);
        return writer.result;
}

int sysfs_set_alt_setting(const char *root, const struct emulated_device *device, uint8_t interface)
{
        g_autofree char *path = sysfs_interface_path(device, interface);
        struct writer writer = { .root = root, .path = path };

        write_interface(&writer, descriptor_find_interface(device->configuration, interface,
                                                           device->interfaces[interface].alt));
        return writer.result;
}

char *sysfs_hub_path(unsigned busnum)
{
        return g_strdup_printf("/sys/devices/pci0000:00/" PROPERTIES_CONTROLLER "/usb%u",
                               PROPERTIES_CONTROLLER_NUMBER(busnum), busnum);
}

char *sysfs_device_path(const struct emulated_device *device)
{
        g_autofree char *hub = sysfs_hub_path(device->description.busnum);

        return g_strdup_printf("%s/%s", hub, device->description.port);
}

char *sysfs_interface_path(const struct emulated_device *device, uint8_t interface)
{
        g_autofree char *path = sysfs_device_path(device);

        return g_strdup_printf("%s/%s:%u.%u", path, device->description.port,
                               device->configuration[5], interface);
}

char *sysfs_device_node(const struct emulated_device *device)
{
        return g_strdup_printf("/dev/bus/usb/%03u/%03u", device->description.busnum,
                               device->description.devnum);
}
