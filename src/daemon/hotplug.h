#pragma once
/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The USB devices of this machine, from udev: those there are, and then what happens to them, along
 * one path. Root hubs are not told of.
 */
#include <event2/event.h>

#include "daemon/device.h"

struct hotplug;

struct hotplug_events {
        /*
         * A device is there, or something about it may have changed. A device that was exchanged
         * at its port (a new address) is removed first.
         */
        void (*on_device)(void *userdata, const struct device_info *info);
        void (*on_removed)(void *userdata, const char *port);
};

/*
 * Watches udev, then tells of all devices there are, before it returns. Returns 0, -ENOMEM, or what
 * udev says: without netlink there is no hotplug.
 */
int hotplug_new(struct hotplug **ret, struct event_base *base, const struct hotplug_events *events,
                void *userdata);
struct hotplug *hotplug_free(struct hotplug *h);
