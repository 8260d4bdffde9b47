/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The machine sleeps: devices are returned before, and go back after.
 */
#include "daemon/outcome-bed.h"

static void on_ready(void *userdata)
{
        (*(unsigned *)userdata)++;
}

static void falls_asleep_and_wakes_up(struct bed *bed, bool by_hand)
{
        struct bed_session *s = redirect(bed, by_hand);
        unsigned ready = 0;

        manager_sleep(bed->m, on_ready, &ready);
        bed_until(bed, s->is_asked_to_end);
        bed_settle(bed);
        assert_int_equal(ready, 0);
        bed_say_ended(bed, s, REASON_ASKED, true);
        bed_until(bed, ready);
        bed_settle(bed);
        assert_int_equal(launched_again(bed), 0);
        assert_int_equal(bed_device(bed, "1-1")->phase, DEVICE_IS_WAITING);

        manager_awake(bed->m);
        comes_again(bed);
        assert_int_equal(ready, 1);
        assert_int_equal(bed_device(bed, "1-1")->intent,
                         by_hand ? INTENT_BY_HAND : INTENT_AUTOMATIC);
}

static void what_a_rule_has_redirected_goes_back_after_sleep(void **state)
{
        falls_asleep_and_wakes_up(*state, false);
}

static void what_was_attached_by_hand_goes_back_after_sleep(void **state)
{
        falls_asleep_and_wakes_up(*state, true);
}

static void nothing_to_return_holds_up_nothing(void **state)
{
        struct bed *bed = *state;
        unsigned ready = 0;

        start_with_guest(bed, RULE);
        manager_sleep(bed->m, on_ready, &ready);
        bed_until(bed, ready);
}

/* Between the word that it sleeps and the sleep; awake, rules act as at a start. */
static void what_is_plugged_in_meanwhile_waits(void **state)
{
        struct bed *bed = *state;
        unsigned ready = 0;

        start_with_guest(bed, RULE);
        manager_sleep(bed->m, on_ready, &ready);
        bed_plug(bed, "1-1", "08");
        bed_settle(bed);
        assert_int_equal(bed->n_sessions, 0);
        manager_awake(bed->m);
        bed_redirect(bed, "1-1");
}

/* A process that only returns a device holds it up, too. */
static void a_session_that_dies_is_made_up_for_before(void **state)
{
        struct bed *bed = *state;
        struct bed_session *s = redirect(bed, false);
        unsigned ready = 0;

        manager_sleep(bed->m, on_ready, &ready);
        bed_until(bed, s->is_asked_to_end);
        bed_die(bed, s);
        bed_until(bed, bed->n_sessions == 2 && bed->sessions[1].has_order);
        bed_settle(bed);
        assert_int_equal(ready, 0);
        bed_say_ended(bed, &bed->sessions[1], REASON_ASKED, true);
        bed_until(bed, ready);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, bed_setup, bed_teardown)

int main(void)
{
        const struct CMUnitTest tests[] = {
                TEST(what_a_rule_has_redirected_goes_back_after_sleep),
                TEST(what_was_attached_by_hand_goes_back_after_sleep),
                TEST(nothing_to_return_holds_up_nothing),
                TEST(what_is_plugged_in_meanwhile_waits),
                TEST(a_session_that_dies_is_made_up_for_before),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
