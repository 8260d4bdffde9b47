/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What Channel= takes: one address, or several that differ in their port, to connect to or to
 * listen at. Addresses are made by address_parse(); here is what of them a guest may have, and what
 * people get wrong. And who may dial in where we listen.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "daemon/config-private.h"

#define LISTEN   "listen:"
#define SYSTEMD  LISTEN "systemd"
#define PORT_MAX 65535
/* As much of a bad value as an error quotes. */
#define QUOTED_MAX 80

int channel_compare(const struct channel_config *a, const struct channel_config *b)
{
        int order = (int)a->listens - (int)b->listens;

        if (order == 0)
                order = (int)a->address.kind - (int)b->address.kind;
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

/* Each guest has its own sockets of systemd's: its name is part of the address. */
static int parse_address(const struct guest_config *guest, const char *text,
                         struct channel_config *ret)
{
        char message[512];

        ret->listens = !strncmp(text, LISTEN, strlen(LISTEN));
        if (!strcmp(text, SYSTEMD)) {
                ret->address = (struct address){ .kind = ADDRESS_FD, .fd = -1 };
                strcpy(ret->address.host, guest->name);
                return 0;
        }

        return address_parse(text + (ret->listens ? strlen(LISTEN) : 0), &ret->address, message,
                             sizeof(message));
}

static int add_channel(struct guest_config *guest, const char *text, struct ini_error *error)
{
        struct channel_config channel = { .line = error->at.line, .column = error->at.column };
        struct channel_config *longer;

        if (parse_address(guest, text, &channel) < 0)
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

static bool is_numeric(const char *host, size_t length)
{
        char text[INET6_ADDRSTRLEN] = "";
        struct in6_addr address;

        if (*host == '[' && length >= 2) {
                host++;
                length -= 2;
        }
        length = strcspn(host, "%") < length ? strcspn(host, "%") : length; /* fe80::1%eth0 */
        if (length < sizeof(text))
                memcpy(text, host, length);

        return inet_pton(AF_INET, text, &address) == 1 || inet_pton(AF_INET6, text, &address) == 1;
}

/* HOST:PORT or HOST:FIRST-LAST, after a prefix of that length, "tcp:" or "listen:tcp:". */
static int add_tcp(struct guest_config *guest, const char *value, size_t prefix,
                   struct ini_error *error)
{
        const char *host = value + prefix;
        const char *port = strrchr(host, ':');
        char text[CHANNEL_TEXT_SIZE];
        unsigned first, last;
        size_t length, dash;
        int r;

        if (!port || port == host)
                return -EINVAL;
        length = (size_t)(port - host);
        if (*host != '[' && memchr(host, ':', length))
                return refuse(error, prefix,
                              "an IPv6 address stands in brackets: tcp:[ADDRESS]:PORT", host);
        if (length > sizeof(((struct address *)NULL)->host) - 1)
                return refuse(error, prefix, "a host's name has at most 255 bytes", host);
        if (prefix > strlen(LISTEN) && !is_numeric(host, length))
                return refuse(error, prefix,
                              "listen:tcp: takes an IP address of this machine, or [::] for all, "
                              "and a port",
                              host);

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
                snprintf(text, sizeof(text), "%.*s%.*s:%u", (int)prefix, value, (int)length, host,
                         i);
                r = add_channel(guest, text, error);
                if (r < 0)
                        return r;
        }

        return 0;
}

int channels_add(const struct ini_key *key, void *target, const char *value,
                 struct ini_error *error)
{
        size_t prefix = strncmp(value, LISTEN, strlen(LISTEN)) ? 0 : strlen(LISTEN);
        const char *address = value + prefix;

        if (strpbrk(value, " \t"))
                return refuse(error, strcspn(value, " \t"),
                              "one channel a line, without blanks: write another Channel=", value);
        if (!strncmp(address, "tcp:", 4))
                return add_tcp(target, value, prefix + 4, error);
        if (!strncmp(address, "unix:", 5) && address[5] == '/' &&
            strlen(address + 5) < sizeof(((struct address *)NULL)->path))
                return add_channel(target, value, error);
        if (!strncmp(address, "unix:", 5))
                return refuse(error, prefix + 5, "unix: takes a path from / of at most 107 bytes",
                              address + 5);
        if (!strcmp(value, SYSTEMD))
                return add_channel(target, value, error);
        if (!strncmp(address, "fd:", 3))
                return refuse(error, prefix,
                              "a file cannot name a descriptor: give tcp: or unix:", address);

        return -EINVAL;
}

/* Not of other sources: those may need the network, and would hold up the daemon. */
static int find_user(const char *name, uid_t *ret)
{
        FILE *file = fopen("/etc/passwd", "re");
        struct passwd *user = NULL;

        while (file && (user = fgetpwent(file)) && strcmp(user->pw_name, name) != 0)
                ;
        if (user)
                *ret = user->pw_uid;
        if (file)
                fclose(file);

        return user ? 0 : -ENOENT;
}

int channels_allow_user(const struct ini_key *key, void *target, const char *value,
                        struct ini_error *error)
{
        const struct ini_key number = { .lowest = 0, .highest = UINT32_MAX - 1 };
        struct guest_config *guest = target;
        unsigned uid;

        if (ini_set_number(&number, &uid, value, error) == 0)
                guest->allow_uid = uid;
        else if (find_user(value, &guest->allow_uid) < 0)
                return -EINVAL;

        return 0;
}

int channels_check(const struct guest_config *guest, struct ini_place allow_user,
                   struct teller *teller)
{
        bool has_socket = false;

        for (size_t i = 0; i < guest->n_channels; i++) {
                const struct channel_config *channel = &guest->channels[i];

                has_socket |= channel->listens && channel->address.kind != ADDRESS_TCP;
                if (!channel->listens || guest->allow_clear_text ||
                    !channel_is_exposed(guest, channel))
                        continue;
                config_tell(teller, (struct ini_place){ channel->line, channel->column },
                            "%s: anybody in that network could be this guest: write [TLS] with "
                            "CAFile= or PSKFile=, or with AllowClearText=yes, or listen at "
                            "127.0.0.1",
                            channel->text);
                return -EINVAL;
        }
        if (allow_user.line > 0 && !has_socket) {
                config_tell(teller, allow_user,
                            "AllowUser= is about unix sockets: write Channel=listen:unix:/PATH, or "
                            "remove it");
                return -EINVAL;
        }

        return 0;
}
