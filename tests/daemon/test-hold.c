/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What is kept from the host's drivers: when its port is claimed, when it is released, and who is
 * told to take it from drivers or to give it back.
 */
#include <errno.h>
#include <string.h>

#include "daemon/bed.h"
#include "util/macro.h"

#define HOLD "-1,-1,-1,-1,1 guest=vm1 hold=yes\n"

/* Nobody is at vm1's channels until it is opened. */
static void start(struct bed *bed, const char *rules)
{
        bed_write(bed, "filters.d/10-all.rules", rules);
        bed_add_guest(bed, "vm1", 2);
        bed_start(bed);
}

static void reload(struct bed *bed, const char *rules)
{
        bed_write(bed, "filters.d/10-all.rules", rules);
        assert_int_equal(manager_reload(bed->m, &bed->error), 0);
}

/* The process that was started for it is told this, and does it. */
static void process_is_told(struct bed *bed, size_t index, enum control_purpose purpose)
{
        bed_until(bed, bed->n_sessions == index + 1 && bed->sessions[index].has_order);
        assert_int_equal(bed->sessions[index].order.purpose, purpose);
        assert_int_equal(bed_device(bed, "1-1")->phase, DEVICE_IS_RETURNING);
}

static void ends_well(struct bed *bed, size_t index)
{
        bed_say_ended(bed, &bed->sessions[index], REASON_ASKED, true);
        bed_until(bed, bed_device(bed, "1-1")->phase != DEVICE_IS_RETURNING);
}

static void a_device_is_held_while_its_guest_is_away(void **state)
{
        struct bed *bed = *state;

        start(bed, HOLD);
        bed_plug(bed, "1-1", "08");
        bed_until(bed, bed_device(bed, "1-1")->phase == DEVICE_IS_WAITING);
        assert_true(bed_is_claimed("1-1"));
        assert_true(bed_device(bed, "1-1")->is_held);
        assert_int_equal(bed->n_sessions, 0);
}

static void what_drivers_have_is_taken_from_them_first(void **state)
{
        struct bed *bed = *state;

        start(bed, "-1,-1,-1,-1,1 guest=vm1 hold=yes on=plug\n");
        bed_open_guest(bed, "vm1");
        bed_plug(bed, "1-1", "08 drivers=1");
        process_is_told(bed, 0, CONTROL_HOLD);
        assert_true(bed_is_claimed("1-1"));
        ends_well(bed, 0);
        assert_int_equal(bed_redirect(bed, "1-1")->order.purpose, CONTROL_REDIRECT);
}

static void it_stays_held_when_its_guest_leaves(void **state)
{
        struct bed *bed = *state;
        struct bed_session *s;

        start(bed, HOLD);
        bed_open_guest(bed, "vm1");
        bed_plug(bed, "1-1", "08");
        s = bed_redirect(bed, "1-1");
        bed_close_guest(bed, "vm1");
        bed_say_ended(bed, s, REASON_GUEST_LEFT, true);
        bed_until(bed, bed_device(bed, "1-1")->phase == DEVICE_IS_WAITING);
        bed_settle(bed);
        assert_true(bed_is_claimed("1-1"));
        assert_int_equal(bed->n_sessions, 1);
}

static void detached_by_hand_it_is_given_back(void **state)
{
        struct bed *bed = *state;
        struct bed_answer answer;

        start(bed, HOLD);
        bed_plug(bed, "1-1", "08 configuration=0 usual=3");
        bed_until(bed, bed_device(bed, "1-1")->is_held);
        assert_int_equal(bed_detach(bed, "1-1", &answer), 0);
        process_is_told(bed, 0, CONTROL_RETURN);
        assert_int_equal(bed->sessions[0].order.configuration, 3);
        assert_false(bed_is_claimed("1-1"));
        assert_false(answer.has_come);
        ends_well(bed, 0);
        bed_until(bed, answer.has_come);
        assert_false(answer.is_error);
        assert_int_equal(bed_device(bed, "1-1")->phase, DEVICE_IS_IDLE);
        assert_true(bed_device(bed, "1-1")->is_inhibited);
        bed_settle(bed);
        assert_int_equal(bed->n_sessions, 1);
}

static void a_held_socket_is_claimed_before_the_plug(void **state)
{
        struct bed *bed = *state;

        bed->sockets[0] = "1-1";
        bed->sockets[1] = "1-2";
        start(bed, "-1,-1,-1,-1,1 guest=vm1 hold=yes path=*-usb-0:1 serial=A\n"
                   "-1,-1,-1,-1,1 guest=vm1 on=plug\n");
        bed_until(bed, bed_is_claimed("1-1"));
        assert_false(bed_is_claimed("1-2"));

        /* A device that is not meant, there. */
        bed_plug(bed, "1-1", "08 serial=B configuration=0 usual=1");
        process_is_told(bed, 0, CONTROL_RETURN);
        assert_false(bed_is_claimed("1-1"));
        bed_open_guest(bed, "vm1");
        ends_well(bed, 0);
        bed_redirect(bed, "1-1");
        bed_unplug(bed, "1-1");
        bed_until(bed, bed_is_claimed("1-1"));

        reload(bed, "-1,-1,-1,-1,1 guest=vm1\n");
        bed_until(bed, !bed_is_claimed("1-1"));
}

static void the_socket_of_a_held_device_is_free_again_after_it(void **state)
{
        struct bed *bed = *state;

        bed->sockets[0] = "1-1";
        start(bed, HOLD);
        bed_plug(bed, "1-1", "08");
        bed_until(bed, bed_is_claimed("1-1"));
        bed_unplug(bed, "1-1");
        bed_until(bed, !bed_is_claimed("1-1"));
}

static void a_reload_holds_and_gives_back(void **state)
{
        struct bed *bed = *state;
        struct bed_session *s;

        start(bed, "-1,-1,-1,-1,1 guest=vm1\n");
        bed_open_guest(bed, "vm1");
        bed_plug(bed, "1-1", "08 drivers=1");
        s = bed_redirect(bed, "1-1");
        reload(bed, HOLD);
        bed_until(bed, bed_device(bed, "1-1")->is_held);
        assert_true(bed_is_claimed("1-1"));
        assert_false(s->is_asked_to_end); /* it has no drivers: the session has it */

        reload(bed, "-1,-1,-1,-1,0\n");
        bed_until(bed, s->is_asked_to_end);
        assert_false(bed_is_claimed("1-1")); /* so that the session can return it to its drivers */
        assert_int_equal(bed->n_sessions, 1);
}

static void attach_can_hold(void **state)
{
        struct bed *bed = *state;
        const struct attach_options options = { .hold = true };
        struct bed_answer answer = { 0 };
        struct bed_session *s;

        start(bed, "-1,-1,-1,-1,1 auto=no\n");
        bed_open_guest(bed, "vm1");
        bed_plug(bed, "1-1", "08");
        bed_settle(bed);
        assert_false(bed_is_claimed("1-1"));
        assert_int_equal(bed_attach_with(bed, "1-1", "vm1", &options, &answer), 0);
        s = bed_redirect(bed, "1-1");
        bed_until(bed, bed_device(bed, "1-1")->is_held);
        bed_close_guest(bed, "vm1");
        bed_say_ended(bed, s, REASON_GUEST_LEFT, true);
        bed_until(bed, bed_device(bed, "1-1")->phase == DEVICE_IS_WAITING);
        bed_settle(bed);
        assert_true(bed_is_claimed("1-1"));
        assert_int_equal(bed_detach(bed, "1-1", &answer), 0);
        process_is_told(bed, 1, CONTROL_RETURN);
        ends_well(bed, 1);
        assert_false(bed_is_claimed("1-1"));
}

static void what_cannot_be_held_is_redirected_all_the_same(void **state)
{
        struct bed *bed = *state;
        unsigned n;

        bed_refuse_claims(-ENOTTY);
        start(bed, HOLD);
        bed_open_guest(bed, "vm1");
        bed_plug(bed, "1-1", "08");
        bed_redirect(bed, "1-1");
        bed_settle(bed);
        n = bed_n_claims();
        assert_false(bed_device(bed, "1-1")->is_held);
        bed_plug(bed, "1-1", "08 NEW=property");
        bed_settle(bed);
        assert_int_equal(bed_n_claims(), n); /* not again and again */
        bed_refuse_claims(0);
        reload(bed, HOLD);
        bed_until(bed, bed_is_claimed("1-1"));
}

static void the_next_daemon_goes_on_holding(void **state)
{
        struct bed *bed = *state;

        start(bed, "-1,-1,-1,-1,1 guest=vm1 hold=yes on=plug\n");
        bed_plug(bed, "1-1", "08");
        bed_until(bed, bed_device(bed, "1-1")->is_held);
        bed_kill_daemon(bed);
        assert_false(bed_is_claimed("1-1"));
        bed_start(bed);
        bed_until(bed, bed_is_claimed("1-1"));
        assert_true(bed_device(bed, "1-1")->is_held);

        /* Also one whose rule has gone meanwhile is known to be held, and given back. */
        bed_kill_daemon(bed);
        bed_write(bed, "filters.d/10-all.rules", "-1,-1,-1,-1,1 auto=no\n");
        bed_start(bed);
        process_is_told(bed, 0, CONTROL_RETURN);
        ends_well(bed, 0);
}

static void the_end_gives_all_back(void **state)
{
        struct bed *bed = *state;

        start(bed, HOLD);
        bed_plug(bed, "1-1", "08");
        bed_until(bed, bed_device(bed, "1-1")->is_held);
        manager_stop(bed->m);
        assert_false(manager_has_returned_all(bed->m));
        process_is_told(bed, 0, CONTROL_RETURN);
        ends_well(bed, 0);
        assert_true(manager_has_returned_all(bed->m));
        assert_false(bed_is_claimed("1-1"));
}

/* A device is held by "hold=yes", and another one is not; the kernel is busy with the hub. */
static void stick(struct bed *bed, const char *text)
{
        start(bed, "-1,-1,-1,-1,1 guest=vm1 on=plug serial=free\n"
                   "-1,-1,-1,-1,1 guest=vm1 on=plug hold=yes serial=held\n"
                   "-1,-1,-1,-1,0\n");
        bed_open_guest(bed, "vm1");
        bed_stick_claims(true);
        bed_plug(bed, "1-1", text);
        bed_until(bed, bed_claim_is_stuck());
}

static void a_hub_that_is_stuck_delays_nobody_else(void **state)
{
        struct bed *bed = *state;

        stick(bed, "08 serial=held drivers=1");
        bed_plug(bed, "1-2", "08 serial=free");
        bed_redirect(bed, "1-2");
        assert_true(bed_claim_is_stuck());
        assert_false(bed_device(bed, "1-1")->is_held);
        assert_int_equal(bed_device(bed, "1-1")->phase, DEVICE_IS_IDLE); /* drivers have it */

        bed_stick_claims(false);
        process_is_told(bed, 1, CONTROL_HOLD);
        assert_true(bed_device(bed, "1-1")->is_held);
        ends_well(bed, 1);
        bed_redirect(bed, "1-1");
}

static void what_is_no_longer_to_be_held_is_given_back_after_its_claim(void **state)
{
        struct bed *bed = *state;

        stick(bed, "08 serial=held");
        reload(bed, "-1,-1,-1,-1,1 guest=vm1 on=plug\n");
        bed_settle(bed);
        assert_int_equal(bed->n_sessions, 0);
        bed_stick_claims(false);
        process_is_told(bed, 0, CONTROL_RETURN);
        assert_false(bed_is_claimed("1-1"));
        ends_well(bed, 0);
        bed_redirect(bed, "1-1"); /* it was plugged in, and that has not been forgotten */
}

static void a_device_may_be_unplugged_while_it_is_claimed(void **state)
{
        struct bed *bed = *state;

        bed->sockets[0] = "1-1";
        bed_refuse_claims(-ENODEV); /* its hub is gone, too; another comes */
        stick(bed, "08 serial=held");
        bed_refuse_claims(0);
        bed_unplug(bed, "1-1");
        bed_settle(bed);
        bed_plug(bed, "1-1", "08 serial=free");
        bed_redirect(bed, "1-1"); /* not held yet */
        bed_unplug(bed, "1-1");
        bed_plug(bed, "1-1", "08 serial=held");
        bed_settle(bed);
        bed_stick_claims(false);
        bed_until(bed, bed_device(bed, "1-1")->is_held);
        bed_unplug(bed, "1-1");
        bed_until(bed, !bed_is_claimed("1-1"));
}

/* Only a port that is released lets drivers in, when the session gives the device back. */
static void a_session_returns_its_device_after_the_release(void **state)
{
        struct bed *bed = *state;
        struct bed_answer answer;
        struct bed_session *s;

        bed->sockets[0] = "1-2";
        start(bed, HOLD);
        bed_open_guest(bed, "vm1");
        bed_plug(bed, "1-1", "08");
        s = bed_redirect(bed, "1-1");
        bed_stick_claims(true);
        reload(bed, "-1,-1,-1,-1,1 guest=vm1 hold=yes path=*-usb-0:?\n" HOLD);
        bed_until(bed, bed_claim_is_stuck());
        assert_int_equal(bed_detach(bed, "1-1", &answer), 0);
        bed_settle(bed);
        assert_int_equal(bed_device(bed, "1-1")->phase, DEVICE_IS_RETURNING);
        assert_false(s->is_asked_to_end);
        bed_stick_claims(false);
        bed_until(bed, s->is_asked_to_end);
        assert_false(bed_is_claimed("1-1"));
        bed_say_ended(bed, s, REASON_ASKED, true);
        bed_until(bed, answer.has_come);
        assert_int_equal(bed->n_sessions, 1);
}

static void a_daemon_that_ends_does_not_wait_for_the_kernel(void **state)
{
        struct bed *bed = *state;

        stick(bed, "08 serial=held");
        bed->m = manager_free(bed->m);
        assert_true(bed_claim_is_stuck());
        bed_stick_claims(false);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, bed_setup, bed_teardown)

int main(void)
{
        const struct CMUnitTest tests[] = {
                TEST(a_device_is_held_while_its_guest_is_away),
                TEST(what_drivers_have_is_taken_from_them_first),
                TEST(it_stays_held_when_its_guest_leaves),
                TEST(detached_by_hand_it_is_given_back),
                TEST(a_held_socket_is_claimed_before_the_plug),
                TEST(the_socket_of_a_held_device_is_free_again_after_it),
                TEST(a_reload_holds_and_gives_back),
                TEST(attach_can_hold),
                TEST(what_cannot_be_held_is_redirected_all_the_same),
                TEST(the_next_daemon_goes_on_holding),
                TEST(the_end_gives_all_back),
                TEST(a_hub_that_is_stuck_delays_nobody_else),
                TEST(what_is_no_longer_to_be_held_is_given_back_after_its_claim),
                TEST(a_device_may_be_unplugged_while_it_is_claimed),
                TEST(a_session_returns_its_device_after_the_release),
                TEST(a_daemon_that_ends_does_not_wait_for_the_kernel),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
