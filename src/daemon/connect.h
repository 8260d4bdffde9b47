#pragma once
/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * One attempt to connect to a guest, on the event loop.
 */
#include <event2/event.h>

#include "daemon/config.h"
#include "daemon/error.h"
#include "util/cleanup.h"

/* How long each address of a name has to answer. */
#define CONNECT_TIMEOUT_MS 10000

/* A name may have any number of addresses; more are not tried in one attempt. */
#define CONNECT_ADDRESSES_MAX 16

struct connect;

/*
 * The result is a connected, non-blocking, close-on-exec socket, which is the callee's; or a
 * negative errno (of the last address, -ENXIO if there is none), and the error says it to people.
 * Called once, from the event loop; the attempt may be freed from here.
 */
typedef void (*connect_done)(void *userdata, int result, const struct error *error);

struct connect_target {
        const struct channel_config *channel;
        const char *file;       /* where it is configured, for messages */
        unsigned keepalive_sec; /* 0: the default */
        unsigned timeout_ms;    /* CONNECT_TIMEOUT_MS; finding the host may take three times that */
};

/* The target is copied. Returns 0 or -ENOMEM; all other errors come by done. */
int connect_new(struct connect **ret, struct event_base *base, const struct connect_target *target,
                connect_done done, void *userdata);

/* Ends the attempt; before the call of done it does not come. */
struct connect *connect_free(struct connect *c);
DEFINE_CLEANUP(struct connect, connect_free)
