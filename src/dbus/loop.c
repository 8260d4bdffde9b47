/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What sd-bus waits for changes with every message: the directions of its socket and the time of
 * its next timeout. So one event is armed anew after each turn. A turn handles a bounded number of
 * messages, so that a caller who sends without end does not keep sessions from being served;
 * for what is left sd-bus gives a timeout of 0, and the loop polls in between.
 */
#include "dbus/loop.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>

#include "util/clock.h"

#define MESSAGES_PER_TURN 64

struct bus_loop {
        struct event_base *base;
        sd_bus *bus;
        struct event *io, *wake;
        void (*on_lost)(void *userdata, int error);
        void *userdata;
};

static void on_io(evutil_socket_t fd, short what, void *userdata);

static void on_wake(evutil_socket_t fd, short what, void *userdata)
{
        on_io(-1, 0, userdata);
}

int bus_loop_new(struct bus_loop **ret, struct event_base *base, sd_bus *bus,
                 void (*on_lost)(void *userdata, int error), void *userdata)
{
        CLEANUP(bus_loop_freep) struct bus_loop *loop = NULL;

        loop = calloc(1, sizeof(*loop));
        if (!loop)
                return -ENOMEM;

        *loop = (struct bus_loop){
                .base = base,
                .bus = bus,
                .on_lost = on_lost,
                .userdata = userdata,
        };
        loop->io = event_new(base, -1, 0, on_io, loop);
        loop->wake = event_new(base, -1, 0, on_wake, loop);
        if (!loop->io || !loop->wake)
                return -ENOMEM;

        bus_loop_wake(loop);
        *ret = TAKE(loop);
        return 0;
}

struct bus_loop *bus_loop_free(struct bus_loop *loop)
{
        if (!loop)
                return NULL;

        if (loop->io)
                event_free(loop->io);
        if (loop->wake)
                event_free(loop->wake);
        free(loop);

        return NULL;
}

void bus_loop_wake(struct bus_loop *loop)
{
        event_active(loop->wake, 0, 0);
}

/* Returns 0 or a negative errno: the connection is over. */
static int arm(struct bus_loop *loop)
{
        uint64_t until, now;
        struct timeval delay = { 0 };
        int fd, events, r;
        short what = 0;

        fd = sd_bus_get_fd(loop->bus);
        events = fd < 0 ? fd : sd_bus_get_events(loop->bus);
        if (events < 0)
                return events;
        r = sd_bus_get_timeout(loop->bus, &until);
        if (r < 0)
                return r;

        if (events & POLLIN)
                what |= EV_READ;
        if (events & POLLOUT)
                what |= EV_WRITE;
        now = clock_usec(CLOCK_MONOTONIC);
        if (until != UINT64_MAX && until > now) {
                delay.tv_sec = (time_t)((until - now) / USEC_PER_SEC);
                delay.tv_usec = (suseconds_t)((until - now) % USEC_PER_SEC);
        }

        event_del(loop->io);
        event_assign(loop->io, loop->base, fd, what, on_io, loop);
        return event_add(loop->io, until == UINT64_MAX ? NULL : &delay) < 0 ? -EIO : 0;
}

static void on_io(evutil_socket_t fd, short what, void *userdata)
{
        struct bus_loop *loop = userdata;
        int r = 1;

        for (unsigned i = 0; i < MESSAGES_PER_TURN && r > 0; i++)
                r = sd_bus_process(loop->bus, NULL);
        if (r >= 0)
                r = arm(loop);
        if (r >= 0)
                return;

        event_del(loop->io);
        event_del(loop->wake);
        loop->on_lost(loop->userdata, r);
}
