/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * usbredir-session under the daemon's orders, as the process that it is.
 */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "daemon/worker-private.h"
#include "integration/managed.h"
#include "unit/run-until.h"
#include "util/cleanup.h"
#include "util/macro.h"

enum { BULK_IN = 0x81, NAK_IN = 0x83 };

static void expect_bulk(struct managed *m, uint32_t length)
{
        uint64_t id = guest_bulk(&m->guest, BULK_IN, length, NULL);

        guest_expect_id(&m->guest, PACKET_bulk_packet, id);
        assert_int_equal(guest_status(m->guest.packet), STATUS_success);
        assert_int_equal(m->guest.payload_size, length);
}

static void start_forwarding(struct managed *m, const char *options)
{
        managed_start_greeted(m, options, &managed_order);
        expect_bulk(m, 512);
        managed_wait_state(m, DEVICE_FORWARDING);
}

/* Ends it; the guest leaves when it is told. */
static void end(struct managed *m)
{
        worker_end(m->worker);
        guest_expect_later(&m->guest, PACKET_device_disconnect);
        guest_hang_up(&m->guest);
        managed_expect_end(m, REASON_ASKED, true);
}

static void tells_each_state_and_ends_when_told(void **state)
{
        struct managed *m = *state;
        const struct control_status *status;

        managed_start(m, "", &managed_order);
        RUN_UNTIL(m->base, m->statuses > 0);
        status = worker_status(m->worker);
        assert_int_equal(status->link_state, LINK_GREETING);
        assert_int_equal(status->device_state, DEVICE_NONE);
        assert_int_equal(status->pid, m->pid);
        assert_int_equal(status->peer_caps, 0);

        guest_greet(&m->guest);
        managed_wait_state(m, DEVICE_OFFERED);
        assert_int_equal(status->link_state, LINK_UP);
        assert_int_equal(status->peer_caps, CAP_ALL);
        assert_string_equal(status->peer_version, "test guest");
        expect_bulk(m, 512);
        managed_wait_state(m, DEVICE_FORWARDING);

        worker_end(m->worker);
        guest_expect(&m->guest, PACKET_device_disconnect);
        guest_send_bare(&m->guest, PACKET_device_disconnect_ack, 0);
        guest_expect_over(&m->guest);
        managed_expect_end(m, REASON_ASKED, true);
        assert_string_equal(m->message, "by the daemon");
        report_assert_returned(&m->report, 1);
        assert_int_equal(m->stucks, 0);
}

static void counts_bytes_and_packets(void **state)
{
        struct managed *m = *state;
        const struct control_status *status;
        struct control_status before;

        start_forwarding(m, "");
        status = worker_status(m->worker);
        m->statuses = 0;
        worker_describe(m->worker);
        RUN_UNTIL(m->base, m->statuses > 0);
        before = *status;
        assert_int_equal(before.packets_received, 2); /* hello, the request */
        assert_int_equal(before.packets_sent, 5);     /* hello, two infos, connect, the answer */
        expect_bulk(m, 1000);
        m->statuses = 0;
        worker_describe(m->worker);
        RUN_UNTIL(m->base, m->statuses > 0);
        assert_int_equal(status->packets_received, before.packets_received + 1);
        assert_int_equal(status->packets_sent, before.packets_sent + 1);
        assert_int_equal(status->bytes_received, before.bytes_received + 16 + 10);
        assert_int_equal(status->bytes_sent, before.bytes_sent + 16 + 10 + 1000);
        end(m);
}

/* The device is the host's before anybody is told so. */
static void returns_the_device_when_the_daemon_is_gone(void **state)
{
        struct managed *m = *state;
        int status;

        start_forwarding(m, "");
        guest_bulk(&m->guest, NAK_IN, 512, NULL);
        m->worker = worker_free(m->worker);
        guest_expect(&m->guest, PACKET_bulk_packet);
        guest_expect(&m->guest, PACKET_device_disconnect);
        status = managed_wait_exit(m);
        assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
        report_assert_returned(&m->report, 1);
        assert_int_equal(m->ends, 0);
}

static void goes_on_until_the_next_daemon_adopts_it(void **state)
{
        struct control_order order;
        struct managed *m = *state;

        start_forwarding(m, "");
        order = *worker_order(m->worker);
        managed_adopt(m);
        assert_memory_equal(worker_order(m->worker), &order, sizeof(order));
        assert_int_equal(worker_status(m->worker)->device_state, DEVICE_FORWARDING);
        assert_int_equal(worker_pid(m->worker), m->pid);
        expect_bulk(m, 512);
        end(m);
        report_assert_returned(&m->report, 1);
}

static void tells_of_a_guest_that_leaves(void **state)
{
        struct managed *m = *state;
        int status;

        start_forwarding(m, "");
        guest_hang_up(&m->guest);
        RUN_UNTIL(m->base, m->ends > 0);
        assert_int_equal(m->reason, REASON_GUEST_LEFT);
        assert_true(m->is_returned);
        assert_string_equal(m->message, "end of file");
        /* Who was told needs no exit code, and a unit that has done its work has not failed. */
        status = managed_wait_exit(m);
        assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
        report_assert_returned(&m->report, 1);
}

static void a_session_that_is_killed_may_have_kept_the_device(void **state)
{
        struct managed *m = *state;

        start_forwarding(m, "");
        kill(m->pid, SIGKILL);
        managed_expect_end(m, REASON_FAILURE, false);
        assert_string_equal(m->message, "the session process died");
}

static void a_session_that_is_killed_before_the_guest_speaks_has_not(void **state)
{
        struct managed *m = *state;

        managed_start(m, "", &managed_order);
        RUN_UNTIL(m->base, m->statuses > 0);
        kill(m->pid, SIGKILL);
        managed_expect_end(m, REASON_FAILURE, true);
}

static void a_signal_ends_it_too(void **state)
{
        struct managed *m = *state;

        start_forwarding(m, "");
        kill(m->pid, SIGTERM);
        guest_expect(&m->guest, PACKET_device_disconnect);
        guest_hang_up(&m->guest);
        managed_expect_end(m, REASON_ASKED, true);
        assert_string_equal(m->message, "Terminated");
}

static void moves_data_with_whatever_share_of_memory_it_has(void **state)
{
        static const uint32_t shares[] = { 16 << 20, 64 << 10, 0, 1 << 20 };
        struct managed *m = *state;

        start_forwarding(m, "");
        for (size_t i = 0; i < ELEMENTS(shares); i++) {
                worker_set_memory(m->worker, shares[i]);
                m->statuses = 0;
                worker_describe(m->worker);
                RUN_UNTIL(m->base, m->statuses > 0);
                assert_int_equal(worker_status(m->worker)->usbfs_memory, shares[i]);
                expect_bulk(m, 1 << 20);
        }
        end(m);
}

static void another_device_is_not_touched(void **state)
{
        static const struct {
                uint16_t vendor, product;
        } cases[] = { { 0x1209, 2 }, { 0x1208, 1 } };

        for (size_t i = 0; i < ELEMENTS(cases); i++) {
                struct control_order order = managed_order;
                struct managed *m;

                if (i > 0) {
                        managed_teardown(state);
                        managed_setup(state);
                }
                m = *state;
                order.vendor = cases[i].vendor;
                order.product = cases[i].product;
                managed_start(m, "", &order);
                guest_expect_over(&m->guest);
                managed_expect_end(m, REASON_NOT_FOUND, true);
                assert_int_equal(report_value(&m->report, "resets"), 0);
        }
}

static void tells_why_the_device_cannot_be_had(void **state)
{
        static const struct {
                const char *in;
                enum session_reason want;
        } cases[] = {
                { "fail=claim_interface:BUSY", REASON_BUSY },
                { "fail=claim_interface:ACCESS", REASON_ACCESS_DENIED },
                { "fail=wrap_sys_device:NO_DEVICE", REASON_NOT_FOUND },
        };

        for (size_t i = 0; i < ELEMENTS(cases); i++) {
                struct managed *m;

                if (i > 0) {
                        managed_teardown(state);
                        managed_setup(state);
                }
                m = *state;
                managed_start(m, cases[i].in, &managed_order);
                guest_say_hello(&m->guest);
                managed_expect_end(m, cases[i].want, true);
        }
}

static void never_resets_what_must_not_be(void **state)
{
        struct control_order order = managed_order;
        struct managed *m = *state;

        order.flags = CONTROL_NO_RESET;
        managed_start_greeted(m, "", &order);
        guest_send_bare(&m->guest, PACKET_reset, 0);
        expect_bulk(m, 512);
        end(m);
        assert_int_equal(report_value(&m->report, "resets"), 0);
        report_assert_returned(&m->report, 1);
}

static void a_silent_guest_is_told_of_until_it_speaks(void **state)
{
        struct control_order order = managed_order;
        struct managed *m = *state;

        order.greeting_sec = 1;
        managed_start(m, "", &order);
        RUN_UNTIL(m->base, m->statuses > 0 && worker_status(m->worker)->is_silent);
        assert_int_equal(worker_status(m->worker)->link_state, LINK_GREETING);
        guest_greet(&m->guest);
        managed_wait_state(m, DEVICE_OFFERED);
        assert_false(worker_status(m->worker)->is_silent);
        end(m);
}

static void garbage_of_the_daemon_ends_it(void **state)
{
        static const struct {
                const char *name;
                uint32_t type; /* with no body */
                const char *want;
        } cases[] = {
                { "of a session", CONTROL_STATUS, "the daemon has sent what is no message" },
                { "no purpose", CONTROL_START, "the daemon has sent what is no message" },
        };

        for (size_t i = 0; i < ELEMENTS(cases); i++) {
                struct managed *m;

                if (i > 0) {
                        managed_teardown(state);
                        managed_setup(state);
                }
                m = *state;
                start_forwarding(m, "");
                assert_int_equal(send(m->worker->fd, &cases[i].type, sizeof(uint32_t), 0), 4);
                guest_expect(&m->guest, PACKET_device_disconnect);
                guest_hang_up(&m->guest);
                managed_expect_end(m, REASON_FAILURE, true);
                if (!strstr(m->message, cases[i].want))
                        fail_msg("%s: %s", cases[i].name, m->message);
                report_assert_returned(&m->report, 1);
        }
}

static void a_second_order_ends_it(void **state)
{
        struct control_message message = { .type = CONTROL_START, .order = managed_order };
        const int fds[] = { STDIN_FILENO, STDIN_FILENO };
        struct managed *m = *state;

        start_forwarding(m, "");
        assert_int_equal(control_send(m->worker->fd, &message, fds, 2), 0);
        guest_expect(&m->guest, PACKET_device_disconnect);
        guest_hang_up(&m->guest);
        managed_expect_end(m, REASON_FAILURE, true);
        assert_string_equal(m->message, "the daemon has sent a second order");
        report_assert_returned(&m->report, 1);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, managed_setup, managed_teardown)

int main(void)
{
        static const struct CMUnitTest tests[] = {
                TEST(tells_each_state_and_ends_when_told),
                TEST(counts_bytes_and_packets),
                TEST(returns_the_device_when_the_daemon_is_gone),
                TEST(goes_on_until_the_next_daemon_adopts_it),
                TEST(tells_of_a_guest_that_leaves),
                TEST(a_session_that_is_killed_may_have_kept_the_device),
                TEST(a_session_that_is_killed_before_the_guest_speaks_has_not),
                TEST(a_signal_ends_it_too),
                TEST(moves_data_with_whatever_share_of_memory_it_has),
                TEST(another_device_is_not_touched),
                TEST(tells_why_the_device_cannot_be_had),
                TEST(never_resets_what_must_not_be),
                TEST(a_silent_guest_is_told_of_until_it_speaks),
                TEST(garbage_of_the_daemon_ends_it),
                TEST(a_second_order_ends_it),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
