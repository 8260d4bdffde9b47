/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What a session tells, and how it ends. It is over when its process is: the end of file of its
 * socket, or, of a child, its death; only then can others open the device for sure. What it said
 * before counts, and if it said nothing, we say how it died.
 *
 * A session is not trusted. What it sends is checked in control.c, its texts are cleaned here, and
 * it may not send more than changes of state make necessary. Its pid and unit are for people to
 * read.
 */
#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include "daemon/keep.h"
#include "daemon/worker-private.h"
#include "filter/text.h"
#include "util/cleanup.h"
#include "util/log.h"

/* Our words for one that has none of its own. */
static void PRINTF(2, 3) set_ended(struct worker *w, const char *format, ...)
{
        va_list arguments;

        if (w->has_ended)
                return;

        w->has_ended = true;
        w->ended.reason = REASON_FAILURE;
        w->ended.returned =
                w->is_described && w->order.purpose == CONTROL_REDIRECT && !w->may_have_device;
        va_start(arguments, format);
        vsnprintf(w->ended.message, sizeof(w->ended.message), format, arguments);
        va_end(arguments);
}

/* The worker may be gone afterwards. */
static void finish(struct worker *w)
{
        event_del(w->readable);
        event_del(w->timer);
        shutdown(w->fd, SHUT_RDWR);
        if (w->is_described)
                keep_not(w->order.number);
        w->phase = WORKER_OVER;
        w->events.on_end(w->userdata, (enum session_reason)w->ended.reason, w->ended.message,
                         w->ended.returned);
}

static void kill_child(struct worker *w)
{
        if (w->pid_fd < 0)
                return;

        kill(w->pid, SIGKILL); /* not reaped yet, so it is the same one */
        w->phase = WORKER_KILLED;
        worker_set_timer(w, WORKER_KILL_SEC);
}

/* It is not to be listened to any more. Of a child the death is waited for. */
static void drop(struct worker *w, const char *why)
{
        set_ended(w, "%s", why);
        shutdown(w->fd, SHUT_RDWR);
        event_del(w->readable);
        if (w->pid_fd >= 0)
                kill_child(w);
        else
                finish(w);
}

static void on_status(struct worker *w, const struct control_status *status)
{
        w->status = *status;
        text_clean(w->status.peer_version);
        text_clean(w->status.unit);
        if (strncmp(w->status.unit, CONTROL_UNIT_PREFIX, strlen(CONTROL_UNIT_PREFIX)) != 0)
                w->status.unit[0] = '\0';
        w->may_have_device |= status->link_state == LINK_UP || status->device_state != DEVICE_NONE;
        if (w->is_described && w->phase != WORKER_OVER)
                w->events.on_status(w->userdata);
}

static void on_description(struct worker *w, const struct control_order *order)
{
        if (w->is_described)
                return; /* we know what we have ordered */

        w->order = *order;
        text_clean(w->order.port);
        text_clean(w->order.guest);
        text_clean(w->order.channel);
        text_clean(w->order.peer_name);
        text_clean(w->order.psk_identity);
        w->is_described = true;
        if (w->phase == WORKER_RUNNING)
                event_del(w->timer);
        w->events.on_described(w->userdata);
}

static void on_ended(struct worker *w, const struct control_ended *ended)
{
        w->has_ended = true;
        w->ended = *ended;
        text_clean(w->ended.message);
        /* It is about to exit. If it does not, that is as if it had been asked. */
        if (w->phase == WORKER_RUNNING) {
                w->phase = WORKER_ENDING;
                worker_set_timer(w, WORKER_END_SEC);
        }
}

/* One message, if one is there. Returns what control_receive() does. */
static int take_message(struct worker *w)
{
        struct control_message message;
        int r;

        r = control_receive(w->fd, CONTROL_SESSION, &message, NULL);
        if (r < 0 && r != -ENOMSG)
                return r;
        if (w->messages-- == 0)
                return -EBADMSG;
        if (r < 0 || w->has_ended)
                return 0;

        switch (message.type) {
        case CONTROL_STATUS: on_status(w, &message.status); break;
        case CONTROL_DESCRIPTION: on_description(w, &message.order); break;
        case CONTROL_ENDED: on_ended(w, &message.ended); break;
        case CONTROL_START:
        case CONTROL_END:
        case CONTROL_DESCRIBE:
        case CONTROL_MEMORY: break; /* ours */
        }

        return 0;
}

void worker_on_readable(evutil_socket_t fd, short what, void *userdata)
{
        struct worker *w = userdata;
        int r = take_message(w);

        if (r == 0 || r == -EAGAIN)
                return;
        if (r != -EPIPE) {
                drop(w, "it has sent what is no message, or too many");
                return;
        }

        /* Of a child the status tells more. */
        event_del(w->readable);
        if (w->pid_fd >= 0) {
                if (w->phase == WORKER_RUNNING) {
                        w->phase = WORKER_ENDING;
                        worker_set_timer(w, WORKER_END_SEC);
                }
                return;
        }
        set_ended(w, "the session process died");
        finish(w);
}

void worker_on_exited(evutil_socket_t fd, short what, void *userdata)
{
        struct worker *w = userdata;
        int status;

        if (waitpid(w->pid, &status, WNOHANG) == 0)
                return;
        event_del(w->exited);
        w->pid_fd = close_fd(w->pid_fd);

        /* Last words may lie there still. */
        while (w->phase != WORKER_KILLED && take_message(w) == 0)
                ;

        if (WIFSIGNALED(status))
                set_ended(w, "the session process was killed by signal %i (%s)", WTERMSIG(status),
                          strsignal(WTERMSIG(status)));
        else
                set_ended(w, "the session process has exited with code %i", WEXITSTATUS(status));
        finish(w);
}

void worker_on_timer(evutil_socket_t fd, short what, void *userdata)
{
        struct worker *w = userdata;

        switch (w->phase) {
        case WORKER_RUNNING: drop(w, "it does not say what it does"); return;
        case WORKER_ENDING:
                if (w->pid_fd >= 0) {
                        log_error("session %u does not end in %i s: killing its process",
                                  w->order.number, WORKER_END_SEC);
                        kill_child(w);
                        return;
                }
                break;
        case WORKER_KILLED:
        case WORKER_OVER: break;
        }

        shutdown(w->fd, SHUT_WR);
        w->events.on_stuck(w->userdata);
}
