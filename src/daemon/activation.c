/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Sockets are told apart by their kind, not only by their name: a guest may be called "session-1".
 */
#include "daemon/activation.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <systemd/sd-daemon.h>
#include <unistd.h>

#include "daemon/keep.h"
#include "util/cleanup.h"
#include "util/log.h"
#include "util/macro.h"

#define SESSION_NAME "session-"

/* Those that listen, by the guest's name: as many as there can be, in all. */
static struct {
        char guest[GUEST_NAME_MAX + 1];
        int fd;
} sockets[CONFIG_GUESTS_MAX];
static size_t n_sockets;

static bool keep_socket(const char *name, int fd)
{
        int flags;

        if (sd_is_socket(fd, AF_UNSPEC, SOCK_STREAM, 1) <= 0)
                return false;

        flags = fcntl(fd, F_GETFL);
        if (!guest_name_is_valid(name) || n_sockets == ELEMENTS(sockets) || flags < 0 ||
            fcntl(fd, F_SETFL, flags | O_NONBLOCK) < 0) {
                log_error("the socket '%s' that systemd passed cannot be used", name);
                return false;
        }

        strcpy(sockets[n_sockets].guest, name);
        sockets[n_sockets++].fd = fd;
        return true;
}

static bool has_prefix(const char *name, const char *prefix)
{
        return !strncmp(name, prefix, strlen(prefix));
}

static void take(struct stored *stored, const char *name, int fd)
{
        if (keep_socket(name, fd))
                return;

        if (stored->sessions && has_prefix(name, SESSION_NAME))
                stored->sessions[stored->n_sessions++] = fd;
        else if (stored->hubs && has_prefix(name, KEEP_HUB_PREFIX))
                stored->hubs[stored->n_hubs++] = fd;
        else
                close(fd);
}

void activation_take(struct stored *ret)
{
        struct stored stored = { 0 };
        char **names = NULL;
        size_t n;
        int r;

        r = sd_listen_fds_with_names(1, &names);
        n = r > 0 ? (size_t)r : 0;
        stored.sessions = calloc(n, sizeof(*stored.sessions));
        stored.hubs = calloc(n, sizeof(*stored.hubs));
        for (size_t i = 0; i < n; i++) {
                take(&stored, names[i], SD_LISTEN_FDS_START + (int)i);
                free(names[i]);
        }
        free(names);

        *ret = stored;
}

void stored_clear(struct stored *stored)
{
        free(stored->sessions);
        free(stored->hubs);
}

size_t activation_sockets(const char *guest, int ret_fds[ACTIVATION_SOCKETS_MAX])
{
        size_t n = 0;

        for (size_t i = 0; i < n_sockets && n < ACTIVATION_SOCKETS_MAX; i++)
                if (!strcmp(sockets[i].guest, guest))
                        ret_fds[n++] = sockets[i].fd;

        return n;
}

static bool has_channel(const struct guest_config *guest)
{
        for (size_t i = 0; guest && i < guest->n_channels; i++)
                if (guest->channels[i].listens && guest->channels[i].address.kind == ADDRESS_FD)
                        return true;

        return false;
}

void activation_check(const struct config *config)
{
        for (size_t i = 0; i < n_sockets; i++)
                if (!has_channel(config_find_guest(config, sockets[i].guest)))
                        log_warning("usbredird-listen@%s.socket is of no use: write "
                                    "Channel=listen:systemd in the file of guest '%s', and reload",
                                    sockets[i].guest, sockets[i].guest);
}
