/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The process around a managed session: what it says to the service manager, its sandbox, its end
 * before there is an order, and as a child of the launcher.
 */
#include "config.h"

#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "daemon/worker-private.h"
#include "integration/managed.h"
#include "session/tls.h"
#include "unit/run-until.h"
#include "util/cleanup.h"
#include "util/macro.h"

static void expect_notification(struct managed *m, const char *want)
{
        struct pollfd fd = { .fd = m->notify, .events = POLLIN };
        char text[128];
        ssize_t n;

        assert_int_equal(poll(&fd, 1, RUN_DEADLINE_SEC * 1000), 1);
        n = recv(m->notify, text, sizeof(text) - 1, 0);
        assert_true(n >= 0);
        text[n] = '\0';
        assert_string_equal(text, want);
}

static void set_notify_socket(struct managed *m)
{
        char path[128];

        snprintf(path, sizeof(path), "%s/notify", m->directory);
        setenv("NOTIFY_SOCKET", path, 1);
}

static void tells_the_service_manager_that_it_lives(void **state)
{
        struct managed *m = *state;

        set_notify_socket(m);
        setenv("WATCHDOG_USEC", "200000", 1);
        managed_start_greeted(m, "", &managed_order);
        expect_notification(m, "FDSTORE=1\nFDNAME=session-7"); /* the worker's */
        expect_notification(m, "READY=1");
        for (int i = 0; i < 3; i++)
                expect_notification(m, "WATCHDOG=1");
        worker_end(m->worker);
        guest_expect(&m->guest, PACKET_device_disconnect);
        guest_hang_up(&m->guest);
        managed_expect_end(m, REASON_ASKED, true);
}

/* The number of times that it has gone to sleep. */
static unsigned long count_sleeps(pid_t pid)
{
        static const char key[] = "\nvoluntary_ctxt_switches:";
        char path[64], text[4096] = "";
        FILE *file;

        snprintf(path, sizeof(path), "/proc/%i/status", (int)pid);
        file = fopen(path, "re");
        assert_non_null(file);
        assert_true(fread(text, 1, sizeof(text) - 1, file) > 0);
        fclose(file);
        assert_non_null(strstr(text, key));
        return strtoul(strstr(text, key) + strlen(key), NULL, 10);
}

static void wakes_for_nothing_but_the_watchdog(void **state)
{
        struct managed *m = *state;
        unsigned long before;

        set_notify_socket(m);
        setenv("WATCHDOG_USEC", "400000", 1);
        managed_start_greeted(m, "", &managed_order);
        expect_notification(m, "FDSTORE=1\nFDNAME=session-7");
        expect_notification(m, "READY=1");
        for (int i = 0; i < 2; i++)
                expect_notification(m, "WATCHDOG=1");
        before = count_sleeps(m->pid);
        for (int i = 0; i < 4; i++)
                expect_notification(m, "WATCHDOG=1");
        assert_in_range(count_sleeps(m->pid) - before, 3, 6);
        kill(m->pid, SIGKILL);
        managed_expect_end(m, REASON_FAILURE, false);
}

static void assert_status_line(const char *text, const char *line)
{
        if (!strstr(text, line))
                fail_msg("no \"%s\" in:\n%s", line + 1, text);
}

/* What that means is the matter of tests/unit/test-session-sandbox*.c. */
static void runs_in_the_sandbox_as_one_thread(void **state)
{
        struct managed *m = *state;
        char path[64], text[4096] = "";
        FILE *file;

        managed_start_greeted(m, "", &managed_order);
        snprintf(path, sizeof(path), "/proc/%i/status", (int)m->pid);
        file = fopen(path, "re");
        assert_non_null(file);
        assert_true(fread(text, 1, sizeof(text) - 1, file) > 0);
        fclose(file);
        assert_status_line(text, "\nSeccomp:\t2\n");
        assert_status_line(text, "\nNoNewPrivs:\t1\n");
        assert_status_line(text, "\nThreads:\t1\n");
        if (geteuid() == 0) {
                assert_status_line(text, "\nCapEff:\t0000000000000000\n");
                assert_status_line(text, "\nUid:\t65534\t65534\t65534\t65534\n");
        }
        worker_end(m->worker);
        guest_expect(&m->guest, PACKET_device_disconnect);
        guest_hang_up(&m->guest);
        managed_expect_end(m, REASON_ASKED, true);
}

static bool has_mapped(const struct managed *m, const char *library)
{
        char path[64], line[512];
        bool is_there = false;
        FILE *file;

        snprintf(path, sizeof(path), "/proc/%i/maps", (int)m->pid);
        file = fopen(path, "re");
        if (!file)
                skip(); /* it is nobody's business but root's */
        while (fgets(line, sizeof(line), file))
                is_there |= strstr(line, library) != NULL;
        fclose(file);
        return is_there;
}

/* It takes more memory than the session. */
static void clear_text_does_without_openssl(void **state)
{
        struct managed *m = *state;

        managed_start_greeted(m, "", &managed_order);
        assert_true(has_mapped(m, "libevent"));
        assert_false(has_mapped(m, "libssl"));
        assert_false(has_mapped(m, "libcrypto"));
        worker_end(m->worker);
        guest_expect(&m->guest, PACKET_device_disconnect);
        guest_hang_up(&m->guest);
        managed_expect_end(m, REASON_ASKED, true);
}

static void start_with_key(struct managed *m, const char *keys, int *ret_guest)
{
        struct control_fds fds = CONTROL_NO_FDS;
        struct control_order order = managed_order;
        int pair[2];

        order.tls = CONTROL_PSK;
        strcpy(order.psk_identity, "qemu");
        assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, pair),
                         0);
        fds.guest = pair[1];
        fds.files[0] = memfd_create("keys", MFD_CLOEXEC);
        assert_int_equal(write(fds.files[0], keys, strlen(keys)), (ssize_t)strlen(keys));
        *ret_guest = pair[0];
        managed_start_with(m, "", &order, &fds);
}

static void a_key_that_is_not_there_is_told(void **state)
{
        struct managed *m = *state;
        int guest;

        start_with_key(m, "other:00\n", &guest);
        managed_expect_end(m, REASON_TLS_FAILED, true);
        assert_string_equal(m->message, "PSKFile has no key for PSKIdentity 'qemu'");
        close(guest);
}

/* A QEMU that has another guest's connection, as far as we can see. */
static void a_guest_that_shakes_no_hands_is_given_up(void **state)
{
        struct pollfd told = { .events = POLLIN };
        struct managed *m = *state;
        int guest;

        start_with_key(m, "qemu:00\n", &guest);
        RUN_UNTIL(m->base, worker_status(m->worker)->link_state == LINK_TLS);
        told.fd = m->worker->fd;
        assert_int_equal(poll(&told, 1, 2 * TLS_HANDSHAKE_SEC * 1000), 1);
        managed_expect_end(m, REASON_TLS_FAILED, true);
        assert_non_null(strstr(m->message, "no TLS handshake in 10 s"));
        close(guest);
}

/* A process whose daemon has no order for it. */
static int run_without_order(struct managed *m, const void *bytes, size_t size)
{
        struct launched launched;
        int status;

        assert_int_equal(launcher_launch(m->launcher, &launched), 0);
        if (size > 0)
                assert_int_equal(send(launched.fd, bytes, size, 0), size);
        managed_start_process(m);
        if (size == 0)
                launched.fd = close_fd(launched.fd);
        status = managed_wait_exit(m);
        close_fd(launched.fd);
        return status;
}

static void ends_without_an_order(void **state)
{
        static const uint32_t end = CONTROL_END, describe = CONTROL_DESCRIBE, garbage = 65;
        static const struct {
                const char *name;
                const void *bytes;
                size_t size;
                const char *want; /* in the log */
        } cases[] = {
                { "end of file", NULL, 0, "ended as asked: the daemon has stopped" },
                { "END", &end, 4, "ended as asked: by the daemon" },
                { "DESCRIBE", &describe, 4, "internal failure: the daemon has sent no order" },
                { "garbage", &garbage, 4,
                  "internal failure: the daemon has sent what is no message" },
        };

        for (size_t i = 0; i < ELEMENTS(cases); i++) {
                struct managed *m;
                int status;

                if (i > 0) {
                        managed_teardown(state);
                        managed_setup(state);
                }
                m = *state;
                status = run_without_order(m, cases[i].bytes, cases[i].size);
                if (!WIFEXITED(status) || WEXITSTATUS(status) != 0 ||
                    !report_logged(&m->report, cases[i].want))
                        fail_msg("%s: status %i; log:\n%s", cases[i].name, status, m->report.log);
        }
}

/* Where a descriptor is that is no socket, or none. */
static void a_control_socket_that_is_none_is_told(void **state)
{
        static const char *const cases[] = { "/dev/null", NULL };

        for (size_t i = 0; i < ELEMENTS(cases); i++) {
                char command[512];
                int status;

                snprintf(command, sizeof(command), "%s/usbredir-session --control=fd:3 %s%s 2>&1",
                         getenv("top_builddir") ?: ".", cases[i] ? "3<" : "3<&-", cases[i] ?: "");
                assert_int_equal(fflush(NULL), 0);
                status = system(command);
                assert_true(WIFEXITED(status));
                assert_int_equal(WEXITSTATUS(status), session_reason_exit_code(REASON_USAGE));
        }
}

#ifdef TEST_HOOKS
static void a_child_opens_the_device_itself(void **state)
{
        struct managed *m = *state;

        managed_start_greeted(m, "", &managed_order);
        assert_true(worker_pid(m->worker) > 0);
        assert_string_equal(worker_unit(m->worker), "");
        worker_end(m->worker);
        guest_expect(&m->guest, PACKET_device_disconnect);
        guest_hang_up(&m->guest);
        managed_expect_end(m, REASON_ASKED, true);
        report_assert_returned(&m->report, 1);
}

static void of_a_child_it_is_known_how_it_died(void **state)
{
        struct managed *m = *state;

        managed_start_greeted(m, "", &managed_order);
        kill(worker_pid(m->worker), SIGKILL);
        managed_expect_end(m, REASON_FAILURE, false);
        assert_string_equal(m->message, "the session process was killed by signal 9 (Killed)");
}

/* It hangs: neither END nor the end of file reaches it. */
static void a_child_that_hangs_is_killed(void **state)
{
        struct managed *m = *state;

        managed_start_greeted(m, "", &managed_order);
        kill(worker_pid(m->worker), SIGSTOP);
        worker_end(m->worker);
        event_active(m->worker->timer, EV_TIMEOUT, 0);
        managed_expect_end(m, REASON_FAILURE, false);
        assert_string_equal(m->message, "the session process was killed by signal 9 (Killed)");
        assert_int_equal(m->stucks, 0);
}

static void a_child_that_sends_garbage_is_killed(void **state)
{
        struct managed *m = *state;

        managed_start_greeted(m, "", &managed_order);
        m->worker->messages = 0;
        worker_describe(m->worker);
        m->worker->messages = 0;
        managed_expect_end(m, REASON_FAILURE, false);
        assert_string_equal(m->message, "it has sent what is no message, or too many");
}
#endif

#define TEST(function) cmocka_unit_test_setup_teardown(function, managed_setup, managed_teardown)
#define TEST_CHILD(function)                                                                       \
        cmocka_unit_test_setup_teardown(function, managed_setup_fork, managed_teardown)

int main(void)
{
        static const struct CMUnitTest tests[] = {
                TEST(tells_the_service_manager_that_it_lives),
                TEST(wakes_for_nothing_but_the_watchdog),
                TEST(runs_in_the_sandbox_as_one_thread),
                TEST(clear_text_does_without_openssl),
                TEST(a_key_that_is_not_there_is_told),
                TEST(a_guest_that_shakes_no_hands_is_given_up),
                TEST(ends_without_an_order),
                TEST(a_control_socket_that_is_none_is_told),
#ifdef TEST_HOOKS
                TEST_CHILD(a_child_opens_the_device_itself),
                TEST_CHILD(of_a_child_it_is_known_how_it_died),
                TEST_CHILD(a_child_that_hangs_is_killed),
                TEST_CHILD(a_child_that_sends_garbage_is_killed),
#endif
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
