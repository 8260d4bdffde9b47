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
