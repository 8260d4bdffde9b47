/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The table of outcomes, as a device lives through it, by a rule and by hand: what its session or
 * its guest ended. test-decisions.c has what the daemon ends.
 */
#include <errno.h>
#include <string.h>

#include "daemon/outcome-bed.h"
#include "daemon/outcome.h"
#include "util/macro.h"

static const struct {
        enum session_reason reason;
        bool reconnects;
} guest_gone[] = {
        { REASON_GUEST_LEFT, true },
        { REASON_LINK_LOST, true },
        { REASON_PROTOCOL, true },
        { REASON_TLS_FAILED, true },
};

static void a_guest_that_left_is_connected_again(struct bed *bed, bool by_hand, size_t i)
{
        struct bed_session *s = redirect(bed, by_hand);

        bed_say_ended(bed, s, guest_gone[i].reason, true);
        assert_int_equal(bed->last_reason, guest_gone[i].reason);
        comes_again(bed);
        assert_int_equal(bed_device(bed, "1-1")->intent,
                         by_hand ? INTENT_BY_HAND : INTENT_AUTOMATIC);
}

static void guest_gone_is_reconnected_by_rule(void **state)
{
        for (size_t i = 0; i < ELEMENTS(guest_gone); i++) {
                if (i > 0) {
                        bed_close(*state);
                        bed_open(*state);
                }
                a_guest_that_left_is_connected_again(*state, false, i);
        }
}

static void guest_gone_is_reconnected_by_hand(void **state)
{
        for (size_t i = 0; i < ELEMENTS(guest_gone); i++) {
                if (i > 0) {
                        bed_close(*state);
                        bed_open(*state);
                }
                a_guest_that_left_is_connected_again(*state, true, i);
        }
}

static void guest_gone_is_reconnected_whatever_on_says(void **state)
{
        struct bed *bed = *state;
        struct bed_session *s;

        start_with_guest(bed, "-1,-1,-1,-1,1 guest=vm1 on=plug\n");
        bed_plug(bed, "1-1", "08");
        s = bed_redirect(bed, "1-1");
        bed_say_ended(bed, s, REASON_GUEST_LEFT, true);
        comes_again(bed);
}

static void rejected_by_rule_waits_for_a_reload(void **state)
{
        struct bed *bed = *state;

        bed_say_ended(bed, redirect(bed, false), REASON_GUEST_REJECTED, true);
        stays_home(bed, "rejected");
        assert_int_equal(manager_reload(bed->m, &bed->error), 0);
        comes_again(bed);
}

static void rejected_by_rule_waits_for_replug(void **state)
{
        struct bed *bed = *state;

        bed_say_ended(bed, redirect(bed, false), REASON_GUEST_REJECTED, true);
        stays_home(bed, "rejected");
        bed_unplug(bed, "1-1");
        bed_plug(bed, "1-1", "08");
        comes_again(bed);
}

static void rejected_by_rule_waits_for_a_new_guest_connection(void **state)
{
        struct bed *bed = *state;

        bed_say_ended(bed, redirect(bed, false), REASON_GUEST_REJECTED, true);
        stays_home(bed, "rejected");
        bed_plug(bed, "1-2", "08");
        bed_session_of(bed, "1-2");
        bed_until(bed, bed->n_sessions == 3);
        assert_string_equal(bed_session_of(bed, "1-1")->order.port, "1-1");
}

static void rejected_by_hand_is_ended(void **state)
{
        bed_say_ended(*state, redirect(*state, true), REASON_GUEST_REJECTED, true);
        stays_home(*state, "rejected");
}

static void unavailable_by_rule_is_tried_again(void **state)
{
        static const enum session_reason reasons[] = { REASON_BUSY, REASON_ACCESS_DENIED };
        struct bed *bed = *state;

        for (size_t i = 0; i < ELEMENTS(reasons); i++) {
                if (i > 0) {
                        bed_close(bed);
                        bed_open(bed);
                }
                bed_say_ended(bed, redirect(bed, false), reasons[i], true);
                assert_int_equal(bed_device(bed, "1-1")->phase, DEVICE_IS_WAITING);
                comes_again(bed);
        }
}

static void unavailable_by_hand_is_ended(void **state)
{
        bed_say_ended(*state, redirect(*state, true), REASON_BUSY, true);
        stays_home(*state, "used by another program");
}

static void unplugged_by_rule_returns_to_its_guest(void **state)
{
        struct bed *bed = *state;
        struct bed_session *s;

        /* Another plug would go to vm2, which is the first with a free channel then. */
        bed_write(bed, "filters.d/10-all.rules", "-1,-1,-1,-1,1 guest=vm1,vm2\n");
        bed_add_guest(bed, "vm1", 1);
        bed_open_guest(bed, "vm1");
        bed_start(bed);
        bed_plug(bed, "1-1", "08 serial=A");
        s = bed_redirect(bed, "1-1");
        bed_unplug(bed, "1-1");
        assert_null(bed_device(bed, "1-1"));
        bed_until(bed, s->is_asked_to_end);

        bed_add_guest(bed, "vm2", 1);
        bed_open_guest(bed, "vm2");
        assert_int_equal(manager_reload(bed->m, &bed->error), 0);
        bed_plug(bed, "1-2", "08 serial=A");
        assert_string_equal(bed_device(bed, "1-2")->guest, "vm1");
        bed_say_ended(bed, s, REASON_DEVICE_LOST, true);
        assert_string_equal(bed_session_of(bed, "1-2")->order.guest, "vm1");
}

static void unplugged_by_hand_is_ended(void **state)
{
        struct bed *bed = *state;
        struct bed_session *s = redirect(bed, true);

        bed_unplug(bed, "1-1");
        bed_until(bed, s->is_asked_to_end);
        bed_say_ended(bed, s, REASON_DEVICE_LOST, true);
        bed_plug(bed, "1-1", "08");
        stays_home(bed, "");
}

static void lost_in_a_reset_returns_to_its_guest(struct bed *bed, bool by_hand, bool removed_first)
{
        struct bed_session *s = redirect(bed, by_hand);

        if (removed_first) {
                bed_unplug(bed, "1-1");
                bed_plug(bed, "1-1", "08");
                bed_say_ended(bed, s, REASON_RESET_LOST, true);
        } else {
                bed_say_ended(bed, s, REASON_RESET_LOST, true);
                bed_unplug(bed, "1-1");
                bed_plug(bed, "1-1", "08");
        }
        comes_again(bed);
        assert_int_equal(bed_device(bed, "1-1")->intent,
                         by_hand ? INTENT_BY_HAND : INTENT_AUTOMATIC);
}

static void reset_lost_by_rule_returns_to_its_guest(void **state)
{
        lost_in_a_reset_returns_to_its_guest(*state, false, false);
}

static void reset_lost_by_hand_returns_to_its_guest(void **state)
{
        lost_in_a_reset_returns_to_its_guest(*state, true, false);
}

static void reset_lost_by_hand_returns_though_removed_before(void **state)
{
        lost_in_a_reset_returns_to_its_guest(*state, true, true);
}

static void reset_lost_by_hand_does_not_return_elsewhere(void **state)
{
        struct bed *bed = *state;

        bed_say_ended(bed, redirect(bed, true), REASON_RESET_LOST, true);
        bed_unplug(bed, "1-1");
        bed_plug(bed, "1-2", "08");
        bed_settle(bed);
        assert_int_equal(launched_again(bed), 0);
}

static void crash(struct bed *bed, bool by_hand)
{
        struct bed_session *s = redirect(bed, by_hand), *returner;

        for (unsigned i = 0; i < OUTCOME_CRASHES; i++) {
                size_t n = bed->n_sessions;

                bed_die(bed, s);
                bed_until(bed, bed->n_sessions == n + 1);
                bed_until(bed, bed->sessions[n].has_order);
                returner = &bed->sessions[n];
                assert_int_equal(returner->order.purpose, CONTROL_RETURN);
                assert_int_equal(returner->order.configuration, 1);
                assert_int_equal(bed_device(bed, "1-1")->phase, DEVICE_IS_RETURNING);
                bed_say_ended(bed, returner, REASON_ASKED, true);
                if (i + 1 < OUTCOME_CRASHES) {
                        bed_until(bed, bed->n_sessions == n + 2);
                        s = bed_redirect(bed, "1-1");
                }
        }
        bed_settle(bed);
        assert_int_equal(bed->n_sessions, 2 * OUTCOME_CRASHES);
        assert_int_equal(bed_device(bed, "1-1")->phase, DEVICE_IS_FAILED);
}

static void crashes_by_rule_are_restarted_until_they_are_too_many(void **state)
{
        crash(*state, false);
        assert_int_equal(manager_reload(((struct bed *)*state)->m, &((struct bed *)*state)->error),
                         0);
        bed_redirect(*state, "1-1");
}

static void crashes_by_hand_are_restarted_until_they_are_too_many(void **state)
{
        struct bed_answer answer;

        crash(*state, true);
        assert_int_equal(bed_attach(*state, "1-1", "vm1", false, &answer), 0);
        bed_redirect(*state, "1-1");
}

static void what_cannot_be_returned_is_told(void **state)
{
        struct bed *bed = *state;

        bed_die(bed, redirect(bed, true));
        bed_until(bed, bed->n_sessions == 2 && bed->sessions[1].has_order);
        bed_say_ended(bed, &bed->sessions[1], REASON_FAILURE, false);
        assert_string_equal(
                bed_device(bed, "1-1")->last_error,
                "could not be returned to the host's drivers: internal failure: as the test says");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, bed_setup, bed_teardown)

int main(void)
{
        const struct CMUnitTest tests[] = {
                TEST(guest_gone_is_reconnected_by_rule),
                TEST(guest_gone_is_reconnected_by_hand),
                TEST(guest_gone_is_reconnected_whatever_on_says),
                TEST(rejected_by_rule_waits_for_a_reload),
                TEST(rejected_by_rule_waits_for_replug),
                TEST(rejected_by_rule_waits_for_a_new_guest_connection),
                TEST(rejected_by_hand_is_ended),
                TEST(unavailable_by_rule_is_tried_again),
                TEST(unavailable_by_hand_is_ended),
                TEST(unplugged_by_rule_returns_to_its_guest),
                TEST(unplugged_by_hand_is_ended),
                TEST(reset_lost_by_rule_returns_to_its_guest),
                TEST(reset_lost_by_hand_returns_to_its_guest),
                TEST(reset_lost_by_hand_returns_though_removed_before),
                TEST(reset_lost_by_hand_does_not_return_elsewhere),
                TEST(crashes_by_rule_are_restarted_until_they_are_too_many),
                TEST(crashes_by_hand_are_restarted_until_they_are_too_many),
                TEST(what_cannot_be_returned_is_told),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
