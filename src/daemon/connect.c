/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The steps: the first comes by an event, so that nothing is told from within connect_new(); a name
 * is resolved; its addresses are tried one after the other. There is one socket at a time and one
 * timer, which is the deadline of the step. Each step ends in another or, as the last thing it
 * does, in the call of done, which may free everything.
 */
#include "daemon/connect.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "daemon/resolve.h"
#include "util/log.h"
#include "util/macro.h"
#include "util/socket.h"

#define RESOLVE_TIMEOUTS 3 /* as many as a C library asks name servers, and more */
#define RETRIES          100

struct connect {
        struct event_base *base;
        struct channel_config channel;
        char *file;
        unsigned keepalive_sec, timeout_ms;

        struct resolve *resolve;
        const struct addrinfo *next; /* address to be tried */
        unsigned tried;
        unsigned retries; /* of a unix socket whose queue is full */

        int fd;
        struct event *io, *timer;
        connect_done done;
        void *userdata;
};

static void try_next(struct connect *c, int r);

static const struct {
        int error;
        enum address_kind kind;
        const char *what, *hint; /* around the address */
} sentences[] = {
        { ECONNREFUSED, ADDRESS_TCP, "connection refused at",
          "is the virtual machine running, with that chardev?" },
        { ETIMEDOUT, ADDRESS_TCP, "no answer from",
          "is that host up, and does no firewall stand between?" },
        { EHOSTUNREACH, ADDRESS_TCP, "no route to", "is that host up, and in a network we reach?" },
        { ENETUNREACH, ADDRESS_TCP, "no route to", "is this machine's network up?" },
        { EACCES, ADDRESS_TCP, "not permitted to connect to", "a firewall here forbids it" },
        { EPERM, ADDRESS_TCP, "not permitted to connect to", "a firewall here forbids it" },
        { ECONNREFUSED, ADDRESS_UNIX, "connection refused at",
          "is the virtual machine running, with that chardev?" },
        { ENOENT, ADDRESS_UNIX, "there is no socket at",
          "is the virtual machine running, with that chardev?" },
        { ENOTDIR, ADDRESS_UNIX, "there is no socket at", "a part of the path is no directory" },
        { EACCES, ADDRESS_UNIX, "permission denied at",
          "the daemon's user must be able to write to the socket, and to reach its directory" },
        { EPROTOTYPE, ADDRESS_UNIX, "no stream socket at", "what else listens there?" },
        { ETIMEDOUT, ADDRESS_UNIX, "nobody accepts connections at",
          "does the virtual machine hang, or is another connected?" },
};

static void set_error(const struct connect *c, int r, struct error *ret_error)
{
        const char *text = c->channel.text;

        for (size_t i = 0; i < ELEMENTS(sentences); i++)
                if (sentences[i].error == -r && sentences[i].kind == c->channel.address.kind) {
                        error_set(ret_error, ERROR_CONNECT_FAILED, "%s %s: %s", sentences[i].what,
                                  text, sentences[i].hint);
                        return;
                }

        error_set(ret_error, ERROR_CONNECT_FAILED, "cannot connect to %s: %s; check Channel= in %s",
                  text, strerror(-r), c->file);
}

static void fail(struct connect *c, int r)
{
        struct error error;

        set_error(c, r, &error);
        c->done(c->userdata, r, &error);
}

static void fail_to_find(struct connect *c, const char *why)
{
        struct error error;

        error_set(&error, ERROR_CONNECT_FAILED,
                  "cannot find the host '%s': %s; check Channel= in %s", c->channel.address.host,
                  why, c->file);
        c->done(c->userdata, -ENXIO, &error);
}

static void set_timer(struct connect *c, unsigned ms)
{
        struct timeval delay = { .tv_sec = ms / 1000, .tv_usec = (suseconds_t)(ms % 1000) * 1000 };

        event_add(c->timer, &delay);
}

static void shut_socket(struct connect *c)
{
        event_del(c->timer);
        if (c->io)
                event_free(c->io);
        c->io = NULL;
        c->fd = close_fd(c->fd);
}

/* What became of the socket. */
static void end_try(struct connect *c, int r)
{
        int fd;

        if (r < 0) {
                shut_socket(c);
                try_next(c, r);
                return;
        }

        if (c->channel.address.kind == ADDRESS_TCP)
                socket_set_tcp_options(c->fd, c->keepalive_sec);
        fd = TAKE_FD(c->fd);
        shut_socket(c);
        c->done(c->userdata, fd, NULL);
}

static void on_io(evutil_socket_t fd, short what, void *userdata)
{
        struct connect *c = userdata;

        end_try(c, socket_finish_connect(c->fd));
}

static int wait_for_connection(struct connect *c)
{
        c->io = event_new(c->base, c->fd, EV_WRITE, on_io, c);
        if (!c->io || event_add(c->io, NULL) < 0)
                return -ENOMEM;

        set_timer(c, c->timeout_ms);
        return 0;
}

static void try_address(struct connect *c, const struct sockaddr *to, socklen_t length)
{
        int r = 0;

        if (c->fd < 0)
                c->fd = socket(to->sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        if (c->fd < 0 || connect(c->fd, to, length) < 0)
                r = -errno;

        if (r == -EINPROGRESS) {
                r = wait_for_connection(c);
                if (r == 0)
                        return;
        }
        /* A unix socket whose queue is full says so at once, and can be asked again only. */
        if (r == -EAGAIN && to->sa_family == AF_UNIX) {
                if (c->retries++ < RETRIES) {
                        set_timer(c, MAX(c->timeout_ms / RETRIES, 1u));
                        return;
                }
                r = -ETIMEDOUT;
        }
        end_try(c, r == 0 ? socket_finish_connect(c->fd) : r);
}

/* The next address; or the end, with what the one before has said. */
static void try_next(struct connect *c, int r)
{
        const struct addrinfo *next = c->next;
        struct sockaddr_storage to;
        uint16_t port;

        if (!next || c->tried == CONNECT_ADDRESSES_MAX) {
                fail(c, r);
                return;
        }

        c->tried++;
        c->next = next->ai_next;
        memset(&to, 0, sizeof(to));
        memcpy(&to, next->ai_addr, MIN((size_t)next->ai_addrlen, sizeof(to)));
        port = htons((uint16_t)strtoul(c->channel.address.port, NULL, 10));
        if (to.ss_family == AF_INET6)
                ((struct sockaddr_in6 *)&to)->sin6_port = port;
        else
                ((struct sockaddr_in *)&to)->sin_port = port;
        try_address(c, (struct sockaddr *)&to, next->ai_addrlen);
}

static void on_resolved(void *userdata, const struct addrinfo *list, const char *message)
{
        struct connect *c = userdata;

        event_del(c->timer);
        if (!list) {
                fail_to_find(c, message);
                return;
        }

        c->next = list;
        try_next(c, -ENXIO);
}

static void resolve(struct connect *c)
{
        int r;

        r = resolve_new(&c->resolve, c->base, c->channel.address.host, on_resolved, c);
        if (r < 0)
                fail_to_find(c, strerror(-r));
        else
                set_timer(c, c->timeout_ms * RESOLVE_TIMEOUTS);
}

/* The first step; a unix socket once more; or the end of a step that took too long. */
static void on_timer(evutil_socket_t fd, short what, void *userdata)
{
        struct connect *c = userdata;
        struct sockaddr_un un;

        switch (c->channel.address.kind) {
        case ADDRESS_TCP:
                if (!c->resolve)
                        resolve(c);
                else if (c->io)
                        end_try(c, -ETIMEDOUT);
                else
                        fail_to_find(c, "the name servers do not answer");
                return;
        case ADDRESS_UNIX:
                un = socket_unix_address(&c->channel.address);
                try_address(c, (struct sockaddr *)&un, sizeof(un));
                return;
        case ADDRESS_FD: fail(c, -EOPNOTSUPP); return;
        }
}

int connect_new(struct connect **ret, struct event_base *base, const struct connect_target *target,
                connect_done done, void *userdata)
{
        CLEANUP(connect_freep) struct connect *c = NULL;

        c = calloc(1, sizeof(*c));
        if (!c)
                return -ENOMEM;

        *c = (struct connect){
                .base = base,
                .channel = *target->channel,
                .keepalive_sec = target->keepalive_sec ?: SOCKET_KEEPALIVE_SEC,
                .timeout_ms = target->timeout_ms,
                .fd = -1,
                .done = done,
                .userdata = userdata,
        };

        c->file = strdup(target->file);
        c->timer = evtimer_new(base, on_timer, c);
        if (!c->file || !c->timer)
                return -ENOMEM;

        event_active(c->timer, EV_TIMEOUT, 0);
        *ret = TAKE(c);
        return 0;
}

struct connect *connect_free(struct connect *c)
{
        if (!c)
                return NULL;

        if (c->io)
                event_free(c->io);
        if (c->timer)
                event_free(c->timer);
        resolve_free(c->resolve);
        close_fd(c->fd);
        free(c->file);
        free(c);
        return NULL;
}
