/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The plain one. A call that moves less than it could has found the socket empty, or filled it: the
 * next one would say so, and is not made.
 */
#include "session/transport.h"

#include <errno.h>
#include <sys/socket.h>

static size_t total(const struct iovec *iov, size_t n)
{
        size_t size = 0;

        for (size_t i = 0; i < n; i++)
                size += iov[i].iov_len;

        return size;
}

static int plain_prepare(struct transport *t)
{
        return 0;
}

static ssize_t plain_read(struct transport *t, const struct iovec *iov, size_t n, bool *ret_drained)
{
        ssize_t size = readv(t->fd, iov, (int)n);

        if (size < 0)
                return -errno;

        *ret_drained = (size_t)size < total(iov, n);
        return size;
}

ssize_t transport_write_plain(struct transport *t, const struct iovec *iov, size_t n,
                              bool *ret_full)
{
        const struct msghdr message = { .msg_iov = (struct iovec *)iov, .msg_iovlen = n };
        ssize_t size = sendmsg(t->fd, &message, MSG_NOSIGNAL);

        if (size < 0)
                return -errno;

        *ret_full = (size_t)size < total(iov, n);
        return size;
}

static void plain_on_hello(struct transport *t, const char *version)
{
}

static void plain_finish(struct transport *t)
{
}

static struct transport *plain_free(struct transport *t)
{
        return NULL;
}

static const struct transport_type plain = {
        .prepare = plain_prepare,
        .read = plain_read,
        .write = transport_write_plain,
        .on_hello = plain_on_hello,
        .finish = plain_finish,
        .free = plain_free,
};

void transport_make_plain(struct transport *ret, int fd)
{
        *ret = (struct transport){ .type = &plain, .fd = fd };
}
