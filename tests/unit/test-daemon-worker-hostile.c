/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Sessions that do not end, do not answer, or send what is no message.
 */
#include "config.h"

#include "unit/test.h"

#include "unit/worker-bed.h"
#include "util/macro.h"

static const char broken[] = "it has sent what is no message, or too many";

static void garbage_ends_it(void **state)
{
        static const struct {
                const char *name;
                const char *bytes;
                size_t size;
        } cases[] = {
                { "short", "ab", 2 },
                { "of the daemon", "\1\0\0\0", 4 },
                { "link state", "\101\0\0\0\x77\0\0\0", 8 },
                { "reason", "\103\0\0\0\x77\0\0\0", 8 },
        };

        for (size_t i = 0; i < ELEMENTS(cases); i++) {
                struct worker_bed *b;

                if (i > 0) {
                        bed_teardown(state);
                        bed_setup(state);
                }
                b = *state;
                bed_start(b);
                b->frees_at_end = true;
                assert_int_equal(send(b->peer, cases[i].bytes, cases[i].size, 0), cases[i].size);
                RUN_UNTIL(b->base, b->ends > 0);
                assert_ended(b, REASON_FAILURE, broken, true);
                assert_true(bed_is_closed(b));
        }
}

static void may_not_send_more_than_states_change(void **state)
{
        struct worker_bed *b = *state;

        bed_start(b);
        for (unsigned i = 0; i < WORKER_MESSAGES_MAX; i++)
                bed_say_status(b, LINK_GREETING, DEVICE_NONE);
        RUN_UNTIL(b->base, b->statuses == WORKER_MESSAGES_MAX);
        assert_int_equal(b->ends, 0);

        /* Answers are no surplus. */
        worker_describe(b->worker);
        bed_say_status(b, LINK_GREETING, DEVICE_NONE);
        bed_say(b, &(struct control_message){ .type = CONTROL_DESCRIPTION, .order = bed_order });
        RUN_UNTIL(b->base, b->statuses == WORKER_MESSAGES_MAX + 1);
        run_ready(b->base);
        assert_int_equal(b->ends, 0);

        /* Neither are those counted less that we do not know. */
        assert_int_equal(send(b->peer, "\xff\0\0\0", 4, 0), 4);
        RUN_UNTIL(b->base, b->ends > 0);
        assert_ended(b, REASON_FAILURE, broken, true);
}

static void messages_that_are_not_known_are_ignored(void **state)
{
        struct worker_bed *b = *state;

        bed_start(b);
        assert_int_equal(send(b->peer, "\xff\0\0\0more", 8, 0), 8);
        bed_say_status(b, LINK_GREETING, DEVICE_NONE);
        RUN_UNTIL(b->base, b->statuses == 1);
        assert_int_equal(b->ends, 0);
}

static void after_its_last_words_nothing_counts(void **state)
{
        struct worker_bed *b = *state;

        bed_start(b);
        bed_say_ended(b, REASON_BUSY, true, "first");
        bed_say_ended(b, REASON_FAILURE, false, "second");
        bed_say_status(b, LINK_UP, DEVICE_FORWARDING);
        run_ready(b->base);
        assert_int_equal(b->statuses, 0);
        bed_hang_up(b);
        RUN_UNTIL(b->base, b->ends > 0);
        assert_ended(b, REASON_BUSY, "first", true);
}

static void one_that_does_not_end_is_told_of_once(void **state)
{
        struct worker_bed *b = *state;
        struct control_message m;

        bed_start(b);
        worker_end(b->worker);
        bed_receive(b, CONTROL_END, &m);
        bed_let_time_pass(b, WORKER_END_SEC);
        assert_int_equal(b->stucks, 1);
        assert_int_equal(b->ends, 0);
        assert_true(bed_is_closed(b));
        assert_false(event_pending(b->worker->timer, EV_TIMEOUT, NULL));

        /* It may come round. */
        bed_say_ended(b, REASON_ASKED, true, "at last");
        bed_hang_up(b);
        RUN_UNTIL(b->base, b->ends > 0);
        assert_ended(b, REASON_ASKED, "at last", true);
}

static void one_that_says_it_has_ended_and_stays_is_stuck_too(void **state)
{
        struct worker_bed *b = *state;

        bed_start(b);
        bed_say_ended(b, REASON_ASKED, true, "");
        run_ready(b->base);
        bed_let_time_pass(b, WORKER_END_SEC);
        assert_int_equal(b->stucks, 1);
}

/* Its unit's watchdog comes first. */
static void the_watchdog_has_its_time(void **state)
{
        assert_true(WORKER_END_SEC > 60);
}

static void one_that_reads_nothing_is_ended_by_closing(void **state)
{
        struct worker_bed *b = *state;
        struct control_message m;
        size_t n = 0;
        int r;

        bed_start(b);
        for (size_t i = 0; i < 2000; i++)
                worker_describe(b->worker);
        worker_end(b->worker);
        while ((r = control_receive(b->peer, CONTROL_DAEMON, &m, NULL)) == 0) {
                assert_int_equal(m.type, CONTROL_DESCRIBE);
                n++;
        }
        assert_int_equal(r, -EPIPE);
        assert_true(n < 2000);
}

static void an_adopted_one_that_does_not_answer_is_ended(void **state)
{
        struct worker_bed *b = *state;
        int copy;

        bed_adopt(b);
        copy = dup(b->worker->fd);
        bed_let_time_pass(b, WORKER_DESCRIBE_SEC);
        assert_ended(b, REASON_FAILURE, "it does not say what it does", false);
        assert_true(bed_is_closed(b));
        assert_int_equal(b->descriptions, 0);
        close(copy);
}

static void an_adopted_one_can_be_ended_before_it_answers(void **state)
{
        struct worker_bed *b = *state;
        struct control_message m;

        bed_adopt(b);
        worker_end(b->worker);
        bed_receive(b, CONTROL_END, &m);
        bed_say(b, &(struct control_message){ .type = CONTROL_DESCRIPTION, .order = bed_order });
        RUN_UNTIL(b->base, b->descriptions == 1);
        assert_true(event_pending(b->worker->timer, EV_TIMEOUT, NULL));
        bed_say_ended(b, REASON_ASKED, true, "by the daemon");
        bed_hang_up(b);
        RUN_UNTIL(b->base, b->ends > 0);
        assert_ended(b, REASON_ASKED, "by the daemon", true);
}

static void a_pid_or_unit_that_cannot_be_is_not_shown(void **state)
{
        struct control_message m = { .type = CONTROL_STATUS,
                                     .status = { .pid = UINT32_MAX, .unit = "ssh.service" } };
        struct worker_bed *b = *state;

        bed_start(b);
        bed_say(b, &m);
        RUN_UNTIL(b->base, b->statuses == 1);
        assert_int_equal(worker_pid(b->worker), 0);
        assert_string_equal(worker_unit(b->worker), "");
}

int main(void)
{
        static const struct CMUnitTest tests[] = {
                WORKER_TEST(garbage_ends_it),
                WORKER_TEST(may_not_send_more_than_states_change),
                WORKER_TEST(messages_that_are_not_known_are_ignored),
                WORKER_TEST(after_its_last_words_nothing_counts),
                WORKER_TEST(one_that_does_not_end_is_told_of_once),
                WORKER_TEST(one_that_says_it_has_ended_and_stays_is_stuck_too),
                WORKER_TEST(the_watchdog_has_its_time),
                WORKER_TEST(one_that_reads_nothing_is_ended_by_closing),
                WORKER_TEST(an_adopted_one_that_does_not_answer_is_ended),
                WORKER_TEST(an_adopted_one_can_be_ended_before_it_answers),
                WORKER_TEST(a_pid_or_unit_that_cannot_be_is_not_shown),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
