#pragma once
/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A dbus-daemon of the test's own, in a directory of its own. It can be stopped and started again
 * at the same address. A test without dbus-daemon is skipped.
 */
#include <sys/types.h>

struct private_bus {
        char directory[64];
        char address[96];
        pid_t pid;
};

/* With more policy, or "" for none: XML that stands last in its configuration. */
void private_bus_start(struct private_bus *bus, const char *policy);
void private_bus_stop(struct private_bus *bus);
void private_bus_restart(struct private_bus *bus);

/* Stops it and removes its files. */
void private_bus_end(struct private_bus *bus);
