#pragma once
/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What systemd does for sessions: it keeps their control sockets over a restart of the daemon.
 * Without systemd nothing happens.
 */
#include <stdint.h>

/* A copy of the socket to the fd store, as "session-NUMBER"; and that one out of it again. */
void keep_fd(uint32_t number, int fd);
void keep_not(uint32_t number);
