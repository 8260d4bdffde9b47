#pragma once
/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Tells the service manager that the process is there, and, from inside the event loop, that it
 * still turns: a session that hangs costs its device, not for ever.
 */
#include <event2/event.h>

#include "util/cleanup.h"

struct watchdog;

/*
 * Says READY=1, and WATCHDOG=1 at half the interval that is asked for. Without a service manager
 * there is nothing to do. Returns 0 or a negative errno.
 */
int watchdog_new(struct watchdog **ret, struct event_base *base);
struct watchdog *watchdog_free(struct watchdog *w);
DEFINE_CLEANUP(struct watchdog, watchdog_free)
