/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Attributes have the kernel's formats, each with its newline. MAJOR and MINOR are left out of the
 * uevent: "udevadm test" on such a device would write real links under /dev.
 */
#include <endian.h>
#include <glib.h>

#include "emulated/descriptor.h"
#include "emulated/sysfs.h"

#define CONTROLLER "/devices/pci0000:00/0000:00:14.0"

/* A text attribute. umockdev takes the backslash-n for a newline. */
#define ATTRIBUTE(text, name, format, ...)                                                         \
        g_string_append_printf(text, "A: " name "=" format "\\n\n", __VA_ARGS__)

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

static void append_hex(GString *text, const uint8_t *data, size_t size)
{
        for (size_t i = 0; i < size; i++)
                g_string_append_printf(text, "%02X", data[i]);
}

/* What hubs and devices have in common. */
static void describe_usb_device(GString *text, const uint8_t *descriptor, unsigned busnum,
                                unsigned devnum, enum usb_device_speed speed)
{
        const struct usb_device_descriptor *device = (const void *)descriptor;
        unsigned vendor = le16toh(device->idVendor), product = le16toh(device->idProduct);
        unsigned release = le16toh(device->bcdDevice), version = le16toh(device->bcdUSB);

        g_string_append_printf(text,
                               "E: SUBSYSTEM=usb\nE: DEVTYPE=usb_device\nE: DRIVER=usb\n"
                               "E: DEVNAME=/dev/bus/usb/%03u/%03u\nE: BUSNUM=%03u\n"
                               "E: DEVNUM=%03u\nE: PRODUCT=%x/%x/%x\nE: TYPE=%u/%u/%u\n",
                               busnum, devnum, busnum, devnum, vendor, product, release,
                               device->bDeviceClass, device->bDeviceSubClass,
                               device->bDeviceProtocol);
        ATTRIBUTE(text, "busnum", "%u", busnum);
        ATTRIBUTE(text, "devnum", "%u", devnum);
        ATTRIBUTE(text, "speed", "%s", speed_text(speed));
        ATTRIBUTE(text, "version", "%2x.%02x", version >> 8, version & 0xff);
        ATTRIBUTE(text, "idVendor", "%04x", vendor);
        ATTRIBUTE(text, "idProduct", "%04x", product);
        ATTRIBUTE(text, "bcdDevice", "%04x", release);
        ATTRIBUTE(text, "bDeviceClass", "%02x", device->bDeviceClass);
        ATTRIBUTE(text, "bDeviceSubClass", "%02x", device->bDeviceSubClass);
        ATTRIBUTE(text, "bDeviceProtocol", "%02x", device->bDeviceProtocol);
        ATTRIBUTE(text, "bMaxPacketSize0", "%u",
                  speed >= USB_SPEED_SUPER ? 1U << device->bMaxPacketSize0
                                           : device->bMaxPacketSize0);
        ATTRIBUTE(text, "bNumConfigurations", "%u", device->bNumConfigurations);
        ATTRIBUTE(text, "authorized", "%u", 1U);
}

char *sysfs_describe_hub(unsigned busnum, enum usb_device_speed speed)
{
        bool super = speed >= USB_SPEED_SUPER;
        const uint8_t device[] = { DESCRIPTOR_DEVICE(super ? 0x0300 : 0x0200, USB_CLASS_HUB,
                                                     super ? 9 : 64, 0x1d6b, super ? 3 : 2, 0, 1) };
        static const uint8_t configuration[] = {
                DESCRIPTOR_CONFIGURATION(9 + 9 + 7, 1, 1),
                DESCRIPTOR_INTERFACE(0, 0, 1, USB_CLASS_HUB, 0, 0),
                DESCRIPTOR_ENDPOINT(0x81, USB_ENDPOINT_XFER_INT, 4, 12),
        };
        GString *text = g_string_new(NULL);

        g_string_append_printf(text, "P: " CONTROLLER "/usb%u\n", busnum);
        describe_usb_device(text, device, busnum, 1, speed);
        ATTRIBUTE(text, "bConfigurationValue", "%u", 1U);
        ATTRIBUTE(text, "bNumInterfaces", "%2u", 1U);
        ATTRIBUTE(text, "devpath", "%u", 0U);
        g_string_append(text, "H: descriptors=");
        append_hex(text, device, sizeof(device));
        append_hex(text, configuration, sizeof(configuration));
        g_string_append_c(text, '\n');
        return g_string_free(text, FALSE);
}

static void describe_string(GString *text, const struct emulated_device *device, const char *name,
                            uint8_t index)
{
        if (index > 0 && index < EMULATED_STRINGS_MAX && device->description.strings[index])
                g_string_append_printf(text, "A: %s=%s\\n\n", name,
                                       device->description.strings[index]);
}

char *sysfs_describe_device(const struct emulated_device *device, const char *const *properties)
{
        const struct emulated_description *description = &device->description;
        const struct usb_device_descriptor *descriptor =
                (const void *)description->device_descriptor;
        const uint8_t *configuration = device->configuration;
        const char *devpath = strchr(description->port, '-');
        g_autofree char *path = sysfs_device_path(device);
        GString *text = g_string_new(NULL);

        g_string_append_printf(text, "P: %s\n", path + strlen("/sys"));
        describe_usb_device(text, description->device_descriptor, description->busnum,
                            description->devnum, description->speed);
        for (size_t i = 0; properties && properties[i]; i++)
                g_string_append_printf(text, "E: %s\n", properties[i]);
        ATTRIBUTE(text, "dev", "189:%u",
                  (description->busnum - 1U) * 128 + description->devnum - 1);
        ATTRIBUTE(text, "devpath", "%s", devpath ? devpath + 1 : "0");
        if (configuration) {
                ATTRIBUTE(text, "bConfigurationValue", "%u", configuration[5]);
                ATTRIBUTE(text, "bNumInterfaces", "%2u", configuration[4]);
                ATTRIBUTE(text, "bmAttributes", "%02x", configuration[7]);
                ATTRIBUTE(text, "bMaxPower", "%umA", configuration[8] * 2U);
        } else {
                g_string_append(text, "A: bConfigurationValue=\n");
        }
        describe_string(text, device, "manufacturer", descriptor->iManufacturer);
        describe_string(text, device, "product", descriptor->iProduct);
        describe_string(text, device, "serial", descriptor->iSerialNumber);
        g_string_append(text, "H: descriptors=");
        append_hex(text, description->device_descriptor, USB_DT_DEVICE_SIZE);
        for (size_t i = 0; i < EMULATED_CONFIGURATIONS_MAX; i++)
                if (description->configurations[i])
                        append_hex(text, description->configurations[i],
                                   descriptor_total_length(description->configurations[i]));
        g_string_append(text, "\nL: driver=../../../../../bus/usb/drivers/usb\n");
        return g_string_free(text, FALSE);
}

char *sysfs_describe_interface(const struct emulated_device *device, uint8_t interface)
{
        const struct emulated_interface *state = &device->interfaces[interface];
        const struct usb_interface_descriptor *descriptor =
                descriptor_find_interface(device->configuration, interface, state->alt);
        g_autofree char *path = sysfs_interface_path(device, interface);
        GString *text = g_string_new(NULL);

        g_string_append_printf(
                text, "P: %s\nE: SUBSYSTEM=usb\nE: DEVTYPE=usb_interface\nE: INTERFACE=%u/%u/%u\n",
                path + strlen("/sys"), descriptor->bInterfaceClass, descriptor->bInterfaceSubClass,
                descriptor->bInterfaceProtocol);
        if (state->driver)
                g_string_append_printf(
                        text, "E: DRIVER=%s\nL: driver=../../../../../../bus/usb/drivers/%s\n",
                        state->driver, state->driver);
        ATTRIBUTE(text, "bInterfaceNumber", "%02x", interface);
        ATTRIBUTE(text, "bAlternateSetting", "%2u", descriptor->bAlternateSetting);
        ATTRIBUTE(text, "bNumEndpoints", "%02x", descriptor->bNumEndpoints);
        ATTRIBUTE(text, "bInterfaceClass", "%02x", descriptor->bInterfaceClass);
        ATTRIBUTE(text, "bInterfaceSubClass", "%02x", descriptor->bInterfaceSubClass);
        ATTRIBUTE(text, "bInterfaceProtocol", "%02x", descriptor->bInterfaceProtocol);
        ATTRIBUTE(text, "authorized", "%u", 1U);
        return g_string_free(text, FALSE);
}

char *sysfs_device_path(const struct emulated_device *device)
{
        return g_strdup_printf("/sys" CONTROLLER "/usb%u/%s", device->description.busnum,
                               device->description.port);
}

char *sysfs_interface_path(const struct emulated_device *device, uint8_t interface)
{
        return g_strdup_printf("/sys" CONTROLLER "/usb%u/%s/%s:%u.%u", device->description.busnum,
                               device->description.port, device->description.port,
                               device->configuration[5], interface);
}

char *sysfs_device_node(const struct emulated_device *device)
{
        return g_strdup_printf("/dev/bus/usb/%03u/%03u", device->description.busnum,
                               device->description.devnum);
}
