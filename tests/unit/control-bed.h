#pragma once
/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Both ends of a control socket, and what may be sent through one. Include after cmocka.h.
 */
#include <dirent.h>
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "session/control.h"
#include "util/cleanup.h"

/* Both ends: of the daemon and of the session. */
static int pair[2];

static inline size_t count_fds(void)
{
        DIR *d = opendir("/proc/self/fd");
        size_t n = 0;

        assert_non_null(d);
        while (readdir(d))
                n++;
        closedir(d);
        return n;
}

static size_t fds_before;

static inline int setup(void **state)
{
        fds_before = count_fds();
        return socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair);
}

/* Closes both ends, also those that a test has closed. */
static inline int teardown(void **state)
{
        pair[0] = close_fd(pair[0]);
        pair[1] = close_fd(pair[1]);
        assert_int_equal(count_fds(), fds_before);
        return 0;
}

static inline int open_null(void)
{
        int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);

        assert_true(fd >= 0);
        return fd;
}

/* Sends a body of any size and type, with copies of so many descriptors. */
static inline void send_raw(int fd, uint32_t type, const void *body, size_t size, size_t n_fds)
{
        char control[CMSG_SPACE(sizeof(int) * 16)] = { 0 };
        struct iovec iov[] = { { &type, sizeof(type) }, { (void *)body, size } };
        struct msghdr header = { .msg_iov = iov, .msg_iovlen = 2 };
        int null_fd = open_null();

        assert_true(n_fds <= 16);
        if (n_fds > 0) {
                struct cmsghdr *c = (struct cmsghdr *)(void *)control;

                *c = (struct cmsghdr){ .cmsg_level = SOL_SOCKET,
                                       .cmsg_type = SCM_RIGHTS,
                                       .cmsg_len = CMSG_LEN(sizeof(int) * n_fds) };
                for (size_t i = 0; i < n_fds; i++)
                        memcpy(CMSG_DATA(c) + i * sizeof(int), &null_fd, sizeof(int));
                header.msg_control = control;
                header.msg_controllen = CMSG_SPACE(sizeof(int) * n_fds);
        }
        assert_true(sendmsg(fd, &header, MSG_NOSIGNAL) >= 0);
        close(null_fd);
}

/* What the daemon gets from the session. */
static inline int daemon_receive(struct control_message *ret)
{
        return control_receive(pair[0], CONTROL_SESSION, ret, NULL);
}

/* What the session gets from the daemon; the descriptors are closed. */
static inline int session_receive(struct control_message *ret, bool *ret_node, bool *ret_guest)
{
        struct control_fds fds = CONTROL_NO_FDS;
        int r;

        r = control_receive(pair[1], CONTROL_DAEMON, ret, &fds);
        if (ret_node)
                *ret_node = fds.node >= 0;
        if (ret_guest)
                *ret_guest = fds.guest >= 0;
        control_fds_close(&fds);
        return r;
}

static const struct control_order order = {
        .number = 7,
        .purpose = CONTROL_REDIRECT,
        .flags = CONTROL_NO_RESET | CONTROL_BY_HAND,
        .usbfs_memory = 4 << 20,
        .since_usec = UINT64_C(0x0123456789abcdef),
        .greeting_sec = 30,
        .log_level = 4,
        .vendor = 0x1209,
        .product = 2,
        .bus = 1,
        .address = 255,
        .configuration = 3,
        .port = "1-1.4",
        .guest = "vm1",
        .channel = "tcp:vm1:4000",
};

#define CONTROL_TEST(function) cmocka_unit_test_setup_teardown(function, setup, teardown)
