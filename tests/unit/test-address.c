/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The text of an address; descriptors that are handed over. Connecting and accepting are in
 * test-dial-connect.c and test-dial-accept.c.
 */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "session/dial.h"
#include "util/macro.h"

#define TEN(x) x x x x x x x x x x
#define A_100  TEN(TEN("a"))
#define A_107  A_100 "aaaaaaa"
#define A_255  A_100 A_100 TEN("aaaaa") "aaaaa"
#define TCP_GIST                                                                                   \
        "expected tcp:HOST:PORT, with a port from 1 to 65535 and an IPv6 address in brackets"
#define UNIX_GIST  "expected unix:PATH, a path of 1 to 107 bytes"
#define FORMS_GIST "expected tcp:HOST:PORT, unix:PATH or fd:N"

static void takes_the_three_forms(void **state)
{
        static const struct {
                const char *in;
                struct address want;
        } cases[] = {
                { "tcp:host:1", { ADDRESS_TCP, "host", "1", "", -1 } },
                { "tcp:host.example:65535", { ADDRESS_TCP, "host.example", "65535", "", -1 } },
                { "tcp:127.0.0.1:4000", { ADDRESS_TCP, "127.0.0.1", "4000", "", -1 } },
                { "tcp:[::1]:4000", { ADDRESS_TCP, "::1", "4000", "", -1 } },
                { "tcp:[fe80::1%eth0]:80", { ADDRESS_TCP, "fe80::1%eth0", "80", "", -1 } },
                { "tcp::4000", { ADDRESS_TCP, "", "4000", "", -1 } },
                { "tcp:host:004000", { ADDRESS_TCP, "host", "4000", "", -1 } },
                { "tcp:" A_255 ":80", { ADDRESS_TCP, A_255, "80", "", -1 } },
                { "unix:/run/guest", { ADDRESS_UNIX, "", "", "/run/guest", -1 } },
                { "unix:relative", { ADDRESS_UNIX, "", "", "relative", -1 } },
                { "unix::", { ADDRESS_UNIX, "", "", ":", -1 } },
                { "unix:" A_107, { ADDRESS_UNIX, "", "", A_107, -1 } },
                { "fd:3", { ADDRESS_FD, "", "", "", 3 } },
                { "fd:65535", { ADDRESS_FD, "", "", "", 65535 } },
        };

        for (size_t i = 0; i < ELEMENTS(cases); i++) {
                const struct address *want = &cases[i].want;
                struct address address;
                char message[512] = "";

                memset(&address, 0xee, sizeof(address));
                if (address_parse(cases[i].in, &address, message, sizeof(message)) < 0)
                        fail_msg("%s", message);
                assert_int_equal(address.kind, want->kind);
                assert_string_equal(address.host, want->host);
                assert_string_equal(address.port, want->port);
                assert_string_equal(address.path, want->path);
                assert_int_equal(address.fd, want->fd);
                assert_string_equal(message, "");
        }
}

static void refuses_what_is_no_address(void **state)
{
        static const struct {
                const char *in, *gist;
        } cases[] = {
                { "", FORMS_GIST },
                { "host:80", FORMS_GIST },
                { "TCP:host:80", FORMS_GIST },
                { " tcp:host:80", FORMS_GIST },
                { "udp:host:80", FORMS_GIST },
                { "tcp", FORMS_GIST },
                { "unix", FORMS_GIST },
                { "/run/guest", FORMS_GIST },
                { "tcp:", TCP_GIST },
                { "tcp:host", TCP_GIST },
                { "tcp:host:", TCP_GIST },
                { "tcp:host:0", TCP_GIST },
                { "tcp:ho[s]t:80", TCP_GIST },
                { "tcp:[[::1]]:80", TCP_GIST },
                { "tcp:host:65536", TCP_GIST },
                { "tcp:host:99999999999999999999", TCP_GIST },
                { "tcp:host:-1", TCP_GIST },
                { "tcp:host:+1", TCP_GIST },
                { "tcp:host: 1", TCP_GIST },
                { "tcp:host:1 ", TCP_GIST },
                { "tcp:host:0x50", TCP_GIST },
                { "tcp:host:http", TCP_GIST },
                { "tcp:host:80:", TCP_GIST },
                { "tcp:::1:80", TCP_GIST },
                { "tcp:fe80::1:80", TCP_GIST },
                { "tcp:a:b:80", TCP_GIST },
                { "tcp:[::1]", TCP_GIST },
                { "tcp:[::1]80", TCP_GIST },
                { "tcp:[::1]x:80", TCP_GIST },
                { "tcp:[::1:80", TCP_GIST },
                { "tcp:[]:80", TCP_GIST },
                { "tcp:[:80", TCP_GIST },
                { "tcp:" A_255 "a:80", TCP_GIST },
                { "unix:", UNIX_GIST },
                { "unix:" A_107 "a", UNIX_GIST },
                { "fd:", FORMS_GIST },
                { "fd:0", FORMS_GIST },
                { "fd:2", FORMS_GIST },
                { "fd:65536", FORMS_GIST },
                { "fd:-3", FORMS_GIST },
                { "fd:3 ", FORMS_GIST },
                { "fd:0x4", FORMS_GIST },
                { "fd:three", FORMS_GIST },
        };

        for (size_t i = 0; i < ELEMENTS(cases); i++) {
                struct address address, before;
                char message[512] = "", want[512];

                memset(&address, 0xee, sizeof(address));
                before = address;
                if (address_parse(cases[i].in, &address, message, sizeof(message)) != -EINVAL)
                        fail_msg("'%s' is taken", cases[i].in);
                snprintf(want, sizeof(want), "'%s': %s", cases[i].in, cases[i].gist);
                assert_string_equal(message, want);
                assert_memory_equal(&address, &before, sizeof(address));
        }
}

static void a_message_is_cut_at_its_size(void **state)
{
        struct address address;
        char message[9] = "........";

        assert_int_equal(address_parse("tcp:" A_255 ":x", &address, message, 8), -EINVAL);
        assert_string_equal(message, "'tcp:aa");
        assert_int_equal(message[8], '\0');
}

/* Both directions take it, whoever dialed. */
static void takes_a_connected_socket(void **state)
{
        for (int listen = 0; listen < 2; listen++) {
                struct address address = { .kind = ADDRESS_FD };
                char message[512] = "";
                int pair[2], fd = -1;

                assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
                address.fd = pair[0];
                assert_int_equal((listen ? dial_accept : dial_connect)(&address, -1, &fd, message,
                                                                       sizeof(message)),
                                 0);
                assert_int_equal(fd, pair[0]);
                assert_true(fcntl(fd, F_GETFL) & O_NONBLOCK);
                assert_true(fcntl(fd, F_GETFD) & FD_CLOEXEC);
                assert_string_equal(message, "");
                close(pair[0]);
                close(pair[1]);
        }
}

static int make_pipe(void)
{
        int fds[2];

        assert_int_equal(pipe(fds), 0);
        close(fds[1]);
        return fds[0];
}

static int make_datagram_socket(void)
{
        int fds[2];

        assert_int_equal(socketpair(AF_UNIX, SOCK_DGRAM, 0, fds), 0);
        close(fds[1]);
        return fds[0];
}

static int make_packet_socket(void)
{
        int fds[2];

        assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, fds), 0);
        close(fds[1]);
        return fds[0];
}

static int make_fresh_socket(void)
{
        return socket(AF_UNIX, SOCK_STREAM, 0);
}

static int make_listening_socket(void)
{
        int fd = socket(AF_INET, SOCK_STREAM, 0);

        assert_int_equal(listen(fd, 1), 0);
        return fd;
}

static int make_closed(void)
{
        int fd = make_fresh_socket();

        close(fd);
        return fd;
}

static void refuses_descriptors_that_are_no_connected_stream(void **state)
{
        static const struct {
                int (*make)(void);
                int want;
        } cases[] = {
                { make_closed, -EBADF },
                { make_pipe, -ENOTSOCK },
                { make_datagram_socket, -EPROTOTYPE },
                { make_packet_socket, -EPROTOTYPE },
                { make_fresh_socket, -ENOTCONN },
                { make_listening_socket, -ENOTCONN },
        };

        for (size_t i = 0; i < ELEMENTS(cases); i++) {
                struct address address = { .kind = ADDRESS_FD, .fd = cases[i].make() };
                char message[512] = "", want[512];
                int fd = -7;

                assert_true(address.fd >= 3);
                assert_int_equal(dial_connect(&address, -1, &fd, message, sizeof(message)),
                                 cases[i].want);
                snprintf(want, sizeof(want), "descriptor %i is no connected stream socket: %s",
                         address.fd, strerror(-cases[i].want));
                assert_string_equal(message, want);
                assert_int_equal(fd, -7);
                if (cases[i].want != -EBADF)
                        close(address.fd);
        }
}

int main(void)
{
        static const struct CMUnitTest tests[] = {
                cmocka_unit_test(takes_the_three_forms),
                cmocka_unit_test(refuses_what_is_no_address),
                cmocka_unit_test(a_message_is_cut_at_its_size),
                cmocka_unit_test(takes_a_connected_socket),
                cmocka_unit_test(refuses_descriptors_that_are_no_connected_stream),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
