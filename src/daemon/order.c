/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The only place where the daemon has a device's node open: from open(2) to the end of one
 * function. Hubs are another matter: see port-claims.c.
 */
#include "daemon/order.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "util/cleanup.h"

static enum error_kind kind_of_node(int error)
{
        switch (error) {
        case EACCES:
        case EPERM: return ERROR_DENIED;
        case ENOENT:
        case ENODEV:
        case ENXIO: return ERROR_DEVICE_LOST;
        default: return ERROR_FAILED;
        }
}

static int open_node(const struct control_order *order, int *ret_fd, struct error *ret_error)
{
        char path[64];
        int fd;

        snprintf(path, sizeof(path), "/dev/bus/usb/%03u/%03u", order->bus, order->address);
        fd = open(path, O_RDWR | O_CLOEXEC);
        if (fd < 0) {
                int error = errno;

                error_set(ret_error, kind_of_node(error), "cannot open %s: %s", path,
                          strerror(error));
                return error == EPERM ? -EACCES : -error;
        }

        *ret_fd = fd;
        return 0;
}

static int launch(struct launcher *launcher, struct launched *ret, struct error *ret_error)
{
        int r;

        r = launcher_launch(launcher, ret);
        if (r == -EAGAIN)
                error_set(ret_error, ERROR_LIMIT_REACHED,
                          "too many sessions wait to be started: try again");
        else if (r < 0)
                error_set(ret_error, ERROR_FAILED, "cannot start a session process: %s",
                          strerror(-r));

        return r;
}

int order_give(const struct control_order *order, struct control_fds *fds_taken,
               struct launcher *launcher, struct launched *ret, struct error *ret_error)
{
        CLEANUP(control_fds_close) struct control_fds fds = *fds_taken;
        struct control_order given = *order;
        struct launched launched;
        int r;

        *fds_taken = (struct control_fds)CONTROL_NO_FDS;
        if (!launcher_passes_node(launcher))
                given.flags |= CONTROL_NODE_BY_PATH;

        if (control_order_has_node(&given)) {
                r = open_node(order, &fds.node, ret_error);
                if (r < 0)
                        return r;
        }

        r = launch(launcher, &launched, ret_error);
        if (r < 0)
                return r;

        r = control_send_order(launched.fd, &given, &fds);
        if (r < 0) {
                error_set(ret_error, ERROR_FAILED, "a session process takes no order: %s",
                          strerror(-r));
                close_fd(launched.fd);
                close_fd(launched.pid_fd);
                if (launched.pid > 0)
                        launcher_forget(launcher, launched.pid);
                return r;
        }

        *ret = launched;
        return 0;
}
