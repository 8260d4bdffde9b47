#pragma once
/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * How bytes go through the guest's socket: as they are, or encrypted (tls.h). A link has one.
 */
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>
#include <sys/uio.h>

#include "util/cleanup.h"

struct transport;

struct transport_type {
        /*
         * Does what comes before data may go, as far as the socket lets it: to be called on each
         * of its events. Returns 0 when that is done, -EAGAIN, or -EPROTO with a text.
         */
        int (*prepare)(struct transport *t);

        /*
         * As readv() and writev(): the bytes that went, 0 at the end of file, -EAGAIN, -EINTR,
         * -EPROTO with a text, or another negative errno. What was not written must come again.
         * When bytes went, the last argument says whether only the socket's next event brings more.
         */
        ssize_t (*read)(struct transport *t, const struct iovec *iov, size_t n, bool *ret_drained);
        ssize_t (*write)(struct transport *t, const struct iovec *iov, size_t n, bool *ret_full);

        /* What the guest's hello says that it is. */
        void (*on_hello)(struct transport *t, const char *version);
        /* Tells the guest that no more comes, if it can be told at once. */
        void (*finish)(struct transport *t);
        struct transport *(*free)(struct transport *t); /* returns NULL */

        /* Reading may wait for room to write, and writing for bytes to read. */
        bool mixes_directions;
};

struct transport {
        const struct transport_type *type;
        int fd;         /* the link's */
        bool is_judged; /* the guest may refuse us when for us all has gone well */
        char text[256]; /* how it encrypts, once prepared; why it failed */
};

static inline struct transport *transport_free(struct transport *t)
{
        return t ? t->type->free(t) : NULL;
}

DEFINE_CLEANUP(struct transport, transport_free)

/* One that does nothing to the bytes, and need not be freed. */
void transport_make_plain(struct transport *ret, int fd);

/* As that one writes, for others whose socket takes the bytes as they are. */
ssize_t transport_write_plain(struct transport *t, const struct iovec *iov, size_t n,
                              bool *ret_full);
