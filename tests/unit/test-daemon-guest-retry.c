/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A guest that is not there: delays, giving up, trying again, and what the log says of it.
 */
#include "unit/test.h"

#include "unit/capture.h"
#include "unit/guest-bed.h"

/* The delay until the channel's retry, in its guest's seconds; now and a little before. */
static void assert_delay(const struct channel *c, uint64_t before_msec, double seconds)
{
        uint64_t now = channel_now_msec();
        double low = seconds * SECOND_MS * 0.75, high = seconds * SECOND_MS * 1.25;

        assert_int_equal(c->state, CHANNEL_BACKOFF);
        assert_true((double)(c->retry_at_msec - before_msec) >= low - 1);
        assert_true((double)c->retry_at_msec <= (double)now + high);
}

static void waits_longer_after_each_failure(void **state)
{
        static const double wants[] = { 1, 2, 4, 8, 8, 8 };
        struct peer peers[] = { bind_tcp(), bind_unix("a") };
        struct bed b;

        for (size_t i = 0; i < ELEMENTS(peers); i++) {
                make_guest(&b, *state, TEXTS(peers[i].text));
                enqueue(&b, 1);
                for (size_t n = 0; n < ELEMENTS(wants); n++) {
                        uint64_t before = channel_now_msec();

                        RUN_UNTIL(b.base, b.n_failed == n + 1);
                        assert_ptr_equal(b.failed, &b.waiters[0]);
                        assert_ptr_equal(strstr(b.error.text, "connection refused at "),
                                         b.error.text);
                        assert_string_equal(guest_last_error(b.g), b.error.text);
                        assert_int_equal(guest_state(b.g), GUEST_UNREACHABLE);
                        assert_delay(nth_channel(&b, 0), before, wants[n]);
                        run_ready(b.base);
                        assert_int_equal(b.n_failed, n + 1);
                        end_delays(&b);
                }
                free_guest(&b);
                close_peer(&peers[i]);
        }
}

static void tells_when_it_tries_again(void **state)
{
        struct timespec now;
        uint64_t at;
        struct bed b;

        make_guest(&b, *state, TEXTS("unix:/nowhere"));
        enqueue(&b, 1);
        assert_int_equal(guest_retry_at_usec(b.g), 0);
        RUN_UNTIL(b.base, b.n_failed == 1);
        clock_gettime(CLOCK_REALTIME, &now);
        at = guest_retry_at_usec(b.g) / 1000000;
        assert_true(at >= (uint64_t)now.tv_sec + SECOND_MS / 1000 * 3 / 4 - RUN_DEADLINE_SEC);
        assert_true(at <= (uint64_t)now.tv_sec + SECOND_MS / 1000 * 5 / 4);
        free_guest(&b);
}

/* By real time: the seconds are short, and the timer is the loop's. */
static void finds_one_that_appears_later(void **state)
{
        struct peer peer = bind_tcp();
        struct bed b;

        make_guest(&b, *state, TEXTS(peer.text));
        b.g->second_ms = 2;
        /* A try has 10 of these seconds; the loopback answers at once, but other work may delay us.
         */
        enqueue(&b, 1);
        RUN_UNTIL(b.base, b.n_failed >= 3);
        listen_peer(&peer, 4);
        RUN_UNTIL(b.base, b.n_served == 1);
        free_guest(&b);
        close_peer(&peer);
}

static void has_a_timer_only_while_somebody_waits(void **state)
{
        struct bed b;

        make_guest(&b, *state, TEXTS("unix:/nowhere"));
        enqueue(&b, 2);
        RUN_UNTIL(b.base, b.n_failed == 1);
        run_ready(b.base);
        assert_true(event_pending(b.g->retry, EV_TIMEOUT, NULL));

        guest_dequeue(&b.waiters[0]);
        guest_dequeue(&b.waiters[1]);
        run_ready(b.base);
        assert_false(event_pending(b.g->retry, EV_TIMEOUT, NULL));
        assert_int_equal(event_base_get_num_events(b.base, EVENT_BASE_COUNT_ADDED), 0);
        assert_int_equal(guest_state(b.g), GUEST_IDLE);
        assert_int_equal(guest_retry_at_usec(b.g), 0);

        /* Who comes later waits for the same moment, not less. */
        enqueue(&b, 1);
        run_ready(b.base);
        assert_int_equal(b.n_failed, 1);
        assert_true(event_pending(b.g->retry, EV_TIMEOUT, NULL));
        assert_int_equal(guest_state(b.g), GUEST_UNREACHABLE);
        guest_disconnect(b.g);
        run_ready(b.base);
        assert_false(event_pending(b.g->retry, EV_TIMEOUT, NULL));
        free_guest(&b);
}

static void passes_over_a_channel_that_failed(void **state)
{
        struct peer peer = bind_unix("a");
        struct bed b;

        listen_peer(&peer, 4);
        make_guest(&b, *state, TEXTS("unix:/nowhere", peer.text));
        enqueue(&b, 1);
        RUN_UNTIL(b.base, b.n_served == 1);
        assert_int_equal(b.n_failed, 1);
        assert_string_equal(channel_text(b.channel[0]), peer.text);
        assert_int_equal(channel_state(nth_channel(&b, 0)), CHANNEL_BACKOFF);
        assert_int_equal(guest_state(b.g), GUEST_CONNECTED);

        /* Also when its delay is over. */
        channel_release(b.channel[0], CHANNEL_FREE, NULL);
        end_delays(&b);
        enqueue(&b, 1);
        RUN_UNTIL(b.base, b.n_served == 2);
        assert_int_equal(b.n_failed, 1);
        free_guest(&b);
        close_peer(&peer);
}

static void gives_up_after_so_many_attempts(void **state)
{
        struct bed b;

        make_guest(&b, *state, TEXTS("unix:/nowhere"));
        b.config.max_attempts = 3;
        assert_int_equal(guest_set_config(b.g, &b.config), 0);
        enqueue(&b, 1);
        for (size_t n = 1; n <= 3; n++) {
                assert_int_not_equal(guest_state(b.g), GUEST_FAILED);
                RUN_UNTIL(b.base, b.n_failed == n);
                end_delays(&b);
        }
        run_ready(b.base);
        assert_int_equal(b.n_failed, 3);
        assert_int_equal(guest_state(b.g), GUEST_FAILED);
        assert_int_equal(channel_state(nth_channel(&b, 0)), CHANNEL_FAILED);
        assert_int_equal(guest_retry_at_usec(b.g), 0);
        assert_ptr_equal(guest_queue(b.g), &b.waiters[0]);
        guest_enqueue(b.g, &b.waiters[1], false);
        run_ready(b.base);
        assert_int_equal(b.n_failed, 3);

        /* Three ways to have it tried again, each from the beginning. */
        guest_connect(b.g);
        RUN_UNTIL(b.base, b.n_failed == 4);
        assert_int_equal(channel_state(nth_channel(&b, 0)), CHANNEL_BACKOFF);
        guest_enqueue(b.g, &b.waiters[2], true);
        RUN_UNTIL(b.base, b.n_failed == 5);
        assert_int_equal(nth_channel(&b, 0)->failures, 1);
        assert_int_equal(guest_set_config(b.g, &b.config), 0);
        RUN_UNTIL(b.base, b.n_failed == 6);
        assert_int_equal(nth_channel(&b, 0)->failures, 1);
        free_guest(&b);
}

static void allows_leaving_the_queue_when_told_of_a_failure(void **state)
{
        struct bed b;

        make_guest(&b, *state, TEXTS("unix:/nowhere", "unix:/nowhere/else"));
        enqueue(&b, 2);
        b.dequeue = &b.waiters[0];
        RUN_UNTIL(b.base, b.n_failed == 2);
        assert_null(b.waiters[0].guest);
        assert_ptr_equal(b.failed, &b.waiters[1]);
        b.dequeue = &b.waiters[1];
        end_delays(&b);
        RUN_UNTIL(b.base, b.n_failed == 3);
        run_ready(b.base);
        assert_null(guest_queue(b.g));
        assert_int_equal(guest_state(b.g), GUEST_IDLE);
        free_guest(&b);
}

/* Connects, and is lost without a hello, again and again: as a QEMU that is busy does. */
static void does_not_hurry_to_one_that_hangs_up(void **state)
{
        static const double wants[] = { 1, 2, 4, 8, 8 };
        struct peer peer = bind_unix("a");
        struct bed b;

        listen_peer(&peer, 16);
        make_guest(&b, *state, TEXTS(peer.text));
        for (size_t n = 0; n < ELEMENTS(wants); n++) {
                uint64_t before = channel_now_msec();

                enqueue(&b, 1);
                end_delays(&b);
                RUN_UNTIL(b.base, b.n_served == n + 1);
                if (n == 2)
                        channel_set_silent(b.channel[n]);
                channel_release(b.channel[n], CHANNEL_LOST, "it said \033[2J\xff");
                assert_delay(b.channel[n], before, wants[n]);
                assert_string_equal(guest_last_error(b.g), "it said ?[2J?");
        }
        free_guest(&b);
        close_peer(&peer);
}

/* The first delay again; and one that worked has not failed, though one failure were enough. */
static void starts_anew_after_a_hello(void **state)
{
        struct peer peer = bind_unix("a");
        struct bed b;

        listen_peer(&peer, 16);
        make_guest(&b, *state, TEXTS(peer.text));
        for (size_t n = 0; n < 4; n++) {
                uint64_t before = channel_now_msec();

                enqueue(&b, 1);
                end_delays(&b);
                RUN_UNTIL(b.base, b.n_served == n + 1);
                if (n >= 2)
                        channel_set_greeted(b.channel[n]);
                if (n == 3) {
                        b.config.max_attempts = 1;
                        assert_int_equal(guest_set_config(b.g, &b.config), 0);
                }
                channel_release(b.channel[n], CHANNEL_LOST, NULL);
                assert_delay(b.channel[n], before, n == 1 ? 2 : 1);
        }
        free_guest(&b);
        close_peer(&peer);
}

static void knows_who_is_silent(void **state)
{
        struct peer peer = bind_unix("a");
        struct channel *c;
        struct bed b;

        listen_peer(&peer, 16);
        make_guest(&b, *state, TEXTS(peer.text));
        c = nth_channel(&b, 0);
        channel_set_silent(c);
        channel_set_greeted(c);
        channel_release(c, CHANNEL_LOST, "");
        assert_int_equal(channel_state(c), CHANNEL_IDLE);

        enqueue(&b, 1);
        RUN_UNTIL(b.base, b.n_served == 1);
        channel_set_silent(c);
        assert_int_equal(channel_state(c), CHANNEL_SILENT);
        assert_int_equal(guest_state(b.g), GUEST_CONNECTED);
        channel_set_greeted(c);
        channel_set_silent(c);
        assert_int_equal(channel_state(c), CHANNEL_OCCUPIED);
        free_guest(&b);
        close_peer(&peer);
}

static size_t count_lines(const char *text, const char *with)
{
        size_t n = 0;

        while ((text = strstr(text, with))) {
                text += strlen(with);
                n++;
        }
        return n;
}

static void logs_once_until_the_reason_changes(void **state)
{
        struct peer peers[] = { bind_unix("a"), bind_unix("b") };
        struct capture c;
        const char *log;
        struct bed b;

        make_guest(&b, *state, TEXTS(peers[0].text, peers[1].text));
        capture_begin(&c, STDERR_FILENO);
        enqueue(&b, 2);
        for (size_t n = 2; n <= 8; n += 2) {
                RUN_UNTIL(b.base, b.n_failed == n);
                end_delays(&b);
        }
        log = capture_end(&c);
        assert_int_equal(count_lines(log, "\n"), 1);
        assert_int_equal(count_lines(log, "guest vm1 is unreachable: connection refused at unix:"),
                         1);

        /* Another reason, and only one of the two is back. */
        capture_begin(&c, STDERR_FILENO);
        unlink(peers[1].path);
        listen_peer(&peers[0], 4);
        for (size_t n = 0; n < 3; n++) {
                RUN_UNTIL(b.base, b.n_failed == 9 + n);
                end_delays(&b);
        }
        assert_int_equal(b.n_served, 1);
        log = capture_end(&c);
        assert_int_equal(count_lines(log, "\n"), 1);
        assert_int_equal(count_lines(log, "there is no socket at unix:"), 1);

        capture_begin(&c, STDERR_FILENO);
        channel_set_greeted(b.channel[0]);
        channel_set_greeted(b.channel[0]);
        channel_release(b.channel[0], CHANNEL_LOST, "the guest went away");
        log = capture_end(&c);
        assert_int_equal(count_lines(log, "\n"), 1);
        assert_int_equal(count_lines(log, "guest vm1 is reachable again\n"), 1);
        free_guest(&b);
        close_peer(&peers[0]);
        close_peer(&peers[1]);
}

static void logs_when_it_gives_up(void **state)
{
        struct capture c;
        const char *log;
        struct bed b;

        make_guest(&b, *state, TEXTS("unix:/nowhere", "unix:/nowhere/2"));
        b.config.max_attempts = 1;
        assert_int_equal(guest_set_config(b.g, &b.config), 0);
        capture_begin(&c, STDERR_FILENO);
        enqueue(&b, 2);
        RUN_UNTIL(b.base, b.n_failed == 2);
        run_ready(b.base);
        log = capture_end(&c);
        assert_int_equal(count_lines(log, "\n"), 2);
        assert_int_equal(count_lines(log, "guest vm1: given up, MaxAttempts=1; "), 1);
        free_guest(&b);
}

int main(void)
{
        static const struct CMUnitTest tests[] = {
                TEST(waits_longer_after_each_failure),
                TEST(tells_when_it_tries_again),
                TEST(finds_one_that_appears_later),
                TEST(has_a_timer_only_while_somebody_waits),
                TEST(passes_over_a_channel_that_failed),
                TEST(gives_up_after_so_many_attempts),
                TEST(allows_leaving_the_queue_when_told_of_a_failure),
                TEST(does_not_hurry_to_one_that_hangs_up),
                TEST(starts_anew_after_a_hello),
                TEST(knows_who_is_silent),
                TEST(logs_once_until_the_reason_changes),
                TEST(logs_when_it_gives_up),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
