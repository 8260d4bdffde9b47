/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What Channel= takes: one address, or several that differ in their port. Addresses are made by
 * address_parse(); here is what of them a guest may have, and what people get wrong.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "daemon/config-private.h"

#define PORT_MAX 65535
/* As much of a bad value as an error quotes. */
#define QUOTED_MAX 80

int channel_compare(const struct channel_config *a, const struct channel_config *b)
{
        int order = (int)a->address.kind - (int)b->address.kind;

        if (order == 0)
                order = strcasecmp(a->address.host, b->address.host);
        if (order == 0)
                order = strcmp(a->address.port, b->address.port);
        if (order == 0)
                order = strcmp(a->address.path, b->address.path);

        return order;
}

/* Says what is wrong at value[at]. */
static int refuse(struct ini_error *error, size_t at, const char *what, const char *found)
{
        error->at.column += (uint32_t)at;
        return ini_error_set(error, "%s; found \"%.*s\"", what, QUOTED_MAX, found);
}

static int add_channel(struct guest_config *guest, const char *text, struct ini_error *error)
{
        struct channel_config channel = { .line = error->at.line, .column = error->at.column };
        struct channel_config *longer;
        char message[512];

        if (address_parse(text, &channel.address, message, sizeof(message)) < 0)
                return -EINVAL;
        if (strlen(text) >= sizeof(channel.text))
                return -EINVAL;
        strcpy(channel.text, text);

        for (size_t i = 0; i < guest->n_channels; i++)
                if (channel_compare(&guest->channels[i], &channel) == 0)
                        return ini_error_set(error,
                                             "%s is a channel of this guest already, on line %u: "
                                             "remove one",
                                             text, guest->channels[i].line);
        if (guest->n_channels >= CONFIG_CHANNELS_MAX)
                return ini_error_set(error, "a guest has at most %d channels: remove some",
                                     CONFIG_CHANNELS_MAX);

        longer = reallocarray(guest->channels, guest->n_channels + 1, sizeof(*longer));
        if (!longer)
                return -ENOMEM;

        guest->channels = longer;
        longer[guest->n_channels++] = channel;
        return 0;
}

static int parse_port(const char *text, size_t length, unsigned *ret_port)
{
        unsigned port = 0;

        if (length == 0)
                return -EINVAL;
        for (size_t i = 0; i < length; i++) {
                if (text[i] < '0' || text[i] > '9')
                        return -EINVAL;
                port = port * 10 + (unsigned)(text[i] - '0');
                if (port > PORT_MAX)
                        return -EINVAL;
        }
        if (port == 0)
                return -EINVAL;

        *ret_port = port;
        return 0;
}

/* HOST:PORT or HOST:FIRST-LAST, after "tcp:". */
static int add_tcp(struct guest_config *guest, const char *value, struct ini_error *error)
{
        const char *host = value + strlen("tcp:");
        const char *port = strrchr(host, ':');
        char text[CHANNEL_TEXT_SIZE];
        unsigned first, last;
        size_t length, dash;
        int r;

        if (!port || port == host)
                return -EINVAL;
        length = (size_t)(port - host);
        if (*host != '[' && memchr(host, ':', length))
                return refuse(error, strlen("tcp:"),
                              "an IPv6 address stands in brackets: tcp:[ADDRESS]:PORT", host);
        if (length > sizeof(((struct address *)NULL)->host) - 1)
                return refuse(error, strlen("tcp:"), "a host's name has at most 255 bytes", host);

        port++;
        dash = strcspn(port, "-");
        if (parse_port(port, dash, &first) < 0 ||
            (port[dash] && parse_port(port + dash + 1, strlen(port + dash + 1), &last) < 0))
                return refuse(error, (size_t)(port - value),
                              "a port is a number from 1 to 65535, a range two of them, "
                              "FIRST-LAST",
                              port);
        if (!port[dash])
                last = first;
        if (last < first)
                return refuse(error, (size_t)(port - value),
                              "a range of ports starts with the lower one", port);
        if (last - first >= CONFIG_CHANNELS_MAX)
                return refuse(error, (size_t)(port - value), "a guest has at most 64 channels",
                              port);

        for (unsigned i = first; i <= last; i++) {
                snprintf(text, sizeof(text), "tcp:%.*s:%u", (int)length, host, i);
                r = add_channel(guest, text, error);
                if (r < 0)
                        return r;
        }

        return 0;
}

int channels_add(const struct ini_key *key, void *target, const char *value,
                 struct ini_error *error)
{
        if (strpbrk(value, " \t"))
                return refuse(error, strcspn(value, " \t"),
                              "one channel a line, without blanks: write another Channel=", value);
        if (!strncmp(value, "tcp:", 4))
                return add_tcp(target, value, error);
        if (!strncmp(value, "unix:", 5) && value[5] == '/' &&
            strlen(value + 5) < sizeof(((struct address *)NULL)->path))
                return add_channel(target, value, error);
        if (!strncmp(value, "unix:", 5))
                return refuse(error, 5, "unix: takes a path from / of at most 107 bytes",
                              value + 5);
        if (!strncmp(value, "listen:", 7))
                return refuse(
                        error, 0,
                        "listening for guests is not supported yet: give tcp: or unix:", value);
        if (!strncmp(value, "fd:", 3))
                return refuse(error, 0,
                              "a file cannot name a descriptor: give tcp: or unix:", value);

        return -EINVAL;
}
