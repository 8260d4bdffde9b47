/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Options and outcomes of stream sockets. Nothing waits here.
 */
#include "util/socket.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "util/cleanup.h"
#include "util/macro.h"

#define KEEPALIVE_PROBES 3

void socket_set_tcp_options(int fd, unsigned keepalive_sec)
{
        const struct {
                int level, name, value;
        } options[] = {
                { IPPROTO_TCP, TCP_NODELAY, 1 },
                { SOL_SOCKET, SO_KEEPALIVE, 1 },
                { IPPROTO_TCP, TCP_KEEPIDLE, (int)keepalive_sec },
                { IPPROTO_TCP, TCP_KEEPINTVL, (int)keepalive_sec },
                { IPPROTO_TCP, TCP_KEEPCNT, KEEPALIVE_PROBES },
        };

        /* A socket without them works, only not as well. */
        for (size_t i = 0; i < ELEMENTS(options); i++)
                setsockopt(fd, options[i].level, options[i].name, &options[i].value, sizeof(int));
}

/*
 * Who connects to a free port of the loopback again and again is given that very port as its own
 * some day, and is connected to itself.
 */
static bool is_itself(int fd)
{
        struct sockaddr_storage own = { 0 }, peer = { 0 };
        socklen_t own_size = sizeof(own), peer_size = sizeof(peer);

        return getsockname(fd, (struct sockaddr *)&own, &own_size) == 0 &&
               getpeername(fd, (struct sockaddr *)&peer, &peer_size) == 0 &&
               own.ss_family != AF_UNIX && own_size == peer_size &&
               memcmp(&own, &peer, own_size) == 0;
}

int socket_finish_connect(int fd)
{
        socklen_t size = sizeof(int);
        int error = 0;

        if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size) < 0)
                return -errno;
        if (error == 0 && is_itself(fd))
                return -ECONNREFUSED;

        return -error;
}

struct sockaddr_un socket_unix_address(const struct address *address)
{
        struct sockaddr_un un = { .sun_family = AF_UNIX };

        memcpy(un.sun_path, address->path, sizeof(un.sun_path));
        return un;
}

static int make_socket(int family)
{
        return socket(family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
}

int socket_listen_ip(const struct sockaddr *at, socklen_t size, int backlog, int *ret_fd)
{
        CLEANUP(close_fdp) int fd = make_socket(at->sa_family);
        const int yes = 1, no = 0;

        if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes)) < 0)
                return -errno;
        /* All addresses are those of IPv4, too, whatever is usual here. */
        if (at->sa_family == AF_INET6)
                setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &no, sizeof(no));
        if (bind(fd, at, size) < 0 || listen(fd, backlog) < 0)
                return -errno;

        *ret_fd = TAKE_FD(fd);
        return 0;
}

static bool is_stale(const struct sockaddr_un *un)
{
        CLEANUP(close_fdp) int fd = make_socket(AF_UNIX);
        struct stat st;

        return fd >= 0 && lstat(un->sun_path, &st) == 0 && S_ISSOCK(st.st_mode) &&
               connect(fd, (const struct sockaddr *)un, sizeof(*un)) < 0 && errno == ECONNREFUSED;
}

int socket_listen_unix(const struct address *address, mode_t mode, int backlog, int *ret_fd)
{
        const struct sockaddr_un un = socket_unix_address(address);
        CLEANUP(close_fdp) int fd = make_socket(AF_UNIX);
        int r;

        if (fd < 0)
                return -errno;
        r = bind(fd, (const struct sockaddr *)&un, sizeof(un)) < 0 ? -errno : 0;
        if (r == -EADDRINUSE && is_stale(&un) && unlink(un.sun_path) == 0)
                r = bind(fd, (const struct sockaddr *)&un, sizeof(un)) < 0 ? -errno : 0;
        if (r < 0)
                return r;
        /* Nobody can connect before it listens. */
        if (chmod(un.sun_path, mode) < 0 || listen(fd, backlog) < 0) {
                r = -errno;
                unlink(un.sun_path);
                return r;
        }

        *ret_fd = TAKE_FD(fd);
        return 0;
}
