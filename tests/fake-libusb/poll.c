/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What a program with its own loop asks: which descriptors, until when. The device's descriptor
 * comes with the first open handle and goes with the last (or with the device); the notifiers say
 * so, as libusb's do.
 */
#include <poll.h>
#include <stdlib.h>

#include "fake-libusb/fake.h"

const struct libusb_pollfd **libusb_get_pollfds(libusb_context *context)
{
        struct {
                const struct libusb_pollfd *list[4];
                struct libusb_pollfd fds[3];
        } * all;
        size_t n = 0;

        context = context_get(context);
        all = calloc(1, sizeof(*all));
        if (!all)
                return NULL;
        fake_lock();
        all->fds[n++] = (struct libusb_pollfd){ .fd = context->event_fd, .events = POLLIN };
        if (context->timer_fd >= 0)
                all->fds[n++] = (struct libusb_pollfd){ .fd = context->timer_fd, .events = POLLIN };
        if (context->handles && !context->disconnect_told)
                all->fds[n++] =
                        (struct libusb_pollfd){ .fd = context->device_fd, .events = POLLIN };
        fake_unlock();
        for (size_t i = 0; i < n; i++)
                all->list[i] = &all->fds[i];
        return all->list;
}

void libusb_free_pollfds(const struct libusb_pollfd **fds)
{
        free(fds);
}

void libusb_set_pollfd_notifiers(libusb_context *context, libusb_pollfd_added_cb added,
                                 libusb_pollfd_removed_cb removed, void *user_data)
{
        context = context_get(context);
        fake_lock();
        context->fd_added = added;
        context->fd_removed = removed;
        context->fd_user_data = user_data;
        fake_unlock();
}

/* 1: the timerfd is among the descriptors, the program need not care. */
int libusb_pollfds_handle_timeouts(libusb_context *context)
{
        return context_get(context)->timer_fd >= 0;
}

int libusb_get_next_timeout(libusb_context *context, struct timeval *ret_timeout)
{
        const struct transfer *first;
        uint64_t now = now_ns(), left = 0;
        int r = 0;

        context = context_get(context);
        fake_lock();
        first = TAILQ_FIRST(&context->waiting.head);
        if (first && context->timer_fd < 0) {
                left = first->due > now ? first->due - now : 0;
                r = 1;
        }
        fake_unlock();
        if (r)
                *ret_timeout = (struct timeval){
                        .tv_sec = (time_t)(left / NSEC_PER_SEC),
                        .tv_usec = (suseconds_t)((left % NSEC_PER_SEC + NSEC_PER_USEC - 1) /
                                                 NSEC_PER_USEC),
                };
        return r;
}
