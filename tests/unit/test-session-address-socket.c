/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Connecting and accepting, over unix sockets and the loopback. A child is the peer; the descriptor
 * that cancels is a timer, so that nothing waits for ever.
 */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/timerfd.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "session/address.h"
#include "util/macro.h"

#define DEADLINE_SEC 10

static char directory[64], path[96];

static int make_directory(void **state)
{
        snprintf(directory, sizeof(directory), "/tmp/address-XXXXXX");
        if (!mkdtemp(directory))
                return -1;

        snprintf(path, sizeof(path), "%s/socket", directory);
        return 0;
}

static int remove_directory(void **state)
{
        unlink(path);
        return rmdir(directory);
}

/* Becomes readable after so many seconds; 0: is readable. */
static int make_alarm(time_t seconds)
{
        struct itimerspec spec = { .it_value = { .tv_sec = seconds, .tv_nsec = !seconds } };
        int fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC);
        struct pollfd ready = { .fd = fd, .events = POLLIN };

        assert_true(fd >= 0);
        assert_int_equal(timerfd_settime(fd, 0, &spec, NULL), 0);
        if (!seconds)
                assert_int_equal(poll(&ready, 1, DEADLINE_SEC * 1000), 1);
        return fd;
}

static struct address parse(const char *format, const char *text)
{
        struct address address;
        char whole[256], message[256];

        snprintf(whole, sizeof(whole), "%s%s", format, text);
        assert_int_equal(address_parse(whole, &address, message, sizeof(message)), 0);
        return address;
}

struct any_address {
        union {
                struct sockaddr any;
                struct sockaddr_un un;
                struct sockaddr_in in;
                struct sockaddr_in6 in6;
        };
        socklen_t size;
};

/* The test's own socket, and how a person writes its address. */
struct peer {
        int fd;
        struct any_address at;
        struct address address;
};

static bool bind_peer(struct peer *peer, int family)
{
        char text[64];

        *peer = (struct peer){ .fd = socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0) };
        peer->at.any.sa_family = (sa_family_t)family;
        switch (family) {
        case AF_UNIX:
                peer->at.size = sizeof(peer->at.un);
                memcpy(peer->at.un.sun_path, path, strlen(path) + 1);
                break;
        case AF_INET:
                peer->at.size = sizeof(peer->at.in);
                peer->at.in.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
                break;
        case AF_INET6:
                peer->at.size = sizeof(peer->at.in6);
                peer->at.in6.sin6_addr = in6addr_loopback;
                break;
        }
        if (peer->fd < 0 || bind(peer->fd, &peer->at.any, peer->at.size) < 0)
                return false;

        assert_int_equal(getsockname(peer->fd, &peer->at.any, &peer->at.size), 0);
        snprintf(text, sizeof(text), family == AF_INET ? "127.0.0.1:%u" : "[::1]:%u",
                 ntohs(family == AF_INET ? peer->at.in.sin_port : peer->at.in6.sin6_port));
        peer->address = family == AF_UNIX ? parse("unix:", path) : parse("tcp:", text);
        return true;
}

static void close_peer(struct peer *peer)
{
        close(peer->fd);
        unlink(path);
}

static int option(int fd, int level, int name)
{
        socklen_t size = sizeof(int);
        int value = -1;

        assert_int_equal(getsockopt(fd, level, name, &value, &size), 0);
        return value;
}

static void assert_options(int fd, int family)
{
        assert_true(fcntl(fd, F_GETFL) & O_NONBLOCK);
        assert_true(fcntl(fd, F_GETFD) & FD_CLOEXEC);
        if (family == AF_UNIX)
                return;

        assert_int_equal(option(fd, IPPROTO_TCP, TCP_NODELAY), 1);
        assert_int_equal(option(fd, SOL_SOCKET, SO_KEEPALIVE), 1);
        assert_int_equal(option(fd, IPPROTO_TCP, TCP_KEEPIDLE), 15);
        assert_int_equal(option(fd, IPPROTO_TCP, TCP_KEEPINTVL), 15);
        assert_int_equal(option(fd, IPPROTO_TCP, TCP_KEEPCNT), 3);
}

static void connects_to_whoever_listens(void **state)
{
        static const int families[] = { AF_UNIX, AF_INET, AF_INET6 };

        for (size_t i = 0; i < ELEMENTS(families); i++) {
                int fd = -1, alarm = make_alarm(DEADLINE_SEC);
                char message[256] = "", byte = 0;
                struct peer peer;

                if (!bind_peer(&peer, families[i])) {
                        assert_int_equal(families[i], AF_INET6); /* not on this machine */
                        close_peer(&peer);
                        close(alarm);
                        continue;
                }
                assert_int_equal(listen(peer.fd, 1), 0);
                if (address_connect(&peer.address, alarm, &fd, message, sizeof(message)) < 0)
                        fail_msg("%s", message);
                assert_options(fd, families[i]);
                assert_int_equal(write(fd, "x", 1), 1);
                close(fd);
                fd = accept(peer.fd, NULL, NULL);
                assert_int_equal(read(fd, &byte, 1), 1);
                assert_int_equal(byte, 'x');
                close(fd);
                close(alarm);
                close_peer(&peer);
        }
}

static void says_that_nobody_listens(void **state)
{
        static const int families[] = { AF_UNIX, AF_INET };

        for (size_t i = 0; i < ELEMENTS(families); i++) {
                int fd = -7, alarm = make_alarm(DEADLINE_SEC);
                char message[256] = "", want[256];
                struct peer peer;

                assert_true(bind_peer(&peer, families[i]));
                assert_int_equal(
                        address_connect(&peer.address, alarm, &fd, message, sizeof(message)),
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
                close(alarm);
                close_peer(&peer);
        }
}

static void says_that_there_is_nothing(void **state)
{
        struct address address = parse("unix:", path), nowhere = parse("tcp:", "a..b:80");
        char message[256] = "";
        int fd = -7;

        assert_int_equal(address_connect(&address, -1, &fd, message, sizeof(message)), -ENOENT);
        assert_non_null(strstr(message, ": No such file or directory"));
        assert_int_equal(address_connect(&nowhere, -1, &fd, message, sizeof(message)),
                         -EHOSTUNREACH);
        assert_ptr_equal(strstr(message, "host 'a..b' does not resolve: "), message);
        assert_int_equal(address_accept(&nowhere, -1, &fd, message, sizeof(message)),
                         -EHOSTUNREACH);
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

        assert_int_equal(address_connect(&peer.address, cancel, &fd, message, sizeof(message)),
                         -ECANCELED);
        assert_int_equal(fd, -7);
        while (n > 0)
                close(waiting[--n]);
        close(cancel);
        close_peer(&peer);
}

static void stops_accepting_when_asked_to(void **state)
{
        static const int families[] = { AF_UNIX, AF_INET };

        for (size_t i = 0; i < ELEMENTS(families); i++) {
                int fd = -7, cancel = make_alarm(0);
                char message[256] = "";
                struct peer peer;

                assert_true(bind_peer(&peer, families[i]));
                close_peer(&peer);
                assert_int_equal(
                        address_accept(&peer.address, cancel, &fd, message, sizeof(message)),
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
                int fd = -1, alarm = make_alarm(DEADLINE_SEC), status, probe;
                char message[256] = "", byte = 0;
                mode_t mask = umask(0022);
                struct pollfd ready;
                struct peer peer;
                pid_t pid;

                if (!bind_peer(&peer, families[i])) {
                        assert_int_equal(families[i], AF_INET6); /* not on this machine */
                        close_peer(&peer);
                        close(alarm);
                        continue;
                }
                close_peer(&peer);
                pid = fork_guest(&peer.at);
                if (address_accept(&peer.address, alarm, &fd, message, sizeof(message)) < 0)
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
                close(alarm);
        }
}

static void replaces_a_socket_file_that_nobody_listens_on(void **state)
{
        int fd = -1, alarm = make_alarm(DEADLINE_SEC), status;
        char message[256] = "";
        struct peer peer;
        pid_t pid;

        assert_true(bind_peer(&peer, AF_UNIX));
        close(peer.fd);
        assert_int_equal(access(path, F_OK), 0);
        pid = fork_guest(&peer.at);
        if (address_accept(&peer.address, alarm, &fd, message, sizeof(message)) < 0)
                fail_msg("%s", message);
        close(fd);
        waitpid(pid, &status, 0);
        close(alarm);
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
        assert_int_equal(address_accept(&address, -1, &fd, message, sizeof(message)), -EADDRINUSE);
        assert_string_equal(message, want);
        assert_int_equal(access(path, F_OK), 0);
        close_peer(&peer);

        /* A file, and a link to a socket that nobody listens on. */
        file = open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
        close(file);
        assert_int_equal(address_accept(&address, -1, &fd, message, sizeof(message)), -EADDRINUSE);
        assert_int_equal(access(path, F_OK), 0);
        unlink(path);

        assert_int_equal(symlink("/dev/null", path), 0);
        assert_int_equal(address_accept(&address, -1, &fd, message, sizeof(message)), -EADDRINUSE);
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
        assert_int_equal(address_accept(&peer.address, -1, &fd, message, sizeof(message)),
                         -EADDRINUSE);
        snprintf(want, sizeof(want), "cannot listen on 127.0.0.1 port %s: Address already in use",
                 peer.address.port);
        assert_string_equal(message, want);
        close_peer(&peer);
}

int main(void)
{
        static const struct CMUnitTest tests[] = {
                cmocka_unit_test(connects_to_whoever_listens),
                cmocka_unit_test(says_that_nobody_listens),
                cmocka_unit_test(says_that_there_is_nothing),
                cmocka_unit_test(stops_connecting_when_asked_to),
                cmocka_unit_test(stops_accepting_when_asked_to),
                cmocka_unit_test(accepts_one_guest_and_listens_no_longer),
                cmocka_unit_test(replaces_a_socket_file_that_nobody_listens_on),
                cmocka_unit_test(keeps_what_is_not_its_own),
                cmocka_unit_test(says_that_a_port_is_taken),
        };

        return cmocka_run_group_tests(tests, make_directory, remove_directory);
}
