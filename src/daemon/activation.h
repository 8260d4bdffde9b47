#pragma once
/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The descriptors that systemd passed to this process: what a former daemon left, and the sockets
 * of usbredird-listen@GUEST.socket. There is one such set, as there is one process.
 */
#include <stddef.h>

#include "daemon/config.h"

/* Of one guest: as many as anybody would write ListenStream= lines. */
#define ACTIVATION_SOCKETS_MAX 16

/* What a former daemon has had kept: the control sockets of sessions, and hubs' nodes. */
struct stored {
        int *sessions, *hubs;
        size_t n_sessions, n_hubs;
};

/* Takes all of them, once. What was stored is the caller's, and its arrays stored_clear()'s. */
void activation_take(struct stored *ret);
void stored_clear(struct stored *stored);

/*
 * The sockets of usbredird-listen@GUEST.socket, which listen and do not block. They stay open, for
 * systemd passes none again: not to be closed. Returns how many.
 */
size_t activation_sockets(const char *guest, int ret_fds[ACTIVATION_SOCKETS_MAX]);

/* Warns of sockets that no channel of these guests is for. */
void activation_check(const struct config *config);
