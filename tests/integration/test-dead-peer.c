/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Guests whose machine or network goes away without a word, and guests that are only slow: two
 * network namespaces, a cable between them, the real session in the one, a guest in the other.
 * PEER_PAUSE_SEC says for how long a guest reads nothing.
 */
#include <arpa/inet.h>
#include <fcntl.h>
#include <linux/sockios.h>
#include <netinet/in.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "daemon/worker-private.h"
#include "integration/managed.h"
#include "unit/run-until.h"
#include "util/cleanup.h"
#include "util/clock.h"
#include "util/macro.h"
#include "util/socket.h"

enum { INTERRUPT_IN = 0x84 };

#define USER_TIMEOUT_SEC 2
#define KEEPALIVE_SEC    1

/* A look of each second, the kernel's first question, and a machine that is busy. */
#define MARGIN_SEC 3

#define STREAM "rate=8000"

static int own_namespace = -1, host_namespace = -1, guest_namespace = -1;

static int PRINTF(1, 2) run(const char *format, ...)
{
        char command[512];
        va_list arguments;

        va_start(arguments, format);
        vsnprintf(command, sizeof(command), format, arguments);
        va_end(arguments);
        return system(command) == 0 ? 0 : -1;
}

static int make_namespace(int *ret_fd)
{
        if (unshare(CLONE_NEWNET) < 0)
                return -1;

        *ret_fd = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
        return *ret_fd < 0 ? -1 : 0;
}

static int lay_cable(void)
{
        own_namespace = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
        if (own_namespace < 0 || make_namespace(&guest_namespace) < 0 ||
            make_namespace(&host_namespace) < 0)
                return -1;

        if (run("ip link add host0 type veth peer name guest0 &&"
                "ip link set guest0 netns /proc/%d/fd/%d && ip addr add 10.9.9.1/24 dev host0 &&"
                "ip link set host0 up",
                getpid(), guest_namespace) < 0 ||
            setns(guest_namespace, CLONE_NEWNET) < 0 ||
            run("ip addr add 10.9.9.2/24 dev guest0 && ip link set guest0 up") < 0)
                return -1;

        return setns(own_namespace, CLONE_NEWNET);
}

static void pull_cable(bool is_pulled)
{
        assert_int_equal(setns(guest_namespace, CLONE_NEWNET), 0);
        assert_int_equal(run("ip link set guest0 %s", is_pulled ? "down" : "up"), 0);
        assert_int_equal(setns(own_namespace, CLONE_NEWNET), 0);
}

/* Both ends of a connection through the cable. */
static void connect_both(int *ret_host, int *ret_guest)
{
        struct sockaddr_in at = { .sin_family = AF_INET };
        socklen_t size = sizeof(at);
        int listener;

        assert_int_equal(inet_pton(AF_INET, "10.9.9.2", &at.sin_addr), 1);
        assert_int_equal(setns(guest_namespace, CLONE_NEWNET), 0);
        assert_int_equal(socket_listen_ip((struct sockaddr *)&at, size, 1, &listener), 0);
        fcntl(listener, F_SETFL, 0);
        assert_int_equal(getsockname(listener, (struct sockaddr *)&at, &size), 0);
        assert_int_equal(setns(host_namespace, CLONE_NEWNET), 0);
        *ret_host = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        assert_int_equal(connect(*ret_host, (struct sockaddr *)&at, size), 0);
        assert_int_equal(setns(own_namespace, CLONE_NEWNET), 0);
        fcntl(*ret_host, F_SETFL, O_NONBLOCK);
        socket_set_tcp_options(*ret_host, KEEPALIVE_SEC);
        *ret_guest = accept4(listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
        assert_true(*ret_guest >= 0);
        close(listener);
}

static void on_time(evutil_socket_t fd, short what, void *userdata)
{
        *(bool *)userdata = true;
}

/* The session would tell of its end meanwhile. */
static void run_for(struct managed *m, long ms)
{
        const struct timeval delay = { .tv_sec = ms / 1000, .tv_usec = ms % 1000 * 1000 };
        bool is_over = false;
        struct event *timer = evtimer_new(m->base, on_time, &is_over);

        event_add(timer, &delay);
        while (!is_over && m->ends == 0)
                event_base_loop(m->base, EVLOOP_ONCE);
        event_free(timer);
}

static void start(struct managed *m, unsigned user_timeout_sec)
{
        struct control_order order = managed_order;
        struct control_fds fds = CONTROL_NO_FDS;
        int guest, copy;

        order.user_timeout_sec = user_timeout_sec;
        connect_both(&fds.guest, &guest);
        copy = fcntl(fds.guest, F_DUPFD_CLOEXEC, 0);
        guest_open(&m->guest, guest, CAP_ALL);
        managed_start_with(m, STREAM, &order, &fds);
        guest_greet(&m->guest);
        managed_wait_state(m, DEVICE_OFFERED);

        /* Acknowledgements may be late; without them this is no idle connection. */
        for (int unacknowledged = 1, tries = 0; unacknowledged > 0; tries++) {
                assert_true(tries < 1000);
                assert_int_equal(ioctl(copy, SIOCOUTQ, &unacknowledged), 0);
                run_for(m, 10);
        }
        close(copy);
}

static void start_stream(struct managed *m)
{
        const struct packet packet = { .type = PACKET_start_interrupt_receiving,
                                       .id = guest_new_id(&m->guest),
                                       .start_interrupt_receiving.endpoint = INTERRUPT_IN };

        guest_send(&m->guest, &packet, NULL, 0);
        guest_expect_later(&m->guest, PACKET_interrupt_receiving_status);
        guest_expect_later(&m->guest, PACKET_interrupt_packet);
        managed_wait_state(m, DEVICE_FORWARDING);
}

static uint64_t seconds_until_lost(struct managed *m)
{
        uint64_t begin = clock_usec(CLOCK_MONOTONIC);

        managed_expect_end(m, REASON_LINK_LOST, true);
        assert_string_equal(m->message,
                            "the guest's machine does not answer: is it, or the network, down?");
        return (clock_usec(CLOCK_MONOTONIC) - begin) / USEC_PER_SEC;
}

static void notices_a_link_that_goes_down_while_a_device_streams(void **state)
{
        struct managed *m = *state;
        uint64_t seconds;

        start(m, USER_TIMEOUT_SEC);
        start_stream(m);
        pull_cable(true);
        seconds = seconds_until_lost(m);
        pull_cable(false);
        print_message("noticed after %u s\n", (unsigned)seconds);
        assert_in_range(seconds, USER_TIMEOUT_SEC, USER_TIMEOUT_SEC + MARGIN_SEC);
}

static void keepalive_notices_it_while_nothing_happens(void **state)
{
        struct managed *m = *state;
        uint64_t seconds;

        start(m, 3600);
        pull_cable(true);
        seconds = seconds_until_lost(m);
        pull_cable(false);
        print_message("noticed after %u s\n", (unsigned)seconds);
        assert_in_range(seconds, 2 * KEEPALIVE_SEC, 4 * KEEPALIVE_SEC + MARGIN_SEC);
}

/* For many times UserTimeoutSec; its window is closed. */
static void leaves_a_guest_alone_that_reads_nothing(void **state)
{
        const char *text = getenv("PEER_PAUSE_SEC");
        struct managed *m = *state;
        int unread[2];

        start(m, USER_TIMEOUT_SEC);
        start_stream(m);
        run_for(m, 1000);
        assert_int_equal(ioctl(m->guest.fd, FIONREAD, &unread[0]), 0);
        run_for(m, (text ? atoi(text) : 6 * USER_TIMEOUT_SEC) * 1000L);
        assert_int_equal(m->ends, 0);
        assert_int_equal(ioctl(m->guest.fd, FIONREAD, &unread[1]), 0);
        assert_true(unread[0] > 1 << 16);
        assert_int_equal(unread[0], unread[1]);

        /* It has lost nothing, and is read for again. */
        for (size_t read = 0; read <= (size_t)unread[1]; read += m->guest.payload_size)
                guest_expect(&m->guest, PACKET_interrupt_packet);
        worker_end(m->worker);
        guest_expect_later(&m->guest, PACKET_device_disconnect);
        guest_hang_up(&m->guest);
        managed_expect_end(m, REASON_ASKED, true);
}

/* How often it has waited, and so has woken up. */
static long count_waits(pid_t pid)
{
        char path[64], line[128];
        long n = -1;
        FILE *file;

        snprintf(path, sizeof(path), "/proc/%d/status", pid);
        file = fopen(path, "re");
        assert_non_null(file);
        while (n < 0 && fgets(line, sizeof(line), file))
                sscanf(line, "voluntary_ctxt_switches: %ld", &n);
        fclose(file);
        assert_true(n >= 0);
        return n;
}

static void sleeps_while_nothing_is_under_way(void **state)
{
        struct managed *m = *state;
        long waits;

        start(m, USER_TIMEOUT_SEC);
        run_for(m, 3000);
        waits = count_waits(m->pid);
        run_for(m, 3000);
        assert_int_equal(count_waits(m->pid), waits);
        worker_end(m->worker);
        guest_expect_later(&m->guest, PACKET_device_disconnect);
        guest_hang_up(&m->guest);
        managed_expect_end(m, REASON_ASKED, true);
}

int main(void)
{
        static const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, managed_setup, managed_teardown)
                TEST(notices_a_link_that_goes_down_while_a_device_streams),
                TEST(keepalive_notices_it_while_nothing_happens),
                TEST(sleeps_while_nothing_is_under_way),
                TEST(leaves_a_guest_alone_that_reads_nothing),
        };

        if (geteuid() != 0 || run("ip -V >/dev/null 2>&1") < 0 || lay_cable() < 0) {
                puts("no network namespaces, for want of root or of ip: skipped");
                return 77;
        }

        return cmocka_run_group_tests(tests, NULL, NULL);
}
