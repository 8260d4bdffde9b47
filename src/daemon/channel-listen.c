/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A channel that listens, and the connections that are made there. It carries no device itself:
 * each connection becomes a channel of its own behind the others, held until a device wants it, and
 * gone with that device's session. What a guest sends meanwhile waits in the kernel, for nothing of
 * it is read here: QEMU says hello and waits, for TLS too, as long as it takes.
 *
 * There are no more connections at one channel than the guest may have devices: others wait to be
 * accepted. And as whoever is refused by a session may dial in again at once, the next connection
 * is not used before a delay, as when we connect.
 */
#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <utlist.h>

#include "daemon/guest-private.h"
#include "daemon/listener.h"
#include "util/clock.h"
#include "util/log.h"

static size_t count_accepted(const struct channel *origin)
{
        const struct channel *c;
        size_t n = 0;

        DL_FOREACH (origin->guest->channels, c)
                n += c->origin == origin;
        return n;
}

static bool has_accepted(const struct guest *g)
{
        const struct channel *c;

        DL_FOREACH (g->channels, c)
                if (c->is_accepted)
                        return true;
        return false;
}

/* Data comes, or the end; data waits. */
static void on_io(evutil_socket_t fd, short what, void *userdata)
{
        struct pollfd state = { .fd = fd, .events = POLLRDHUP };
        struct channel *c = userdata;
        struct guest *g = c->guest;

        if (poll(&state, 1, 0) <= 0)
                return;

        log_debug("guest %s has left %s again", g->config.name, c->config.text);
        channel_free(c);
        g->is_here = has_accepted(g);
        guest_wake(g);
}

static int hold(struct channel *origin, int fd)
{
        struct guest *g = origin->guest;
        struct channel *c;

        if (channel_new(&c, g, &origin->config) < 0)
                return -ENOMEM;

        c->state = CHANNEL_CONNECTED;
        c->is_accepted = c->is_leaving = true;
        c->origin = origin;
        DL_APPEND(g->channels, c);
        c->io = event_new(g->base, fd, EV_READ | EV_CLOSED | EV_ET | EV_PERSIST, on_io, c);
        if (!c->io || event_add(c->io, NULL) < 0) {
                channel_free(c);
                return -ENOMEM;
        }

        c->fd = fd;
        return 0;
}

static void on_accepted(void *userdata, int fd)
{
        struct channel *c = userdata;
        struct guest *g = c->guest;

        if (hold(c, fd) < 0) {
                close_fd(fd);
                return;
        }

        log_debug("guest %s has dialled in at %s", g->config.name, c->config.text);
        guest_wake(g);
        if (!g->is_here && g->events.on_dialled_in) {
                g->is_here = true;
                g->events.on_dialled_in(g->userdata, g);
        }
        g->is_here = true;
}

static void on_bound(void *userdata, int result, const struct error *error)
{
        struct channel *c = userdata;
        struct guest *g = c->guest;

        if (result < 0) {
                channel_set_state(c, CHANNEL_UNBOUND, error->text);
                guest_note_failure(c, result, error->text);
                guest_wake(g);
                return;
        }

        if (c->cause < 0)
                log_notice("guest %s: may dial in at %s now", g->config.name,
                           c->config.text + strlen("listen:"));
        c->cause = 0;
        channel_set_state(c, CHANNEL_LISTENING, "bound");
}

static void on_refused(void *userdata, const struct error *error)
{
        struct channel *c = userdata;

        guest_note_failure(c, -EACCES, error->text);
        guest_wake(c->guest);
}

void channel_listen(struct channel *c)
{
        static const struct listener_events events = { on_bound, on_accepted, on_refused };
        struct guest *g = c->guest;
        size_t limit = g->config.max_devices ?: GUEST_ACCEPTED_MAX;

        if (!c->config.listens || c->is_accepted)
                return;

        if (!c->listener && listener_new(&c->listener, g->base, &c->config, &g->config,
                                         g->second_ms, &events, c) < 0) {
                guest_set_last_error(g, "out of memory");
                return;
        }
        listener_set_wanted(c->listener, count_accepted(c) < limit);
}

void channel_listen_again(struct channel *c)
{
        c->listener = listener_free(c->listener);
        if (c->state == CHANNEL_LISTENING)
                channel_set_state(c, CHANNEL_UNBOUND, "to be bound again");
        guest_wake(c->guest);
}

void channel_clear_listening(struct channel *c)
{
        struct channel *other;

        listener_free(c->listener);
        if (c->io)
                event_free(c->io);
        close_fd(c->fd);
        DL_FOREACH (c->guest->channels, other)
                if (other->origin == c)
                        other->origin = NULL;
}

int channel_take_accepted(struct channel *c)
{
        event_free(c->io);
        c->io = NULL;
        return TAKE_FD(c->fd);
}

void channel_lose_accepted(struct channel *c, const char *message)
{
        struct channel *origin = c->origin, *other;
        uint64_t delay;

        c->guest->is_here = false;
        DL_FOREACH (c->guest->channels, other)
                c->guest->is_here |= other->is_accepted && other != c;
        if (!origin)
                return;

        if (!c->is_greeted && origin->failures < UINT_MAX)
                origin->failures++;
        delay = channel_delay(origin, origin->failures);
        origin->retry_at_msec = channel_now_msec() + delay;
        origin->retry_at_usec = clock_usec(CLOCK_REALTIME) + delay * 1000;
        if (!c->is_greeted)
                guest_note_failure(origin, -ECONNRESET, message);
}

void channel_find_origin(struct channel *c)
{
        struct channel *other;

        DL_FOREACH (c->guest->channels, other)
                if (!other->is_accepted && !strcmp(other->config.text, c->config.text))
                        c->origin = other;
        c->guest->is_here = true;
}
