/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * udev runs this before it tells anybody of the block device: whoever mounts what is plugged in
 * (udisks, on behalf of desktops) knows from the first moment that this one is not his, and no race
 * is left to be won. What was detached by hand is the host's, and so is all while rules are
 * paused or the kernel's command line disables them.
 */
#include "daemon/judge.h"

#include <errno.h>
#include <libudev.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "daemon/device-info.h"
#include "daemon/guard.h"
#include "daemon/kernel-option.h"
#include "daemon/manager-private.h"
#include "util/cleanup.h"

#define IGNORE "UDISKS_IGNORE=1"

DEFINE_CLEANUP(struct udev, udev_unref)
DEFINE_CLEANUP(struct udev_device, udev_device_unref)

static int read_device(const char *path, struct device_info *ret)
{
        CLEANUP(udev_unrefp) struct udev *udev = udev_new();
        CLEANUP(udev_device_unrefp) struct udev_device *device = NULL;
        struct udev_device *parent;

        device = udev ? udev_device_new_from_syspath(udev, path) : NULL;
        parent = device ? udev_device_get_parent_with_subsystem_devtype(device, "usb", "usb_device")
                        : NULL;
        return parent ? device_info_read(parent, ret) : -ENODEV;
}

static bool is_left_to_host(const char *directory, const struct device_info *info)
{
        char path[1024];
        struct record record;

        if (kernel_option_disables(guard_here.proc) ||
            (size_t)snprintf(path, sizeof(path), "%s/paused", directory) >= sizeof(path) ||
            access(path, F_OK) == 0)
                return true;

        return record_read(directory, info->facts.port, &record) == 0 && record.is_inhibited &&
               record.bus == info->bus && record.address == info->address;
}

static bool has_guest(struct config *config, const struct device *d)
{
        const struct manager m = { .config = config };
        const char *source, *named = manager_guests_named(&m, d, &source);

        for (size_t i = 0; named && i < config->n_guests; i++)
                if (guests_have(named, config->guests[i].name))
                        return true;
        return false;
}

int judge_print(const struct daemon_options *options, const char *const *directories)
{
        CLEANUP(config_freep) struct config *config = NULL;
        CLEANUP(freep) struct device *d = calloc(1, sizeof(*d));
        int r;

        if (!d)
                return -ENOMEM;
        r = read_device(options->judge, &d->info);
        if (access(options->judge, F_OK) < 0) {
                puts(IGNORE); /* taken by its session meanwhile: there is nothing to be mounted */
                return 0;
        }
        if (r == 0)
                r = config_load(&config, directories, NULL);
        if (r < 0) {
                fprintf(stderr, "usbredird: cannot judge %s: %s\n", options->judge, strerror(-r));
                return r;
        }

        policy_verdict(config->policy, &d->info.facts, &d->verdict);
        if (d->verdict.kind == VERDICT_ALLOWED && d->verdict.automatic &&
            d->verdict.on & RULE_ON_PLUG && !d->info.refusal[0] && has_guest(config, d) &&
            !is_left_to_host(options->runtime_directory, &d->info))
                puts(IGNORE);
        return 0;
}
