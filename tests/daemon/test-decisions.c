/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the daemon ends, or does not begin: by hand, by other rules, for want of a channel.
 */
#include <string.h>

#include "daemon/outcome-bed.h"

static void detached_by_rule_is_inhibited_until_attach(void **state)
{
        struct bed *bed = *state;
        struct bed_session *s = redirect(bed, false);
        struct bed_answer answer;

        assert_int_equal(bed_detach(bed, "1-1", &answer), 0);
        bed_until(bed, s->is_asked_to_end);
        assert_false(answer.has_come);
        assert_int_equal(bed_device(bed, "1-1")->phase, DEVICE_IS_RETURNING);
        bed_say_ended(bed, s, REASON_ASKED, true);
        bed_until(bed, answer.has_come);
        assert_false(answer.is_error);
        stays_home(bed, "");
        assert_true(bed_device(bed, "1-1")->is_inhibited);

        assert_int_equal(manager_reload(bed->m, &bed->error), 0);
        stays_home(bed, "");
        assert_int_equal(bed_attach(bed, "1-1", "", false, &answer), 0);
        comes_again(bed);
        assert_false(bed_device(bed, "1-1")->is_inhibited);
}

static void detached_by_rule_is_inhibited_until_replug(void **state)
{
        struct bed *bed = *state;
        struct bed_session *s = redirect(bed, false);
        struct bed_answer answer;

        assert_int_equal(bed_detach(bed, "1-1", &answer), 0);
        bed_until(bed, s->is_asked_to_end);
        bed_say_ended(bed, s, REASON_ASKED, true);
        stays_home(bed, "");
        bed_unplug(bed, "1-1");
        bed_plug(bed, "1-1", "08");
        comes_again(bed);
}

static void detached_by_hand_is_ended(void **state)
{
        struct bed *bed = *state;
        struct bed_session *s = redirect(bed, true);
        struct bed_answer answer;

        assert_int_equal(bed_detach(bed, "1-1", &answer), 0);
        bed_until(bed, s->is_asked_to_end);
        bed_say_ended(bed, s, REASON_ASKED, true);
        stays_home(bed, "");
        assert_false(bed_device(bed, "1-1")->is_inhibited);
}

static void denied_by_a_reload_is_ended_by_rule(void **state)
{
        struct bed *bed = *state;
        struct bed_session *s = redirect(bed, false);

        bed_write(bed, "filters.d/10-all.rules", "-1,-1,-1,-1,0\n");
        assert_int_equal(manager_reload(bed->m, &bed->error), 0);
        bed_until(bed, s->is_asked_to_end);
        bed_say_ended(bed, s, REASON_ASKED, true);
        stays_home(bed, "");
}

static void denied_by_a_reload_is_not_touched_by_hand(void **state)
{
        struct bed *bed = *state;
        struct bed_session *s = redirect(bed, true);

        bed_write(bed, "filters.d/10-all.rules", "-1,-1,-1,-1,0\n");
        assert_int_equal(manager_reload(bed->m, &bed->error), 0);
        bed_settle(bed);
        assert_false(s->is_asked_to_end);
}

static void another_guest_applies_at_the_next_start(void **state)
{
        struct bed *bed = *state;
        struct bed_session *s = redirect(bed, false);

        bed_add_guest(bed, "vm2", 1);
        bed_open_guest(bed, "vm2");
        bed_write(bed, "filters.d/10-all.rules", "-1,-1,-1,-1,1 guest=vm2\n");
        assert_int_equal(manager_reload(bed->m, &bed->error), 0);
        bed_settle(bed);
        assert_false(s->is_asked_to_end);
        assert_string_equal(bed_device(bed, "1-1")->guest, "vm1");

        bed_say_ended(bed, s, REASON_GUEST_LEFT, true);
        assert_string_equal(bed_session_of(bed, "1-1")->order.guest, "vm2");
}

static void busy_channels_are_waited_for_in_order_by_rule(void **state)
{
        struct bed *bed = *state;
        struct bed_session *first;

        bed_write(bed, "filters.d/10-all.rules", RULE);
        bed_add_guest(bed, "vm1", 1);
        bed_open_guest(bed, "vm1");
        bed_start(bed);
        bed_plug(bed, "1-1", "08");
        first = bed_redirect(bed, "1-1");
        bed_plug(bed, "1-2", "08");
        bed_plug(bed, "1-3", "08");
        bed_settle(bed);
        assert_int_equal(bed_device(bed, "1-2")->phase, DEVICE_IS_WAITING);
        assert_int_equal(bed_device(bed, "1-3")->phase, DEVICE_IS_WAITING);
        assert_int_equal(bed->n_sessions, 1);

        bed_unplug(bed, "1-1");
        bed_say_ended(bed, first, REASON_DEVICE_LOST, true);
        first = bed_redirect(bed, "1-2");
        assert_int_equal(bed->n_sessions, 2);
        bed_unplug(bed, "1-2");
        bed_say_ended(bed, first, REASON_DEVICE_LOST, true);
        bed_redirect(bed, "1-3");
}

static void busy_channels_are_refused_by_hand(void **state)
{
        struct bed *bed = *state;
        struct bed_answer answer;

        bed_write(bed, "filters.d/10-all.rules", "-1,-1,-1,-1,1 auto=no\n");
        bed_add_guest(bed, "vm1", 1);
        bed_open_guest(bed, "vm1");
        bed_start(bed);
        bed_plug(bed, "1-1", "08");
        bed_plug(bed, "1-2", "08");
        assert_int_equal(bed_attach(bed, "1-1", "vm1", false, &answer), 0);
        bed_redirect(bed, "1-1");
        assert_int_equal(bed_attach(bed, "1-2", "vm1", false, &answer), -EINVAL);
        assert_int_equal(answer.error.kind, ERROR_NO_FREE_CHANNEL);
        assert_int_equal(bed_device(bed, "1-2")->phase, DEVICE_IS_IDLE);
}

static void busy_channels_are_waited_for_by_hand_if_asked(void **state)
{
        struct bed *bed = *state;
        struct bed_answer answer, detached;
        struct bed_session *s;

        bed_write(bed, "filters.d/10-all.rules", "-1,-1,-1,-1,1 auto=no\n");
        bed_add_guest(bed, "vm1", 1);
        bed_open_guest(bed, "vm1");
        bed_start(bed);
        bed_plug(bed, "1-1", "08");
        bed_plug(bed, "1-2", "08");
        assert_int_equal(bed_attach(bed, "1-1", "vm1", false, &answer), 0);
        s = bed_redirect(bed, "1-1");
        assert_int_equal(bed_attach(bed, "1-2", "vm1", true, &answer), 0);
        bed_settle(bed);
        assert_false(answer.has_come);
        assert_int_equal(bed_detach(bed, "1-1", &detached), 0);
        bed_until(bed, s->is_asked_to_end);
        bed_say_ended(bed, s, REASON_ASKED, true);
        bed_session_of(bed, "1-2");
        assert_false(answer.has_come); /* not before the guest has it */
        bed_redirect(bed, "1-2");
        bed_until(bed, answer.has_come);
        assert_false(answer.is_error);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, bed_setup, bed_teardown)

int main(void)
{
        const struct CMUnitTest tests[] = {
                TEST(detached_by_rule_is_inhibited_until_attach),
                TEST(detached_by_rule_is_inhibited_until_replug),
                TEST(detached_by_hand_is_ended),
                TEST(denied_by_a_reload_is_ended_by_rule),
                TEST(denied_by_a_reload_is_not_touched_by_hand),
                TEST(another_guest_applies_at_the_next_start),
                TEST(busy_channels_are_waited_for_in_order_by_rule),
                TEST(busy_channels_are_refused_by_hand),
                TEST(busy_channels_are_waited_for_by_hand_if_asked),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
