#pragma once
/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What guest.c and channel.c share. A channel belongs to its guest, in whose list it stands.
 */
#include "daemon/connect.h"
#include "daemon/guest.h"
#include "util/cleanup.h"

struct channel {
        struct guest *guest;
        struct channel_config config;
        enum channel_state state;
        bool is_leaving; /* not configured any more: gone once it is released */
        bool is_greeted; /* while occupied: the guest has said hello */

        struct connect *connect; /* while connecting */
        struct waiter *waiter;   /* for whom */

        struct listener *listener; /* of one that listens, once its guest works */

        /* Of a connection of a guest that has dialled in. */
        bool is_accepted;
        struct channel *origin; /* where; NULL: not configured any more */
        int fd;                 /* while nobody has it; or -1 */
        struct event *io;       /* has it been closed? */

        unsigned failures;      /* in a row, without a hello between them */
        int cause;              /* negative errno of the last; 0 after a hello */
        uint64_t retry_at_msec; /* in BACKOFF: CLOCK_MONOTONIC */
        uint64_t retry_at_usec; /* the same moment in CLOCK_REALTIME */

        struct channel *prev, *next;
};

struct guest {
        struct event_base *base;
        struct guest_config config;
        struct guest_events events;
        void *userdata;

        struct channel *channels;
        struct waiter *queue;
        struct event *work;  /* serves the queue */
        struct event *retry; /* the same, when a delay is over; pending only while somebody waits */
        struct event *tell;  /* on_changed */

        char last_error[sizeof(((struct error *)NULL)->text)];
        bool is_disconnected;
        bool is_unreachable; /* as logged last */
        bool is_here;        /* it has dialled in, and not gone since */
        unsigned second_ms;  /* 1000; tests have shorter seconds */
};

/* Something has changed; the queue is served, from the event loop. */
void guest_wake(struct guest *g);

/* The text may be a peer's. */
void guest_set_last_error(struct guest *g, const char *text);

/* To be logged, if it is news: an attempt of that channel has failed, or a hello has come. */
void guest_note_failure(struct channel *c, int cause, const char *text);
void guest_note_hello(struct channel *c);

/* The first in the queue for whom nothing is being connected, and may be; or NULL. */
struct waiter *guest_first_unserved(const struct guest *g);

/* Out of the queue that it is in. */
void waiter_take_out(struct waiter *w);

/* A free channel of that guest, not in its list yet. Returns 0 or -ENOMEM. */
int channel_new(struct channel **ret, struct guest *g, const struct channel_config *config);

/* Out of the list; an attempt ends, and its waiter waits on. */
struct channel *channel_free(struct channel *c);

bool channel_is_occupied(const struct channel *c);

/*
 * Connects for that waiter, which waits for none yet. 0 or -ENOMEM; the waiter has been told then,
 * and anything may have happened.
 */
int channel_connect(struct channel *c, struct waiter *w);

/* The attempt under way, if any, ends; this is no failure. */
void channel_cancel(struct channel *c);

/* Forgets delays and failures. */
void channel_reset(struct channel *c);

/* One step between the states of guest.h. */
void channel_set_state(struct channel *c, enum channel_state state, const char *why);

/* After so many failures, in milliseconds. */
uint64_t channel_delay(const struct channel *c, unsigned failures);

/* Has a session that we did not connect. */
void channel_occupy(struct channel *c);

/* channel-listen.c */

/* Listens, if it does not yet; and takes no more connections than there may be. */
void channel_listen(struct channel *c);

/* Listens anew, where it could not, or where systemd's sockets may be allowed or not now. */
void channel_listen_again(struct channel *c);

/* Of one that listens and is freed, or a connection: what only they have. */
void channel_clear_listening(struct channel *c);

/* Takes the connection that the guest has made: now it is a session's. */
int channel_take_accepted(struct channel *c);

/* The guest has left it, or another; the next one is not used before a delay. */
void channel_lose_accepted(struct channel *c, const char *message);

/* Finds where a connection was made whose session goes on over a restart. */
void channel_find_origin(struct channel *c);

/* CLOCK_MONOTONIC, in milliseconds */
uint64_t channel_now_msec(void);
