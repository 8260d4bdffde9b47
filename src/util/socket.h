#pragma once
/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What all sockets of guests have in common, whether one waits for them or not.
 */
#include <sys/socket.h>
#include <sys/types.h>
#include <sys/un.h>

#include "util/address.h"

/* As it is for a session that connects by itself, and the default of a guest's configuration. */
#define SOCKET_KEEPALIVE_SEC    15
#define SOCKET_USER_TIMEOUT_SEC 30

/*
 * Small packets are not delayed; a connection that is unused for so long is probed, and again at
 * this interval; three lost probes end it.
 */
void socket_set_tcp_options(int fd, unsigned keepalive_sec);

/* Once a non-blocking connect(2) is over: 0, or the negative errno it ended with. */
int socket_finish_connect(int fd);

/* For an address of kind ADDRESS_UNIX. */
struct sockaddr_un socket_unix_address(const struct address *address);

/* Both make a stream socket that listens, does not block, and closes on exec; or return an errno.
 */
int socket_listen_ip(const struct sockaddr *at, socklen_t size, int backlog, int *ret_fd);

/*
 * At an address of kind ADDRESS_UNIX; who may connect says the mode of its file. A file that nobody
 * listens at any more is replaced.
 */
int socket_listen_unix(const struct address *address, mode_t mode, int backlog, int *ret_fd);
