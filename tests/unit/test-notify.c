/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Telling the service manager, which here is a datagram socket.
 */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "unit/test.h"
#include "util/cleanup.h"
#include "util/macro.h"
#include "util/notify.h"

/* A socket of that name, "@" for an abstract one. */
static int listen_at(const char *name)
{
        struct sockaddr_un address = { .sun_family = AF_UNIX };
        socklen_t size = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(name));
        int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

        memcpy(address.sun_path, name, strlen(name));
        if (name[0] == '@')
                address.sun_path[0] = '\0';
        else
                size++;
        assert_int_equal(bind(fd, (struct sockaddr *)&address, size), 0);
        return fd;
}

static void assert_arrives(int fd, const char *text)
{
        char bytes[64];
        ssize_t n = recv(fd, bytes, sizeof(bytes) - 1, 0);

        assert_true(n >= 0);
        bytes[n] = '\0';
        assert_string_equal(bytes, text);
}

static void assert_reaches(const char *name)
{
        int listener = listen_at(name), fd;

        assert_int_equal(setenv("NOTIFY_SOCKET", name, 1), 0);
        fd = notify_open();
        assert_true(fd >= 0);
        assert_int_equal(fcntl(fd, F_GETFD), FD_CLOEXEC);
        assert_int_equal(notify_send(fd, "READY=1"), 0);
        assert_arrives(listener, "READY=1");
        assert_int_equal(notify_try(fd, "WATCHDOG=1"), 0);
        assert_arrives(listener, "WATCHDOG=1");
        close(fd);
        close(listener);
}

static void reaches_a_path(void **state)
{
        char directory[] = "/tmp/test-notify-XXXXXX", name[64];

        assert_non_null(mkdtemp(directory));
        snprintf(name, sizeof(name), "%s/notify", directory);
        assert_reaches(name);
        unlink(name);
        rmdir(directory);
}

static void reaches_an_abstract_name(void **state)
{
        char name[64];

        snprintf(name, sizeof(name), "@test-notify-%i", (int)getpid());
        assert_reaches(name);
}

static void names_that_are_none_are_refused(void **state)
{
        char too_long[sizeof(((struct sockaddr_un *)0)->sun_path) + 1];
        const struct {
                const char *in;
                int want;
        } cases[] = {
                { NULL, -ENOENT },
                { "", -ENOENT },
                { "/", -EPROTONOSUPPORT },
                { "@", -EPROTONOSUPPORT },
                { "vsock:2:1", -EPROTONOSUPPORT },
                { "relative", -EPROTONOSUPPORT },
                { too_long, -EPROTONOSUPPORT },
                { "/nonexistent/notify", -ENOENT },
                { "@test-notify-nobody-has-this", -ECONNREFUSED },
        };

        memset(too_long, '/', sizeof(too_long) - 1);
        too_long[sizeof(too_long) - 1] = '\0';
        for (size_t i = 0; i < ELEMENTS(cases); i++) {
                unsetenv("NOTIFY_SOCKET");
                if (cases[i].in)
                        assert_int_equal(setenv("NOTIFY_SOCKET", cases[i].in, 1), 0);
                assert_int_equal(notify_open(), cases[i].want);
        }
}

static void a_manager_that_does_not_read_is_not_waited_for(void **state)
{
        char name[64];
        int listener, fd, r = 0;

        snprintf(name, sizeof(name), "@test-notify-%i", (int)getpid());
        listener = listen_at(name);
        assert_int_equal(setenv("NOTIFY_SOCKET", name, 1), 0);
        fd = notify_open();
        for (size_t i = 0; i < 1 << 20 && r == 0; i++)
                r = notify_try(fd, "WATCHDOG=1");
        assert_int_equal(r, -EAGAIN);

        close(listener);
        assert_int_equal(notify_try(fd, "WATCHDOG=1"), -ECONNREFUSED);
        close(fd);
}

static void the_watchdog_looks_at_the_process_it_names(void **state)
{
        char own[16];
        const struct {
                const char *usec, *pid;
                uint64_t want;
        } cases[] = {
                { NULL, NULL, 0 },
                { NULL, own, 0 },
                { "60000000", NULL, 60000000 },
                { "60000000", own, 60000000 },
                { "60000000", "1", 0 },
                { "60000000", "", 0 },
                { "60s", own, 0 },
                { "-1", own, 0 },
                { "", own, 0 },
                { "18446744073709551616", own, 0 },
        };

        snprintf(own, sizeof(own), "%i", (int)getpid());
        for (size_t i = 0; i < ELEMENTS(cases); i++) {
                unsetenv("WATCHDOG_USEC");
                unsetenv("WATCHDOG_PID");
                if (cases[i].usec)
                        assert_int_equal(setenv("WATCHDOG_USEC", cases[i].usec, 1), 0);
                if (cases[i].pid)
                        assert_int_equal(setenv("WATCHDOG_PID", cases[i].pid, 1), 0);
                assert_int_equal(notify_watchdog_usec(), cases[i].want);
        }
}

int main(void)
{
        static const struct CMUnitTest tests[] = {
                cmocka_unit_test(reaches_a_path),
                cmocka_unit_test(reaches_an_abstract_name),
                cmocka_unit_test(names_that_are_none_are_refused),
                cmocka_unit_test(a_manager_that_does_not_read_is_not_waited_for),
                cmocka_unit_test(the_watchdog_looks_at_the_process_it_names),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
