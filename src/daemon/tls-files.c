/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The files are opened anew for each session, so that certificates that have been renewed count
 * from the next one on. The daemon does not read them: what is in them is the session's business.
 */
#include "daemon/tls-files.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "util/cleanup.h"

static enum control_tls kind_of(const struct tls_config *tls)
{
        if (tls->psk_file)
                return CONTROL_PSK;
        if (tls->ca_file)
                return tls->certificate_file ? CONTROL_X509_CERTIFIED : CONTROL_X509;

        return CONTROL_CLEAR;
}

void tls_fill_order(struct control_order *order, const struct tls_config *tls,
                    const struct channel_config *channel)
{
        order->tls = kind_of(tls);
        order->flags |= tls->ktls ? CONTROL_KTLS : 0;
        /* Where we listen the address is ours, and says nothing of the guest. */
        if (tls->ca_file)
                snprintf(order->peer_name, sizeof(order->peer_name), "%s",
                         tls->peer_name
                                 ?: channel->listens ? ""
                                                     : channel->address.host);
        if (tls->psk_file)
                snprintf(order->psk_identity, sizeof(order->psk_identity), "%s",
                         tls->psk_identity ?: TLS_PSK_IDENTITY_DEFAULT);
}

static int refuse(struct error *ret_error, const char *path, const char *problem)
{
        error_set(ret_error, ERROR_TLS_FAILED, "%s %s", path, problem);
        return -EACCES;
}

static int check(int fd, const char *path, bool is_secret, struct error *ret_error)
{
        struct stat st;

        if (fstat(fd, &st) < 0)
                return refuse(ret_error, path, "cannot be looked at");
        if (!S_ISREG(st.st_mode))
                return refuse(ret_error, path, "is no file");
        if (st.st_uid != 0 && st.st_uid != geteuid())
                return refuse(ret_error, path,
                              "belongs to neither root nor the daemon's user: chown it");
        if (st.st_mode & (S_IWGRP | S_IWOTH))
                return refuse(ret_error, path,
                              "can be written by others than its owner: chmod go-w");
        if (is_secret && st.st_mode & (S_IRGRP | S_IROTH))
                return refuse(ret_error, path,
                              "has a secret that others than its owner can read: chmod go=");

        return 0;
}

/* Not to be held up by what is no file. Returns the descriptor or a negative errno. */
static int open_to_read(const char *path)
{
        int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);

        return fd < 0 ? -errno : fd;
}

static int open_path(const char *path, struct error *ret_error)
{
        int fd = open_to_read(path);

        if (fd < 0)
                error_set(ret_error, ERROR_TLS_FAILED, "cannot open %s: %s", path, strerror(-fd));
        return fd;
}

static int open_credential(const char *value, struct error *ret_error)
{
        const char *name = value + strlen(TLS_CREDENTIAL);
        const char *directory = getenv("CREDENTIALS_DIRECTORY");
        char path[PATH_MAX];
        int fd = -ENOENT;

        if (directory) {
                snprintf(path, sizeof(path), "%s/%s", directory, name);
                fd = open_to_read(path);
        }
        if (fd == -ENOENT)
                error_set(ret_error, ERROR_TLS_FAILED,
                          "systemd passes no credential '%s': write LoadCredential=%s:/PATH below "
                          "[Service] with \"systemctl edit usbredird.service\", then restart it",
                          name, name);
        else if (fd < 0)
                error_set(ret_error, ERROR_TLS_FAILED, "cannot open %s: %s", value, strerror(-fd));
        return fd;
}

static int open_file(int *ret_fd, const char *path, bool is_secret, struct error *ret_error)
{
        bool is_credential = !strncmp(path, TLS_CREDENTIAL, strlen(TLS_CREDENTIAL));
        CLEANUP(close_fdp) int fd = -1;
        int r;

        r = fd = (is_credential ? open_credential : open_path)(path, ret_error);
        if (r < 0)
                return r;
        /* The directory of credentials is ours alone; their group's bits may be the mask of an ACL.
         */
        r = check(fd, path, is_secret && !is_credential, ret_error);
        if (r < 0)
                return r;

        *ret_fd = TAKE_FD(fd);
        return 0;
}

int tls_open_files(int ret_files[CONTROL_FILES_MAX], const struct tls_config *tls,
                   struct error *ret_error)
{
        const struct {
                const char *path;
                bool is_secret;
        } x509[] = { { tls->ca_file, false },
                     { tls->certificate_file, false },
                     { tls->key_file, true } };
        const struct control_order order = { .purpose = CONTROL_REDIRECT, .tls = kind_of(tls) };
        CLEANUP(control_fds_close) struct control_fds fds = CONTROL_NO_FDS;
        int r = 0;

        if (tls->psk_file)
                r = open_file(&fds.files[0], tls->psk_file, true, ret_error);
        else
                for (size_t i = 0; r == 0 && i < control_order_files(&order); i++)
                        r = open_file(&fds.files[i], x509[i].path, x509[i].is_secret, ret_error);
        if (r < 0)
                return r;

        memcpy(ret_files, fds.files, sizeof(fds.files));
        fds = (struct control_fds)CONTROL_NO_FDS;
        return 0;
}
