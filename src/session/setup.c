/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The steps that both main.c and managed.c take, in an order of their own.
 */
#include "session/setup.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/signalfd.h>

#include "session/sandbox.h"
#include "session/tls.h"
#include "util/cleanup.h"
#include "util/log.h"

int setup_signals(void)
{
        sigset_t set;
        int fd;

        sigemptyset(&set);
        sigaddset(&set, SIGTERM);
        sigaddset(&set, SIGINT);
        sigaddset(&set, SIGHUP);
        sigprocmask(SIG_BLOCK, &set, NULL);
        signal(SIGPIPE, SIG_IGN);
        fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
        return fd < 0 ? -errno : fd;
}

enum session_reason setup_open_node(uint8_t bus, uint8_t address, int *ret_fd, char *message,
                                    size_t size)
{
        char path[64];
        int fd;

        snprintf(path, sizeof(path), "/dev/bus/usb/%03u/%03u", bus, address);
        fd = open(path, O_RDWR | O_CLOEXEC);
        if (fd < 0) {
                snprintf(message, size, "cannot open %s: %s", path, strerror(errno));
                return errno == EACCES || errno == EPERM ? REASON_ACCESS_DENIED : REASON_NOT_FOUND;
        }

        *ret_fd = fd;
        return REASON_ASKED;
}

int setup_tls(const struct control_order *order, struct control_fds *fds,
              struct transport **ret_tls, char *message, size_t size)
{
        struct transport *tls = NULL;
        int r = 0;

        snprintf(message, size, "out of memory");
        if (control_order_files(order) > 0)
                r = tls_new(&tls, fds->guest, order, fds->files, message, size);
        for (size_t i = 0; i < CONTROL_FILES_MAX; i++)
                fds->files[i] = close_fd(fds->files[i]);
        if (r < 0)
                return r;

        *ret_tls = tls;
        return 0;
}

int setup_close_sandbox(const struct options *options)
{
        char message[256];
        int r;

        if (!options->sandbox) {
                log_warning("running without the sandbox: for tests only");
                return 0;
        }

        r = sandbox_drop_root(options->user, message, sizeof(message));
        if (r < 0)
                log_error("%s", message);
        if (r == 0 && (r = sandbox_close()) < 0)
                log_error("cannot close the sandbox: %s", strerror(-r));

        return r;
}
