#pragma once
/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Peers that listen, on the loopback or at a path, and lookups that the test answers: names that
 * begin with "hang" wait until they are let go. For programs that wrap getaddrinfo(). Include after
 * cmocka.h.
 */
#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <netdb.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "daemon/config.h"
#include "unit/run-until.h"
#include "util/macro.h"

static char directory[64];
static size_t fds_before;

static struct {
        pthread_mutex_t lock;
        pthread_cond_t let_go;
        bool is_open;          /* who hangs may go */
        unsigned budget;       /* so many of them may */
        atomic_uint n_lookups; /* with a thread, begun */
        atomic_uint n_ended;
} lookups = { .lock = PTHREAD_MUTEX_INITIALIZER, .let_go = PTHREAD_COND_INITIALIZER };

int __real_getaddrinfo(const char *host, const char *port, const struct addrinfo *hints,
                       struct addrinfo **ret);
int __wrap_getaddrinfo(const char *host, const char *port, const struct addrinfo *hints,
                       struct addrinfo **ret);

static inline void wait_until_let_go(void)
{
        pthread_mutex_lock(&lookups.lock);
        while (!lookups.is_open && lookups.budget == 0)
                pthread_cond_wait(&lookups.let_go, &lookups.lock);
        if (!lookups.is_open)
                lookups.budget--;
        pthread_mutex_unlock(&lookups.lock);
}

/* The loopback's addresses from 127.0.0.first on, so many: freeaddrinfo() takes each alone. */
static inline int loopback_addresses(unsigned first, unsigned n, const struct addrinfo *hints,
                                     struct addrinfo **ret)
{
        struct addrinfo numeric = *hints, **next = ret;
        char text[32];

        numeric.ai_flags = AI_NUMERICHOST;
        for (unsigned i = 0; i < n; i++, next = &(*next)->ai_next) {
                snprintf(text, sizeof(text), "127.0.0.%u", first + i);
                if (__real_getaddrinfo(text, NULL, &numeric, next) != 0)
                        return EAI_FAIL;
        }
        return 0;
}

/* "hangN": 127.0.0.1, some day; "F-to-L": 127.0.0.F and so on; "*.invalid": no such name. */
int __wrap_getaddrinfo(const char *host, const char *port, const struct addrinfo *hints,
                       struct addrinfo **ret)
{
        unsigned first = 1, last = 1;
        int r;

        if (hints->ai_flags & AI_NUMERICHOST)
                return __real_getaddrinfo(host, port, hints, ret);

        lookups.n_lookups++;
        if (!strncmp(host, "hang", 4))
                wait_until_let_go();
        if (!strncmp(host, "hang", 4) || sscanf(host, "%u-to-%u", &first, &last) == 2)
                r = loopback_addresses(first, last - first + 1, hints, ret);
        else if (strstr(host, ".invalid"))
                r = EAI_NONAME;
        else
                r = __real_getaddrinfo(host, port, hints, ret);
        lookups.n_ended++;
        return r;
}

static inline void hold_lookups(void)
{
        pthread_mutex_lock(&lookups.lock);
        lookups.is_open = false;
        lookups.budget = 0;
        pthread_mutex_unlock(&lookups.lock);
        lookups.n_lookups = lookups.n_ended = 0;
}

static inline void let_lookups_go(unsigned n)
{
        pthread_mutex_lock(&lookups.lock);
        lookups.is_open = n == UINT_MAX;
        lookups.budget = lookups.is_open ? 0 : n;
        pthread_cond_broadcast(&lookups.let_go);
        pthread_mutex_unlock(&lookups.lock);
}

static inline size_t count_fds(void)
{
        DIR *list = opendir("/proc/self/fd");
        size_t n = 0;

        assert_non_null(list);
        while (readdir(list))
                n++;
        closedir(list);
        return n;
}

/* For threads, which nothing on a loop tells of: a moment, then the loop looks again. */
static inline void on_tick(evutil_socket_t fd, short what, void *userdata)
{
}

#define POLL_UNTIL(base, condition)                                                                \
        do {                                                                                       \
                struct event *tick_ = event_new(base, -1, EV_PERSIST, on_tick, NULL);              \
                struct timeval often_ = { .tv_usec = 1000 };                                       \
                                                                                                   \
                event_add(tick_, &often_);                                                         \
                RUN_UNTIL(base, condition);                                                        \
                event_free(tick_);                                                                 \
        } while (0)

static inline int begin(void **state)
{
        snprintf(directory, sizeof(directory), "/tmp/guest-XXXXXX");
        if (!mkdtemp(directory))
                return -1;

        hold_lookups();
        *state = event_base_new();
        fds_before = count_fds();
        return *state ? 0 : -1;
}

/* Nothing may be left: no event, no descriptor, no thread that has one. */
static inline int end(void **state)
{
        struct event_base *base = *state;

        assert_int_equal(event_base_get_num_events(base, EVENT_BASE_COUNT_ADDED), 0);
        let_lookups_go(UINT_MAX);
        POLL_UNTIL(base, lookups.n_ended == lookups.n_lookups && count_fds() == fds_before);
        event_base_free(base);
        return rmdir(directory);
}

struct peer {
        int fd; /* listens, does not block; -1: only the address */
        char text[CHANNEL_TEXT_SIZE];
        char path[108];
};

/* Listens from now on. */
static inline void listen_peer(struct peer *peer, int backlog)
{
        assert_int_equal(listen(peer->fd, backlog), 0);
}

/* At 127.0.0.last, at a port of its own. */
static inline struct peer bind_tcp_at(unsigned last, uint16_t port)
{
        struct sockaddr_in in = { .sin_family = AF_INET,
                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK - 1 + last),
                                  .sin_port = htons(port) };
        struct peer peer = { .fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0) };
        socklen_t size = sizeof(in);

        assert_int_equal(bind(peer.fd, (struct sockaddr *)&in, size), 0);
        assert_int_equal(getsockname(peer.fd, (struct sockaddr *)&in, &size), 0);
        snprintf(peer.text, sizeof(peer.text), "tcp:127.0.0.%u:%u", last, ntohs(in.sin_port));
        return peer;
}

static inline struct peer bind_tcp(void)
{
        return bind_tcp_at(1, 0);
}

static inline struct peer bind_unix(const char *name)
{
        struct peer peer = { .fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0) };
        struct sockaddr_un un = { .sun_family = AF_UNIX };

        snprintf(peer.path, sizeof(peer.path), "%s/%s", directory, name);
        memcpy(un.sun_path, peer.path, sizeof(un.sun_path));
        assert_int_equal(bind(peer.fd, (struct sockaddr *)&un, sizeof(un)), 0);
        snprintf(peer.text, sizeof(peer.text), "unix:%s", peer.path);
        return peer;
}

static inline unsigned peer_port(const struct peer *peer)
{
        return (unsigned)strtoul(strrchr(peer->text, ':') + 1, NULL, 10);
}

static inline void close_peer(struct peer *peer)
{
        close(peer->fd);
        if (peer->path[0])
                unlink(peer->path);
}

/* Closes all that have connected; returns their number. */
static inline unsigned accept_all(struct peer *peer)
{
        unsigned n = 0;
        int fd;

        while ((fd = accept(peer->fd, NULL, NULL)) >= 0) {
                close(fd);
                n++;
        }
        return n;
}

/* Connections until nobody is answered any more. Listen with a backlog of 0 first. */
struct crowd {
        int fds[64];
        size_t n;
};

static inline void fill_peer(struct peer *peer, struct crowd *crowd)
{
        struct sockaddr_storage at;
        socklen_t size = sizeof(at);
        struct pollfd ready = { .events = POLLOUT };

        assert_int_equal(getsockname(peer->fd, (struct sockaddr *)&at, &size), 0);
        crowd->n = 0;
        do {
                assert_true(crowd->n < ELEMENTS(crowd->fds));
                ready.fd = socket(at.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
                crowd->fds[crowd->n++] = ready.fd;
                if (connect(ready.fd, (struct sockaddr *)&at, size) < 0 && errno == EAGAIN)
                        break;
        } while (poll(&ready, 1, 100) == 1);
}

static inline void leave_peer(struct crowd *crowd)
{
        while (crowd->n > 0)
                close(crowd->fds[--crowd->n]);
}

static inline struct channel_config channel_at(const char *text)
{
        struct channel_config channel = { 0 };
        char message[512];

        snprintf(channel.text, sizeof(channel.text), "%s", text);
        channel.listens = !strncmp(text, "listen:", 7);
        if (address_parse(text + (channel.listens ? 7 : 0), &channel.address, message,
                          sizeof(message)) < 0)
                fail_msg("%s", message);
        return channel;
}
