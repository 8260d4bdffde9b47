/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The daemon's end of a session: from the order, or a former daemon's socket, to its being
 * forgotten. What happens in between is in worker-events.c.
 *
 * Closing our descriptor does not close the socket while systemd keeps a copy: what shall be over
 * is shut down.
 */
#include "daemon/worker.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>

#include "daemon/keep.h"
#include "daemon/order.h"
#include "daemon/worker-private.h"
#include "util/cleanup.h"
#include "util/log.h"

DEFINE_CLEANUP(struct worker, worker_free)

void worker_set_timer(struct worker *w, time_t seconds)
{
        struct timeval delay = { .tv_sec = seconds };

        event_add(w->timer, &delay);
}

/* Both take the descriptors over, also on error. */
static int worker_new(struct worker **ret, struct event_base *base, int fd, int pid_fd,
                      const struct worker_events *events, void *userdata)
{
        CLEANUP(worker_freep) struct worker *w = NULL;

        w = calloc(1, sizeof(*w));
        if (!w) {
                close_fd(fd);
                close_fd(pid_fd);
                return -ENOMEM;
        }

        *w = (struct worker){ .fd = fd,
                              .pid_fd = pid_fd,
                              .events = *events,
                              .userdata = userdata,
                              .messages = WORKER_MESSAGES_MAX };

        w->readable = event_new(base, fd, EV_READ | EV_PERSIST, worker_on_readable, w);
        w->timer = event_new(base, -1, 0, worker_on_timer, w);
        if (!w->readable || !w->timer || event_add(w->readable, NULL) < 0)
                return -ENOMEM;
        if (pid_fd >= 0) {
                w->exited = event_new(base, pid_fd, EV_READ | EV_PERSIST, worker_on_exited, w);
                if (!w->exited || event_add(w->exited, NULL) < 0)
                        return -ENOMEM;
        }

        *ret = TAKE(w);
        return 0;
}

int worker_start(struct worker **ret, struct event_base *base, struct launcher *launcher,
                 const struct control_order *order, struct control_fds *fds,
                 const struct worker_events *events, void *userdata, struct error *ret_error)
{
        struct launched launched;
        struct worker *w;
        int r;

        r = order_give(order, fds, launcher, &launched, ret_error);
        if (r < 0)
                return r;

        r = worker_new(&w, base, launched.fd, launched.pid_fd, events, userdata);
        if (r < 0) {
                if (launched.pid > 0)
                        launcher_forget(launcher, launched.pid);
                error_set(ret_error, ERROR_FAILED, "cannot watch a session: %s", strerror(-r));
                return r;
        }

        w->launcher = launcher;
        w->pid = launched.pid;
        w->order = *order;
        w->is_described = true;
        keep_fd(order->number, w->fd);
        *ret = w;
        return 0;
}

int worker_adopt(struct worker **ret, struct event_base *base, int fd,
                 const struct worker_events *events, void *userdata)
{
        struct worker *w;
        int r;

        /* Anything may have been in the fd store. */
        if (!control_is_socket(fd)) {
                close_fd(fd);
                return -ENOTSOCK;
        }

        fcntl(fd, F_SETFD, FD_CLOEXEC);
        r = worker_new(&w, base, fd, -1, events, userdata);
        if (r < 0)
                return r;

        worker_describe(w);
        worker_set_timer(w, WORKER_DESCRIBE_SEC);
        *ret = w;
        return 0;
}

struct worker *worker_free(struct worker *w)
{
        if (!w)
                return NULL;

        if (w->phase != WORKER_OVER && !w->is_left) {
                shutdown(w->fd, SHUT_RDWR);
                if (w->is_described)
                        keep_not(w->order.number);
        }
        if (w->pid_fd >= 0 && w->launcher)
                launcher_forget(w->launcher, w->pid);
        if (w->readable)
                event_free(w->readable);
        if (w->exited)
                event_free(w->exited);
        if (w->timer)
                event_free(w->timer);
        close_fd(w->fd);
        close_fd(w->pid_fd);
        free(w);
        return NULL;
}

void worker_leave(struct worker *w)
{
        w->is_left = true;
}

void worker_end(struct worker *w)
{
        const struct control_message message = { .type = CONTROL_END };

        if (w->phase != WORKER_RUNNING)
                return;

        w->phase = WORKER_ENDING;
        worker_set_timer(w, WORKER_END_SEC);
        /* The end of file says the same to one that takes no messages any more. */
        if (control_send(w->fd, &message, NULL, 0) == -EAGAIN)
                shutdown(w->fd, SHUT_WR);
}

static void send_message(struct worker *w, const struct control_message *message)
{
        int r = control_send(w->fd, message, NULL, 0);

        /* One that is gone is told of by reading. */
        if (r < 0 && r != -EPIPE)
                log_debug("session %u takes no messages: %s", w->order.number, strerror(-r));
}

void worker_set_memory(struct worker *w, uint32_t bytes)
{
        const struct control_message message = { .type = CONTROL_MEMORY, .memory = { bytes } };

        w->order.usbfs_memory = bytes;
        send_message(w, &message);
}

void worker_describe(struct worker *w)
{
        const struct control_message message = { .type = CONTROL_DESCRIBE };

        w->messages += WORKER_MESSAGES_OF_ANSWER;
        send_message(w, &message);
}

const struct control_order *worker_order(const struct worker *w)
{
        return &w->order;
}

const struct control_status *worker_status(const struct worker *w)
{
        return &w->status;
}

pid_t worker_pid(const struct worker *w)
{
        return w->pid > 0 || w->status.pid > INT32_MAX ? w->pid : (pid_t)w->status.pid;
}

const char *worker_unit(const struct worker *w)
{
        return w->status.unit;
}
