/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Rounds. The device's descriptor is readable exactly while the ready list is not empty: one write
 * when the first transfer becomes ready, one read when a round leaves the list empty, nothing in
 * between, however many transfers complete. A round completes what was ready when it began; what
 * callbacks submit waits for the next. The timer is armed for the first waiting transfer, and
 * periodically while that one is paced, so that a steady stream needs no system call per packet
 * but the read.
 */
#include "config.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#include "fake-libusb/fake.h"

uint64_t now_ns(void)
{
        struct timespec now;

        clock_gettime(CLOCK_MONOTONIC, &now);
        return (uint64_t)now.tv_sec * NSEC_PER_SEC + (uint64_t)now.tv_nsec;
}

static void fd_write(int fd)
{
        uint64_t one = 1;
        ssize_t n;

        do
                n = write(fd, &one, sizeof(one));
        while (n < 0 && errno == EINTR);
}

static uint64_t fd_read(int fd)
{
        uint64_t count = 0;
        ssize_t n;

        do
                n = read(fd, &count, sizeof(count));
        while (n < 0 && errno == EINTR);
        return n == (ssize_t)sizeof(count) ? count : 0;
}

/* After something may have become ready. */
void events_signal(struct libusb_context *context)
{
        bool wanted = context->ready.count || (fake.device.gone && !context->disconnect_told);

        if (!wanted || context->signalled)
                return;
        context->signalled = true;
        fd_write(context->device_fd);
}

/* After nothing may be ready any more. */
void events_quiet(struct libusb_context *context)
{
        if (!context->signalled || context->ready.count)
                return;
        context->signalled = false;
        fd_read(context->device_fd);
}

static void timer_set(struct libusb_context *context, uint64_t next, uint64_t interval)
{
        struct itimerspec spec = {
                .it_value = { .tv_sec = (time_t)(next / NSEC_PER_SEC),
                              .tv_nsec = (long)(next % NSEC_PER_SEC) },
                .it_interval = { .tv_sec = (time_t)(interval / NSEC_PER_SEC),
                                 .tv_nsec = (long)(interval % NSEC_PER_SEC) },
        };

        timerfd_settime(context->timer_fd, TFD_TIMER_ABSTIME, &spec, NULL);
        context->timer_next = next;
        context->timer_interval = next ? interval : 0;
}

/* Sees to it that the timer fires for the first waiting transfer. A little early is allowed. */
void events_arm(struct libusb_context *context)
{
        const struct transfer *first = TAILQ_FIRST(&context->waiting.head);
        const struct endpoint *endpoint;
        uint64_t next = context->timer_next, interval = context->timer_interval;

        if (context->timer_fd < 0 || context->in_round)
                return;
        if (!first) {
                if (interval)
                        timer_set(context, 0, 0);
                return;
        }
        if (next && next <= first->due && (!interval || first->due - next < interval))
                return;
        endpoint = endpoint_find(first->public.endpoint);
        timer_set(context, first->due,
                  endpoint && first->forced < 0 ? endpoint_period(endpoint, first) : 0);
}

static void timer_collect(struct libusb_context *context, uint64_t now)
{
        uint64_t fired;

        if (context->timer_fd < 0 || !context->timer_next || context->timer_next > now)
                return;
        fired = fd_read(context->timer_fd);
        if (!fired)
                return;
        context->timer_next =
                context->timer_interval ? context->timer_next + fired * context->timer_interval : 0;
}

/* Moves to the ready list what is due. */
static void collect_due(struct libusb_context *context)
{
        struct transfer *first = TAILQ_FIRST(&context->waiting.head);
        uint64_t now;

        if (!first && !context->timer_next)
                return;
        now = now_ns();
        timer_collect(context, now);
        for (; first && first->due <= now; first = TAILQ_FIRST(&context->waiting.head))
                transfer_move(first, &context->ready);
}

/* The next to complete: the first, or with random= any. */
static struct transfer *round_pick(struct libusb_context *context, size_t left)
{
        struct transfer *transfer = TAILQ_FIRST(&context->ready.head);

        if (!fake.random || !transfer)
                return transfer;
        for (uint32_t skip = random_below((uint32_t)left); skip && TAILQ_NEXT(transfer, link);
             skip--)
                transfer = TAILQ_NEXT(transfer, link);
        return transfer;
}

/* The program must not watch the descriptor of a device that is gone. */
static void tell_disconnect(struct libusb_context *context)
{
        libusb_pollfd_removed_cb removed = context->fd_removed;
        void *user_data = context->fd_user_data;
        bool open = context->handles;
        int fd = context->device_fd;

        if (!fake.device.gone || context->disconnect_told)
                return;
        context->disconnect_told = true;
        fake_unlock();
        if (removed && open)
                removed(fd, user_data);
        fake_lock();
}

static void round_run(struct libusb_context *context)
{
        struct transfer *transfer;
        size_t left = context->ready.count;

        context->in_round = true;
        if (fake.random && left > 1)
                left = 1 + random_below((uint32_t)left);
        for (; left && (transfer = round_pick(context, left)); left--)
                transfer_finish(transfer);
        if (!context->ready.count)
                tell_disconnect(context);
        context->in_round = false;
        events_quiet(context);
        events_signal(context);
        events_arm(context);
}

static bool round_due(struct libusb_context *context)
{
        if (context->interrupted) {
                context->interrupted = false;
                fd_read(context->event_fd);
                return true;
        }
        collect_due(context);
        return context->ready.count || (fake.device.gone && !context->disconnect_told);
}

/* Milliseconds until there may be something to do; the timer, if there is one, is more exact. */
static int wait_ms(const struct libusb_context *context, uint64_t deadline)
{
        const struct transfer *first = TAILQ_FIRST(&context->waiting.head);
        uint64_t now = now_ns(), until = deadline;

        if (context->timer_fd < 0 && first)
                until = MIN(until, first->due);
        if (until == UINT64_MAX)
                return -1;
        if (until <= now)
                return 0;
        return (int)MIN((until - now + NSEC_PER_MSEC - 1) / NSEC_PER_MSEC, UINT64_C(60000));
}

static int events_wait(struct libusb_context *context, uint64_t deadline)
{
        struct pollfd fds[] = {
                { .fd = context->event_fd, .events = POLLIN },
                { .fd = context->timer_fd, .events = POLLIN },
                { .fd = context->disconnect_told ? -1 : context->device_fd, .events = POLLIN },
        };
        int ms = wait_ms(context, deadline), r;

        fake_unlock();
        r = poll(fds, ELEMENTS(fds), ms);
        fake_lock();
        return r < 0 && errno == EINTR ? LIBUSB_ERROR_INTERRUPTED : 0;
}

/* Inside a callback of this thread's round. */
bool events_here(const struct libusb_context *context)
{
        return context->event_thread_set && pthread_equal(context->event_thread, pthread_self());
}

/* One thread at a time; another one waits its turn, as long as it would have waited for events. */
static bool event_lock(struct libusb_context *context, uint64_t deadline)
{
        struct timespec until = {
                .tv_sec = (time_t)(deadline / NSEC_PER_SEC),
                .tv_nsec = (long)(deadline % NSEC_PER_SEC),
        };

        if (deadline == UINT64_MAX)
                return !pthread_mutex_lock(&context->event_lock);
        if (!pthread_mutex_trylock(&context->event_lock))
                return true;
        return !pthread_mutex_clocklock(&context->event_lock, CLOCK_MONOTONIC, &until);
}

static int events_once(struct libusb_context *context, uint64_t deadline, const int *completed)
{
        int r;

        r = fault_check(FUNCTION_handle_events);
        if (r)
                return r;
        if (completed && *completed)
                return 0;
        if (!round_due(context)) {
                if (!deadline)
                        return 0;
                r = events_wait(context, deadline);
                if (r < 0 || !round_due(context)) {
                        events_arm(context);
                        return r;
                }
        }
        round_run(context);
        return 0;
}

int events_handle(struct libusb_context *context, const struct timeval *timeout, int *completed)
{
        uint64_t deadline = UINT64_MAX;
        int r;

        if (events_here(context))
                return LIBUSB_ERROR_BUSY;
        if (timeout && (timeout->tv_sec < 0 || timeout->tv_usec < 0 || timeout->tv_usec > 999999))
                return LIBUSB_ERROR_INVALID_PARAM;
        if (timeout && !timeout->tv_sec && !timeout->tv_usec)
                deadline = 0;
        else if (timeout)
                deadline = now_ns() + (uint64_t)timeout->tv_sec * NSEC_PER_SEC +
                           (uint64_t)timeout->tv_usec * NSEC_PER_USEC;
        if (!event_lock(context, deadline))
                return 0;
        fake_lock();
        context->event_thread = pthread_self();
        context->event_thread_set = true;
        r = events_once(context, deadline, completed);
        context->event_thread_set = false;
        fake_unlock();
        pthread_mutex_unlock(&context->event_lock);
        return r;
}

int libusb_handle_events_timeout_completed(libusb_context *context, struct timeval *timeout,
                                           int *completed)
{
        return events_handle(context_get(context), timeout, completed);
}

int libusb_handle_events_timeout(libusb_context *context, struct timeval *timeout)
{
        return events_handle(context_get(context), timeout, NULL);
}

/* libusb's documentation: the blocking forms return within 60 seconds. */
int libusb_handle_events_completed(libusb_context *context, int *completed)
{
        struct timeval minute = { .tv_sec = 60 };

        return events_handle(context_get(context), &minute, completed);
}

int libusb_handle_events(libusb_context *context)
{
        return libusb_handle_events_completed(context, NULL);
}

void libusb_interrupt_event_handler(libusb_context *context)
{
        context = context_get(context);
        fake_lock();
        if (!context->interrupted) {
                context->interrupted = true;
                fd_write(context->event_fd);
        }
        fake_unlock();
}
