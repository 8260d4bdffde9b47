/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * usbredir-session: one device to one guest. The order is the point: all that needs names, files
 * and privileges comes first (find and open the device node, reach the guest, make a libusb
 * context); then root and nearly all system calls are given up; only then is the device read, and
 * the first byte of the guest.
 *
 * A session that the daemon has started is managed.c's.
 */
#include <errno.h>
#include <event2/event.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "session/dial.h"
#include "session/managed.h"
#include "session/options.h"
#include "session/session.h"
#include "session/setup.h"
#include "session/transport.h"
#include "usb/find.h"
#include "util/cleanup.h"
#include "util/log.h"
#include "util/socket.h"

/* What the kernel allows all of usbfs unless told otherwise, and what we leave to others. */
#define USBFS_MEMORY_DEFAULT_MB 16
#define USBFS_MEMORY_RESERVE_MB 2
#define USBFS_MEMORY_FILE       "/sys/module/usbcore/parameters/usbfs_memory_mb"

/* Stands for "no limit", which the kernel spells 0. */
#define USBFS_MEMORY_UNLIMITED_MB 2047

struct resources {
        struct event_base *base;
        struct event *signals;
        struct usb_loop *loop;
        struct session *session;
        int signal_fd, device_fd;
};

static void resources_clear(struct resources *r)
{
        session_free(r->session);
        usb_loop_free(r->loop);
        if (r->signals)
                event_free(r->signals);
        if (r->base)
                event_base_free(r->base);
        close_fd(r->device_fd);
        close_fd(r->signal_fd);
}

static void on_signal(evutil_socket_t fd, short what, void *userdata)
{
        struct resources *r = userdata;
        struct signalfd_siginfo info;

        if (read(fd, &info, sizeof(info)) == sizeof(info))
                session_end(r->session, REASON_ASKED, "%s", strsignal((int)info.ssi_signo));
}

static size_t usbfs_memory(const struct options *options)
{
        CLEANUP(close_fdp) int fd = -1;
        unsigned limit = USBFS_MEMORY_DEFAULT_MB;
        char text[16] = "";

        if (options->usbfs_memory > 0)
                return options->usbfs_memory;

        fd = open(USBFS_MEMORY_FILE, O_RDONLY | O_CLOEXEC);
        if (fd >= 0 && read(fd, text, sizeof(text) - 1) > 0 && sscanf(text, "%u", &limit) == 1 &&
            limit == 0)
                limit = USBFS_MEMORY_UNLIMITED_MB;

        limit = MIN(limit, (unsigned)USBFS_MEMORY_UNLIMITED_MB);
        return (size_t)(limit > USBFS_MEMORY_RESERVE_MB ? limit - USBFS_MEMORY_RESERVE_MB : 1)
               << 20;
}

/* Finds the device; opens its node unless libusb is to do that. */
static enum session_reason open_device(const struct options *options, struct session_config *config,
                                       int *ret_fd)
{
        struct usb_place place = { 0 };
        char message[512];
        enum session_reason reason;

        if (options->device_fd >= 0) {
                log_set_object(options->device);
                config->device_fd = options->device_fd;
                return REASON_ASKED;
        }

        switch (usb_find(options->device, &place, message, sizeof(message))) {
        case 0: break;
        case -EINVAL: log_error("--device: %s", message); return REASON_USAGE;
        default: log_error("%s", message); return REASON_NOT_FOUND;
        }
        log_set_object(place.port);
        config->bus = place.bus;
        config->address = place.address;
        if (!options->sandbox)
                return REASON_ASKED;

        reason = setup_open_node(place.bus, place.address, ret_fd, message, sizeof(message));
        if (reason != REASON_ASKED)
                log_error("%s", message);

        config->device_fd = *ret_fd;
        return reason;
}

static enum session_reason reach_guest(const struct options *options, int signal_fd, int *ret_fd)
{
        char message[512] = "";
        int r;

        r = (options->listen ? dial_accept : dial_connect)(&options->address, signal_fd, ret_fd,
                                                           message, sizeof(message));
        if (r == -ECANCELED) {
                log_info("asked to end before a guest was there");
                return REASON_ASKED;
        }
        if (r < 0)
                log_error("%s", message);

        return REASON_CONNECT_FAILED;
}

/* What encrypts the socket, if that is wanted; it stays the caller's. */
static int make_tls(const struct options *options, int socket_fd, struct transport **ret)
{
        struct control_order order = { .purpose = CONTROL_REDIRECT,
                                       .flags = options->listen ? CONTROL_ACCEPTED : 0 };
        struct control_fds fds = CONTROL_NO_FDS;
        char message[256];
        int r;

        r = tls_options_open(&options->tls, options->listen ? "" : options->address.host, &order,
                             fds.files, message, sizeof(message));
        fds.guest = socket_fd;
        if (r == 0)
                r = setup_tls(&order, &fds, ret, message, sizeof(message));
        if (r < 0)
                log_error("--tls: %s", message);

        return r;
}

static enum session_reason run(const struct options *options, struct resources *r)
{
        struct session_config config = { .device_fd = -1,
                                         .usbfs_memory = usbfs_memory(options),
                                         .trace = options->trace,
                                         .user_timeout_sec = SOCKET_USER_TIMEOUT_SEC };
        CLEANUP(close_fdp) int socket_fd = -1;
        enum session_reason reason;
        int error;

        r->signal_fd = setup_signals();
        reason = open_device(options, &config, &r->device_fd);
        if (reason != REASON_ASKED)
                return reason;

        reason = reach_guest(options, r->signal_fd, &socket_fd);
        if (socket_fd < 0)
                return reason;

        r->base = event_base_new();
        r->signals = r->base ? event_new(r->base, r->signal_fd, EV_READ | EV_PERSIST, on_signal, r)
                             : NULL;
        if (!r->signals || event_add(r->signals, NULL) < 0) {
                log_error("cannot make an event loop");
                return REASON_FAILURE;
        }

        error = usb_loop_new(&r->loop, r->base, !options->sandbox);
        if (error < 0) {
                log_error("cannot start libusb: %s", strerror(-error));
                return REASON_FAILURE;
        }
        if (make_tls(options, socket_fd, &config.tls) < 0)
                return REASON_TLS_FAILED;
        if (setup_close_sandbox(options) < 0) {
                transport_free(config.tls);
                return REASON_FAILURE;
        }

        error = session_new(&r->session, &config, r->base, r->loop, TAKE_FD(socket_fd), &reason);
        if (error < 0) {
                log_error("%s: %s", session_reason_string(reason), strerror(-error));
                return reason;
        }

        event_base_dispatch(r->base);
        return r->session->reason;
}

int main(int argc, char **argv)
{
        struct resources resources = { .signal_fd = -1, .device_fd = -1 };
        enum session_reason reason = REASON_ASKED;
        struct options options;

        log_set_name("usbredir-session");

        switch (options_parse(argc, argv, &options)) {
        case OPTIONS_RUN:
                log_set_level(options.log_level);
                reason =
                        options.control_fd >= 0 ? managed_run(&options) : run(&options, &resources);
                break;
        case OPTIONS_DONE: break;
        case OPTIONS_USAGE: reason = REASON_USAGE; break;
        }

        resources_clear(&resources);
        return session_reason_exit_code(reason);
}
