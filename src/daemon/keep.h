#pragma once
/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What systemd does for us: it keeps the control sockets of sessions, and the hubs whose ports are
 * claimed, over a restart of the daemon.
 * Without systemd nothing happens.
 */
#include <stdint.h>
#include <sys/types.h>

/* A copy of the socket to the fd store, as "session-NUMBER"; and that one out of it again. */
void keep_fd(uint32_t number, int fd);
void keep_not(uint32_t number);

/* The same for the node of a hub, as "hub-MAJOR-MINOR". */
#define KEEP_HUB_PREFIX "hub-"
void keep_hub(dev_t node, int fd);
void keep_hub_not(dev_t node);
