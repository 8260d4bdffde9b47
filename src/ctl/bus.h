#pragma once
/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Calls to the daemon. Each prints what went wrong, in the daemon's words, and returns the exit
 * code that follows.
 */
#include <jansson.h>
#include <systemd/sd-bus.h>

#include "ctl/ctl.h"

/* Opens the system bus, or the one that DBUS_SYSTEM_BUS_ADDRESS names. */
enum ctl_exit bus_open(struct ctl *ctl);

/* Whether the daemon runs, with the bus open then; prints nothing. */
bool bus_has_daemon(struct ctl *ctl);

/* For signals: those of the daemon, and that it comes or goes. */
#define BUS_NAME "org.freedesktop.DBus"
#define BUS_SIGNALS_MATCH                                                                          \
        "type='signal',sender='" USBREDIR_NAME "',path_namespace='" USBREDIR_PATH "'"
#define BUS_OWNER_MATCH                                                                            \
        "type='signal',sender='" BUS_NAME "',interface='" BUS_NAME "',"                            \
        "member='NameOwnerChanged',arg0='" USBREDIR_NAME "'"

/*
 * Asks for what anybody may know. The reply must be of the type "returns", one value, and is
 * returned as JSON (see value.h).
 */
enum ctl_exit bus_read(struct ctl *ctl, json_t **ret, const char *returns, const char *path,
                       const char *interface, const char *member, const char *types, ...);

/*
 * Has the manager do something, for which the user may be asked to authenticate. Returns may be ""
 * with ret NULL.
 */
enum ctl_exit bus_order(struct ctl *ctl, json_t **ret, const char *returns, const char *member,
                        const char *types, ...);

/* Says what is wrong with a call, a reply or the bus. The error may be unset: then -r tells. */
enum ctl_exit bus_error(const sd_bus_error *error, int r);
