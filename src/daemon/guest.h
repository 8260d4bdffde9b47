#pragma once
/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A guest: its channels, who occupies each, and the devices that wait for one, in order. While a
 * device waits, a free channel is connected for it; what fails is tried again after a delay that
 * doubles up to a ceiling, with jitter. Nothing is connected for nobody. But a guest may dial in
 * when it likes, where a channel listens: each connection is one more channel, for the next device,
 * and vanishes with it.
 *
 * A guest knows no devices: those that wait embed a struct waiter.
 */
#include <event2/event.h>
#include <stdbool.h>
#include <stdint.h>

#include "daemon/config.h"
#include "daemon/error.h"
#include "daemon/waiting.h"
#include "util/log.h"

/* clang-format off */
/*        state          name             true while */
#define GUEST_STATES(S) \
        S(IDLE,          "idle",          "no device is there or waits") \
        S(CONNECTING,    "connecting",    "a device waits, and no channel is occupied yet") \
        S(LISTENING,     "listening",     "the guest is waited for to dial in") \
        S(UNREACHABLE,   "unreachable",   "the last attempt failed; tried again at RetryAtUSec") \
        S(FAILED,        "failed",        "MaxAttempts failed; Connect(), Attach() or a reload tries again") \
        S(CONNECTED,     "connected",     "at least one channel is occupied, or the guest has dialled in") \
        S(DISCONNECTED,  "disconnected",  "Disconnect() was called; Connect() ends that")

#define CHANNEL_STATES(S) \
        S(IDLE,          "idle",          "free") \
        S(CONNECTING,    "connecting",    "being connected for a device") \
        S(BACKOFF,       "backoff",       "free, but failed: not before its retry time") \
        S(FAILED,        "failed",        "MaxAttempts failed in a row") \
        S(LISTENING,     "listening",     "the guest may dial in here") \
        S(UNBOUND,       "unbound",       "nobody can dial in here; LastError says why, and it is tried again") \
        S(CONNECTED,     "connected",     "the guest has dialled in, and no device has it yet") \
        S(OCCUPIED,      "occupied",      "a device's session has it") \
        S(SILENT,        "silent",        "occupied, and no hello has come within GreetingSec")
/* clang-format on */

enum guest_state {
#define GUEST_STATE_VALUE(state, name, when) GUEST_##state,
        GUEST_STATES(GUEST_STATE_VALUE)
#undef GUEST_STATE_VALUE
};

enum channel_state {
#define CHANNEL_STATE_VALUE(state, name, when) CHANNEL_##state,
        CHANNEL_STATES(CHANNEL_STATE_VALUE)
#undef CHANNEL_STATE_VALUE
};

/* Connections of a guest that has dialled in, at one channel that listens, unless MaxDevices= is
 * set. */
#define GUEST_ACCEPTED_MAX 8

struct guest_events {
        /*
         * A channel is connected for this waiter, which has left the queue. The socket (connected,
         * non-blocking, close-on-exec) is the callee's, the channel is occupied until
         * channel_release().
         */
        void (*on_connected)(void *userdata, struct channel *channel, struct waiter *waiter,
                             int fd);
        /*
         * An attempt for this waiter failed, with ERROR_CONNECT_FAILED and what to look at. It goes
         * on waiting, unless it is dequeued, which is allowed from here.
         */
        void (*on_failed)(void *userdata, struct waiter *waiter, const struct error *error);
        /* The guest has dialled in, after it was away. NULL if nobody wants to know. */
        void (*on_dialled_in)(void *userdata, struct guest *guest);
        /* State, queue, a channel, retry time or last error has changed. */
        void (*on_changed)(void *userdata, struct guest *guest);
};

/* How a channel is given back. */
enum channel_outcome {
        CHANNEL_FREE, /* may be connected again at once */
        CHANNEL_LOST, /* the guest went away: not before a delay */
};

/* The config is copied. The events are those of all guests of a manager. */
int guest_new(struct guest **ret, struct event_base *base, const struct guest_config *config,
              const struct guest_events *events, void *userdata);

/* No channel may be occupied. Waiters are dequeued, without a word. */
struct guest *guest_free(struct guest *g);

/*
 * After a reload. If the file is the same, only channels that were given up are tried again.
 * Else channels whose text is still there stay as they are, but those that have failed are tried
 * again at once; others vanish, those that are occupied as soon as they are released.
 * Returns 0, or -ENOMEM and nothing has changed.
 */
int guest_set_config(struct guest *g, const struct guest_config *config);

/*
 * The waiter, in no queue before, stands in this one by the order of its waiting, behind its
 * equals, and is served as soon as a channel is free; callbacks come from the event loop, never
 * from within. At once: delays and failures of its channels are forgotten.
 */
void guest_enqueue(struct guest *g, struct waiter *w, bool at_once);

/* Takes it out of its queue, if it is in one; an attempt for it ends. */
void guest_dequeue(struct waiter *w);

/*
 * Would one more waiter, at once, have a channel connected: one that is free, waits for its retry
 * time, or has failed, and that nobody in the queue is before it for? Never while disconnected.
 */
bool guest_has_free_channel(const struct guest *g);

/*
 * The same of channels that have not failed; and as if so many that are occupied were given back
 * for it, which counts for MaxDevices.
 */
bool guest_has_idle_channel(const struct guest *g, size_t given_back);

/* Forgets delays and failures, ends "disconnected", and tries now. */
void guest_connect(struct guest *g);

/* Connects no more until guest_connect(). Sessions are the manager's to end. */
void guest_disconnect(struct guest *g);

/* Its session is over. */
void channel_release(struct channel *c, enum channel_outcome outcome, const char *message);

/* The guest has said hello: the next delay is the first again. Or is known to be silent. */
void channel_set_greeted(struct channel *c);
void channel_set_silent(struct channel *c);

/*
 * For a session that a former daemon has started: occupies the channel with that text. If there is
 * none (any more), makes one that vanishes when it is released. NULL without memory.
 */
struct channel *guest_occupy(struct guest *g, const char *text);

/* What there is to know; pointers live as long as the guest is not changed. */
const char *guest_name(const struct guest *g);
const struct guest_config *guest_config(const struct guest *g);
enum guest_state guest_state(const struct guest *g);
const char *guest_state_string(enum guest_state state);
const char *guest_last_error(const struct guest *g);     /* "" if there was none */
uint64_t guest_retry_at_usec(const struct guest *g);     /* CLOCK_REALTIME; 0: not waiting */
const struct waiter *guest_queue(const struct guest *g); /* the first; go on by ->next */

/* Of lines about one attempt: that a guest is unreachable is logged once, not with each of them. */
enum log_level guest_attempt_level(const struct guest *g);

struct guest *channel_guest(const struct channel *c);
struct channel *guest_channels(const struct guest *g); /* the first */
struct channel *channel_next(const struct channel *c); /* NULL after the last */
const char *channel_text(const struct channel *c);
const struct channel_config *channel_config(const struct channel *c);
enum channel_state channel_state(const struct channel *c);
const char *channel_state_string(enum channel_state state);
