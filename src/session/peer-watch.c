/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The kernel sends again what is not acknowledged, and asks a peer whose window is closed for room.
 * It counts both. So a peer owes an answer when a count has grown since its last acknowledgement,
 * and one that owes it for the whole time is gone.
 *
 * That is not TCP_USER_TIMEOUT, which counts from when the bytes were queued: a paused guest, whose
 * window is closed, acknowledges each question but takes nothing, for hours. Nor is it the age of
 * the last acknowledgement: such a peer is asked ever more rarely, up to every two minutes, and
 * owes nothing in between.
 *
 * Looked at once a second while something is under way, by the kernel's timer: an event of the
 * loop's would be set and taken back each time the loop waits.
 */
#include "session/peer-watch.h"

#include <errno.h>
#include <linux/tcp.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "util/clock.h"

#define LOOK_SEC 1

struct peer_watch {
        int fd; /* the socket, not ours */
        int timer;
        struct event *event;
        uint64_t timeout_usec;
        peer_watch_dead dead;
        void *userdata;

        bool is_looking;
        uint64_t answered_usec; /* the last acknowledgement */
        uint32_t questions;     /* at that time */
        uint64_t owes_usec;     /* since when it owes an answer; 0: it does not */
};

/* Kernels tell milliseconds, not to the point: the same moment may seem to move by as much. */
#define BLUR_USEC 20000

static bool get_info(int fd, struct tcp_info *ret)
{
        socklen_t size = sizeof(*ret);

        *ret = (struct tcp_info){ 0 };
        return getsockopt(fd, IPPROTO_TCP, TCP_INFO, ret, &size) == 0;
}

static void look_later(struct peer_watch *w, bool is_wanted)
{
        const struct itimerspec delay = { .it_value.tv_sec = is_wanted ? LOOK_SEC : 0 };

        w->is_looking = is_wanted;
        timerfd_settime(w->timer, 0, &delay, NULL);
}

/* Does it, at that time, owe an answer for too long? */
static bool is_dead(struct peer_watch *w, const struct tcp_info *info, uint64_t now)
{
        uint64_t answered = now - (uint64_t)info->tcpi_last_ack_recv * 1000;
        uint32_t questions = info->tcpi_total_retrans + info->tcpi_retransmits + info->tcpi_probes;

        if (answered > w->answered_usec + BLUR_USEC || questions < w->questions) {
                w->answered_usec = answered;
                w->questions = questions;
        }
        if (questions == w->questions)
                w->owes_usec = 0;
        else if (w->owes_usec == 0)
                w->owes_usec = now;

        return w->owes_usec > 0 && now - w->owes_usec >= w->timeout_usec;
}

static void on_timer(evutil_socket_t fd, short what, void *userdata)
{
        struct peer_watch *w = userdata;
        struct tcp_info info;
        uint64_t times;

        if (read(fd, &times, sizeof(times)) < 0)
                return;

        w->is_looking = false;
        if (!get_info(w->fd, &info) || (info.tcpi_unacked == 0 && info.tcpi_notsent_bytes == 0))
                return;

        if (is_dead(w, &info, clock_usec(CLOCK_MONOTONIC)))
                w->dead(w->userdata);
        else
                look_later(w, true);
}

int peer_watch_new(struct peer_watch **ret, struct event_base *base, int fd, unsigned timeout_sec,
                   peer_watch_dead dead, void *userdata)
{
        CLEANUP(peer_watch_freep) struct peer_watch *w = NULL;
        struct tcp_info info;

        *ret = NULL;
        if (!get_info(fd, &info))
                return 0;

        w = calloc(1, sizeof(*w));
        if (!w)
                return -ENOMEM;

        *w = (struct peer_watch){
                .fd = fd,
                .timer = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC),
                .timeout_usec = timeout_sec * USEC_PER_SEC,
                .answered_usec = clock_usec(CLOCK_MONOTONIC),
                .dead = dead,
                .userdata = userdata,
        };
        if (w->timer < 0)
                return -errno;
        w->event = event_new(base, w->timer, EV_READ | EV_PERSIST, on_timer, w);
        if (!w->event || event_add(w->event, NULL) < 0)
                return -ENOMEM;

        *ret = TAKE(w);
        return 0;
}

struct peer_watch *peer_watch_free(struct peer_watch *w)
{
        if (!w)
                return NULL;

        if (w->event)
                event_free(w->event);
        close_fd(w->timer);
        free(w);
        return NULL;
}

void peer_watch_sent(struct peer_watch *w)
{
        if (!w || w->is_looking)
                return;

        /* What was asked and answered before does not count. */
        w->owes_usec = 0;
        look_later(w, true);
}

void peer_watch_stop(struct peer_watch *w)
{
        if (w)
                event_del(w->event);
}
