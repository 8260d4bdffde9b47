/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The socket is opened before the sandbox is closed. A ping never waits for the service manager,
 * and one that is lost is made up for by the next.
 */
#include "session/watchdog.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/time.h>

#include "util/notify.h"

struct watchdog {
        int fd;
        struct event *ping;
};

static void on_ping(evutil_socket_t fd, short what, void *userdata)
{
        struct watchdog *w = userdata;

        notify_try(w->fd, "WATCHDOG=1");
}

/* Half the interval, so that a ping that comes late is not too late. */
static int start(struct watchdog *w)
{
        uint64_t usec = notify_watchdog_usec() / 2;
        struct timeval interval = { .tv_sec = (time_t)(usec / 1000000),
                                    .tv_usec = (suseconds_t)(usec % 1000000) };

        if (usec > 0 && event_add(w->ping, &interval) < 0)
                return -EIO;

        return notify_send(w->fd, "READY=1");
}

int watchdog_new(struct watchdog **ret, struct event_base *base)
{
        CLEANUP(watchdog_freep) struct watchdog *w = NULL;
        int r;

        w = calloc(1, sizeof(*w));
        if (!w)
                return -ENOMEM;

        w->fd = notify_open();
        if (w->fd < 0 && w->fd != -ENOENT)
                return w->fd;

        w->ping = event_new(base, -1, EV_PERSIST, on_ping, w);
        if (!w->ping)
                return -ENOMEM;

        r = w->fd >= 0 ? start(w) : 0;
        if (r < 0)
                return r;

        *ret = TAKE(w);
        return 0;
}

struct watchdog *watchdog_free(struct watchdog *w)
{
        if (!w)
                return NULL;

        if (w->ping)
                event_free(w->ping);
        close_fd(w->fd);
        free(w);
        return NULL;
}
