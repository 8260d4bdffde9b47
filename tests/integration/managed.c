/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The report goes to standard error, with the log: a session that is managed has no other
 * descriptor that it could inherit. The node is /dev/null: the fake asks for none.
 */
#include "integration/managed.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <spawn.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "daemon/worker-private.h"
#include "unit/run-until.h"
#include "util/cleanup.h"

const struct control_order managed_order = {
        .number = 7,
        .purpose = CONTROL_REDIRECT,
        .usbfs_memory = 4 << 20,
        .greeting_sec = 10,
        .log_level = 4,
        .vendor = 0x1209,
        .product = 1,
        .bus = 1,
        .address = 2,
        .configuration = 1,
        .port = "1-1",
        .guest = "vm1",
        .channel = "tcp:vm1:4000",
};

int __real_open(const char *path, int flags, ...);
int __wrap_open(const char *path, int flags, ...);

int __wrap_open(const char *path, int flags, ...)
{
        return __real_open(strcmp(path, "/dev/bus/usb/001/002") ? path : "/dev/null", flags, 0600);
}

static void on_status(void *userdata)
{
        ((struct managed *)userdata)->statuses++;
}

static void on_described(void *userdata)
{
        ((struct managed *)userdata)->descriptions++;
}

static void on_end(void *userdata, enum session_reason reason, const char *message, bool returned)
{
        struct managed *m = userdata;

        m->ends++;
        m->reason = reason;
        m->is_returned = returned;
        snprintf(m->message, sizeof(m->message), "%s", message);
        m->worker = worker_free(m->worker);
}

static void on_stuck(void *userdata)
{
        ((struct managed *)userdata)->stucks++;
}

static const struct worker_events events = { on_status, on_described, on_end, on_stuck };

static int listen_at(struct managed *m, int type, const char *name)
{
        struct sockaddr_un address = { .sun_family = AF_UNIX };
        int fd = socket(AF_UNIX, type | SOCK_CLOEXEC, 0);

        snprintf(address.sun_path, sizeof(address.sun_path), "%s/%s", m->directory, name);
        assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
        return fd;
}

static struct managed *new_bed(void)
{
        struct managed *m = calloc(1, sizeof(*m));
        char path[PATH_MAX];

        strcpy(m->directory, "/tmp/test-managed-XXXXXX");
        assert_non_null(mkdtemp(m->directory));
        m->listener = listen_at(m, SOCK_SEQPACKET, "session");
        m->notify = listen_at(m, SOCK_DGRAM, "notify");
        assert_int_equal(listen(m->listener, 4), 0);
        m->base = event_base_new();
        m->guest.fd = -1;
        report_open(&m->report);

        snprintf(path, sizeof(path), "%s/tests/fake-libusb", getenv("top_builddir") ?: ".");
        setenv("LD_LIBRARY_PATH", path, 1);
        /* The leak checker needs ptrace, which the sandbox does not allow. */
        setenv("ASAN_OPTIONS", "detect_leaks=0", 1);
        unsetenv("JOURNAL_STREAM");
        unsetenv("NOTIFY_SOCKET");
        unsetenv("WATCHDOG_USEC");
        return m;
}

static void program_path(char *text, size_t size)
{
        snprintf(text, size, "%s/usbredir-session", getenv("top_builddir") ?: ".");
}

int managed_setup(void **state)
{
        struct managed *m = new_bed();
        char path[128];

        snprintf(path, sizeof(path), "%s/session", m->directory);
        assert_int_equal(launcher_new_socket(&m->launcher, path), 0);
        *state = m;
        return 0;
}

int managed_setup_fork(void **state)
{
        static const char *const arguments[] = { "--no-sandbox", NULL };
        struct managed *m = new_bed();
        char path[PATH_MAX];

        program_path(path, sizeof(path));
        assert_int_equal(launcher_new_fork(&m->launcher, path, arguments), 0);
        *state = m;
        return 0;
}

static void remove_name(const struct managed *m, const char *name)
{
        char path[128];

        snprintf(path, sizeof(path), "%s/%s", m->directory, name);
        unlink(path);
}

int managed_teardown(void **state)
{
        struct managed *m = *state;

        worker_free(m->worker);
        launcher_free(m->launcher);
        event_base_free(m->base);
        guest_close(&m->guest);
        report_close(&m->report);
        close_fd(m->listener);
        close_fd(m->notify);
        remove_name(m, "session");
        remove_name(m, "notify");
        rmdir(m->directory);
        free(m);
        return 0;
}

void managed_start_process(struct managed *m)
{
        const char *const arguments[] = { "usbredir-session", "--control=fd:3", "--user=nobody",
                                          NULL };
        posix_spawn_file_actions_t actions;
        char path[PATH_MAX];
        int fd;

        fd = accept4(m->listener, NULL, NULL, SOCK_CLOEXEC);
        assert_true(fd >= 0);
        program_path(path, sizeof(path));
        posix_spawn_file_actions_init(&actions);
        posix_spawn_file_actions_adddup2(&actions, m->report.log_fd, STDERR_FILENO);
        posix_spawn_file_actions_adddup2(&actions, fd, 3);
        posix_spawn_file_actions_addclosefrom_np(&actions, 4);
        assert_int_equal(posix_spawn(&m->pid, path, &actions, NULL, (char **)arguments, environ),
                         0);
        posix_spawn_file_actions_destroy(&actions);
        close(fd);
}

void managed_start_with(struct managed *m, const char *options, const struct control_order *order,
                        struct control_fds *fds)
{
        struct error error;
        char text[512];
        int own_stderr;

        snprintf(text, sizeof(text), "report=stderr%s%s", *options ? "," : "", options);
        assert_int_equal(setenv("FAKE_LIBUSB", text, 1), 0);

        own_stderr = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 100);
        dup2(m->report.log_fd, STDERR_FILENO);
        assert_int_equal(
                worker_start(&m->worker, m->base, m->launcher, order, fds, &events, m, &error), 0);
        dup2(own_stderr, STDERR_FILENO);
        close(own_stderr);
        if (launcher_passes_node(m->launcher))
                managed_start_process(m);
}

void managed_start(struct managed *m, const char *options, const struct control_order *order)
{
        struct control_fds fds = CONTROL_NO_FDS;
        int pair[2];

        if (order->purpose == CONTROL_REDIRECT) {
                assert_int_equal(
                        socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, pair),
                        0);
                guest_open(&m->guest, pair[0], CAP_ALL);
                fds.guest = pair[1];
        }
        managed_start_with(m, options, order, &fds);
}

void managed_start_greeted(struct managed *m, const char *options,
                           const struct control_order *order)
{
        managed_start(m, options, order);
        guest_greet(&m->guest);
        managed_wait_state(m, DEVICE_OFFERED);
}

void managed_adopt(struct managed *m)
{
        int copy = fcntl(m->worker->fd, F_DUPFD_CLOEXEC, 0);

        worker_leave(m->worker);
        m->worker = worker_free(m->worker);
        m->statuses = 0;
        assert_int_equal(worker_adopt(&m->worker, m->base, copy, &events, m), 0);
        RUN_UNTIL(m->base, m->descriptions > 0);
}

void managed_wait_state(struct managed *m, enum device_state state)
{
        RUN_UNTIL(m->base, m->ends > 0 || worker_status(m->worker)->device_state >= state);
        if (m->ends > 0 || worker_status(m->worker)->device_state != state) {
                report_read(&m->report);
                fail_msg("ended %u times; log:\n%s", m->ends, m->report.log);
        }
}

int managed_wait_exit(struct managed *m)
{
        int status = 0;

        if (m->pid > 0) {
                struct pollfd fd = { .fd = (int)syscall(SYS_pidfd_open, m->pid, 0),
                                     .events = POLLIN };

                if (poll(&fd, 1, GUEST_DEADLINE_SEC * 1000) != 1)
                        kill(m->pid, SIGKILL);
                close(fd.fd);
                assert_int_equal(waitpid(m->pid, &status, 0), m->pid);
                m->pid = 0;
        }
        report_read(&m->report);
        snprintf(m->report.text, sizeof(m->report.text), "%s",
                 strstr(m->report.log, "submitted=") ?: "");
        return status;
}

void managed_expect_end(struct managed *m, enum session_reason reason, bool returned)
{
        RUN_UNTIL(m->base, m->ends > 0);
        managed_wait_exit(m);
        if (m->reason != reason || m->is_returned != returned)
                fail_msg("\"%s\", %s; log:\n%s", m->message,
                         m->is_returned ? "returned" : "not returned", m->report.log);
        assert_int_equal(m->ends, 1);
}
