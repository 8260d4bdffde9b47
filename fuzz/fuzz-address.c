/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Addresses of guests: what can be read is bounded and terminated, and written out it reads as the
 * same address.
 *
 * Input: the text.
 */
#include "util/address.h"

#include <errno.h>

#include "fuzz/fuzz.h"

static void write_out(const struct address *a, char *text, size_t size)
{
        bool is_ipv6 = strchr(a->host, ':');

        switch (a->kind) {
        case ADDRESS_TCP:
                CHECKED(atoi(a->port) >= 1 && atoi(a->port) <= 65535);
                snprintf(text, size, "tcp:%s%s%s:%s", is_ipv6 ? "[" : "", a->host,
                         is_ipv6 ? "]" : "", a->port);
                return;
        case ADDRESS_UNIX:
                CHECKED(a->path[0]);
                snprintf(text, size, "unix:%s", a->path);
                return;
        case ADDRESS_FD:
                CHECKED(a->fd >= 3);
                snprintf(text, size, "fd:%i", a->fd);
                return;
        }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        char *text = text_of((struct input){ data, size }), message[64] = "", again[512];
        struct address address, same;
        int r = address_parse(text, &address, message, sizeof(message));

        free(text);
        if (r < 0) {
                CHECKED(r == -EINVAL && message[0] && strlen(message) < sizeof(message));
                return 0;
        }

        write_out(&address, again, sizeof(again));
        CHECKED(address_parse(again, &same, message, sizeof(message)) == 0);
        CHECKED(address.kind == same.kind && address.fd == same.fd &&
                !strcmp(address.host, same.host) && !strcmp(address.port, same.port) &&
                !strcmp(address.path, same.path));
        return 0;
}
