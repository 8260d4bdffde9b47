/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A daemon ends, or is killed, and another one starts: sessions go on, what was asked by hand still
 * holds, devices of sessions that died meanwhile are returned.
 */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "daemon/bed.h"

static void start(struct bed *bed, const char *rule)
{
        bed_write(bed, "filters.d/10-all.rules", rule);
        bed_add_guest(bed, "vm1", 2);
        bed_open_guest(bed, "vm1");
        bed_start(bed);
}

static void restart(struct bed *bed)
{
        bed_kill_daemon(bed);
        bed_start(bed);
}

static void attach(struct bed *bed, const char *port)
{
        struct bed_answer answer;

        if (bed_attach(bed, port, "vm1", false, &answer) < 0)
                fail_msg("%s", answer.error.text);
        bed_redirect(bed, port);
        bed_until(bed, answer.has_come);
        assert_false(answer.is_error);
}

static void a_session_goes_on(void **state)
{
        struct bed *bed = *state;
        struct bed_session *s;
        struct redirection *r;
        uint64_t since;

        start(bed, "-1,-1,-1,-1,1 guest=vm1\n");
        bed_plug(bed, "1-1", "08");
        s = bed_redirect(bed, "1-1");
        since = manager_sessions(bed->m)->since_usec;
        restart(bed);
        r = manager_sessions(bed->m);
        assert_non_null(r);
        assert_int_equal(r->number, s->order.number);
        assert_int_equal(r->since_usec, since);
        assert_int_equal(r->state, REDIRECTION_FORWARDING);
        assert_string_equal(channel_text(r->channel), s->order.channel);
        assert_int_equal(channel_state(r->channel), CHANNEL_OCCUPIED);
        assert_ptr_equal(bed_device(bed, "1-1")->redirection, r);
        assert_int_equal(bed_device(bed, "1-1")->phase, DEVICE_IS_REDIRECTED);
        assert_int_equal(bed->n_sessions, 1);
        assert_false(s->is_asked_to_end);

        /* And ends as it would have before. */
        bed_say_ended(bed, s, REASON_GUEST_LEFT, true);
        bed_until(bed, bed->n_sessions == 2);
        assert_int_equal(bed_session_of(bed, "1-1")->order.number, s->order.number + 1);
}

static void what_was_asked_by_hand_stays_so(void **state)
{
        struct bed *bed = *state;
        struct bed_session *s;

        start(bed, "-1,-1,-1,-1,1 auto=no\n");
        bed_plug(bed, "1-1", "08");
        attach(bed, "1-1");
        s = bed_session_of(bed, "1-1");
        restart(bed);
        assert_int_equal(bed_device(bed, "1-1")->intent, INTENT_BY_HAND);
        assert_true(manager_sessions(bed->m)->is_by_hand);
        bed_say_ended(bed, s, REASON_GUEST_LEFT, true);
        bed_redirect(bed, "1-1");
}

static void what_waits_by_hand_goes_on_waiting(void **state)
{
        struct bed *bed = *state;
        struct bed_session *s;

        start(bed, "-1,-1,-1,-1,1 auto=no\n");
        bed_plug(bed, "1-1", "08");
        attach(bed, "1-1");
        s = bed_session_of(bed, "1-1");
        bed_close_guest(bed, "vm1");
        bed_say_ended(bed, s, REASON_GUEST_LEFT, true);
        bed_until(bed, bed_device(bed, "1-1")->phase == DEVICE_IS_WAITING);
        restart(bed);
        assert_int_equal(bed_device(bed, "1-1")->phase, DEVICE_IS_WAITING);
        bed_open_guest(bed, "vm1");
        bed_redirect(bed, "1-1");
}

static void what_was_detached_stays_so(void **state)
{
        struct bed *bed = *state;
        struct bed_answer answer;
        struct bed_session *s;

        start(bed, "-1,-1,-1,-1,1 guest=vm1\n");
        bed_plug(bed, "1-1", "08");
        s = bed_redirect(bed, "1-1");
        assert_int_equal(bed_detach(bed, "1-1", &answer), 0);
        bed_until(bed, s->is_asked_to_end);
        bed_say_ended(bed, s, REASON_ASKED, true);
        restart(bed);
        bed_settle(bed);
        assert_true(bed_device(bed, "1-1")->is_inhibited);
        assert_int_equal(bed->n_sessions, 1);
}

static void a_device_whose_session_died_meanwhile_is_returned(void **state)
{
        struct bed *bed = *state;
        struct bed_session *s;

        start(bed, "-1,-1,-1,-1,1 guest=vm1\n");
        bed_plug(bed, "1-1", "08");
        s = bed_redirect(bed, "1-1");
        bed_kill_daemon(bed);
        bed_die(bed, s);
        bed_start(bed);
        bed_until(bed, bed->n_sessions == 2 && bed->sessions[1].has_order);
        assert_int_equal(bed->sessions[1].order.purpose, CONTROL_RETURN);
        assert_int_equal(bed->sessions[1].order.configuration, 1);
        bed_say_ended(bed, &bed->sessions[1], REASON_ASKED, true);
        bed_redirect(bed, "1-1"); /* and is its guest's again, by the rule */
}

static void another_device_at_the_port_is_not_returned(void **state)
{
        struct bed *bed = *state;
        struct bed_session *s;

        start(bed, "-1,-1,-1,-1,1 auto=no\n");
        bed_plug(bed, "1-1", "08");
        attach(bed, "1-1");
        s = bed_session_of(bed, "1-1");
        bed_kill_daemon(bed);
        bed_die(bed, s);
        bed_unplug(bed, "1-1");
        bed_plug(bed, "1-1", "08");
        bed_start(bed);
        bed_settle(bed);
        assert_int_equal(bed->n_sessions, 1);
        assert_int_equal(bed_device(bed, "1-1")->intent, INTENT_NONE);
}

static void a_session_whose_device_is_gone_is_ended(void **state)
{
        struct bed *bed = *state;
        struct bed_session *s;

        start(bed, "-1,-1,-1,-1,1 guest=vm1\n");
        bed_plug(bed, "1-1", "08");
        s = bed_redirect(bed, "1-1");
        bed_kill_daemon(bed);
        bed_unplug(bed, "1-1");
        bed_start(bed);
        bed_until(bed, s->is_asked_to_end);
        bed_say_ended(bed, s, REASON_DEVICE_LOST, true);
        assert_null(manager_sessions(bed->m));
}

static void a_session_whose_guest_is_gone_is_ended(void **state)
{
        struct bed *bed = *state;
        struct bed_session *s;

        start(bed, "-1,-1,-1,-1,1 guest=vm1\n");
        bed_plug(bed, "1-1", "08");
        s = bed_redirect(bed, "1-1");
        bed_kill_daemon(bed);
        bed_write(bed, "guests.d/vm1.conf", NULL);
        bed_start(bed);
        bed_until(bed, s->is_asked_to_end);
        bed_say_ended(bed, s, REASON_ASKED, true);
        bed_settle(bed);
        assert_int_equal(bed_device(bed, "1-1")->phase, DEVICE_IS_IDLE);
        assert_null(manager_sessions(bed->m));
}

static void two_sessions_keep_their_own_devices(void **state)
{
        struct bed *bed = *state;
        struct device *first, *second;

        start(bed, "-1,-1,-1,-1,1 guest=vm1\n");
        bed_plug(bed, "1-1", "08");
        bed_redirect(bed, "1-1");
        bed_plug(bed, "1-2", "08");
        bed_redirect(bed, "1-2");
        restart(bed);
        first = bed_device(bed, "1-1");
        second = bed_device(bed, "1-2");
        assert_int_equal(first->redirection->number, bed_session_of(bed, "1-1")->order.number);
        assert_int_equal(second->redirection->number, bed_session_of(bed, "1-2")->order.number);
        assert_ptr_not_equal(first->redirection->channel, second->redirection->channel);
        assert_int_equal(bed->n_sessions, 2);
}

static void a_pause_lasts(void **state)
{
        struct bed *bed = *state;

        start(bed, "-1,-1,-1,-1,1 guest=vm1\n");
        assert_int_equal(manager_set_paused(bed->m, true, &bed->error), 0);
        restart(bed);
        assert_true(manager_is_paused(bed->m));
        bed_plug(bed, "1-1", "08");
        bed_settle(bed);
        assert_int_equal(bed->n_sessions, 0);
        assert_int_equal(manager_set_paused(bed->m, false, &bed->error), 0);
        bed_redirect(bed, "1-1");
        restart(bed);
        assert_false(manager_is_paused(bed->m));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, bed_setup, bed_teardown)

int main(void)
{
        const struct CMUnitTest tests[] = {
                TEST(a_session_goes_on),
                TEST(what_was_asked_by_hand_stays_so),
                TEST(what_waits_by_hand_goes_on_waiting),
                TEST(what_was_detached_stays_so),
                TEST(a_device_whose_session_died_meanwhile_is_returned),
                TEST(another_device_at_the_port_is_not_returned),
                TEST(a_session_whose_device_is_gone_is_ended),
                TEST(a_session_whose_guest_is_gone_is_ended),
                TEST(two_sessions_keep_their_own_devices),
                TEST(a_pause_lasts),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
