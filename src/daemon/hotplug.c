/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The monitor listens before the devices are enumerated, so that none falls between. What an event
 * says is never believed: it only names the device to read again. Events that were lost (the
 * socket's buffer is bounded) are made up for by enumerating once more.
 */
#include "daemon/hotplug.h"

#include <errno.h>
#include <libudev.h>
#include <stdlib.h>
#include <string.h>

/* The usual one falls through cases without saying so to the compiler. */
#define HASH_FUNCTION(key, length, hash) HASH_SAX(key, length, hash)
#include <uthash.h>

#include "daemon/device-info.h"
#include "util/cleanup.h"
#include "util/log.h"

/* Asked of the kernel; refused without privileges, and then the default has to do. */
#define RECEIVE_BUFFER (8 * 1024 * 1024)

/* Events taken in one turn of the loop. */
#define EVENTS_PER_TURN 64

/* What was told of a port. */
struct known {
        char port[FACTS_PORT_MAX + 1];
        uint8_t bus, address;
        bool is_seen; /* by the enumeration that runs */
        UT_hash_handle hh;
};

struct hotplug {
        struct udev *udev;
        struct udev_monitor *monitor;
        struct event *event;
        struct known *known;
        struct hotplug_events events;
        void *userdata;
};

DEFINE_CLEANUP(struct hotplug, hotplug_free)
DEFINE_CLEANUP(struct udev_device, udev_device_unref)
DEFINE_CLEANUP(struct udev_enumerate, udev_enumerate_unref)

static void forget(struct hotplug *h, const char *port)
{
        struct known *known;

        HASH_FIND_STR(h->known, port, known);
        if (!known)
                return;

        HASH_DEL(h->known, known);
        h->events.on_removed(h->userdata, known->port);
        free(known);
}

static struct known *know(struct hotplug *h, const struct device_info *info)
{
        const char *port = info->facts.port;
        struct known *known;

        HASH_FIND_STR(h->known, port, known);
        if (known && (known->bus != info->bus || known->address != info->address)) {
                forget(h, port);
                known = NULL;
        }
        if (known)
                return known;

        if (HASH_COUNT(h->known) >= DEVICES_MAX) {
                log_warning("%s: not taken in: there are %u USB devices already", port,
                            DEVICES_MAX);
                return NULL;
        }
        known = calloc(1, sizeof(*known));
        if (!known)
                return NULL;

        strcpy(known->port, port);
        known->bus = info->bus;
        known->address = info->address;
        HASH_ADD_STR(h->known, port, known);
        return known;
}

/* Reads a device and tells of it. */
static void look_at(struct hotplug *h, struct udev_device *device)
{
        CLEANUP(freep) struct device_info *info = malloc(sizeof(*info));
        struct known *known;
        int r;

        r = info ? device_info_read(device, info) : -ENOMEM;
        if (r == -ENOMEM)
                log_error("%s: not taken in: out of memory", udev_device_get_sysname(device));
        if (r < 0)
                return; /* gone already: its removal is an event of its own */

        known = know(h, info);
        if (!known)
                return;
        known->is_seen = true;
        h->events.on_device(h->userdata, info);
}

/* Another device may be at that port by now, and known. */
static void on_remove(struct hotplug *h, struct udev_device *device)
{
        const char *port = udev_device_get_sysname(device);
        const char *address = udev_device_get_property_value(device, "DEVNUM");
        struct known *known;

        HASH_FIND_STR(h->known, port, known);
        if (known && (!address || strtoul(address, NULL, 10) == known->address))
                forget(h, port);
}

/* As it is now: the event has the properties of then, and its own. */
static void look_again(struct hotplug *h, struct udev_device *device)
{
        CLEANUP(udev_device_unrefp) struct udev_device *now = NULL;

        now = udev_device_new_from_syspath(h->udev, udev_device_get_syspath(device));
        if (now)
                look_at(h, now);
}

static void on_event(struct hotplug *h, struct udev_device *device)
{
        const char *type = udev_device_get_devtype(device);
        const char *action = udev_device_get_action(device);
        struct udev_device *parent;

        if (!type || !action)
                return;

        log_debug("udev: %s %s", action, udev_device_get_sysname(device));
        if (!strcmp(type, "usb_device")) {
                if (!strcmp(action, "remove"))
                        on_remove(h, device);
                else
                        look_again(h, device);
        } else if (!strcmp(type, "usb_interface")) {
                parent = udev_device_get_parent_with_subsystem_devtype(device, "usb", "usb_device");
                if (parent)
                        look_at(h, parent);
        }
}

static int enumerate(struct hotplug *h)
{
        CLEANUP(udev_enumerate_unrefp)
        struct udev_enumerate *enumeration = udev_enumerate_new(h->udev);
        struct udev_list_entry *entry;
        struct known *known, *next;
        int r;

        if (!enumeration)
                return -ENOMEM;
        udev_enumerate_add_match_subsystem(enumeration, "usb");
        udev_enumerate_add_match_property(enumeration, "DEVTYPE", "usb_device");
        r = udev_enumerate_scan_devices(enumeration);
        if (r < 0)
                return r;

        HASH_ITER (hh, h->known, known, next)
                known->is_seen = false;
        udev_list_entry_foreach (entry, udev_enumerate_get_list_entry(enumeration)) {
                CLEANUP(udev_device_unrefp) struct udev_device *device = NULL;

                device = udev_device_new_from_syspath(h->udev, udev_list_entry_get_name(entry));
                if (device)
                        look_at(h, device);
        }
        HASH_ITER (hh, h->known, known, next)
                if (!known->is_seen)
                        forget(h, known->port);

        return 0;
}

static void on_readable(evutil_socket_t fd, short what, void *userdata)
{
        struct hotplug *h = userdata;

        for (unsigned i = 0; i < EVENTS_PER_TURN; i++) {
                CLEANUP(udev_device_unrefp) struct udev_device *device = NULL;

                errno = 0;
                device = udev_monitor_receive_device(h->monitor);
                if (device) {
                        on_event(h, device);
                } else if (errno == ENOBUFS) {
                        log_notice("udev events were lost: looking at all devices again");
                        enumerate(h);
                } else {
                        return;
                }
        }
}

int hotplug_new(struct hotplug **ret, struct event_base *base, const struct hotplug_events *events,
                void *userdata)
{
        CLEANUP(hotplug_freep) struct hotplug *h = NULL;
        int r;

        h = calloc(1, sizeof(*h));
        if (!h)
                return -ENOMEM;

        h->events = *events;
        h->userdata = userdata;
        h->udev = udev_new();
        h->monitor = h->udev ? udev_monitor_new_from_netlink(h->udev, "udev") : NULL;
        if (!h->monitor)
                return errno > 0 ? -errno : -ENOMEM;

        udev_monitor_set_receive_buffer_size(h->monitor, RECEIVE_BUFFER);
        r = udev_monitor_filter_add_match_subsystem_devtype(h->monitor, "usb", NULL);
        if (r >= 0)
                r = udev_monitor_enable_receiving(h->monitor);
        if (r < 0)
                return r;

        h->event = event_new(base, udev_monitor_get_fd(h->monitor), EV_READ | EV_PERSIST,
                             on_readable, h);
        if (!h->event || event_add(h->event, NULL) < 0)
                return -ENOMEM;

        r = enumerate(h);
        if (r < 0)
                return r;

        *ret = TAKE(h);
        return 0;
}

struct hotplug *hotplug_free(struct hotplug *h)
{
        struct known *known, *next;

        if (!h)
                return NULL;

        HASH_ITER (hh, h->known, known, next) {
                HASH_DEL(h->known, known);
                free(known);
        }
        if (h->event)
                event_free(h->event);
        if (h->monitor)
                udev_monitor_unref(h->monitor);
        if (h->udev)
                udev_unref(h->udev);
        free(h);
        return NULL;
}
