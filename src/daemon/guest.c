/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Whatever happens (a waiter comes or goes, a channel is given back, the configuration changes) is
 * noted and wakes the guest; what is connected for whom is decided in one place, on_work(), which
 * the event loop calls. So no callback comes from within the call that caused it, and the retry
 * timer is set in one place too.
 *
 * A waiter stays in the queue, at its place, until it has its channel; those at the front that have
 * none being connected get the next one, unless another guest's holds them (waiting.h). Observers
 * are told by a timer of no length: once in a turn of the loop, whatever the turn brought.
 */
#include "daemon/guest.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <utlist.h>

#include "daemon/guest-private.h"
#include "filter/text.h"
#include "util/log.h"
#include "util/macro.h"

static const char *const state_names[] = {
#define GUEST_NAME(state, name, when) [GUEST_##state] = name,
        GUEST_STATES(GUEST_NAME)
#undef GUEST_NAME
};

DEFINE_CLEANUP(struct guest, guest_free)

static size_t count_channels(const struct guest *g, unsigned states)
{
        const struct channel *c;
        size_t n = 0;

        DL_FOREACH (g->channels, c)
                n += states >> c->state & 1;
        return n;
}

#define BIT(state) (1u << CHANNEL_##state)
#define OCCUPIED   (BIT(OCCUPIED) | BIT(SILENT))
#define IN_USE     (OCCUPIED | BIT(CONNECTING))
#define FREE       (BIT(IDLE) | BIT(BACKOFF) | BIT(FAILED) | BIT(CONNECTED))

/* How many more channels may be used at the same time. */
static size_t room(const struct guest *g)
{
        size_t used = count_channels(g, IN_USE);
        size_t limit = g->config.max_devices ?: SIZE_MAX;

        return !g->is_disconnected && used < limit ? limit - used : 0;
}

/* What the delay of is, before the channel may be used; or NULL. */
static const struct channel *delayed(const struct channel *c)
{
        if (c->state == CHANNEL_CONNECTED)
                return c->origin;

        return c->state == CHANNEL_BACKOFF ? c : NULL;
}

/*
 * One that the guest has made itself, if there is any; one that has not failed; or one whose delay
 * is over.
 */
static struct channel *first_ready(const struct guest *g)
{
        uint64_t now = channel_now_msec();
        struct channel *c;

        DL_FOREACH (g->channels, c)
                if (c->state == CHANNEL_CONNECTED &&
                    (!c->origin || c->origin->retry_at_msec <= now))
                        return c;
        DL_FOREACH (g->channels, c)
                if (c->state == CHANNEL_IDLE)
                        return c;
        DL_FOREACH (g->channels, c)
                if (c->state == CHANNEL_BACKOFF && c->retry_at_msec <= now)
                        return c;
        return NULL;
}

/* The channel whose delay somebody waits for, or NULL. */
static const struct channel *next_retry(const struct guest *g)
{
        const struct channel *c, *d, *next = NULL;

        if (room(g) == 0 || !guest_first_unserved(g))
                return NULL;

        DL_FOREACH (g->channels, c) {
                d = delayed(c);
                if (d && (!next || d->retry_at_msec < next->retry_at_msec))
                        next = d;
        }
        return next;
}

/* When there is something to be looked at again; CLOCK_MONOTONIC, ms; UINT64_MAX: never. */
static uint64_t next_moment(const struct guest *g, uint64_t now)
{
        const struct channel *retry = next_retry(g);
        uint64_t next = retry ? retry->retry_at_msec : UINT64_MAX;
        const struct waiter *w;

        DL_FOREACH (g->queue, w) {
                uint64_t until = waiter_held_until(w, now);

                if (until > 0)
                        next = MIN(next, until);
        }
        return next;
}

static void set_timer(struct guest *g)
{
        uint64_t now = channel_now_msec(), next = next_moment(g, now), delay;
        struct timeval timeout;

        if (next == UINT64_MAX) {
                event_del(g->retry);
                return;
        }

        delay = next > now ? next - now : 1;
        timeout.tv_sec = (time_t)(delay / 1000);
        timeout.tv_usec = (suseconds_t)(delay % 1000 * 1000);
        event_add(g->retry, &timeout);
}

static void on_work(evutil_socket_t fd, short what, void *userdata)
{
        struct guest *g = userdata;
        struct waiter *w;
        struct channel *c;

        /* One that fails at once has told its waiter: all may be different, come back later. */
        while (room(g) > 0 && (w = guest_first_unserved(g)) && (c = first_ready(g)))
                if (channel_connect(c, w) < 0)
                        break;
        DL_FOREACH (g->channels, c)
                channel_listen(c);
        set_timer(g);
}

static void on_tell(evutil_socket_t fd, short what, void *userdata)
{
        struct guest *g = userdata;

        if (g->events.on_changed)
                g->events.on_changed(g->userdata, g);
}

void guest_wake(struct guest *g)
{
        static const struct timeval now = { 0 };

        event_active(g->work, 0, 0);
        if (!event_pending(g->tell, EV_TIMEOUT, NULL))
                event_add(g->tell, &now);
}

int guest_new(struct guest **ret, struct event_base *base, const struct guest_config *config,
              const struct guest_events *events, void *userdata)
{
        CLEANUP(guest_freep) struct guest *g = NULL;
        int r;

        g = calloc(1, sizeof(*g));
        if (!g)
                return -ENOMEM;

        *g = (struct guest){
                .base = base,
                .events = *events,
                .userdata = userdata,
                .second_ms = 1000,
        };

        g->work = event_new(base, -1, 0, on_work, g);
        g->retry = evtimer_new(base, on_work, g);
        g->tell = evtimer_new(base, on_tell, g);
        if (!g->work || !g->retry || !g->tell)
                return -ENOMEM;

        r = guest_set_config(g, config);
        if (r < 0)
                return r;

        *ret = TAKE(g);
        return 0;
}

struct guest *guest_free(struct guest *g)
{
        if (!g)
                return NULL;

        while (g->channels)
                channel_free(g->channels);
        while (g->queue)
                waiter_take_out(g->queue);
        if (g->work)
                event_free(g->work);
        if (g->retry)
                event_free(g->retry);
        if (g->tell)
                event_free(g->tell);
        guest_config_clear(&g->config);
        free(g);
        return NULL;
}

/* Whether so many are left over by those that wait. */
static bool are_enough(const struct guest *g, size_t channels)
{
        const struct waiter *w;

        for (w = g->queue; w && channels > 0; w = w->next)
                channels -= !w->channel;
        return channels > 0;
}

bool guest_has_free_channel(const struct guest *g)
{
        return are_enough(g, MIN(count_channels(g, FREE), room(g)));
}

bool guest_has_idle_channel(const struct guest *g, size_t given_back)
{
        size_t used = count_channels(g, IN_USE) - given_back;
        size_t limit = g->config.max_devices ?: SIZE_MAX;

        if (g->is_disconnected || used >= limit)
                return false;
        return are_enough(g, MIN(count_channels(g, BIT(IDLE) | BIT(CONNECTED)), limit - used));
}

void guest_connect(struct guest *g)
{
        struct channel *c;

        g->is_disconnected = false;
        DL_FOREACH (g->channels, c)
                channel_reset(c);
        guest_wake(g);
}

void guest_disconnect(struct guest *g)
{
        struct channel *c;
        struct waiter *w;

        g->is_disconnected = true;
        DL_FOREACH (g->channels, c)
                channel_cancel(c);
        DL_FOREACH (g->queue, w)
                waiter_give_way(w);
        guest_wake(g);
}

struct channel *guest_occupy(struct guest *g, const char *text)
{
        struct channel_config config = { 0 };
        struct channel *c;

        DL_FOREACH (g->channels, c)
                if (!strcmp(c->config.text, text) && !channel_is_occupied(c) && !c->config.listens)
                        break;
        if (!c) {
                snprintf(config.text, sizeof(config.text), "%s", text);
                if (channel_new(&c, g, &config) < 0)
                        return NULL;
                c->is_leaving = true;
                c->is_accepted = !strncmp(text, "listen:", strlen("listen:"));
                if (c->is_accepted)
                        channel_find_origin(c);
                DL_APPEND(g->channels, c);
        }

        channel_occupy(c);
        return c;
}

void guest_set_last_error(struct guest *g, const char *text)
{
        snprintf(g->last_error, sizeof(g->last_error), "%s", text);
        text_clean(g->last_error);
}

/* Is that what another channel has been logged for already? All of them fail at the same time. */
static bool is_known_cause(const struct guest *g, int cause)
{
        const struct channel *c;

        DL_FOREACH (g->channels, c)
                if (c->cause == cause)
                        return true;
        return false;
}

void guest_note_failure(struct channel *c, int cause, const char *text)
{
        struct guest *g = c->guest;
        bool is_known = is_known_cause(g, cause);

        c->cause = cause;
        guest_set_last_error(g, text);
        if (count_channels(g, OCCUPIED) > 0) {
                if (!is_known)
                        log_warning("guest %s, one of its channels: %s", g->config.name, text);
        } else if (!is_known || !g->is_unreachable) {
                g->is_unreachable = true;
                log_warning("guest %s is unreachable: %s", g->config.name, text);
        }
        if (guest_state(g) == GUEST_FAILED)
                log_error("guest %s: given up, MaxAttempts=%u; its Connect(), an Attach() or a "
                          "reload tries again",
                          g->config.name, g->config.max_attempts);
}

void guest_note_hello(struct channel *c)
{
        struct guest *g = c->guest;

        c->cause = 0;
        if (g->is_unreachable)
                log_notice("guest %s is reachable again", g->config.name);
        g->is_unreachable = false;
}

enum guest_state guest_state(const struct guest *g)
{
        if (g->is_disconnected)
                return GUEST_DISCONNECTED;
        if (count_channels(g, OCCUPIED | BIT(CONNECTED)) > 0)
                return GUEST_CONNECTED;
        if (count_channels(g, BIT(CONNECTING)) > 0)
                return GUEST_CONNECTING;
        if (count_channels(g, BIT(LISTENING)) > 0)
                return GUEST_LISTENING;
        if (count_channels(g, BIT(UNBOUND)) > 0 && g->last_error[0])
                return GUEST_UNREACHABLE;
        if (g->channels && count_channels(g, ~BIT(FAILED)) == 0)
                return GUEST_FAILED;
        if (next_retry(g) && !first_ready(g))
                return GUEST_UNREACHABLE;

        return g->queue ? GUEST_CONNECTING : GUEST_IDLE;
}

const char *guest_state_string(enum guest_state state)
{
        return state_names[state];
}

const char *guest_name(const struct guest *g)
{
        return g->config.name;
}

const struct guest_config *guest_config(const struct guest *g)
{
        return &g->config;
}

enum log_level guest_attempt_level(const struct guest *g)
{
        return g->is_unreachable ? LOG_LEVEL_DEBUG : LOG_LEVEL_INFO;
}

const char *guest_last_error(const struct guest *g)
{
        return g->last_error;
}

uint64_t guest_retry_at_usec(const struct guest *g)
{
        const struct channel *next = next_retry(g);

        return next ? next->retry_at_usec : 0;
}

const struct waiter *guest_queue(const struct guest *g)
{
        return g->queue;
}

struct channel *guest_channels(const struct guest *g)
{
        return g->channels;
}
