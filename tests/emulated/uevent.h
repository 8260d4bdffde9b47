#pragma once
/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Tells the testbed's programs what happens to devices: messages as udev sends them, to every
 * netlink socket that a program in the testbed listens with.
 */
#include "util/cleanup.h"

struct uevents;

/* For the testbed whose directory this is. -errno if there is no thread, or no descriptor. */
int uevents_new(struct uevents **ret, const char *root);
struct uevents *uevents_free(struct uevents *uevents);
DEFINE_CLEANUP(struct uevents, uevents_free)

struct uevent {
        const char *action;     /* "add" */
        const char *devpath;    /* "/devices/..." */
        const char *devtype;    /* "usb_device"; the subsystem is always "usb" */
        const char *properties; /* with DEVTYPE, "NAME=value\n" each */
};

/*
 * From any thread; never waits. Who listens now gets it: at once, or, if it has not read what came
 * before, as soon as it does so.
 */
void uevents_send(struct uevents *uevents, const struct uevent *event);
