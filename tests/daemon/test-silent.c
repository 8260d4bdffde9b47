/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Guests that accept a connection and say nothing: when a device goes on, where to, and when it
 * stays.
 */
#include <string.h>

#include "daemon/outcome-bed.h"

static void say_nothing(struct bed *bed, struct bed_session *s)
{
        s->status.is_silent = true;
        bed_say_status(bed, s, LINK_GREETING, DEVICE_NONE);
        bed_settle(bed);
}

/* What a session does that is asked to end. */
static void leave(struct bed *bed, struct bed_session *s)
{
        bed_until(bed, s->is_asked_to_end);
        bed_say_ended(bed, s, REASON_ASKED, true);
}

static void start(struct bed *bed, const char *rule, int first, int second)
{
        bed_write(bed, "filters.d/10-all.rules", rule);
        bed_add_guest(bed, "vm1", first);
        bed_open_guest(bed, "vm1");
        bed_add_guest(bed, "vm2", second);
        bed_open_guest(bed, "vm2");
        bed_start(bed);
}

static void it_goes_on_to_another_channel_and_stays_at_the_last(void **state)
{
        struct bed *bed = *state;
        struct bed_session *s;
        char first[CONTROL_CHANNEL_SIZE];

        start(bed, RULE, 2, 1);
        bed_plug(bed, "1-1", "08");
        s = bed_session_of(bed, "1-1");
        snprintf(first, sizeof(first), "%s", s->order.channel);
        say_nothing(bed, s);
        leave(bed, s);
        s = bed_session_of(bed, "1-1");
        assert_string_not_equal(s->order.channel, first);
        assert_string_equal(s->order.guest, "vm1");

        /* Also when the delay of the first is over: it would go back and forth. */
        say_nothing(bed, s);
        assert_false(s->is_asked_to_end);
        assert_int_equal(bed->n_sessions, 2);
        bed_redirect(bed, "1-1");
        assert_string_equal(bed_device(bed, "1-1")->last_error, "");
}

static void it_goes_on_to_another_guest_of_its_list(void **state)
{
        struct bed *bed = *state;
        struct bed_session *s;

        start(bed, "-1,-1,-1,-1,1 guest=vm1,vm2\n", 1, 1);
        bed_plug(bed, "1-1", "08");
        s = bed_session_of(bed, "1-1");
        assert_string_equal(s->order.guest, "vm1");
        say_nothing(bed, s);
        leave(bed, s);
        assert_non_null(strstr(bed_device(bed, "1-1")->last_error, "has said nothing for 10 s"));
        assert_string_equal(bed_session_of(bed, "1-1")->order.guest, "vm2");
}

static void with_one_channel_it_stays(void **state)
{
        struct bed *bed = *state;
        struct bed_session *s;

        start(bed, RULE, 1, 1);
        bed_plug(bed, "1-1", "08");
        s = bed_session_of(bed, "1-1");
        say_nothing(bed, s);
        assert_false(s->is_asked_to_end);
        assert_int_equal(bed_device(bed, "1-1")->redirection->state, REDIRECTION_SILENT);
        bed_redirect(bed, "1-1");
}

static void it_goes_on_when_a_channel_becomes_free(void **state)
{
        struct bed *bed = *state;
        struct bed_session *s, *other;

        start(bed, RULE, 2, 1);
        bed_plug(bed, "1-1", "08");
        s = bed_session_of(bed, "1-1");
        bed_plug(bed, "1-2", "08");
        other = bed_redirect(bed, "1-2");
        say_nothing(bed, s);
        assert_false(s->is_asked_to_end);

        bed_unplug(bed, "1-2");
        leave(bed, other);
        leave(bed, s);
        assert_string_equal(bed_session_of(bed, "1-1")->order.channel, other->order.channel);
}

static void two_do_not_go_for_one_channel(void **state)
{
        struct bed *bed = *state;
        struct bed_session *first, *second;

        start(bed, RULE, 3, 1);
        bed_plug(bed, "1-1", "08");
        first = bed_session_of(bed, "1-1");
        bed_plug(bed, "1-2", "08");
        second = bed_session_of(bed, "1-2");
        say_nothing(bed, first);
        say_nothing(bed, second);
        leave(bed, first);
        bed_session_of(bed, "1-1");
        bed_settle(bed);
        assert_false(second->is_asked_to_end);
}

static void it_does_not_take_the_channel_of_one_that_waits(void **state)
{
        struct bed *bed = *state;
        struct bed_session *s, *other;

        start(bed, RULE, 2, 1);
        bed_plug(bed, "1-1", "08");
        s = bed_session_of(bed, "1-1");
        bed_plug(bed, "1-2", "08");
        other = bed_redirect(bed, "1-2");
        bed_plug(bed, "1-3", "08");
        say_nothing(bed, s);
        bed_unplug(bed, "1-2");
        leave(bed, other);
        bed_redirect(bed, "1-3");
        bed_settle(bed);
        assert_false(s->is_asked_to_end);
}

static void by_hand_it_stays(void **state)
{
        struct bed *bed = *state;
        struct bed_answer answer;
        struct bed_session *s;

        start(bed, "-1,-1,-1,-1,1 auto=no\n", 2, 1);
        bed_plug(bed, "1-1", "08");
        assert_int_equal(bed_attach(bed, "1-1", "vm1", false, &answer), 0);
        s = bed_session_of(bed, "1-1");
        say_nothing(bed, s);
        assert_false(s->is_asked_to_end);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, bed_setup, bed_teardown)

int main(void)
{
        const struct CMUnitTest tests[] = {
                TEST(it_goes_on_to_another_channel_and_stays_at_the_last),
                TEST(it_goes_on_to_another_guest_of_its_list),
                TEST(with_one_channel_it_stays),
                TEST(it_goes_on_when_a_channel_becomes_free),
                TEST(two_do_not_go_for_one_channel),
                TEST(it_does_not_take_the_channel_of_one_that_waits),
                TEST(by_hand_it_stays),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
