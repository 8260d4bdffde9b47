/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Descriptors of the child have fixed numbers: 3 is the device node (any file: the fake asks for
 * none), 4 the guest's socket, 5 the report. All others close on exec.
 */
#include "integration/process.h"

#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "integration/bed.h"
#include "util/cleanup.h"

enum { CHILD_DEVICE = 3, CHILD_SOCKET = 4, CHILD_REPORT = 5 };

/* Descriptors from here on are out of the way of those. */
#define HIGH_FD 64

static const char *build_directory(void)
{
        return getenv("top_builddir") ?: ".";
}

static void put_fd(int fd, int number)
{
        if (dup2(fd, number) != number)
                _exit(126);
}

/* The child: what it sets up here it has when usbredir-session begins. */
static void run_child(const struct report *report, int socket_fd, const char *options,
                      const char *const *arguments)
{
        const char *argv[PROCESS_ARGUMENTS_MAX + 8] = {
                "usbredir-session", "--device", "fd:3", "--to", "fd:4", "--user", "nobody"
        };
        char text[512], path[PATH_MAX], program[PATH_MAX];
        int device, high_socket, high_report;

        device = fcntl(open("/dev/null", O_RDWR), F_DUPFD, HIGH_FD);
        high_socket = fcntl(socket_fd, F_DUPFD, HIGH_FD);
        high_report = fcntl(report->fd, F_DUPFD, HIGH_FD);
        put_fd(report->log_fd, STDERR_FILENO);
        put_fd(device, CHILD_DEVICE);
        put_fd(high_socket, CHILD_SOCKET);
        put_fd(high_report, CHILD_REPORT);
        syscall(SYS_close_range, CHILD_REPORT + 1, ~0u, 0);

        for (size_t i = 7; arguments && *arguments && i < PROCESS_ARGUMENTS_MAX + 7; i++)
                argv[i] = *arguments++;

        snprintf(text, sizeof(text), "report-fd=%i%s%s", CHILD_REPORT, *options ? "," : "",
                 options);
        snprintf(path, sizeof(path), "%s/tests/fake-libusb", build_directory());
        snprintf(program, sizeof(program), "%s/usbredir-session", build_directory());
        setenv("FAKE_LIBUSB", text, 1);
        setenv("LD_LIBRARY_PATH", path, 1);
        /* The leak checker needs ptrace, which the sandbox does not allow. */
        setenv("ASAN_OPTIONS", "detect_leaks=0", 1);
        unsetenv("JOURNAL_STREAM");
        execv(program, (char **)argv);
        _exit(127);
}

void process_start(struct process *p, const char *options, const char *const *arguments,
                   uint32_t caps)
{
        int fds[2];

        *p = (struct process){ .pid_fd = -1 };
        report_open(&p->report);
        assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fds),
                         0);

        p->pid = fork();
        assert_true(p->pid >= 0);
        if (p->pid == 0)
                run_child(&p->report, fds[1], options, arguments);

        p->pid_fd = (int)syscall(SYS_pidfd_open, p->pid, 0);
        assert_true(p->pid_fd >= 0);
        close(fds[1]);
        guest_open(&p->guest, fds[0], caps);
}

void process_signal(struct process *p, int signal)
{
        assert_int_equal(kill(p->pid, signal), 0);
}

int process_end(struct process *p)
{
        struct pollfd fd = { .fd = p->pid_fd, .events = POLLIN };
        int status;

        if (poll(&fd, 1, GUEST_DEADLINE_SEC * 1000) != 1) {
                kill(p->pid, SIGKILL);
                waitpid(p->pid, &status, 0);
                report_read(&p->report);
                fail_msg("the session does not end; log:\n%s", p->report.log);
        }
        assert_int_equal(waitpid(p->pid, &status, 0), p->pid);

        p->pid_fd = close_fd(p->pid_fd);
        guest_close(&p->guest);
        report_read(&p->report);
        report_close(&p->report);
        if (!WIFEXITED(status))
                fail_msg("killed by signal %i; log:\n%s", WTERMSIG(status), p->report.log);

        return WEXITSTATUS(status);
}

/* The rest of the line that starts with key. */
static void read_status(const struct process *p, const char *key, char *ret_value, size_t size)
{
        char path[64], line[256];
        FILE *file;

        snprintf(path, sizeof(path), "/proc/%i/status", (int)p->pid);
        file = fopen(path, "re");
        assert_non_null(file);
        ret_value[0] = '\0';
        while (fgets(line, sizeof(line), file))
                if (!strncmp(line, key, strlen(key)))
                        snprintf(ret_value, size, "%s", line + strlen(key) + 1);
        fclose(file);
}

size_t process_memory(const struct process *p, const char *key)
{
        char value[256];

        read_status(p, key, value, sizeof(value));
        return strtoul(value, NULL, 10);
}

bool process_is_asleep(const struct process *p)
{
        char value[256];

        read_status(p, "State", value, sizeof(value));
        return strchr(value, 'S') != NULL;
}

size_t process_descriptors(const struct process *p)
{
        char path[64];

        snprintf(path, sizeof(path), "/proc/%i/fd", (int)p->pid);
        return count_descriptors(path);
}
