#pragma once
/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Reaching the guest before a session runs: these wait.
 */
#include <stddef.h>

#include "util/address.h"

/*
 * Connects, each address of a name in turn, at most 10 s for each. Returns 0 and a non-blocking
 * stream socket in *ret_fd; -ECANCELED when the descriptor cancel_fd becomes readable; or the
 * errno of the last try, with a sentence in message.
 */
int dial_connect(const struct address *address, int cancel_fd, int *ret_fd, char *message,
                 size_t size);

/* Listens there for one guest, and stops listening. Returns as dial_connect() does. */
int dial_accept(const struct address *address, int cancel_fd, int *ret_fd, char *message,
                size_t size);
