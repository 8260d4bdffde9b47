#pragma once
/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What systemd does for sessions: it keeps their control sockets over a restart of the daemon, and
 * has a unit for each. Without systemd nothing happens.
 */
#include <stddef.h>
#include <stdint.h>

/* A copy of the socket to the fd store, as "session-NUMBER"; and that one out of it again. */
void keep_fd(uint32_t number, int fd);
void keep_not(uint32_t number);

/* The unit of a session's process, or "". The pid may be anything. */
void keep_unit(uint32_t pid, char *ret_unit, size_t size);
