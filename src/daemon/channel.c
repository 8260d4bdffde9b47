/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * One channel: its state, the attempt to connect it, the delay after a failure. Failures are
 * counted until the guest says hello, not until a connection is made: a guest that accepts and
 * closes at once, as one that is busy may, must not be connected without a break.
 *
 * Every change of state wakes the guest, which then decides what is connected for whom.
 */
#include <errno.h>
#include <limits.h>
#include <string.h>
#include <utlist.h>

#include "daemon/backoff.h"
#include "daemon/guest-private.h"
#include "util/clock.h"
#include "util/log.h"
#include "util/macro.h"

#define BIT(state) (1u << CHANNEL_##state)

static const struct {
        const char *name;
        unsigned next; /* states that may follow */
} states[] = {
#define CHANNEL_NAME(state, name, when) [CHANNEL_##state] = { name, CHANNEL_NEXT_##state },
#define CHANNEL_NEXT_IDLE               BIT(CONNECTING) | BIT(OCCUPIED)
#define CHANNEL_NEXT_CONNECTING         BIT(IDLE) | BIT(BACKOFF) | BIT(FAILED) | BIT(OCCUPIED)
#define CHANNEL_NEXT_BACKOFF            BIT(IDLE) | BIT(CONNECTING) | BIT(OCCUPIED)
#define CHANNEL_NEXT_FAILED             BIT(IDLE) | BIT(OCCUPIED)
#define CHANNEL_NEXT_LISTENING          BIT(UNBOUND)
#define CHANNEL_NEXT_UNBOUND            BIT(LISTENING)
#define CHANNEL_NEXT_CONNECTED          BIT(OCCUPIED)
#define CHANNEL_NEXT_OCCUPIED           BIT(IDLE) | BIT(BACKOFF) | BIT(FAILED) | BIT(SILENT)
#define CHANNEL_NEXT_SILENT             BIT(IDLE) | BIT(BACKOFF) | BIT(FAILED) | BIT(OCCUPIED)
        CHANNEL_STATES(CHANNEL_NAME)
};

void channel_set_state(struct channel *c, enum channel_state state, const char *why)
{
        if (c->state == state)
                return;

        if (!(states[c->state].next & 1u << state))
                log_error("guest %s, channel %s: %s must not follow %s: a bug",
                          c->guest->config.name, c->config.text, states[state].name,
                          states[c->state].name);
        log_debug("guest %s, channel %s: %s -> %s (%s)", c->guest->config.name, c->config.text,
                  states[c->state].name, states[state].name, why);
        c->state = state;
        guest_wake(c->guest);
}

uint64_t channel_now_msec(void)
{
        return clock_usec(CLOCK_MONOTONIC) / 1000;
}

int channel_new(struct channel **ret, struct guest *g, const struct channel_config *config)
{
        struct channel *c;

        c = calloc(1, sizeof(*c));
        if (!c)
                return -ENOMEM;

        *c = (struct channel){ .guest = g,
                               .config = *config,
                               .state = config->listens ? CHANNEL_UNBOUND : CHANNEL_IDLE,
                               .fd = -1 };
        *ret = c;
        return 0;
}

static void detach_waiter(struct channel *c)
{
        if (c->waiter)
                c->waiter->channel = NULL;
        c->waiter = NULL;
}

struct channel *channel_free(struct channel *c)
{
        if (!c)
                return NULL;

        detach_waiter(c);
        channel_clear_listening(c);
        connect_free(c->connect);
        DL_DELETE(c->guest->channels, c);
        free(c);
        return NULL;
}

bool channel_is_occupied(const struct channel *c)
{
        return c->state == CHANNEL_OCCUPIED || c->state == CHANNEL_SILENT;
}

uint64_t channel_delay(const struct channel *c, unsigned failures)
{
        const struct guest_config *config = &c->guest->config;

        /* Whatever is configured, nothing is tried without a break. */
        return backoff_delay((uint64_t)MAX(config->initial_delay_sec, 1u) * c->guest->second_ms,
                             (uint64_t)MAX(config->max_delay_sec, 1u) * c->guest->second_ms,
                             failures, backoff_random());
}

static void back_off(struct channel *c, unsigned failures, const char *why)
{
        const struct guest_config *config = &c->guest->config;
        uint64_t delay;

        if (config->max_attempts > 0 && failures >= config->max_attempts) {
                channel_set_state(c, CHANNEL_FAILED, why);
                return;
        }

        delay = channel_delay(c, failures);
        c->retry_at_msec = channel_now_msec() + delay;
        c->retry_at_usec = clock_usec(CLOCK_REALTIME) + delay * 1000;
        channel_set_state(c, CHANNEL_BACKOFF, why);
}

static void count_failure(struct channel *c, int cause, const char *text)
{
        if (c->failures < UINT_MAX)
                c->failures++;
        back_off(c, c->failures, text);
        guest_note_failure(c, cause, text);
}

static void on_failed(struct channel *c, int cause, const struct error *error)
{
        struct guest *g = c->guest;
        struct waiter *w = c->waiter;

        detach_waiter(c);
        w->has_failed = true;
        waiter_give_way(w);
        count_failure(c, cause, error->text);
        g->events.on_failed(g->userdata, w, error);
}

/*
 * The first in the queue that nothing holds has it; for whom it was made takes over what the first
 * had.
 */
static struct waiter *take_first(struct channel *c)
{
        uint64_t now = channel_now_msec();
        struct waiter *w = c->waiter, *first;

        DL_FOREACH (c->guest->queue, first)
                if (first == w || waiter_held_until(first, now) == 0)
                        break;

        detach_waiter(c);
        if (first != w && first->channel) {
                w->channel = first->channel;
                w->channel->waiter = w;
        }
        waiter_take_out(first);
        return first;
}

static void occupy(struct channel *c, int fd)
{
        struct guest *g = c->guest;
        struct waiter *w = take_first(c);

        c->is_greeted = false;
        channel_set_state(c, CHANNEL_OCCUPIED, "connected");
        g->events.on_connected(g->userdata, c, w, fd);
}

static void on_done(void *userdata, int result, const struct error *error)
{
        struct channel *c = userdata;

        c->connect = connect_free(c->connect);
        if (result < 0) {
                on_failed(c, result, error);
                return;
        }

        occupy(c, result);
}

int channel_connect(struct channel *c, struct waiter *w)
{
        struct guest *g = c->guest;
        const struct connect_target target = {
                .channel = &c->config,
                .file = g->config.file,
                .keepalive_sec = g->config.keepalive_sec,
                .timeout_ms = CONNECT_TIMEOUT_MS / 1000 * g->second_ms,
        };
        struct error error;
        int r;

        c->waiter = w;
        w->channel = c;
        if (c->is_accepted) {
                occupy(c, channel_take_accepted(c));
                return 0;
        }

        w->holds_until_msec =
                MAX(w->holds_until_msec,
                    channel_now_msec() + (uint64_t)WAITING_HOLD_MS * g->second_ms / 1000);
        channel_set_state(c, CHANNEL_CONNECTING, "a device waits");
        r = connect_new(&c->connect, g->base, &target, on_done, c);
        if (r < 0) {
                error_set(&error, ERROR_CONNECT_FAILED, "cannot connect to %s: %s", c->config.text,
                          strerror(-r));
                on_failed(c, r, &error);
        }

        return r;
}

void channel_cancel(struct channel *c)
{
        if (c->state != CHANNEL_CONNECTING)
                return;

        detach_waiter(c);
        c->connect = connect_free(c->connect);
        channel_set_state(c, CHANNEL_IDLE, "not wanted any more");
}

void channel_reset(struct channel *c)
{
        c->failures = 0;
        if (c->config.listens)
                c->retry_at_msec = 0;
        if (c->state == CHANNEL_UNBOUND)
                channel_listen_again(c);
        if (c->state == CHANNEL_BACKOFF || c->state == CHANNEL_FAILED)
                channel_set_state(c, CHANNEL_IDLE, "to be tried at once");
}

void channel_occupy(struct channel *c)
{
        channel_cancel(c);
        c->is_greeted = false;
        channel_set_state(c, CHANNEL_OCCUPIED, "adopted");
}

void channel_release(struct channel *c, enum channel_outcome outcome, const char *message)
{
        struct guest *g = c->guest;

        if (!channel_is_occupied(c))
                return;

        message = message ?: "the connection was lost";
        switch (outcome) {
        case CHANNEL_FREE: channel_set_state(c, CHANNEL_IDLE, "released"); break;
        case CHANNEL_LOST:
                /* One that worked has not failed; and its end was a session's, who logs it. */
                guest_set_last_error(g, message);
                if (c->is_accepted)
                        channel_lose_accepted(c, message);
                else if (c->is_greeted)
                        back_off(c, 0, message);
                else
                        count_failure(c, -ECONNRESET, message);
                break;
        }

        if (c->is_leaving) {
                channel_free(c);
                guest_wake(g);
        }
}

void channel_set_greeted(struct channel *c)
{
        if (!channel_is_occupied(c) || c->is_greeted)
                return;

        c->is_greeted = true;
        channel_set_state(c, CHANNEL_OCCUPIED, "hello");
        c = c->origin ?: c;
        c->failures = 0;
        guest_note_hello(c);
}

void channel_set_silent(struct channel *c)
{
        if (channel_is_occupied(c) && !c->is_greeted)
                channel_set_state(c, CHANNEL_SILENT, "no hello");
}

struct guest *channel_guest(const struct channel *c)
{
        return c->guest;
}

struct channel *channel_next(const struct channel *c)
{
        return c->next;
}

const char *channel_text(const struct channel *c)
{
        return c->config.text;
}

const struct channel_config *channel_config(const struct channel *c)
{
        return &c->config;
}

enum channel_state channel_state(const struct channel *c)
{
        return c->state;
}

const char *channel_state_string(enum channel_state state)
{
        return states[state].name;
}
