/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Devices that come back as others, or at the other port of their socket: a loader of firmware, a
 * phone in another mode, a fall back to USB 2.
 */
#include <string.h>

#include "daemon/outcome-bed.h"
#include "daemon/outcome.h"

#define OTHER "08 product=0002"

/* It goes away while its guest has it: udev, or the session, says so first. */
static void lose(struct bed *bed, struct bed_session *s, const char *port, bool session_first)
{
        if (session_first) {
                bed_say_ended(bed, s, REASON_DEVICE_LOST, true);
                bed_unplug(bed, port);
        } else {
                bed_unplug(bed, port);
                bed_until(bed, s->is_asked_to_end);
                bed_say_ended(bed, s, REASON_DEVICE_LOST, true);
        }
}

static void assert_stays(struct bed *bed, const char *port)
{
        size_t n = bed->n_sessions;

        bed_settle(bed);
        assert_int_equal(bed->n_sessions, n);
        assert_int_equal(bed_device(bed, port)->phase, DEVICE_IS_IDLE);
}

static void one_that_has_changed_is_followed(void **state)
{
        struct bed *bed = *state;

        for (unsigned i = 0; i < 4; i++) {
                bool by_hand = i & 1;

                if (i > 0) {
                        bed_close(bed);
                        bed_open(bed);
                }
                lose(bed, redirect(bed, by_hand), "1-1", i & 2);
                bed_plug(bed, "1-1", OTHER);
                assert_string_equal(bed_redirect(bed, "1-1")->order.guest, "vm1");
                assert_int_equal(bed_device(bed, "1-1")->intent,
                                 by_hand ? INTENT_BY_HAND : INTENT_AUTOMATIC);
        }
}

static void it_is_followed_back(void **state)
{
        struct bed *bed = *state;

        lose(bed, redirect(bed, true), "1-1", false);
        bed_plug(bed, "1-1", OTHER);
        lose(bed, bed_redirect(bed, "1-1"), "1-1", true);
        bed_plug(bed, "1-1", "08");
        bed_redirect(bed, "1-1");
}

static void one_that_is_there_before_the_old_one_is_gone_is_followed(void **state)
{
        struct bed *bed = *state;
        struct bed_session *s = redirect(bed, true);

        bed_plug(bed, "2-1", OTHER " place=1-1");
        assert_stays(bed, "2-1");
        lose(bed, s, "1-1", false);
        bed_redirect(bed, "2-1");
}

/* A rule gave it away; of what it has become the rules only allow that. */
static void what_rules_only_allow_is_followed_as_by_hand(void **state)
{
        struct bed *bed = *state;

        start_with_guest(bed, "-1,-1,0x0001,-1,1 guest=vm1\n-1,-1,-1,-1,1 auto=no\n");
        bed_plug(bed, "1-1", "08");
        lose(bed, bed_redirect(bed, "1-1"), "1-1", false);
        bed_plug(bed, "1-1", OTHER);
        bed_redirect(bed, "1-1");
        assert_int_equal(bed_device(bed, "1-1")->intent, INTENT_BY_HAND);

        lose(bed, bed_session_of(bed, "1-1"), "1-1", false);
        bed_plug(bed, "1-1", "08");
        bed_redirect(bed, "1-1");
        assert_int_equal(bed_device(bed, "1-1")->intent, INTENT_AUTOMATIC);
}

static void what_rules_do_not_allow_is_not_followed(void **state)
{
        static const char *const rules[] = {
                "-1,-1,0x0001,-1,1 guest=vm1\n-1,-1,-1,-1,0\n",
                "-1,-1,0x0001,-1,1 guest=vm1\n-1,-1,-1,-1,1 guest=vm2 auto=no\n",
                "-1,-1,0x0001,-1,1 guest=vm1\n0x08,-1,-1,-1,1 guest=vm1\n0x0b,-1,-1,-1,1 guest=vm2\n",
        };
        struct bed *bed = *state;

        for (size_t i = 0; i < sizeof(rules) / sizeof(*rules); i++) {
                if (i > 0) {
                        bed_close(bed);
                        bed_open(bed);
                }
                start_with_guest(bed, rules[i]);
                bed_plug(bed, "1-1", "08");
                lose(bed, bed_redirect(bed, "1-1"), "1-1", false);
                bed_plug(bed, "1-1", "08 0b product=0002");
                assert_stays(bed, "1-1");

                /* What it was is still known. */
                bed_unplug(bed, "1-1");
                bed_plug(bed, "1-1", "08");
                bed_redirect(bed, "1-1");
        }
}

static void others_are_not_followed(void **state)
{
        static const char *const plugs[][2] = {
                { "1-2", OTHER },         /* in another socket */
                { "1-1", "08" },          /* the same device: a re-plug */
                { "1-1", "08 serial=B" }, /* one more of its kind */
                { "2-1", OTHER },         /* a port of another socket */
        };
        struct bed *bed = *state;

        for (size_t i = 0; i < sizeof(plugs) / sizeof(*plugs); i++) {
                if (i > 0) {
                        bed_close(bed);
                        bed_open(bed);
                }
                lose(bed, redirect(bed, true), "1-1", i & 1);
                bed_plug(bed, plugs[i][0], plugs[i][1]);
                assert_stays(bed, plugs[i][0]);
        }
}

static void one_that_no_guest_had_is_not_followed(void **state)
{
        struct bed *bed = *state;

        start_with_guest(bed, "-1,-1,0x0001,-1,1 guest=vm1\n-1,-1,-1,-1,1 auto=no\n");
        bed_plug(bed, "1-1", "08");
        bed_say_status(bed, bed_session_of(bed, "1-1"), LINK_GREETING, DEVICE_NONE);
        lose(bed, bed_session_of(bed, "1-1"), "1-1", false);
        bed_plug(bed, "1-1", OTHER);
        assert_stays(bed, "1-1");
}

static void one_that_was_taken_back_is_not_followed(void **state)
{
        struct bed *bed = *state;
        struct bed_session *s = redirect(bed, true);
        struct bed_answer answer;

        assert_int_equal(bed_detach(bed, "1-1", &answer), 0);
        bed_until(bed, s->is_asked_to_end);
        bed_unplug(bed, "1-1");
        bed_plug(bed, "1-1", OTHER);
        assert_stays(bed, "1-1");
        bed_say_ended(bed, s, REASON_ASKED, true);
        assert_stays(bed, "1-1");
}

static void changes_without_end_are_given_up(void **state)
{
        struct bed *bed = *state;
        struct bed_session *s = redirect(bed, true);
        unsigned n = 0;

        while (n < OUTCOME_CHANGES + 1) {
                lose(bed, s, "1-1", n & 1);
                bed_plug(bed, "1-1", n++ & 1 ? "08" : OTHER);
                bed_settle(bed);
                if (bed_device(bed, "1-1")->phase == DEVICE_IS_FAILED)
                        break;
                s = bed_redirect(bed, "1-1");
        }
        assert_int_equal(n, OUTCOME_CHANGES);
        assert_non_null(strstr(bed_device(bed, "1-1")->last_error, "again and again"));
}

static void one_socket_is_one_place_by_either_port(void **state)
{
        struct bed *bed = *state;
        struct bed_session *s;

        /* From a reset, slower. */
        s = redirect(bed, true);
        bed_say_ended(bed, s, REASON_RESET_LOST, true);
        bed_unplug(bed, "1-1");
        bed_plug(bed, "2-1", "08 place=1-1");
        s = bed_redirect(bed, "2-1");

        /* And where the session tells last. */
        bed_unplug(bed, "2-1");
        bed_plug(bed, "1-1", "08");
        bed_settle(bed);
        bed_say_ended(bed, s, REASON_RESET_LOST, true);
        bed_redirect(bed, "1-1");
}

static void a_rules_device_is_known_at_either_port(void **state)
{
        struct bed *bed = *state;

        start_with_guest(bed, "-1,-1,-1,-1,1 guest=vm1 on=start\n");
        bed_plug(bed, "1-1", "08");
        assert_stays(bed, "1-1");
        assert_int_equal(manager_reload(bed->m, &bed->error), 0);
        lose(bed, bed_redirect(bed, "1-1"), "1-1", false);
        bed_plug(bed, "2-4", "08 place=1-1");
        bed_redirect(bed, "2-4");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, bed_setup, bed_teardown)

int main(void)
{
        const struct CMUnitTest tests[] = {
                TEST(one_that_has_changed_is_followed),
                TEST(it_is_followed_back),
                TEST(one_that_is_there_before_the_old_one_is_gone_is_followed),
                TEST(what_rules_only_allow_is_followed_as_by_hand),
                TEST(what_rules_do_not_allow_is_not_followed),
                TEST(others_are_not_followed),
                TEST(one_that_no_guest_had_is_not_followed),
                TEST(one_that_was_taken_back_is_not_followed),
                TEST(changes_without_end_are_given_up),
                TEST(one_socket_is_one_place_by_either_port),
                TEST(a_rules_device_is_known_at_either_port),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
