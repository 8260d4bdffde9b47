#pragma once
/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Ports of hubs that are to be ours, asked for without waiting: what the kernel does to a hub
 * (port-claims.h) takes as long as it enumerates a device there. All is done in the order asked.
 */
#include <event2/event.h>
#include <stdbool.h>

#include "util/cleanup.h"

struct claimer;

/*
 * What was asked for the port is done; error is 0, or a negative errno of a claim. From the event
 * loop. Of several for one port only the last is answered.
 */
typedef void (*claimer_done)(void *userdata, const char *port, int error);

/* Returns 0 or a negative errno. */
int claimer_new(struct claimer **ret, struct event_base *base, claimer_done done, void *userdata);

/* At any time: what is under way ends by itself, and nothing is answered any more. */
struct claimer *claimer_free(struct claimer *c);
DEFINE_CLEANUP(struct claimer, claimer_free)

/*
 * As port_claims_claim() and port_claims_release(). Each returns 0, and is answered, or a negative
 * errno. What is ours may be claimed again: its hub may be another one by now.
 */
int claimer_claim(struct claimer *c, const char *port);
int claimer_release(struct claimer *c, const char *port);

/* As port_claims_adopt(), which takes the descriptor, and port_claims_tidy(). Nothing answers. */
void claimer_adopt(struct claimer *c, int fd);
void claimer_tidy(struct claimer *c, bool unknown);

/* Is the port ours, by the last answer? And is it, or has something been asked for it? */
bool claimer_has(const struct claimer *c, const char *port);
bool claimer_knows(const struct claimer *c, const char *port);
