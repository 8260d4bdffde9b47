#pragma once
/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A guest on an event loop, waiters for it, and a record of what it tells. Its seconds are so long
 * that no delay is ever over by itself: tests read delays, and end them. Include after cmocka.h.
 */
#include "daemon/guest-private.h"
#include "unit/loop-bed.h"
#include "util/cleanup.h"

#define SECOND_MS 100000u
#define WAITERS   100

struct bed {
        struct event_base *base;
        struct guest *g;
        struct guest_config config;
        struct channel_config channels[CONFIG_CHANNELS_MAX];
        struct waiter waiters[WAITERS];

        /* on_connected, in order */
        struct waiter *served[4 * WAITERS];
        struct channel *channel[4 * WAITERS];
        size_t n_served;

        /* on_failed */
        struct waiter *failed;
        struct error error;
        size_t n_failed;
        struct waiter *dequeue; /* then */

        size_t n_changed;
};

static inline void on_bed_connected(void *userdata, struct channel *channel, struct waiter *waiter,
                                    int fd)
{
        struct bed *b = userdata;

        assert_true(b->n_served < ELEMENTS(b->served));
        assert_true(fd >= 0);
        assert_true(channel_is_occupied(channel));
        assert_null(waiter->guest);
        close(fd);
        b->channel[b->n_served] = channel;
        b->served[b->n_served++] = waiter;
}

static inline void on_bed_failed(void *userdata, struct waiter *waiter, const struct error *error)
{
        struct bed *b = userdata;

        assert_ptr_equal(waiter->guest, b->g);
        assert_null(waiter->channel);
        b->failed = waiter;
        b->error = *error;
        b->n_failed++;
        if (b->dequeue)
                guest_dequeue(TAKE(b->dequeue));
}

static inline void on_bed_changed(void *userdata, struct guest *g)
{
        struct bed *b = userdata;

        assert_ptr_equal(g, b->g);
        b->n_changed++;
}

static const struct guest_events bed_events = {
        .on_connected = on_bed_connected,
        .on_failed = on_bed_failed,
        .on_changed = on_bed_changed,
};

/* The configuration: these channels, which end with NULL. */
static inline void configure(struct bed *b, const char *const *texts)
{
        size_t n = 0;

        for (; texts[n]; n++)
                b->channels[n] = channel_at(texts[n]);
        b->config.n_channels = n;
}

#define TEXTS(...) ((const char *const[]){ __VA_ARGS__, NULL })

static inline void make_guest(struct bed *b, struct event_base *base, const char *const *texts)
{
        *b = (struct bed){
                .base = base,
                .config = { .name = "vm1",
                            .description = (char *)"a guest",
                            .file = (char *)"/etc/usbredir/guests.d/vm1.conf",
                            .channels = b->channels,
                            .initial_delay_sec = 1,
                            .max_delay_sec = 8 },
        };
        configure(b, texts);
        assert_int_equal(guest_new(&b->g, base, &b->config, &bed_events, b), 0);
        b->g->second_ms = SECOND_MS;
        run_ready(base);
        b->n_changed = 0;
}

static inline void free_guest(struct bed *b)
{
        b->g = guest_free(b->g);
}

static inline void enqueue(struct bed *b, size_t n)
{
        for (size_t i = 0; i < n; i++)
                guest_enqueue(b->g, &b->waiters[i], false);
}

/* The delays are over. */
static inline void end_delays(struct bed *b)
{
        for (struct channel *c = guest_channels(b->g); c; c = channel_next(c))
                if (c->state == CHANNEL_BACKOFF)
                        c->retry_at_msec = 0;
        guest_wake(b->g);
}

static inline struct channel *nth_channel(struct bed *b, size_t n)
{
        struct channel *c = guest_channels(b->g);

        while (c && n-- > 0)
                c = channel_next(c);
        assert_non_null(c);
        return c;
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)
