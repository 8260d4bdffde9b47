/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The sandbox from inside: what a session needs works, some calls are refused, and root is given
 * up. What ends the process is in test-session-sandbox-calls.c.
 */
#include "config.h"

#include <errno.h>
#include <grp.h>
#include <linux/usbdevice_fs.h>
#include <poll.h>
#include <pwd.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <sys/utsname.h>

#include <cmocka.h>

#include "unit/sandbox-bed.h"
#include "util/macro.h"

/* What a session needs: bytes, readiness, time, memory. */
static void do_what_is_allowed(void)
{
        struct epoll_event event = { .events = EPOLLIN };
        struct pollfd ready = { .events = POLLIN };
        struct itimerspec soon = { .it_value.tv_nsec = 1 };
        struct iovec iov = { .iov_base = (char[8]){ 0 }, .iov_len = 8 };
        struct msghdr message = { .msg_iov = &iov, .msg_iovlen = 1 };
        struct timespec now;
        uint8_t *memory;
        socklen_t size = sizeof(int);
        uint64_t count;
        int value = 0;

        close_sandbox();
        CHECK(write(pair[0], "12345678", 8) == 8);
        ready.fd = pair[1];
        CHECK(poll(&ready, 1, -1) == 1);
        CHECK(epoll_ctl(epoll_fd, EPOLL_CTL_ADD, pair[1], &event) == 0);
        CHECK(epoll_wait(epoll_fd, &event, 1, -1) == 1);
        CHECK(read(pair[1], iov.iov_base, 4) == 4);
        CHECK(readv(pair[1], &iov, 1) == 4);
        CHECK(memcmp(iov.iov_base, "5678", 4) == 0);
        CHECK(writev(pair[0], &iov, 1) == 8);
        CHECK(recvmsg(pair[1], &message, 0) == 8);
        CHECK(sendmsg(pair[0], &message, MSG_NOSIGNAL) == 8);
        CHECK(recv(pair[1], iov.iov_base, 8, 0) == 8);
        CHECK(send(pair[0], "x", 1, 0) == 1);
        CHECK(getsockopt(pair[0], SOL_SOCKET, SO_ERROR, &value, &size) == 0 && value == 0);
        CHECK(fcntl(pair[0], F_SETFL, fcntl(pair[0], F_GETFL) | O_NONBLOCK) == 0);
        CHECK(shutdown(pair[0], SHUT_RDWR) == 0);
        CHECK(close(pair[0]) == 0);

        CHECK(timerfd_settime(timer_fd, 0, &soon, NULL) == 0);
        CHECK(read(timer_fd, &count, sizeof(count)) == sizeof(count));
        CHECK(clock_gettime(CLOCK_REALTIME, &now) == 0);

        for (size_t i = 1; i < 1 << 24; i <<= 1) {
                memory = malloc(i);
                CHECK(memory);
                memory[i - 1] = 1;
                memory = realloc(memory, 2 * i);
                CHECK(memory && memory[i - 1] == 1);
                free(memory);
        }

        /* No device is behind it, but the question is allowed. */
        CHECK(ioctl(null_fd, USBDEVFS_SUBMITURB, NULL) < 0 && errno == ENOTTY);
        CHECK(ioctl(null_fd, USBDEVFS_RESET, NULL) < 0 && errno == ENOTTY);
        CHECK(fprintf(stderr, "%s", "") == 0);
        CHECK(getpid() > 1);
}

static void a_session_can_work_inside(void **state)
{
        assert_int_equal(run_child(do_what_is_allowed), 0);
}

static void open_a_file(void)
{
        close_sandbox();
        CHECK(open("/dev/null", O_RDONLY) < 0 && errno == EACCES);
        CHECK(open("/etc/passwd", O_RDONLY) < 0 && errno == EACCES);
        CHECK(openat(null_fd, "x", O_CREAT | O_WRONLY, 0600) < 0 && errno == EACCES);
}

static void ask_for_a_name(void)
{
        struct utsname name;
        char text[64];

        close_sandbox();
        CHECK(uname(&name) < 0 && errno == EACCES);
        CHECK(syscall(SYS_readlink, "/proc/self/exe", text, sizeof(text)) < 0 && errno == EACCES);
}

static void some_calls_fail_softly(void **state)
{
        assert_int_equal(run_child(open_a_file), 0);
        assert_int_equal(run_child(ask_for_a_name), 0);
}

static void look_at_itself(void)
{
        static char text[8192];
        ssize_t n;

        close_sandbox();
        n = read(status_fd, text, sizeof(text) - 1);
        CHECK(n > 0);
        CHECK(strstr(text, "\nNoNewPrivs:\t1\n"));
        CHECK(strstr(text, "\nThreads:\t1\n"));
        CHECK(strstr(text, "\nSeccomp:\t2\n"));
}

static void cannot_gain_privileges_and_stays_one_thread(void **state)
{
        assert_int_equal(run_child(look_at_itself), 0);
}

/* The text of a file of another process. */
static void read_proc(pid_t pid, const char *name, char *ret, size_t size)
{
        char path[64];
        ssize_t n;
        int fd;

        snprintf(path, sizeof(path), "/proc/%i/%s", (int)pid, name);
        fd = open(path, O_RDONLY | O_CLOEXEC);
        assert_true(fd >= 0);
        n = read(fd, ret, size - 1);
        assert_true(n > 0);
        ret[n] = '\0';
        close(fd);
}

/* The parent looks: the child may not. What may not be traced has files of root's. */
static void leaves_no_core_and_cannot_be_traced(void **state)
{
        const uid_t uid = geteuid() ?: 65534;
        char text[4096], path[64];
        struct stat st;
        int fds[2];
        pid_t pid;

        assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
        pid = fork();
        assert_true(pid >= 0);
        if (pid == 0) {
                close(fds[0]);
                CHECK(setresuid(uid, uid, uid) == 0);
                CHECK(prctl(PR_SET_DUMPABLE, 1, 0, 0, 0) == 0);
                CHECK(write(fds[1], "x", 1) == 1);
                CHECK(read(fds[1], text, 1) == 1);
                CHECK(sandbox_close() == 0);
                CHECK(write(fds[1], "x", 1) == 1);
                CHECK(read(fds[1], text, 1) == 1);
                leave(0);
        }

        snprintf(path, sizeof(path), "/proc/%i/mem", (int)pid);
        assert_int_equal(read(fds[0], text, 1), 1);
        assert_int_equal(stat(path, &st), 0);
        assert_int_equal(st.st_uid, uid);
        assert_int_equal(write(fds[0], "x", 1), 1);

        assert_int_equal(read(fds[0], text, 1), 1);
        assert_int_equal(stat(path, &st), 0);
        assert_int_not_equal(st.st_uid, uid);
        read_proc(pid, "limits", text, sizeof(text));
        assert_non_null(strstr(text, "\nMax core file size        0                    0  "));
        assert_int_equal(write(fds[0], "x", 1), 1);
        waitpid(pid, NULL, 0);
        close(fds[0]);
        close(fds[1]);
}

/* Not root: there is nothing to drop, whoever is named. */
static void others_than_root_stay_who_they_are(void **state)
{
        char message[128] = "";

        if (geteuid() == 0)
                skip();
        assert_int_equal(sandbox_drop_root("no-such-user", message, sizeof(message)), 0);
        assert_string_equal(message, "");
}

static void root_needs_a_user_to_become(void **state)
{
        static const struct {
                const char *in, *want;
        } cases[] = {
                { "no-such-user", "user 'no-such-user' does not exist: create it, or name another "
                                  "one with --user=NAME" },
                { "root", "user 'root' is root: create it, or name another one with --user=NAME" },
        };

        if (geteuid() != 0)
                skip();
        for (size_t i = 0; i < ELEMENTS(cases); i++) {
                char message[128] = "";

                assert_int_equal(sandbox_drop_root(cases[i].in, message, sizeof(message)), -ENOENT);
                assert_string_equal(message, cases[i].want);
                assert_int_equal(geteuid(), 0);
        }
}

static void become_nobody(void)
{
        struct passwd *entry = getpwnam("nobody");
        uid_t uid[3];
        gid_t gid[3], groups[8] = { 0, 4, 24 };
        char message[128];

        CHECK(entry);
        CHECK(setgroups(3, groups) == 0);
        CHECK(sandbox_drop_root("nobody", message, sizeof(message)) == 0);
        CHECK(getresuid(&uid[0], &uid[1], &uid[2]) == 0);
        CHECK(getresgid(&gid[0], &gid[1], &gid[2]) == 0);
        for (size_t i = 0; i < 3; i++)
                CHECK(uid[i] == entry->pw_uid && gid[i] == entry->pw_gid);
        CHECK(getgroups(8, groups) == 0);
        CHECK(setuid(0) < 0 && setgid(0) < 0 && setgroups(1, groups) < 0);
        /* Once dropped there is nothing more to drop. */
        CHECK(sandbox_drop_root("no-such-user", message, sizeof(message)) == 0);
        CHECK(sandbox_close() == 0);
}

static void root_becomes_the_user_for_good(void **state)
{
        if (geteuid() != 0 || !getpwnam("nobody"))
                skip();
        assert_int_equal(run_child(become_nobody), 0);
}

int main(void)
{
        static const struct CMUnitTest tests[] = {
                cmocka_unit_test(a_session_can_work_inside),
                cmocka_unit_test(some_calls_fail_softly),
                cmocka_unit_test(cannot_gain_privileges_and_stays_one_thread),
                cmocka_unit_test(leaves_no_core_and_cannot_be_traced),
                cmocka_unit_test(others_than_root_stay_who_they_are),
                cmocka_unit_test(root_needs_a_user_to_become),
                cmocka_unit_test(root_becomes_the_user_for_good),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
