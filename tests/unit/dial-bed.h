#pragma once
/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A peer's socket, over unix or the loopback, and the address of it as a person writes it. The
 * descriptor that cancels is a timer, so that nothing waits for ever. Include after cmocka.h.
 */
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "session/dial.h"
#include "util/macro.h"

#define DEADLINE_SEC 30

static char directory[64], path[96];
static int alarm_fd; /* nothing waits longer */

/* Becomes readable after so many seconds; 0: is readable. */
static inline int make_alarm(time_t seconds)
{
        struct itimerspec spec = { .it_value = { .tv_sec = seconds, .tv_nsec = !seconds } };
        int fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC);
        struct pollfd ready = { .fd = fd, .events = POLLIN };

        assert_true(fd >= 0);
        assert_int_equal(timerfd_settime(fd, 0, &spec, NULL), 0);
        if (!seconds)
                assert_int_equal(poll(&ready, 1, DEADLINE_SEC * 1000), 1);
        return fd;
}

static inline int make_directory(void **state)
{
        snprintf(directory, sizeof(directory), "/tmp/address-XXXXXX");
        if (!mkdtemp(directory))
                return -1;

        snprintf(path, sizeof(path), "%s/socket", directory);
        alarm_fd = make_alarm(DEADLINE_SEC);
        return 0;
}

static inline int remove_directory(void **state)
{
        close(alarm_fd);
        unlink(path);
        return rmdir(directory);
}

static inline struct address parse(const char *format, const char *text)
{
        struct address address;
        char whole[256], message[256];

        snprintf(whole, sizeof(whole), "%s%s", format, text);
        assert_int_equal(address_parse(whole, &address, message, sizeof(message)), 0);
        return address;
}

struct any_address {
        union {
                struct sockaddr any;
                struct sockaddr_un un;
                struct sockaddr_in in;
                struct sockaddr_in6 in6;
        };
        socklen_t size;
};

/* The test's own socket, and how a person writes its address. */
struct peer {
        int fd;
        struct any_address at;
        struct address address;
};

static inline bool bind_peer(struct peer *peer, int family)
{
        char text[64];

        *peer = (struct peer){ .fd = socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0) };
        peer->at.any.sa_family = (sa_family_t)family;
        switch (family) {
        case AF_UNIX:
                peer->at.size = sizeof(peer->at.un);
                memcpy(peer->at.un.sun_path, path, strlen(path) + 1);
                break;
        case AF_INET:
                peer->at.size = sizeof(peer->at.in);
                peer->at.in.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
                break;
        case AF_INET6:
                peer->at.size = sizeof(peer->at.in6);
                peer->at.in6.sin6_addr = in6addr_loopback;
                break;
        }
        if (peer->fd < 0 || bind(peer->fd, &peer->at.any, peer->at.size) < 0)
                return false;

        assert_int_equal(getsockname(peer->fd, &peer->at.any, &peer->at.size), 0);
        snprintf(text, sizeof(text), family == AF_INET ? "127.0.0.1:%u" : "[::1]:%u",
                 ntohs(family == AF_INET ? peer->at.in.sin_port : peer->at.in6.sin6_port));
        peer->address = family == AF_UNIX ? parse("unix:", path) : parse("tcp:", text);
        return true;
}

static inline void close_peer(struct peer *peer)
{
        close(peer->fd);
        unlink(path);
}

static inline bool has_ipv6(void)
{
        struct peer peer;
        bool has = bind_peer(&peer, AF_INET6);

        close_peer(&peer);
        return has;
}

static inline int option(int fd, int level, int name)
{
        socklen_t size = sizeof(int);
        int value = -1;

        assert_int_equal(getsockopt(fd, level, name, &value, &size), 0);
        return value;
}

static inline void assert_options(int fd, int family)
{
        assert_true(fcntl(fd, F_GETFL) & O_NONBLOCK);
        assert_true(fcntl(fd, F_GETFD) & FD_CLOEXEC);
        if (family == AF_UNIX)
                return;

        assert_int_equal(option(fd, IPPROTO_TCP, TCP_NODELAY), 1);
        assert_int_equal(option(fd, SOL_SOCKET, SO_KEEPALIVE), 1);
        assert_int_equal(option(fd, IPPROTO_TCP, TCP_KEEPIDLE), 15);
        assert_int_equal(option(fd, IPPROTO_TCP, TCP_KEEPINTVL), 15);
        assert_int_equal(option(fd, IPPROTO_TCP, TCP_KEEPCNT), 3);
}
