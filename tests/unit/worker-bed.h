#pragma once
/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A worker whose session is the test: the other end of its control socket. The device's node is
 * what __wrap_open() says. Include after cmocka.h.
 */
#include <errno.h>
#include <event2/event.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "daemon/worker-private.h"
#include "daemon/worker.h"
#include "unit/run-until.h"
#include "util/cleanup.h"

struct worker_bed {
        struct event_base *base;
        struct launcher *launcher;
        char directory[32], path[64];
        int listener, peer, notify;
        struct worker *worker;
        struct error error;

        /* What the manager is told. */
        unsigned statuses, descriptions, ends, stucks;
        enum session_reason reason;
        char message[CONTROL_MESSAGE_SIZE];
        bool is_returned, frees_at_end;
};

/* The node: this descriptor, once; or this errno. */
static int node_fd = -1, node_errno;
static char node_path[64];

int __real_open(const char *path, int flags, ...);
int __wrap_open(const char *path, int flags, ...);

int __wrap_open(const char *path, int flags, ...)
{
        if (strncmp(path, "/dev/bus/usb/", 13) != 0)
                return __real_open(path, flags, 0600);

        assert_int_equal(flags, O_RDWR | O_CLOEXEC);
        snprintf(node_path, sizeof(node_path), "%s", path);
        errno = node_errno;
        return node_errno ? -1 : TAKE_FD(node_fd);
}

static inline void bed_on_status(void *userdata)
{
        ((struct worker_bed *)userdata)->statuses++;
}

static inline void bed_on_described(void *userdata)
{
        struct worker_bed *b = userdata;

        assert_int_equal(b->statuses, 0);
        b->descriptions++;
}

static inline void bed_on_end(void *userdata, enum session_reason reason, const char *message,
                              bool returned)
{
        struct worker_bed *b = userdata;

        b->ends++;
        b->reason = reason;
        b->is_returned = returned;
        snprintf(b->message, sizeof(b->message), "%s", message);
        if (b->frees_at_end)
                b->worker = worker_free(b->worker);
}

static inline void bed_on_stuck(void *userdata)
{
        ((struct worker_bed *)userdata)->stucks++;
}

static const struct worker_events bed_events = { bed_on_status, bed_on_described, bed_on_end,
                                                 bed_on_stuck };

static const struct control_order bed_order = {
        .number = 7,
        .purpose = CONTROL_REDIRECT,
        .usbfs_memory = 4 << 20,
        .vendor = 0x1209,
        .product = 2,
        .bus = 1,
        .address = 2,
        .port = "1-1",
        .guest = "vm1",
        .channel = "tcp:vm1:4000",
};

/* A socket of that type at bed's path with the name added. */
static inline int bed_listen(struct worker_bed *b, int type, const char *name)
{
        struct sockaddr_un address = { .sun_family = AF_UNIX };
        int fd = socket(AF_UNIX, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

        snprintf(address.sun_path, sizeof(address.sun_path), "%s/%s", b->directory, name);
        assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
        return fd;
}

/* Also a service manager, to which nobody talks unless a test says so. */
static inline int bed_setup(void **state)
{
        struct worker_bed *b = calloc(1, sizeof(*b));

        strcpy(b->directory, "/tmp/test-worker-XXXXXX");
        assert_non_null(mkdtemp(b->directory));
        snprintf(b->path, sizeof(b->path), "%s/session", b->directory);
        b->peer = -1;
        b->listener = bed_listen(b, SOCK_SEQPACKET, "session");
        assert_int_equal(listen(b->listener, 0), 0);
        b->notify = bed_listen(b, SOCK_DGRAM, "notify");
        b->base = event_base_new();
        assert_int_equal(launcher_new_socket(&b->launcher, b->path), 0);
        node_errno = 0;
        node_fd = open("/dev/null", O_RDWR | O_CLOEXEC);
        unsetenv("NOTIFY_SOCKET");
        *state = b;
        return 0;
}

static inline int bed_teardown(void **state)
{
        struct worker_bed *b = *state;
        char path[64];

        worker_free(b->worker);
        launcher_free(b->launcher);
        event_base_free(b->base);
        close_fd(b->listener);
        close_fd(b->peer);
        close_fd(b->notify);
        node_fd = close_fd(node_fd);
        snprintf(path, sizeof(path), "%s/notify", b->directory);
        unlink(path);
        unlink(b->path);
        rmdir(b->directory);
        free(b);
        return 0;
}

/* The session's end, once the worker's is connected. */
static inline void bed_accept(struct worker_bed *b)
{
        b->peer = accept4(b->listener, NULL, NULL, SOCK_CLOEXEC);
        assert_true(b->peer >= 0);
}

static inline void bed_receive(struct worker_bed *b, enum control_type type,
                               struct control_message *ret)
{
        struct control_fds fds = CONTROL_NO_FDS;

        assert_int_equal(control_receive(b->peer, CONTROL_DAEMON, ret, &fds), 0);
        assert_int_equal(ret->type, type);
        control_fds_close(&fds);
}

static inline void bed_start_order(struct worker_bed *b, const struct control_order *order)
{
        struct control_fds fds = CONTROL_NO_FDS;
        struct control_message message;

        if (order->purpose == CONTROL_REDIRECT)
                fds.guest = open("/dev/null", O_RDWR | O_CLOEXEC);
        assert_int_equal(worker_start(&b->worker, b->base, b->launcher, order, &fds, &bed_events, b,
                                      &b->error),
                         0);
        bed_accept(b);
        bed_receive(b, CONTROL_START, &message);
        assert_memory_equal(&message.order, order, sizeof(*order));
}

static inline void bed_start(struct worker_bed *b)
{
        bed_start_order(b, &bed_order);
}

/* What a former daemon has left. */
static inline void bed_adopt(struct worker_bed *b)
{
        struct control_message message;
        int fds[2];

        assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds), 0);
        b->peer = fds[0];
        assert_int_equal(worker_adopt(&b->worker, b->base, fds[1], &bed_events, b), 0);
        bed_receive(b, CONTROL_DESCRIBE, &message);
}

static inline void bed_say(struct worker_bed *b, const struct control_message *message)
{
        assert_int_equal(control_send(b->peer, message, NULL, 0), 0);
}

static inline void bed_say_status(struct worker_bed *b, enum link_state link,
                                  enum device_state device)
{
        bed_say(b, &(struct control_message){ .type = CONTROL_STATUS,
                                              .status = { link, device, .pid = 4711 } });
}

static inline void bed_say_ended(struct worker_bed *b, enum session_reason reason, bool returned,
                                 const char *text)
{
        struct control_message m = { .type = CONTROL_ENDED, .ended = { reason, returned } };

        snprintf(m.ended.message, sizeof(m.ended.message), "%s", text);
        bed_say(b, &m);
}

static inline void bed_hang_up(struct worker_bed *b)
{
        b->peer = close_fd(b->peer);
}

/* The time of the worker's timer comes now. */
static inline void bed_let_time_pass(struct worker_bed *b, time_t seconds)
{
        struct timeval at, now;

        assert_true(event_pending(b->worker->timer, EV_TIMEOUT, &at));
        gettimeofday(&now, NULL);
        assert_in_range(at.tv_sec - now.tv_sec, seconds - 2, seconds + 1);
        event_active(b->worker->timer, EV_TIMEOUT, 0);
        run_ready(b->base);
}

/* Is it told that nothing comes any more? */
static inline bool bed_is_closed(const struct worker_bed *b)
{
        struct pollfd fd = { .fd = b->peer, .events = POLLRDHUP };

        assert_true(poll(&fd, 1, 0) >= 0);
        return fd.revents & (POLLRDHUP | POLLHUP);
}

static inline void assert_ended(const struct worker_bed *b, enum session_reason reason,
                                const char *message, bool returned)
{
        assert_int_equal(b->ends, 1);
        assert_int_equal(b->reason, reason);
        assert_string_equal(b->message, message);
        assert_int_equal(b->is_returned, returned);
}

#define WORKER_TEST(function) cmocka_unit_test_setup_teardown(function, bed_setup, bed_teardown)
