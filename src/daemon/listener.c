/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Binding comes from the timer, the first time too, so that nothing is told from within
 * listener_new(). Nothing is read of a connection here: who may connect to a unix socket, the
 * kernel tells; who is at the other end of another one, TLS finds out in the session.
 */
#include "daemon/listener.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "daemon/activation.h"
#include "daemon/backoff.h"
#include "util/macro.h"
#include "util/socket.h"

/* Who may connect says SO_PEERCRED, and who may not is told of: a mode could not do that. */
#define MODE 0666

struct listener {
        struct event_base *base;
        const struct channel_config *channel;
        const struct guest_config *guest;
        unsigned second_ms, failures;
        struct event *timer; /* to bind, or to go on accepting */

        int fds[ACTIVATION_SOCKETS_MAX];
        struct event *readable[ACTIVATION_SOCKETS_MAX];
        size_t n_fds;
        bool is_wanted;

        struct listener_events events;
        void *userdata;
};

static const struct {
        int error;
        enum address_kind kind;
        const char *hint;
} hints[] = {
        { EADDRINUSE, ADDRESS_TCP, "another program, or guest, has that port" },
        { EADDRINUSE, ADDRESS_UNIX, "another program listens there, or it is no socket" },
        { EADDRNOTAVAIL, ADDRESS_TCP, "this machine does not have that address, or not yet" },
        { EACCES, ADDRESS_TCP, "take a port from 1024, or Channel=listen:systemd" },
        { EACCES, ADDRESS_UNIX, "take a path in /run/usbredird, or Channel=listen:systemd" },
        { EROFS, ADDRESS_UNIX, "take a path in /run/usbredird, or Channel=listen:systemd" },
        { ENOENT, ADDRESS_UNIX, "its directory does not exist; /run/usbredird does" },
        { ENOENT, ADDRESS_FD,
          "systemd has passed no socket of that name: stop usbredird.service, then "
          "systemctl enable --now usbredird-listen@GUEST.socket" },
        { EPERM, ADDRESS_FD,
          "anybody in that network could be this guest: write [TLS], with AllowClearText=yes if "
          "that is meant" },
};

static const char *hint_for(int error, enum address_kind kind)
{
        for (size_t i = 0; i < ELEMENTS(hints); i++)
                if (hints[i].error == error && hints[i].kind == kind)
                        return hints[i].hint;

        return "check Channel=";
}

static void set_timer(struct listener *l, uint64_t ms)
{
        struct timeval delay = { .tv_sec = (time_t)(ms / 1000),
                                 .tv_usec = (suseconds_t)(ms % 1000 * 1000) };

        event_add(l->timer, &delay);
}

static int family_of(int fd)
{
        int family = AF_UNSPEC;
        socklen_t size = sizeof(family);

        getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &family, &size);
        return family;
}

/* The uid of whoever has connected to a unix socket. */
static bool may_connect(const struct listener *l, int fd, uid_t *ret_uid)
{
        struct ucred peer = { .uid = (uid_t)-1 };
        socklen_t size = sizeof(peer);

        if (family_of(fd) != AF_UNIX)
                return true;
        if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) < 0)
                return false;

        *ret_uid = peer.uid;
        return peer.uid == 0 || peer.uid == geteuid() || peer.uid == l->guest->allow_uid;
}

static void refuse(struct listener *l, uid_t uid)
{
        struct error error;

        error_set(&error, ERROR_CONNECT_FAILED,
                  "user %u may not connect to %s: if that is the virtual machine, write "
                  "AllowUser=%u in %s",
                  uid, l->channel->text, uid, l->guest->file);
        l->events.on_refused(l->userdata, &error);
}

static void watch(struct listener *l)
{
        for (size_t i = 0; i < l->n_fds; i++)
                if (l->is_wanted)
                        event_add(l->readable[i], NULL);
                else
                        event_del(l->readable[i]);
}

static void on_readable(evutil_socket_t listening, short what, void *userdata)
{
        struct listener *l = userdata;
        uid_t uid = 0;
        int fd;

        fd = accept4(listening, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
        if (fd < 0) {
                /* One that has left again is no error; want of descriptors is over some day. */
                if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) {
                        for (size_t i = 0; i < l->n_fds; i++)
                                event_del(l->readable[i]);
                        set_timer(l, l->second_ms);
                }
                return;
        }

        if (!may_connect(l, fd, &uid)) {
                close_fd(fd);
                refuse(l, uid);
                return;
        }
        if (family_of(fd) != AF_UNIX)
                socket_set_tcp_options(fd, l->guest->keepalive_sec);
        l->events.on_accepted(l->userdata, fd);
}

static int bind_tcp(const struct address *address, int *ret_fd)
{
        const struct addrinfo hint = { .ai_family = AF_UNSPEC,
                                       .ai_socktype = SOCK_STREAM,
                                       .ai_flags = AI_PASSIVE | AI_NUMERICHOST | AI_NUMERICSERV };
        struct addrinfo *list;
        int r;

        /* Of a numeric address: nothing is looked up. */
        if (getaddrinfo(address->host, address->port, &hint, &list) != 0)
                return -EADDRNOTAVAIL;

        r = socket_listen_ip(list->ai_addr, list->ai_addrlen, LISTENER_BACKLOG, ret_fd);
        freeaddrinfo(list);
        return r;
}

/* Not through a network, unless that is meant. */
static bool is_allowed(const struct listener *l, int fd)
{
        struct sockaddr_storage address;
        socklen_t size = sizeof(address);
        const struct sockaddr_in *v4 = (const void *)&address;
        const struct sockaddr_in6 *v6 = (const void *)&address;

        if (tls_config_is_on(&l->guest->tls) || l->guest->allow_clear_text)
                return true;
        if (getsockname(fd, (struct sockaddr *)&address, &size) < 0)
                return false;

        switch (address.ss_family) {
        case AF_UNIX: return true;
        case AF_INET: return ntohl(v4->sin_addr.s_addr) >> 24 == IN_LOOPBACKNET;
        case AF_INET6: return IN6_IS_ADDR_LOOPBACK(&v6->sin6_addr);
        default: return false;
        }
}

static int take_inherited(struct listener *l)
{
        size_t n = activation_sockets(l->guest->name, l->fds);

        for (size_t i = 0; i < n; i++)
                if (!is_allowed(l, l->fds[i]))
                        return -EPERM;

        l->n_fds = n;
        return n > 0 ? 0 : -ENOENT;
}

static int make_sockets(struct listener *l)
{
        const struct address *address = &l->channel->address;
        int r = -EINVAL;

        switch (address->kind) {
        case ADDRESS_FD: return take_inherited(l);
        case ADDRESS_TCP: r = bind_tcp(address, &l->fds[0]); break;
        case ADDRESS_UNIX:
                r = socket_listen_unix(address, MODE, LISTENER_BACKLOG, &l->fds[0]);
                break;
        }
        l->n_fds = r == 0;
        return r;
}

static void drop_sockets(struct listener *l)
{
        for (size_t i = 0; i < l->n_fds; i++) {
                if (l->readable[i])
                        event_free(l->readable[i]);
                l->readable[i] = NULL;
                if (l->channel->address.kind != ADDRESS_FD)
                        close_fd(l->fds[i]);
        }
        if (l->n_fds > 0 && l->channel->address.kind == ADDRESS_UNIX)
                unlink(l->channel->address.path);
        l->n_fds = 0;
}

static int bind_all(struct listener *l)
{
        int r;

        r = make_sockets(l);
        for (size_t i = 0; r == 0 && i < l->n_fds; i++) {
                l->readable[i] =
                        event_new(l->base, l->fds[i], EV_READ | EV_PERSIST, on_readable, l);
                r = l->readable[i] ? 0 : -ENOMEM;
        }
        if (r < 0)
                drop_sockets(l);

        return r;
}

static void on_timer(evutil_socket_t fd, short what, void *userdata)
{
        struct listener *l = userdata;
        struct error error;
        int r;

        if (l->n_fds > 0) {
                watch(l);
                return;
        }

        r = bind_all(l);
        if (r == 0) {
                l->failures = 0;
                watch(l);
                l->events.on_bound(l->userdata, 0, NULL);
                return;
        }

        /* What systemd has not passed, it will not: there is nothing to wait for. */
        if (l->channel->address.kind != ADDRESS_FD)
                set_timer(l, backoff_delay((uint64_t)l->guest->initial_delay_sec * l->second_ms,
                                           (uint64_t)l->guest->max_delay_sec * l->second_ms,
                                           ++l->failures, backoff_random()));
        error_set(&error, ERROR_CONNECT_FAILED, "cannot listen at %s: %s: %s",
                  l->channel->text + strlen("listen:"), strerror(-r),
                  hint_for(-r, l->channel->address.kind));
        l->events.on_bound(l->userdata, r, &error);
}

int listener_new(struct listener **ret, struct event_base *base,
                 const struct channel_config *channel, const struct guest_config *guest,
                 unsigned second_ms, const struct listener_events *events, void *userdata)
{
        CLEANUP(listener_freep) struct listener *l = NULL;

        l = calloc(1, sizeof(*l));
        if (!l)
                return -ENOMEM;

        *l = (struct listener){ .base = base,
                                .channel = channel,
                                .guest = guest,
                                .second_ms = second_ms,
                                .is_wanted = true,
                                .events = *events,
                                .userdata = userdata };
        l->timer = evtimer_new(base, on_timer, l);
        if (!l->timer)
                return -ENOMEM;

        set_timer(l, 0);
        *ret = TAKE(l);
        return 0;
}

struct listener *listener_free(struct listener *l)
{
        if (!l)
                return NULL;

        drop_sockets(l);
        if (l->timer)
                event_free(l->timer);
        free(l);
        return NULL;
}

void listener_set_wanted(struct listener *l, bool is_wanted)
{
        if (l->is_wanted == is_wanted)
                return;

        l->is_wanted = is_wanted;
        watch(l);
}
