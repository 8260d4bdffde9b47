/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * From the hubs that sysfs has. udev makes a device's ID_PATH of that of its controller, "-usb-0:"
 * and the ports on the way: what it will be is known before the device is there.
 */
#include "daemon/sockets.h"

#include <errno.h>
#include <libudev.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "filter/facts.h"
#include "util/cleanup.h"

/* More than the kernel lets a hub have. */
#define PORTS_MAX 255

#define HUB_CLASS "09"

DEFINE_CLEANUP(struct udev, udev_unref)
DEFINE_CLEANUP(struct udev_device, udev_device_unref)
DEFINE_CLEANUP(struct udev_enumerate, udev_enumerate_unref)

static void tell_ports(struct udev_device *hub, socket_found on_socket, void *userdata)
{
        const char *name = udev_device_get_sysname(hub);
        const char *count = udev_device_get_sysattr_value(hub, "maxchild");
        const char *path = udev_device_get_property_value(hub, "ID_PATH");
        bool is_root = !strncmp(name, "usb", strlen("usb"));
        unsigned long n = count ? strtoul(count, NULL, 10) : 0;
        char port[FACTS_PORT_MAX + 16], port_path[FACTS_PATH_MAX + 32];

        if (strlen(name) > FACTS_PORT_MAX || (path && strlen(path) > FACTS_PATH_MAX))
                return;
        for (unsigned long i = 1; i <= n && i <= PORTS_MAX; i++) {
                snprintf(port, sizeof(port), is_root ? "%s-%lu" : "%s.%lu",
                         name + (is_root ? strlen("usb") : 0), i);
                snprintf(port_path, sizeof(port_path), is_root ? "%s-usb-0:%lu" : "%s.%lu",
                         path ?: "", i);
                on_socket(userdata, port, path ? port_path : "");
        }
}

int sockets_each(socket_found on_socket, void *userdata)
{
        CLEANUP(udev_unrefp) struct udev *udev = udev_new();
        CLEANUP(udev_enumerate_unrefp)
        struct udev_enumerate *hubs = udev ? udev_enumerate_new(udev) : NULL;
        struct udev_list_entry *entry;
        int r;

        if (!hubs)
                return -ENOMEM;
        udev_enumerate_add_match_subsystem(hubs, "usb");
        udev_enumerate_add_match_sysattr(hubs, "bDeviceClass", HUB_CLASS);
        r = udev_enumerate_scan_devices(hubs);
        if (r < 0)
                return r;

        udev_list_entry_foreach (entry, udev_enumerate_get_list_entry(hubs)) {
                CLEANUP(udev_device_unrefp) struct udev_device *hub = NULL;

                hub = udev_device_new_from_syspath(udev, udev_list_entry_get_name(entry));
                if (hub)
                        tell_ports(hub, on_socket, userdata);
        }

        return 0;
}
