/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Detach: whom it concerns, and when it is answered.
 */
#include <string.h>

#include "daemon/bed.h"
#include "daemon/manager-private.h"

#define RULE "-1,-1,-1,-1,1 guest=vm1\n"

static void start(struct bed *bed, const char *rules, size_t channels)
{
        bed_write(bed, "filters.d/10-all.rules", rules);
        bed_add_guest(bed, "vm1", channels);
        bed_open_guest(bed, "vm1");
        bed_start(bed);
}

static void detach_ends_an_attach_under_way(void **state)
{
        struct bed *bed = *state;
        struct bed_answer attached, detached, other;

        start(bed, "-1,-1,-1,-1,1 auto=no\n", 1);
        bed_plug(bed, "1-1", "08");
        bed_plug(bed, "1-2", "08");
        assert_int_equal(bed_attach(bed, "1-1", "vm1", false, &other), 0);
        bed_redirect(bed, "1-1");
        assert_int_equal(bed_attach(bed, "1-2", "vm1", true, &attached), 0);
        bed_settle(bed);
        assert_int_equal(bed_detach(bed, "1-2", &detached), 0);
        bed_until(bed, detached.has_come);
        assert_true(attached.has_come && attached.is_error);
        assert_int_equal(attached.error.kind, ERROR_FAILED);
        assert_non_null(strstr(attached.error.text, "detached before"));
        assert_int_equal(bed_device(bed, "1-2")->phase, DEVICE_IS_IDLE);
}

static void on_all(void *userdata, const struct error *error)
{
        assert_null(error);
        *(bool *)userdata = true;
}

static void all_are_returned(void **state)
{
        struct bed *bed = *state;
        struct bed_session *s[2];
        bool done = false;

        start(bed, RULE, 2);
        bed_plug(bed, "1-1", "08");
        bed_plug(bed, "1-2", "08");
        bed_plug(bed, "1-3", "08"); /* waits */
        s[0] = bed_redirect(bed, "1-1");
        s[1] = bed_redirect(bed, "1-2");
        manager_detach_all(bed->m, on_all, &done);
        bed_until(bed, s[0]->is_asked_to_end && s[1]->is_asked_to_end);
        bed_say_ended(bed, s[0], REASON_ASKED, true);
        assert_false(done);
        bed_say_ended(bed, s[1], REASON_ASKED, true);
        bed_until(bed, done);
        bed_settle(bed);
        assert_int_equal(bed->n_sessions, 2);
        assert_int_equal(bed_device(bed, "1-3")->phase, DEVICE_IS_IDLE);
}

static void all_are_those_that_were_there(void **state)
{
        struct bed *bed = *state;
        struct bed_session *s;
        bool done = false;

        start(bed, RULE, 2);
        bed_plug(bed, "1-1", "08");
        bed_plug(bed, "1-2", "08");
        s = bed_redirect(bed, "1-1");
        bed_redirect(bed, "1-2");
        manager_detach_all(bed->m, on_all, &done);
        bed_unplug(bed, "1-2");
        bed_plug(bed, "1-3", "08"); /* another one, which its rule gives to the guest */
        bed_until(bed, s->is_asked_to_end);
        assert_false(done);
        bed_say_ended(bed, s, REASON_ASKED, true);
        bed_redirect(bed, "1-3");
        assert_true(done);
}

static void what_waits_for_its_turn_is_taken_back_too(void **state)
{
        struct bed *bed = *state;
        struct bed_session *s;
        bool done = false;

        bed_write(bed, "usbredird.conf", "[Daemon]\nMaxSessions=1\n");
        start(bed, RULE, 2);
        bed_plug(bed, "1-1", "08");
        s = bed_redirect(bed, "1-1");
        bed_plug(bed, "1-2", "08");
        bed_settle(bed);
        manager_detach_all(bed->m, on_all, &done);
        bed_until(bed, s->is_asked_to_end);
        bed_say_ended(bed, s, REASON_ASKED, true);
        bed_until(bed, done);
        bed_settle(bed);
        assert_int_equal(bed->n_sessions, 1);
        assert_true(bed_device(bed, "1-2")->is_inhibited);
}

static void what_this_machine_needs_is_not_given_away_later(void **state)
{
        struct bed *bed = *state;
        struct bed_answer answer;

        start(bed, "-1,-1,-1,-1,1 auto=no\n", 1);
        bed_plug(bed, "1-1", "08");
        entry_of(bed_device(bed, "1-1"))->guarding.is_wanted = true; /* as a rule's is */
        assert_int_equal(bed_detach(bed, "1-1", &answer), 0);
        bed_until(bed, answer.has_come);
        assert_false(answer.is_error);
        assert_true(bed_device(bed, "1-1")->is_inhibited);
        assert_false(entry_of(bed_device(bed, "1-1"))->guarding.is_wanted);
}

static void attached_again_at_once_it_has_been_returned(void **state)
{
        struct bed *bed = *state;
        struct bed_answer detached, attached;
        struct bed_session *s;

        start(bed, "-1,-1,-1,-1,1 auto=no\n", 1);
        bed_plug(bed, "1-1", "08");
        bed_plug(bed, "1-2", "08");
        assert_int_equal(bed_attach(bed, "1-2", "vm1", false, &attached), 0);
        s = bed_redirect(bed, "1-2");
        assert_int_equal(bed_attach(bed, "1-1", "vm1", true, &attached), 0);
        bed_settle(bed); /* there is no channel */
        assert_int_equal(bed_detach(bed, "1-1", &detached), 0);
        assert_int_equal(bed_attach(bed, "1-1", "vm1", true, &attached), 0);
        assert_true(detached.has_come && !detached.is_error);
        assert_false(attached.has_come);
        bed_say_ended(bed, s, REASON_GUEST_LEFT, true);
}

static void stuck_is_the_answer(void **state)
{
        struct bed *bed = *state;
        struct bed_answer answer;

        start(bed, RULE, 1);
        bed_plug(bed, "1-1", "08");
        bed_redirect(bed, "1-1");
        assert_int_equal(bed_detach(bed, "1-1", &answer), 0);
        bed_settle(bed);
        assert_false(answer.has_come);
        bed_device(bed, "1-1")->phase = DEVICE_IS_STUCK; /* as its process is, after a minute */
        manager_wake(bed->m);
        bed_until(bed, answer.has_come);
        assert_true(answer.is_error);
        assert_int_equal(answer.error.kind, ERROR_IN_USE);
        assert_non_null(strstr(answer.error.text, "unplug it"));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, bed_setup, bed_teardown)

int main(void)
{
        const struct CMUnitTest tests[] = {
                TEST(detach_ends_an_attach_under_way),
                TEST(all_are_returned),
                TEST(all_are_those_that_were_there),
                TEST(what_waits_for_its_turn_is_taken_back_too),
                TEST(what_this_machine_needs_is_not_given_away_later),
                TEST(attached_again_at_once_it_has_been_returned),
                TEST(stuck_is_the_answer),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
