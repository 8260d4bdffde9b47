/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What became of a connection. (The options are looked at where sockets are made.)
 */
#include "unit/test.h"

#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "util/socket.h"

/* A socket of its own port on the loopback, and that address. */
static int bind_loopback(struct sockaddr_in *ret)
{
        struct sockaddr_in in = { .sin_family = AF_INET,
                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
        socklen_t size = sizeof(in);
        int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

        assert_int_equal(bind(fd, (struct sockaddr *)&in, size), 0);
        assert_int_equal(getsockname(fd, (struct sockaddr *)&in, &size), 0);
        *ret = in;
        return fd;
}

static void finishes_what_is_connected(void **state)
{
        int pair[2], listener, fd;
        struct sockaddr_in at;

        assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
        assert_int_equal(socket_finish_connect(pair[0]), 0);
        listener = bind_loopback(&at);
        assert_int_equal(listen(listener, 1), 0);
        fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        assert_int_equal(connect(fd, (struct sockaddr *)&at, sizeof(at)), 0);
        assert_int_equal(socket_finish_connect(fd), 0);
        close(pair[0]);
        close(pair[1]);
        close(listener);
        close(fd);
}

static void says_how_connecting_ended(void **state)
{
        int deaf, fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
        struct sockaddr_in at;

        deaf = bind_loopback(&at);
        assert_int_equal(connect(fd, (struct sockaddr *)&at, sizeof(at)), -1);
        assert_int_equal(errno, EINPROGRESS);
        assert_int_equal(socket_finish_connect(fd), -ECONNREFUSED);
        assert_int_equal(socket_finish_connect(-1), -EBADF);
        close(deaf);
        close(fd);
}

static void refuses_a_connection_with_itself(void **state)
{
        struct sockaddr_in at;
        int fd = bind_loopback(&at);

        assert_int_equal(connect(fd, (struct sockaddr *)&at, sizeof(at)), 0);
        assert_int_equal(socket_finish_connect(fd), -ECONNREFUSED);
        close(fd);
}

static void has_the_longest_path(void **state)
{
        struct address address = { .kind = ADDRESS_UNIX };
        struct sockaddr_un un;

        memset(address.path, 'x', sizeof(address.path) - 1);
        un = socket_unix_address(&address);
        assert_int_equal(un.sun_family, AF_UNIX);
        assert_string_equal(un.sun_path, address.path);
}

int main(void)
{
        static const struct CMUnitTest tests[] = {
                cmocka_unit_test(finishes_what_is_connected),
                cmocka_unit_test(says_how_connecting_ended),
                cmocka_unit_test(refuses_a_connection_with_itself),
                cmocka_unit_test(has_the_longest_path),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
