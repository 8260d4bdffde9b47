/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Waiting for a guest, who is a child of the test.
 */
#include "config.h"

#include <errno.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <cmocka.h>

#include "unit/dial-bed.h"

static void stops_accepting_when_asked_to(void **state)
{
        static const int families[] = { AF_UNIX, AF_INET };

        for (size_t i = 0; i < ELEMENTS(families); i++) {
                int fd = -7, cancel = make_alarm(0);
                char message[256] = "";
                struct peer peer;

                assert_true(bind_peer(&peer, families[i]));
                close_peer(&peer);
                assert_int_equal(dial_accept(&peer.address, cancel, &fd, message, sizeof(message)),
                                 -ECANCELED);
                assert_ptr_equal(strstr(message, "no guest was accepted: "), message);
                assert_int_equal(fd, -7);
                assert_int_equal(access(path, F_OK), -1);
                close(cancel);
        }
}

/* Comes back as long as nobody listens. */
static int dial(const struct any_address *to)
{
        time_t end = time(NULL) + DEADLINE_SEC;

        while (time(NULL) <= end) {
                int fd = socket(to->any.sa_family, SOCK_STREAM, 0);

                if (connect(fd, &to->any, to->size) == 0)
                        return fd;
                close(fd);
                sched_yield();
        }

        return -1;
}

/* The guest: dials in, sends a byte, and waits for the end of file. */
static pid_t fork_guest(const struct any_address *to)
{
        pid_t pid = fork();
        struct stat st;
        char byte;
        int fd;

        assert_true(pid >= 0);
        if (pid > 0)
                return pid;

        fd = dial(to);
        if (to->any.sa_family == AF_UNIX && stat(path, &st) == 0 && (st.st_mode & 0077) != 0)
                _exit(2);
        _exit(fd < 0 || write(fd, "x", 1) != 1 || read(fd, &byte, 1) != 0);
}

static void accepts_one_guest_and_listens_no_longer(void **state)
{
        static const int families[] = { AF_UNIX, AF_INET, AF_INET6 };

        for (size_t i = 0; i < ELEMENTS(families); i++) {
                int fd = -1, status, probe;
                char message[256] = "", byte = 0;
                mode_t mask = umask(0022);
                struct pollfd ready;
                struct peer peer;
                pid_t pid;

                if (families[i] == AF_INET6 && !has_ipv6())
                        continue;
                assert_true(bind_peer(&peer, families[i]));
                close_peer(&peer);
                pid = fork_guest(&peer.at);
                if (dial_accept(&peer.address, alarm_fd, &fd, message, sizeof(message)) < 0)
                        fail_msg("%s", message);
                assert_options(fd, families[i]);
                ready = (struct pollfd){ .fd = fd, .events = POLLIN };
                assert_int_equal(poll(&ready, 1, DEADLINE_SEC * 1000), 1);
                assert_int_equal(read(fd, &byte, 1), 1);
                assert_int_equal(byte, 'x');

                probe = socket(families[i], SOCK_STREAM, 0);
                assert_int_equal(connect(probe, &peer.at.any, peer.at.size), -1);
                close(probe);
                assert_int_equal(access(path, F_OK), -1);
                assert_int_equal(umask(mask), 0022);

                close(fd);
                assert_int_equal(waitpid(pid, &status, 0), pid);
                assert_int_equal(status, 0);
        }
}

static void replaces_a_socket_file_that_nobody_listens_on(void **state)
{
        int fd = -1, status;
        char message[256] = "";
        struct peer peer;
        pid_t pid;

        assert_true(bind_peer(&peer, AF_UNIX));
        close(peer.fd);
        assert_int_equal(access(path, F_OK), 0);
        pid = fork_guest(&peer.at);
        if (dial_accept(&peer.address, alarm_fd, &fd, message, sizeof(message)) < 0)
                fail_msg("%s", message);
        close(fd);
        waitpid(pid, &status, 0);
}

static void keeps_what_is_not_its_own(void **state)
{
        char message[256] = "", want[256];
        struct address address = parse("unix:", path);
        struct peer peer;
        int fd = -7, file;

        snprintf(want, sizeof(want), "cannot listen on %s: Address already in use", path);

        /* Another program listens. */
        assert_true(bind_peer(&peer, AF_UNIX));
        assert_int_equal(listen(peer.fd, 5), 0);
        assert_int_equal(dial_accept(&address, -1, &fd, message, sizeof(message)), -EADDRINUSE);
        assert_string_equal(message, want);
        assert_int_equal(access(path, F_OK), 0);
        close_peer(&peer);

        /* A file, and a link to a socket that nobody listens on. */
        file = open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
        close(file);
        assert_int_equal(dial_accept(&address, -1, &fd, message, sizeof(message)), -EADDRINUSE);
        assert_int_equal(access(path, F_OK), 0);
        unlink(path);

        assert_int_equal(symlink("/dev/null", path), 0);
        assert_int_equal(dial_accept(&address, -1, &fd, message, sizeof(message)), -EADDRINUSE);
        assert_int_equal(unlink(path), 0);
        assert_int_equal(fd, -7);
}

static void says_that_a_port_is_taken(void **state)
{
        char message[256] = "", want[256];
        struct peer peer;
        int fd = -7;

        assert_true(bind_peer(&peer, AF_INET));
        assert_int_equal(listen(peer.fd, 1), 0);
        assert_int_equal(dial_accept(&peer.address, -1, &fd, message, sizeof(message)),
                         -EADDRINUSE);
        snprintf(want, sizeof(want), "cannot listen on 127.0.0.1 port %s: Address already in use",
                 peer.address.port);
        assert_string_equal(message, want);
        close_peer(&peer);
}

int main(void)
{
        static const struct CMUnitTest tests[] = {
                cmocka_unit_test(stops_accepting_when_asked_to),
                cmocka_unit_test(accepts_one_guest_and_listens_no_longer),
                cmocka_unit_test(replaces_a_socket_file_that_nobody_listens_on),
                cmocka_unit_test(keeps_what_is_not_its_own),
                cmocka_unit_test(says_that_a_port_is_taken),
        };

        return cmocka_run_group_tests(tests, make_directory, remove_directory);
}
