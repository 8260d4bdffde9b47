#pragma once
/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Finds out that the other end of a TCP connection is gone while it owes an answer. A connection on
 * which nothing is under way is keepalive's business, and not looked at.
 */
#include <event2/event.h>

#include "util/cleanup.h"

struct peer_watch;

/* Nothing that the kernel has sent and asked again for so long was answered. Called once. */
typedef void (*peer_watch_dead)(void *userdata);

/*
 * Of that socket, which stays the caller's and lives longer. Returns 0, with NULL if it is no TCP
 * socket; -ENOMEM, or another errno of the timer.
 */
int peer_watch_new(struct peer_watch **ret, struct event_base *base, int fd, unsigned timeout_sec,
                   peer_watch_dead dead, void *userdata);
struct peer_watch *peer_watch_free(struct peer_watch *w);
DEFINE_CLEANUP(struct peer_watch, peer_watch_free)

/* Bytes were given to the kernel. Costs nothing while they are watched; NULL is fine. */
void peer_watch_sent(struct peer_watch *w);

/* No more calls. */
void peer_watch_stop(struct peer_watch *w);
