#pragma once
/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Where a guest dials in: one socket of our own, or those that systemd passed. What cannot be bound
 * is tried again, with the delays of [Reconnect].
 */
#include <event2/event.h>
#include <stdbool.h>

#include "daemon/config.h"
#include "daemon/error.h"
#include "util/cleanup.h"

/* What the kernel accepts for us while we do not. */
#define LISTENER_BACKLOG 8

struct listener;

/* All come from the event loop; the listener may be freed from each. */
struct listener_events {
        /* It listens now: result is 0. Or it cannot: a negative errno, and the error says why. */
        void (*on_bound)(void *userdata, int result, const struct error *error);
        /* The guest has dialled in: a connected, non-blocking socket, which is the callee's. */
        void (*on_accepted)(void *userdata, int fd);
        /* Somebody was refused; the error says who. */
        void (*on_refused)(void *userdata, const struct error *error);
};

/*
 * The channel and the guest's configuration are not copied: what the latter says of who may dial
 * in, and of delays, may change. A second of its delays has so many milliseconds. Returns 0 or
 * -ENOMEM.
 */
int listener_new(struct listener **ret, struct event_base *base,
                 const struct channel_config *channel, const struct guest_config *guest,
                 unsigned second_ms, const struct listener_events *events, void *userdata);

/* Listens no more; the file of a unix socket is removed. */
struct listener *listener_free(struct listener *l);
DEFINE_CLEANUP(struct listener, listener_free)

/* Takes no more connections while not wanted: they wait in the kernel, and then are refused there.
 */
void listener_set_wanted(struct listener *l, bool is_wanted);
