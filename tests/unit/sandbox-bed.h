#pragma once
/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Children that close their sandbox. One leaves by the bare system call: nothing of the test
 * framework or of a sanitizer may run in it once the sandbox is closed. Include after cmocka.h.
 */
#include <fcntl.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "session/sandbox.h"

static inline void leave(int status)
{
        syscall(SYS_exit_group, status);
}

/* In a child; the line tells in its exit status. */
#define CHECK(expression)                                                                          \
        do {                                                                                       \
                if (!(expression))                                                                 \
                        leave(__LINE__ % 250 + 1);                                                 \
        } while (0)

/* Runs it in a child; returns the status of waitpid(). */
static inline int run_child(void (*run)(void))
{
        pid_t pid = fork();
        int status;

        assert_true(pid >= 0);
        if (pid == 0) {
                run();
                leave(0);
        }

        assert_int_equal(waitpid(pid, &status, 0), pid);
        return status;
}

/* Opened before the sandbox is closed. */
static int null_fd, pair[2], epoll_fd, timer_fd, status_fd;

static inline void close_sandbox(void)
{
        null_fd = open("/dev/null", O_RDWR | O_CLOEXEC);
        CHECK(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) == 0);
        epoll_fd = epoll_create1(EPOLL_CLOEXEC);
        timer_fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC);
        status_fd = open("/proc/self/status", O_RDONLY | O_CLOEXEC);
        CHECK(null_fd >= 0 && epoll_fd >= 0 && timer_fd >= 0 && status_fd >= 0);
        CHECK(sandbox_close() == 0);
}
