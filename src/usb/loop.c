/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * libusb tells which descriptors it wants polled, and when that set changes; each becomes one
 * persistent event. Readiness of any of them runs libusb's event handling without waiting.
 *
 * The kernel flags a device node with an error when the device is unplugged, and libusb answers by
 * dropping the descriptor: that is how an unplug is noticed while no transfer is in flight.
 */
#include "usb/loop.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/time.h>
#include <utlist.h>

#include "usb/status.h"
#include "util/cleanup.h"
#include "util/log.h"

struct watch {
        struct event *event;
        struct watch *next;
};

struct usb_loop {
        struct event_base *base;
        libusb_context *context;
        struct watch *watches;
        usb_loop_on_removed on_removed;
        void *userdata;
        bool failed; /* a descriptor could not be watched */
};

DEFINE_CLEANUP(struct usb_loop, usb_loop_free)

void usb_loop_run(struct usb_loop *loop)
{
        struct timeval now = { 0 };

        libusb_handle_events_timeout_completed(loop->context, &now, NULL);
}

static void on_ready(evutil_socket_t fd, short what, void *userdata)
{
        usb_loop_run(userdata);
}

static struct watch *watch_free(struct watch *w)
{
        if (w->event)
                event_free(w->event);
        free(w);
        return NULL;
}

static void on_pollfd_added(int fd, short events, void *userdata)
{
        struct usb_loop *loop = userdata;
        short what = EV_PERSIST;
        struct watch *w;

        if (events & POLLIN)
                what |= EV_READ;
        if (events & POLLOUT)
                what |= EV_WRITE;

        w = calloc(1, sizeof(*w));
        if (w)
                w->event = event_new(loop->base, fd, what, on_ready, loop);
        if (!w || !w->event || event_add(w->event, NULL) < 0) {
                log_error("cannot watch descriptor %i of libusb: the device would not answer", fd);
                loop->failed = true;
                if (w)
                        watch_free(w);
                return;
        }

        LL_PREPEND(loop->watches, w);
}

static void on_pollfd_removed(int fd, void *userdata)
{
        struct usb_loop *loop = userdata;
        struct watch *w;

        LL_FOREACH (loop->watches, w)
                if (event_get_fd(w->event) == fd)
                        break;
        if (w) {
                LL_DELETE(loop->watches, w);
                watch_free(w);
        }

        if (loop->on_removed)
                loop->on_removed(loop->userdata);
}

static int watch_all(struct usb_loop *loop)
{
        const struct libusb_pollfd **fds;

        libusb_set_pollfd_notifiers(loop->context, on_pollfd_added, on_pollfd_removed, loop);

        fds = libusb_get_pollfds(loop->context);
        if (!fds)
                return -ENOMEM;
        for (size_t i = 0; fds[i]; i++)
                on_pollfd_added(fds[i]->fd, fds[i]->events, loop);
        libusb_free_pollfds(fds);

        return loop->failed ? -EIO : 0;
}

int usb_loop_new(struct usb_loop **ret, struct event_base *base, bool discovery)
{
        CLEANUP(usb_loop_freep) struct usb_loop *loop = NULL;
        int r;

        loop = calloc(1, sizeof(*loop));
        if (!loop)
                return -ENOMEM;

        loop->base = base;

        /* Options of the default context (NULL) hold for those made later. */
        if (!discovery)
                libusb_set_option(NULL, LIBUSB_OPTION_NO_DEVICE_DISCOVERY);
        r = usb_errno(libusb_init(&loop->context));
        if (r < 0)
                return r;

        if (!libusb_pollfds_handle_timeouts(loop->context))
                return -ENOTSUP;

        r = watch_all(loop);
        if (r < 0)
                return r;

        *ret = TAKE(loop);
        return 0;
}

struct usb_loop *usb_loop_free(struct usb_loop *loop)
{
        struct watch *w, *next;

        if (!loop)
                return NULL;

        if (loop->context) {
                libusb_set_pollfd_notifiers(loop->context, NULL, NULL, NULL);
                libusb_exit(loop->context);
        }
        LL_FOREACH_SAFE (loop->watches, w, next)
                watch_free(w);
        free(loop);
        return NULL;
}

libusb_context *usb_loop_context(const struct usb_loop *loop)
{
        return loop->context;
}

void usb_loop_watch_removed(struct usb_loop *loop, usb_loop_on_removed on_removed, void *userdata)
{
        loop->on_removed = on_removed;
        loop->userdata = userdata;
}
