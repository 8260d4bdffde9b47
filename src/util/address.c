/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The text form of addresses. Nothing is looked up here.
 */
#include "util/address.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int parse_number(const char *text, long min, long max, long *ret)
{
        char *end;
        long value;

        if (text[0] < '0' || text[0] > '9')
                return -EINVAL;
        errno = 0;
        value = strtol(text, &end, 10);
        if (errno != 0 || *end || value < min || value > max)
                return -EINVAL;

        *ret = value;
        return 0;
}

/* HOST:PORT or [HOST]:PORT */
static int parse_tcp(const char *text, struct address *ret)
{
        const char *colon = strrchr(text, ':');
        size_t length;
        long port;

        if (!colon || parse_number(colon + 1, 1, 65535, &port) < 0)
                return -EINVAL;

        length = (size_t)(colon - text);
        if (text[0] == '[') {
                if (length < 3 || text[length - 1] != ']')
                        return -EINVAL;
                text++;
                length -= 2;
        } else if (memchr(text, ':', length)) {
                return -EINVAL;
        }
        if (length >= sizeof(ret->host) || memchr(text, '[', length) || memchr(text, ']', length))
                return -EINVAL;

        memcpy(ret->host, text, length);
        ret->host[length] = '\0';
        snprintf(ret->port, sizeof(ret->port), "%hu", (unsigned short)port);
        return 0;
}

int address_parse(const char *text, struct address *ret, char *message, size_t size)
{
        struct address address = { .fd = -1 };
        long fd;

        if (!strncmp(text, "tcp:", 4)) {
                address.kind = ADDRESS_TCP;
                if (parse_tcp(text + 4, &address) == 0) {
                        *ret = address;
                        return 0;
                }
                snprintf(message, size,
                         "'%s': expected tcp:HOST:PORT, with a port from 1 to 65535 and an IPv6 "
                         "address in brackets",
                         text);
        } else if (!strncmp(text, "unix:", 5)) {
                size_t length = strlen(text + 5);

                address.kind = ADDRESS_UNIX;
                if (length > 0 && length < sizeof(address.path)) {
                        memcpy(address.path, text + 5, length + 1);
                        *ret = address;
                        return 0;
                }
                snprintf(message, size, "'%s': expected unix:PATH, a path of 1 to %zu bytes", text,
                         sizeof(address.path) - 1);
        } else if (!strncmp(text, "fd:", 3) && parse_number(text + 3, 3, 65535, &fd) == 0) {
                address.kind = ADDRESS_FD;
                address.fd = (int)fd;
                *ret = address;
                return 0;
        } else {
                snprintf(message, size, "'%s': expected tcp:HOST:PORT, unix:PATH or fd:N", text);
        }

        return -EINVAL;
}

int address_parse_remote(const char *text, struct address *ret, char *message, size_t size)
{
        struct address address;
        int r;

        r = address_parse(text, &address, message, size);
        if (r < 0)
                return r;
        if (address.kind == ADDRESS_TCP && !address.host[0]) {
                snprintf(message, size, "'%s': which host?", text);
                return -EINVAL;
        }

        *ret = address;
        return 0;
}

bool address_is_set(const struct address *address)
{
        return address->port[0] || address->path[0] || address->fd >= 0;
}
