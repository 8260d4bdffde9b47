/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * libsystemd's calls succeed where there is no systemd. What systemd refuses, it logs.
 */
#include "daemon/keep.h"

#include <stdio.h>
#include <string.h>
#include <systemd/sd-daemon.h>
#include <systemd/sd-login.h>

#include "util/cleanup.h"

/* A session tells its pid: of one that has such a unit we know that it is a session's. */
#define UNIT_PREFIX "usbredir-session@"

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

void keep_unit(uint32_t pid, char *ret_unit, size_t size)
{
        CLEANUP(freep) char *unit = NULL;

        ret_unit[0] = '\0';
        if (pid > 0 && pid <= INT32_MAX && sd_pid_get_unit((pid_t)pid, &unit) >= 0 &&
            !strncmp(unit, UNIT_PREFIX, strlen(UNIT_PREFIX)))
                snprintf(ret_unit, size, "%s", unit);
}
