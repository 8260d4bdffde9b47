#pragma once
/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Where a guest is: tcp:HOST:PORT, unix:PATH, or fd:N for a connected socket that was inherited.
 * HOST is a name, an IPv4 address, [an IPv6 address], or empty for all addresses when listening.
 */
#include <stdbool.h>
#include <stddef.h>

enum address_kind {
        ADDRESS_TCP,
        ADDRESS_UNIX,
        ADDRESS_FD,
};

struct address {
        enum address_kind kind;
        char host[256];
        char port[6];   /* decimal, 1 to 65535 */
        char path[108]; /* as sun_path */
        int fd;
};

/* Returns 0, or -EINVAL with a sentence in message. */
int address_parse(const char *text, struct address *ret, char *message, size_t size);

/* The same for one to connect to, which names a host. */
int address_parse_remote(const char *text, struct address *ret, char *message, size_t size);

/* Is there an address in it, or is it { .fd = -1 }? */
bool address_is_set(const struct address *address);
