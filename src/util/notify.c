/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Datagrams to the address in $NOTIFY_SOCKET. The kernel adds who sent them.
 */
#include "util/notify.h"

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "util/cleanup.h"

int notify_open(void)
{
        struct sockaddr_un address = { .sun_family = AF_UNIX };
        const char *name = getenv("NOTIFY_SOCKET");
        CLEANUP(close_fdp) int fd = -1;
        size_t length;

        if (!name || !name[0])
                return -ENOENT;
        length = strlen(name);
        if ((name[0] != '/' && name[0] != '@') || !name[1] || length >= sizeof(address.sun_path))
                return -EPROTONOSUPPORT;

        memcpy(address.sun_path, name, length);
        if (name[0] == '@')
                address.sun_path[0] = '\0'; /* an abstract name: its length counts, not a 0 */
        else
                length++;

        fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
        if (fd < 0 || connect(fd, (struct sockaddr *)&address,
                              (socklen_t)(offsetof(struct sockaddr_un, sun_path) + length)) < 0)
                return -errno;

        return TAKE_FD(fd);
}

static int send_text(int fd, const char *text, int flags)
{
        ssize_t n;

        do
                n = send(fd, text, strlen(text), MSG_NOSIGNAL | flags);
        while (n < 0 && errno == EINTR);

        return n < 0 ? -errno : 0;
}

int notify_send(int fd, const char *text)
{
        return send_text(fd, text, 0);
}

int notify_try(int fd, const char *text)
{
        return send_text(fd, text, MSG_DONTWAIT);
}

/* A decimal number of an environment variable; 0 if there is none. */
static uint64_t number_of(const char *variable)
{
        const char *text = getenv(variable);
        unsigned long long value;
        char *end;

        if (!text || text[0] < '0' || text[0] > '9')
                return 0;

        errno = 0;
        value = strtoull(text, &end, 10);
        return errno != 0 || *end ? 0 : value;
}

uint64_t notify_watchdog_usec(void)
{
        if (getenv("WATCHDOG_PID") && number_of("WATCHDOG_PID") != (uint64_t)getpid())
                return 0;

        return number_of("WATCHDOG_USEC");
}
