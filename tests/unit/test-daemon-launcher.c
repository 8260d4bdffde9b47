/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Children of the launcher. The child is this program again, told from the test by its arguments:
 * it looks at itself and says what it sees through its control socket.
 */
#include "config.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "daemon/launcher.h"
#include "unit/test.h"
#include "util/macro.h"

#define DEADLINE_MS 30000

enum { CHILD_FD = 3 };

/* Open descriptors, as "0,1,2,3,". */
static void list_fds(char *text, size_t size)
{
        size_t n = 0;

        text[0] = '\0';
        for (int fd = 0; fd < 256; fd++)
                if (fcntl(fd, F_GETFD) >= 0 && n < size)
                        n += (size_t)snprintf(text + n, size - n, "%i,", fd);
}

/* Signals that are blocked or ignored. */
static unsigned count_signals(void)
{
        sigset_t blocked;
        unsigned n = 0;

        sigprocmask(SIG_SETMASK, NULL, &blocked);
        for (int i = 1; i < 32; i++) {
                struct sigaction action = { 0 };

                sigaction(i, NULL, &action);
                n += sigismember(&blocked, i) || action.sa_handler == SIG_IGN;
        }
        return n;
}

static int child(int argc, char **argv)
{
        unsigned signals = count_signals();
        char text[512], fds[256];
        size_t n;

        list_fds(fds, sizeof(fds));
        n = (size_t)snprintf(text, sizeof(text), "fds %s signals %u", fds, signals);
        for (int i = 1; i < argc; i++)
                n += (size_t)snprintf(text + n, sizeof(text) - n, " %s", argv[i]);
        send(CHILD_FD, text, n, 0);

        /* Until the launcher's end is closed. */
        recv(CHILD_FD, text, sizeof(text), 0);
        while (recv(CHILD_FD, text, sizeof(text), MSG_DONTWAIT) < 0 && errno == EAGAIN)
                poll(&(struct pollfd){ .fd = CHILD_FD, .events = POLLIN }, 1, -1);
        return 5;
}

static void wait_for(int fd)
{
        struct pollfd p = { .fd = fd, .events = POLLIN };

        assert_int_equal(poll(&p, 1, DEADLINE_MS), 1);
}

static void a_child_has_its_socket_and_its_arguments_and_nothing_else(void **state)
{
        static const char *const arguments[] = { "--user", "nobody", NULL };
        struct launcher *l;
        struct launched got;
        char text[512] = "";
        sigset_t set;
        int status, leaked;

        leaked = dup(STDERR_FILENO); /* does not close on exec */
        sigemptyset(&set);
        sigaddset(&set, SIGTERM);
        sigprocmask(SIG_BLOCK, &set, NULL);
        signal(SIGPIPE, SIG_IGN);

        assert_int_equal(launcher_new_fork(&l, "/proc/self/exe", arguments), 0);
        assert_false(launcher_passes_node(l));
        assert_int_equal(launcher_launch(l, &got), 0);
        assert_int_equal(fcntl(got.fd, F_GETFD), FD_CLOEXEC);
        assert_true(fcntl(got.fd, F_GETFL) & O_NONBLOCK);
        wait_for(got.fd);
        assert_true(recv(got.fd, text, sizeof(text) - 1, 0) > 0);
        assert_string_equal(text, "fds 0,1,2,3, signals 0 --control=fd:3 --user nobody");

        close(got.fd);
        wait_for(got.pid_fd);
        assert_int_equal(waitpid(got.pid, &status, 0), got.pid);
        assert_int_equal(WEXITSTATUS(status), 5);
        close(got.pid_fd);
        close(leaked);
        launcher_free(l);
        sigprocmask(SIG_UNBLOCK, &set, NULL);
}

static void a_program_that_cannot_be_run_is_told(void **state)
{
        static const struct {
                const char *in;
                int want;
        } cases[] = { { "/nonexistent/usbredir-session", -ENOENT }, { "/dev/null", -EACCES } };

        for (size_t i = 0; i < ELEMENTS(cases); i++) {
                struct launcher *l;
                struct launched got;

                assert_int_equal(launcher_new_fork(&l, cases[i].in, NULL), 0);
                assert_int_equal(launcher_launch(l, &got), cases[i].want);
                launcher_free(l);
        }
}

static void a_forgotten_child_is_reaped_when_the_next_one_starts(void **state)
{
        struct launcher *l;
        struct launched first, second;

        assert_int_equal(launcher_new_fork(&l, "/proc/self/exe", NULL), 0);
        assert_int_equal(launcher_launch(l, &first), 0);
        launcher_forget(l, first.pid);
        assert_int_equal(kill(first.pid, 0), 0);
        close(first.fd);
        wait_for(first.pid_fd);
        assert_int_equal(launcher_launch(l, &second), 0);
        assert_int_equal(kill(first.pid, 0), -1);
        assert_int_equal(errno, ESRCH);

        close(second.fd);
        wait_for(second.pid_fd);
        launcher_forget(l, second.pid);
        assert_int_equal(kill(second.pid, 0), -1);
        close(first.pid_fd);
        close(second.pid_fd);
        launcher_free(l);
}

static void a_path_too_long_for_a_socket_is_refused(void **state)
{
        char path[256];
        struct launcher *l;
        struct launched got;

        memset(path, '/', sizeof(path) - 1);
        path[sizeof(path) - 1] = '\0';
        assert_int_equal(launcher_new_socket(&l, path), 0);
        assert_true(launcher_passes_node(l));
        assert_int_equal(launcher_launch(l, &got), -ENAMETOOLONG);
        launcher_free(l);
}

static void nobody_behind_the_socket_is_told(void **state)
{
        struct launcher *l;
        struct launched got;

        assert_int_equal(launcher_new_socket(&l, "/nonexistent/session"), 0);
        assert_int_equal(launcher_launch(l, &got), -ENOENT);
        launcher_free(l);
        assert_null(launcher_free(NULL));
}

/* A socket as systemd's, whose connections are to be taken by the test. */
static int listen_at(char *path, size_t size)
{
        struct sockaddr_un address = { .sun_family = AF_UNIX };
        int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

        snprintf(path, size, "/tmp/test-launcher-%i", (int)getpid());
        strcpy(address.sun_path, path);
        unlink(path);
        assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
        assert_int_equal(listen(fd, 4), 0);
        return fd;
}

static void assert_same_connection(int ours, int theirs)
{
        char byte = 0;

        assert_true(theirs >= 0);
        assert_int_equal(send(ours, "x", 1, 0), 1);
        assert_int_equal(recv(theirs, &byte, 1, MSG_DONTWAIT), 1);
}

static void the_process_that_waits_is_taken_by_the_next_launch(void **state)
{
        char path[64];
        int listener = listen_at(path, sizeof(path)), first, second;
        struct launched got, next;
        struct launcher *l;

        assert_int_equal(launcher_new_socket(&l, path), 0);
        launcher_prepare(l);
        launcher_prepare(l);
        first = accept(listener, NULL, NULL);
        assert_int_equal(accept(listener, NULL, NULL), -1);
        assert_int_equal(launcher_launch(l, &got), 0);
        assert_int_equal(accept(listener, NULL, NULL), -1);
        assert_same_connection(got.fd, first);

        assert_int_equal(launcher_launch(l, &next), 0);
        second = accept(listener, NULL, NULL);
        assert_same_connection(next.fd, second);

        close(got.fd);
        close(next.fd);
        close(first);
        close(second);
        launcher_free(l);
        close(listener);
        unlink(path);
}

static void one_that_has_died_is_not(void **state)
{
        char path[64], byte;
        int listener = listen_at(path, sizeof(path)), fd;
        struct launched got;
        struct launcher *l;

        assert_int_equal(launcher_new_socket(&l, path), 0);
        launcher_prepare(l);
        close(accept(listener, NULL, NULL));
        launcher_prepare(l);
        close(accept(listener, NULL, NULL));
        assert_int_equal(launcher_launch(l, &got), 0);
        fd = accept(listener, NULL, NULL);
        assert_same_connection(got.fd, fd);
        close(got.fd);
        close(fd);

        launcher_prepare(l);
        fd = accept(listener, NULL, NULL);
        launcher_free(l);
        assert_int_equal(recv(fd, &byte, 1, MSG_DONTWAIT), 0);
        close(fd);
        close(listener);
        unlink(path);
}

int main(int argc, char **argv)
{
        static const struct CMUnitTest tests[] = {
                cmocka_unit_test(a_child_has_its_socket_and_its_arguments_and_nothing_else),
                cmocka_unit_test(a_program_that_cannot_be_run_is_told),
                cmocka_unit_test(a_forgotten_child_is_reaped_when_the_next_one_starts),
                cmocka_unit_test(a_path_too_long_for_a_socket_is_refused),
                cmocka_unit_test(nobody_behind_the_socket_is_told),
                cmocka_unit_test(the_process_that_waits_is_taken_by_the_next_launch),
                cmocka_unit_test(one_that_has_died_is_not),
        };

        if (argc > 1)
                return child(argc, argv);

        return cmocka_run_group_tests(tests, NULL, NULL);
}
