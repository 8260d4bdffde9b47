/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Connecting and accepting, before the sandbox is closed and the event loop runs; so these wait in
 * poll(2), for the socket and for the word to stop. A guest's socket never delays small packets
 * (TCP_NODELAY), and a dead peer is found by keepalive.
 */
#include "session/dial.h"

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "util/cleanup.h"
#include "util/socket.h"

#define CONNECT_TIMEOUT_MS 10000
#define CONNECT_RETRY_MS   100

static void freeaddrinfop(struct addrinfo **list)
{
        if (*list)
                freeaddrinfo(*list);
}

/* Waits for events on fd. Returns 0, -ECANCELED, or -ETIMEDOUT. */
static int wait_for(int fd, short events, int cancel_fd, int timeout_ms)
{
        struct pollfd fds[] = { { .fd = fd, .events = events },
                                { .fd = cancel_fd, .events = POLLIN } };
        int n;

        do
                n = poll(fds, 2, timeout_ms);
        while (n < 0 && errno == EINTR);

        if (n < 0)
                return -errno;
        if (fds[1].revents)
                return -ECANCELED;

        return n == 0 ? -ETIMEDOUT : 0;
}

static int connect_to(int family, const struct sockaddr *to, socklen_t length, int cancel_fd,
                      int *ret_fd)
{
        CLEANUP(close_fdp) int fd = -1;
        int r;

        fd = socket(family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        if (fd < 0)
                return -errno;

        /* A unix socket whose queue is full says so at once, and can be asked again only. */
        for (int waited = 0;
             (r = connect(fd, to, length)) < 0 && errno == EAGAIN && waited < CONNECT_TIMEOUT_MS;
             waited += CONNECT_RETRY_MS) {
                r = wait_for(-1, 0, cancel_fd, CONNECT_RETRY_MS);
                if (r != -ETIMEDOUT)
                        return r;
        }

        if (r < 0) {
                if (errno != EINPROGRESS)
                        return -errno;
                r = wait_for(fd, POLLOUT, cancel_fd, CONNECT_TIMEOUT_MS);
                if (r < 0)
                        return r;
        }
        r = socket_finish_connect(fd);
        if (r < 0)
                return r;

        *ret_fd = TAKE_FD(fd);
        return 0;
}

static int look_up(const struct address *address, int flags, struct addrinfo **ret, char *message,
                   size_t size)
{
        struct addrinfo hints = { .ai_family = AF_UNSPEC,
                                  .ai_socktype = SOCK_STREAM,
                                  .ai_flags = flags | AI_NUMERICSERV };
        int r;

        r = getaddrinfo(address->host[0] ? address->host : NULL, address->port, &hints, ret);
        if (r == 0)
                return 0;

        snprintf(message, size, "host '%s' does not resolve: %s", address->host, gai_strerror(r));
        return -EHOSTUNREACH;
}

/* A socket that was inherited must be a connected stream. */
static int take_inherited(int fd, int *ret_fd)
{
        struct sockaddr_storage peer;
        socklen_t size = sizeof(int), peer_size = sizeof(peer);
        int type = 0, flags;

        if (getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &size) < 0)
                return -errno;
        flags = fcntl(fd, F_GETFL);
        if (type != SOCK_STREAM || flags < 0)
                return -EPROTOTYPE;
        if (getpeername(fd, (struct sockaddr *)&peer, &peer_size) < 0)
                return -errno;
        if (fcntl(fd, F_SETFL, flags | O_NONBLOCK) < 0 || fcntl(fd, F_SETFD, FD_CLOEXEC) < 0)
                return -errno;

        *ret_fd = fd;
        return 0;
}

static int connect_tcp(const struct address *address, int cancel_fd, int *ret_fd, char *message,
                       size_t size)
{
        CLEANUP(freeaddrinfop) struct addrinfo *list = NULL;
        int r;

        r = look_up(address, AI_ADDRCONFIG, &list, message, size);
        if (r < 0)
                return r;

        for (struct addrinfo *i = list; i; i = i->ai_next) {
                r = connect_to(i->ai_family, i->ai_addr, i->ai_addrlen, cancel_fd, ret_fd);
                if (r == 0)
                        socket_set_tcp_options(*ret_fd, SOCKET_KEEPALIVE_SEC);
                if (r == 0 || r == -ECANCELED)
                        return r;
        }

        snprintf(message, size, "cannot connect to %s port %s: %s", address->host, address->port,
                 strerror(-r));
        return r;
}

int dial_connect(const struct address *address, int cancel_fd, int *ret_fd, char *message,
                 size_t size)
{
        struct sockaddr_un un;
        int r = -EINVAL;

        switch (address->kind) {
        case ADDRESS_TCP: return connect_tcp(address, cancel_fd, ret_fd, message, size);
        case ADDRESS_UNIX:
                un = socket_unix_address(address);
                r = connect_to(AF_UNIX, (struct sockaddr *)&un, sizeof(un), cancel_fd, ret_fd);
                if (r < 0)
                        snprintf(message, size, "cannot connect to %s: %s", address->path,
                                 strerror(-r));
                return r;
        case ADDRESS_FD:
                r = take_inherited(address->fd, ret_fd);
                if (r < 0)
                        snprintf(message, size, "descriptor %i is no connected stream socket: %s",
                                 address->fd, strerror(-r));
                return r;
        }

        return r;
}

static int listen_tcp(const struct address *address, int *ret_fd, char *message, size_t size)
{
        CLEANUP(freeaddrinfop) struct addrinfo *list = NULL;
        int r;

        r = look_up(address, AI_PASSIVE, &list, message, size);
        if (r < 0)
                return r;

        for (struct addrinfo *i = list; i; i = i->ai_next) {
                r = socket_listen_ip(i->ai_addr, i->ai_addrlen, 1, ret_fd);
                if (r == 0)
                        return 0;
        }

        snprintf(message, size, "cannot listen on %s port %s: %s",
                 address->host[0] ? address->host : "all addresses", address->port, strerror(-r));
        return r;
}

/* For its owner only. */
static int listen_unix(const struct address *address, int *ret_fd, char *message, size_t size)
{
        int r = socket_listen_unix(address, 0600, 1, ret_fd);

        if (r < 0)
                snprintf(message, size, "cannot listen on %s: %s", address->path, strerror(-r));
        return r;
}

int dial_accept(const struct address *address, int cancel_fd, int *ret_fd, char *message,
                size_t size)
{
        CLEANUP(close_fdp) int listener = -1;
        int fd = -1, r;

        if (address->kind == ADDRESS_FD)
                return dial_connect(address, cancel_fd, ret_fd, message, size);

        r = address->kind == ADDRESS_TCP ? listen_tcp(address, &listener, message, size)
                                         : listen_unix(address, &listener, message, size);
        if (r < 0)
                return r;

        /* A caller who has left again before it was accepted is no error. */
        while (r == 0 && fd < 0) {
                r = wait_for(listener, POLLIN, cancel_fd, -1);
                if (r == 0)
                        fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
                if (r == 0 && fd < 0 && errno != EAGAIN && errno != ECONNABORTED && errno != EINTR)
                        r = -errno;
        }
        if (address->kind == ADDRESS_UNIX)
                unlink(address->path);
        if (r < 0) {
                snprintf(message, size, "no guest was accepted: %s", strerror(-r));
                return r;
        }

        if (address->kind == ADDRESS_TCP)
                socket_set_tcp_options(fd, SOCKET_KEEPALIVE_SEC);
        *ret_fd = fd;
        return 0;
}
