/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * libsystemd's calls succeed where there is no systemd. What systemd refuses, it logs.
 */
#include "daemon/keep.h"

#include <stdio.h>
#include <sys/sysmacros.h>
#include <systemd/sd-daemon.h>

void keep_fd(uint32_t number, int fd)
{
        char text[64];

        snprintf(text, sizeof(text), "FDSTORE=1\nFDNAME=session-%u", number);
        sd_pid_notify_with_fds(0, 0, text, &fd, 1);
}

void keep_not(uint32_t number)
{
        sd_notifyf(0, "FDSTOREREMOVE=1\nFDNAME=session-%u", number);
}

void keep_hub(dev_t node, int fd)
{
        char text[64];

        snprintf(text, sizeof(text), "FDSTORE=1\nFDNAME=" KEEP_HUB_PREFIX "%u-%u", major(node),
                 minor(node));
        sd_pid_notify_with_fds(0, 0, text, &fd, 1);
}

void keep_hub_not(dev_t node)
{
        sd_notifyf(0, "FDSTOREREMOVE=1\nFDNAME=" KEEP_HUB_PREFIX "%u-%u", major(node), minor(node));
}
