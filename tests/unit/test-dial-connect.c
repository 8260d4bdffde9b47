/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Connecting to a guest.
 */
#include "config.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "unit/dial-bed.h"

static void connects_to_whoever_listens(void **state)
{
        static const int families[] = { AF_UNIX, AF_INET, AF_INET6 };

        for (size_t i = 0; i < ELEMENTS(families); i++) {
                char message[256] = "", byte = 0;
                struct peer peer;
                int fd = -1;

                if (families[i] == AF_INET6 && !has_ipv6())
                        continue;
                assert_true(bind_peer(&peer, families[i]));
                assert_int_equal(listen(peer.fd, 1), 0);
                if (dial_connect(&peer.address, alarm_fd, &fd, message, sizeof(message)) < 0)
                        fail_msg("%s", message);
                assert_options(fd, families[i]);
                assert_int_equal(write(fd, "x", 1), 1);
                close(fd);
                fd = accept(peer.fd, NULL, NULL);
                assert_int_equal(read(fd, &byte, 1), 1);
                assert_int_equal(byte, 'x');
                close(fd);
                close_peer(&peer);
        }
}

static void says_that_nobody_listens(void **state)
{
        static const int families[] = { AF_UNIX, AF_INET };

        for (size_t i = 0; i < ELEMENTS(families); i++) {
                int fd = -7;
                char message[256] = "", want[256];
                struct peer peer;

                assert_true(bind_peer(&peer, families[i]));
                assert_int_equal(
                        dial_connect(&peer.address, alarm_fd, &fd, message, sizeof(message)),
                        -ECONNREFUSED);
                if (families[i] == AF_UNIX)
                        snprintf(want, sizeof(want), "cannot connect to %s: Connection refused",
                                 path);
                else
                        snprintf(want, sizeof(want),
                                 "cannot connect to 127.0.0.1 port %s: Connection refused",
                                 peer.address.port);
                assert_string_equal(message, want);
                assert_int_equal(fd, -7);
                close_peer(&peer);
        }
}

static void says_that_there_is_nothing(void **state)
{
        struct address address = parse("unix:", path), nowhere = parse("tcp:", "a..b:80");
        char message[256] = "";
        int fd = -7;

        assert_int_equal(dial_connect(&address, -1, &fd, message, sizeof(message)), -ENOENT);
        assert_non_null(strstr(message, ": No such file or directory"));
        assert_int_equal(dial_connect(&nowhere, -1, &fd, message, sizeof(message)), -EHOSTUNREACH);
        assert_ptr_equal(strstr(message, "host 'a..b' does not resolve: "), message);
        assert_int_equal(dial_accept(&nowhere, -1, &fd, message, sizeof(message)), -EHOSTUNREACH);
        assert_int_equal(fd, -7);
}

/* A listener whose queue is full answers nobody. */
static void stops_connecting_when_asked_to(void **state)
{
        int waiting[64], fd = -7, cancel = make_alarm(0);
        struct pollfd ready = { .events = POLLOUT };
        char message[256] = "";
        struct peer peer;
        size_t n = 0;

        assert_true(bind_peer(&peer, AF_INET));
        assert_int_equal(listen(peer.fd, 0), 0);
        do {
                assert_true(n < ELEMENTS(waiting));
                waiting[n] = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
                connect(waiting[n], &peer.at.any, peer.at.size);
                ready.fd = waiting[n++];
        } while (poll(&ready, 1, 100) == 1);

        assert_int_equal(dial_connect(&peer.address, cancel, &fd, message, sizeof(message)),
                         -ECANCELED);
        assert_int_equal(fd, -7);
        while (n > 0)
                close(waiting[--n]);
        close(cancel);
        close_peer(&peer);
}

int main(void)
{
        static const struct CMUnitTest tests[] = {
                cmocka_unit_test(connects_to_whoever_listens),
                cmocka_unit_test(says_that_nobody_listens),
                cmocka_unit_test(says_that_there_is_nothing),
                cmocka_unit_test(stops_connecting_when_asked_to),
        };

        return cmocka_run_group_tests(tests, make_directory, remove_directory);
}
