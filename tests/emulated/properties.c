/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * udev keeps its properties in a database under /run, where umockdev does not reach: so they stand
 * in the "uevent" file, after the kernel's, and libudev finds them there. MAJOR and MINOR are left
 * out: "udevadm test" on such a device would write real links under /dev.
 */
#include <ctype.h>
#include <endian.h>
#include <glib.h>

#include "emulated/descriptor.h"
#include "emulated/properties.h"

static void append(GString *text, const char *name, const char *format, ...) G_GNUC_PRINTF(3, 4);

static void append(GString *text, const char *name, const char *format, ...)
{
        va_list args;

        g_string_append_printf(text, "%s=", name);
        va_start(args, format);
        g_string_append_vprintf(text, format, args);
        va_end(args);
        g_string_append_c(text, '\n');
}

/* The device's three numbers, of which the kernel makes two properties. */
static void append_ids(GString *text, const struct emulated_device *device)
{
        const struct usb_device_descriptor *descriptor =
                (const void *)device->description.device_descriptor;

        append(text, "PRODUCT", "%x/%x/%x", le16toh(descriptor->idVendor),
               le16toh(descriptor->idProduct), le16toh(descriptor->bcdDevice));
        append(text, "TYPE", "%u/%u/%u", descriptor->bDeviceClass, descriptor->bDeviceSubClass,
               descriptor->bDeviceProtocol);
}

/* ":080650:" of the first configuration, as udev reads the descriptors: each kind once. */
static char *list_interfaces(const struct emulated_device *device)
{
        const uint8_t *configuration = device->description.configurations[0];
        const struct usb_interface_descriptor *interface;
        GString *text = g_string_new(":");

        for (unsigned alt = 0; alt <= UINT8_MAX; alt++)
                for (size_t i = 0;
                     (interface = descriptor_nth_interface(configuration, i, (uint8_t)alt)); i++) {
                        g_autofree char *kind = g_strdup_printf(
                                ":%02x%02x%02x:", interface->bInterfaceClass,
                                interface->bInterfaceSubClass, interface->bInterfaceProtocol);

                        if (!strstr(text->str, kind))
                                g_string_append(text, kind + 1);
                }
        return g_string_free(text, FALSE);
}

/* A string of the device as udev writes it: what is not harmless becomes '_'. */
static char *clean(const char *string)
{
        char *text = g_strstrip(g_strdup(string ? string : ""));

        for (char *at = text; *at; at++)
                if (!isalnum((unsigned char)*at) && !strchr("#+-.:=@_/", *at))
                        *at = '_';
        return text;
}

static bool is_replaced(const char *const *others, const char *name)
{
        size_t length = strlen(name);

        for (size_t i = 0; others && others[i]; i++)
                if (strncmp(others[i], name, length) == 0 && others[i][length] == '=')
                        return true;
        return false;
}

static void append_udev(GString *text, const struct emulated_device *device,
                        const char *const *others)
{
        const struct usb_device_descriptor *descriptor =
                (const void *)device->description.device_descriptor;
        unsigned busnum = device->description.busnum;
        g_autofree char *vendor = clean(emulated_string(device, descriptor->iManufacturer));
        g_autofree char *model = clean(emulated_string(device, descriptor->iProduct));
        g_autofree char *serial = clean(emulated_string(device, descriptor->iSerialNumber));
        g_autofree char *vendor_id = g_strdup_printf("%04x", le16toh(descriptor->idVendor));
        g_autofree char *model_id = g_strdup_printf("%04x", le16toh(descriptor->idProduct));
        g_autofree char *revision = g_strdup_printf("%04x", le16toh(descriptor->bcdDevice));
        g_autofree char *all =
                g_strdup_printf("%s_%s%s%s", *vendor ? vendor : vendor_id,
                                *model ? model : model_id, *serial ? "_" : "", serial);
        g_autofree char *interfaces = list_interfaces(device);
        g_autofree char *path = g_strdup_printf("pci-" PROPERTIES_CONTROLLER "-usb-0:%s",
                                                PROPERTIES_CONTROLLER_NUMBER(busnum),
                                                strchr(device->description.port, '-') + 1);
        const struct {
                const char *name, *value;
        } properties[] = {
                { "ID_BUS", "usb" },
                { "ID_VENDOR", *vendor ? vendor : vendor_id },
                { "ID_VENDOR_ID", vendor_id },
                { "ID_MODEL", *model ? model : model_id },
                { "ID_MODEL_ID", model_id },
                { "ID_REVISION", revision },
                { "ID_SERIAL", all },
                { "ID_SERIAL_SHORT", serial },
                { "ID_USB_INTERFACES", interfaces },
                { "ID_PATH", path },
                { "USBREDIR_AUTO", strstr(interfaces, ":0b") ? "1" : "" },
        };

        for (size_t i = 0; i < ELEMENTS(properties); i++)
                if (*properties[i].value && !is_replaced(others, properties[i].name))
                        append(text, properties[i].name, "%s", properties[i].value);
        for (size_t i = 0; others && others[i]; i++) {
                const char *value = strchr(others[i], '=');

                if (value && value[1])
                        g_string_append_printf(text, "%s\n", others[i]);
        }
}

char *properties_of_device(const struct emulated_device *device, const char *driver,
                           const char *const *others)
{
        const struct emulated_description *description = &device->description;
        GString *text = g_string_new("DEVTYPE=usb_device\n");

        append(text, "DEVNAME", "bus/usb/%03u/%03u", description->busnum, description->devnum);
        if (driver)
                append(text, "DRIVER", "%s", driver);
        append_ids(text, device);
        append(text, "BUSNUM", "%03u", description->busnum);
        append(text, "DEVNUM", "%03u", description->devnum);
        append_udev(text, device, others);
        return g_string_free(text, FALSE);
}

char *properties_of_interface(const struct emulated_device *device, uint8_t interface,
                              const char *driver)
{
        const struct usb_device_descriptor *descriptor =
                (const void *)device->description.device_descriptor;
        const struct usb_interface_descriptor *alt = descriptor_find_interface(
                device->configuration, interface, device->interfaces[interface].alt);
        GString *text = g_string_new("DEVTYPE=usb_interface\n");

        if (driver)
                append(text, "DRIVER", "%s", driver);
        append_ids(text, device);
        append(text, "INTERFACE", "%u/%u/%u", alt->bInterfaceClass, alt->bInterfaceSubClass,
               alt->bInterfaceProtocol);
        append(text, "MODALIAS", "usb:v%04Xp%04Xd%04Xdc%02Xdsc%02Xdp%02Xic%02Xisc%02Xip%02Xin%02X",
               le16toh(descriptor->idVendor), le16toh(descriptor->idProduct),
               le16toh(descriptor->bcdDevice), descriptor->bDeviceClass,
               descriptor->bDeviceSubClass, descriptor->bDeviceProtocol, alt->bInterfaceClass,
               alt->bInterfaceSubClass, alt->bInterfaceProtocol, interface);
        return g_string_free(text, FALSE);
}
