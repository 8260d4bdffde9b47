#pragma once
/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Addresses of a host, by its name, without holding up the event loop.
 */
#include <event2/event.h>
#include <netdb.h>

#include "util/cleanup.h"

/*
 * Names looked up at a time, in all; more wait for their turn. A name server that is silent holds a
 * lookup for half a minute, and there is no way to stop one.
 */
#define RESOLVE_LOOKUPS_MAX 16

struct resolve;

/*
 * The addresses, for SOCK_STREAM and without port, valid until resolve_free(); or NULL, and why.
 * Called once, from the event loop; the resolve may be freed from here.
 */
typedef void (*resolve_done)(void *userdata, const struct addrinfo *list, const char *message);

/* A name, a numeric address, or "" for this host. Returns 0, -ENOMEM, or an errno of eventfd(2). */
int resolve_new(struct resolve **ret, struct event_base *base, const char *host, resolve_done done,
                void *userdata);

/* Before the call of done: it does not come. */
struct resolve *resolve_free(struct resolve *r);
DEFINE_CLEANUP(struct resolve, resolve_free)
