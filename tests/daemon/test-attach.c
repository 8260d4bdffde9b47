/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Devices and guests by name; Attach and Detach by hand, what they refuse and what they wait for.
 */
#include <errno.h>
#include <string.h>

#include "daemon/bed.h"
#include "util/macro.h"

static void start(struct bed *bed, const char *rules, int channels)
{
        bed_write(bed, "filters.d/10-all.rules", rules);
        bed_add_guest(bed, "vm1", channels);
        bed_open_guest(bed, "vm1");
        bed_start(bed);
}

static void expect_error(const struct error *error, enum error_kind kind, const char *text)
{
        if (error->kind != kind || !strstr(error->text, text))
                fail_msg("%s: %s; not %s, %s", error_kind_name(error->kind), error->text,
                         error_kind_name(kind), text);
}

static void devices_are_found_by_name(void **state)
{
        static const struct {
                const char *name, *port;
                enum error_kind kind;
                const char *text;
        } cases[] = {
                { "1-1", "1-1" },
                { "1-1.4", "1-1.4" },
                { "1209:0001:A", "1-1" },
                { "1209:0001:B", "1-1.4" },
                { "1209:00FF", "1-2" },
                { "1-3", NULL, ERROR_NO_SUCH_DEVICE, "there is no device '1-3'" },
                { "1209:0001", NULL, ERROR_AMBIGUOUS_DEVICE, "fits 2 devices" },
                { "1209:0001", NULL, ERROR_AMBIGUOUS_DEVICE, "1-1, 1-1.4" },
                { "1209:0001:C", NULL, ERROR_NO_SUCH_DEVICE, "no device" },
                { "1209:7777", NULL, ERROR_NO_SUCH_DEVICE, "no device" },
                { "255/255", NULL, ERROR_NO_SUCH_DEVICE, "no device" },
                { "", NULL, ERROR_INVALID_ARGS, "VVVV:PPPP" },
                { "stick", NULL, ERROR_INVALID_ARGS, "'stick' is no device" },
                { "1209:001", NULL, ERROR_INVALID_ARGS, "no device" },
                { "1-1/..", NULL, ERROR_INVALID_ARGS, "no device" },
                { "1/2/3", NULL, ERROR_INVALID_ARGS, "no device" },
        };
        struct bed *bed = *state;

        bed_start(bed);
        bed_plug(bed, "1-1", "08 serial=A");
        bed_plug(bed, "1-1.4", "08 serial=B");
        bed_plug(bed, "1-2", "08 product=00ff");
        for (size_t i = 0; i < ELEMENTS(cases); i++) {
                struct device *d = NULL;
                struct error error;
                int r = manager_find_device(bed->m, cases[i].name, &d, &error);

                if (cases[i].port) {
                        if (r < 0)
                                fail_msg("%s: %s", cases[i].name, error.text);
                        assert_string_equal(device_id(d), cases[i].port);
                } else {
                        assert_int_equal(r, -EINVAL);
                        expect_error(&error, cases[i].kind, cases[i].text);
                }
        }
}

static void attach_says_when_the_session_exists(void **state)
{
        struct bed *bed = *state;
        struct bed_answer answer;

        start(bed, "-1,-1,-1,-1,1 auto=no\n", 1);
        bed_plug(bed, "1-1", "08");
        bed_settle(bed);
        assert_int_equal(bed->n_sessions, 0);
        assert_int_equal(bed_attach(bed, "1-1", "vm1", false, &answer), 0);
        assert_false(answer.has_come);
        bed_until(bed, answer.has_come);
        assert_false(answer.is_error);
        assert_int_equal(answer.session, manager_sessions(bed->m)->number);
        assert_int_equal(bed_device(bed, "1-1")->phase, DEVICE_IS_STARTING);
        bed_redirect(bed, "1-1");
}

static void attach_is_refused(void **state)
{
        static const struct {
                const char *name, *rules, *device, *guest;
                enum error_kind kind;
                const char *text;
        } cases[] = {
                { "by a rule", "-1,-1,-1,-1,0\n", "08", "vm1", ERROR_DENIED, "10-all.rules:1" },
                { "without a rule", "0x03,-1,-1,-1,1\n", "08", "vm1", ERROR_DENIED,
                  "no rule allows it" },
                { "for a hub", "-1,-1,-1,-1,1\n", "09", "vm1", ERROR_DENIED, "hub" },
                { "without interfaces", "-1,-1,-1,-1,1\n", "", "vm1", ERROR_DENIED,
                  "shows no class" },
                { "before it is settled", "-1,-1,-1,-1,1\n", "08 settled=0", "vm1", ERROR_DENIED,
                  "not ready" },
                { "to another guest than the rule's", "-1,-1,-1,-1,1 guest=vm2 auto=no\n", "08",
                  "vm1", ERROR_DENIED, "may not go to guest 'vm1'" },
                { "to a guest that is not there", "-1,-1,-1,-1,1 auto=no\n", "08", "vm7",
                  ERROR_NO_SUCH_GUEST, "there is no guest 'vm7'" },
                { "to no guest", "-1,-1,-1,-1,1 auto=no\n", "08", "", ERROR_NO_SUCH_GUEST,
                  "which guest?" },
        };

        for (size_t i = 0; i < ELEMENTS(cases); i++) {
                struct bed *bed = *state;
                struct bed_answer answer;

                if (i > 0) {
                        bed_close(bed);
                        bed_open(bed);
                }
                start(bed, cases[i].rules, 1);
                bed_plug(bed, "1-1", cases[i].device);
                if (bed_attach(bed, "1-1", cases[i].guest, false, &answer) == 0)
                        fail_msg("not refused %s", cases[i].name);
                expect_error(&answer.error, cases[i].kind, cases[i].text);
                bed_settle(bed);
                assert_int_equal(bed->n_sessions, 0);
        }
}

static void conflicting_rules_leave_the_choice_to_a_person(void **state)
{
        struct bed *bed = *state;
        struct bed_answer answer;

        bed_add_guest(bed, "vm2", 1);
        bed_open_guest(bed, "vm2");
        bed_add_guest(bed, "vm3", 1);
        start(bed, "0x0b,-1,-1,-1,1 guest=vm1\n0xff,-1,-1,-1,1 guest=vm2\n", 1);
        bed_plug(bed, "1-1", "0b ff");
        bed_settle(bed);
        assert_int_equal(bed_device(bed, "1-1")->verdict.kind, VERDICT_CONFLICT);
        assert_int_equal(bed->n_sessions, 0);
        assert_int_equal(bed_attach(bed, "1-1", "vm3", false, &answer), -EINVAL);
        expect_error(&answer.error, ERROR_DENIED, "may not go");
        assert_int_equal(bed_attach(bed, "1-1", "vm2", false, &answer), 0);
        assert_string_equal(bed_session_of(bed, "1-1")->order.guest, "vm2");
}

static void a_device_is_attached_once(void **state)
{
        struct bed *bed = *state;
        struct bed_answer first, second, detached;
        struct bed_session *s;

        start(bed, "-1,-1,-1,-1,1 auto=no\n", 2);
        bed_plug(bed, "1-1", "08");
        assert_int_equal(bed_attach(bed, "1-1", "vm1", false, &first), 0);
        assert_int_equal(bed_attach(bed, "1-1", "vm1", false, &second), -EINVAL);
        expect_error(&second.error, ERROR_ALREADY_ATTACHED, "is being attached to guest 'vm1'");
        s = bed_redirect(bed, "1-1");
        assert_int_equal(bed_attach(bed, "1-1", "vm1", false, &second), -EINVAL);
        expect_error(&second.error, ERROR_ALREADY_ATTACHED, "is attached to guest 'vm1'");

        assert_int_equal(bed_detach(bed, "1-1", &detached), 0);
        assert_int_equal(bed_attach(bed, "1-1", "vm1", false, &second), -EINVAL);
        expect_error(&second.error, ERROR_IN_USE, "on its way back");
        bed_until(bed, s->is_asked_to_end);
        bed_say_ended(bed, s, REASON_ASKED, true);
        bed_until(bed, detached.has_come);
        assert_int_equal(bed_detach(bed, "1-1", &detached), -EINVAL);
        expect_error(&detached.error, ERROR_NOT_ATTACHED, "1-1 is not attached");
}

static void a_guest_that_is_not_there_is_a_named_error(void **state)
{
        struct bed *bed = *state;
        struct bed_answer answer;

        start(bed, "-1,-1,-1,-1,1 auto=no\n", 1);
        bed_close_guest(bed, "vm1");
        bed_plug(bed, "1-1", "08");
        assert_int_equal(bed_attach(bed, "1-1", "vm1", false, &answer), 0);
        bed_until(bed, answer.has_come);
        assert_true(answer.is_error);
        expect_error(&answer.error, ERROR_CONNECT_FAILED, "vm1-0");
        assert_int_equal(bed_device(bed, "1-1")->phase, DEVICE_IS_IDLE);

        /* And that is the end of it. */
        bed_open_guest(bed, "vm1");
        bed_settle(bed);
        assert_int_equal(bed->n_sessions, 0);
}

static void with_wait_the_outcome_is_the_answer(void **state)
{
        static const struct {
                enum session_reason reason;
                enum error_kind kind;
        } cases[] = {
                { REASON_GUEST_REJECTED, ERROR_GUEST_REJECTED },
                { REASON_BUSY, ERROR_IN_USE },
                { REASON_DEVICE_LOST, ERROR_DEVICE_LOST },
                { REASON_GUEST_LEFT, ERROR_CONNECT_FAILED },
                { REASON_FAILURE, ERROR_FAILED },
        };
        struct bed *bed = *state;

        start(bed, "-1,-1,-1,-1,1 auto=no\n", 1);
        bed_plug(bed, "1-1", "08");
        for (size_t i = 0; i < ELEMENTS(cases); i++) {
                struct bed_answer answer;
                struct bed_session *s;

                assert_int_equal(bed_attach(bed, "1-1", "vm1", true, &answer), 0);
                s = bed_session_of(bed, "1-1");
                bed_say_status(bed, s, LINK_GREETING, DEVICE_NONE);
                assert_false(answer.has_come);
                bed_say_ended(bed, s, cases[i].reason, true);
                bed_until(bed, answer.has_come);
                assert_true(answer.is_error);
                expect_error(&answer.error, cases[i].kind, "as the test says");
                assert_int_equal(bed_device(bed, "1-1")->phase, DEVICE_IS_IDLE);
                assert_int_equal(bed->n_sessions, i + 1);
        }
}

static void unplugging_answers_whoever_waits(void **state)
{
        struct bed *bed = *state;
        struct bed_answer attached, detached;
        struct bed_session *s;

        start(bed, "-1,-1,-1,-1,1 auto=no\n", 2);
        bed_plug(bed, "1-1", "08");
        assert_int_equal(bed_attach(bed, "1-1", "vm1", true, &attached), 0);
        s = bed_session_of(bed, "1-1");
        bed_unplug(bed, "1-1");
        assert_true(attached.has_come && attached.is_error);
        expect_error(&attached.error, ERROR_DEVICE_LOST, "1-1 was unplugged");
        bed_say_ended(bed, s, REASON_DEVICE_LOST, true);

        bed_plug(bed, "1-2", "08");
        assert_int_equal(bed_attach(bed, "1-2", "vm1", false, &attached), 0);
        bed_redirect(bed, "1-2");
        assert_int_equal(bed_detach(bed, "1-2", &detached), 0);
        bed_unplug(bed, "1-2");
        assert_true(detached.has_come);
        assert_false(detached.is_error);
}

static void a_caller_that_is_gone_is_not_answered(void **state)
{
        struct bed *bed = *state;
        struct bed_answer answer;

        start(bed, "-1,-1,-1,-1,1 auto=no\n", 1);
        bed_plug(bed, "1-1", "08");
        assert_int_equal(bed_attach(bed, "1-1", "vm1", false, &answer), 0);
        manager_forget(bed->m, &answer);
        bed_redirect(bed, "1-1");
        assert_false(answer.has_come);
}

static void a_session_that_cannot_be_started_is_an_error(void **state)
{
        struct bed *bed = *state;
        struct bed_answer answer;

        start(bed, "-1,-1,-1,-1,1 auto=no\n", 1);
        bed_plug(bed, "1-1", "08");
        bed->launch_error = -ECONNREFUSED;
        assert_int_equal(bed_attach(bed, "1-1", "vm1", false, &answer), 0);
        bed_until(bed, answer.has_come);
        assert_true(answer.is_error);
        assert_int_equal(bed_device(bed, "1-1")->phase, DEVICE_IS_IDLE);
        bed->launch_error = 0;
        bed_settle(bed);
        assert_int_equal(bed->n_sessions, 0);
}

static void disconnecting_a_guest_ends_its_sessions(void **state)
{
        struct bed *bed = *state;
        struct bed_session *s;
        struct guest *g;

        start(bed, "-1,-1,-1,-1,1 guest=vm1\n", 1);
        bed_plug(bed, "1-1", "08");
        s = bed_redirect(bed, "1-1");
        assert_int_equal(manager_find_guest(bed->m, "vm1", &g, &bed->error), 0);
        manager_disconnect_guest(bed->m, g);
        bed_until(bed, s->is_asked_to_end);
        bed_say_ended(bed, s, REASON_ASKED, true);
        bed_settle(bed);
        assert_int_equal(bed->n_sessions, 1);
        assert_int_equal(guest_state(g), GUEST_DISCONNECTED);
        assert_int_equal(manager_connect_guest(bed->m, g, &bed->error), 0);
        bed_redirect(bed, "1-1");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, bed_setup, bed_teardown)

int main(void)
{
        const struct CMUnitTest tests[] = {
                TEST(devices_are_found_by_name),
                TEST(attach_says_when_the_session_exists),
                TEST(attach_is_refused),
                TEST(conflicting_rules_leave_the_choice_to_a_person),
                TEST(a_device_is_attached_once),
                TEST(a_guest_that_is_not_there_is_a_named_error),
                TEST(with_wait_the_outcome_is_the_answer),
                TEST(unplugging_answers_whoever_waits),
                TEST(a_caller_that_is_gone_is_not_answered),
                TEST(a_session_that_cannot_be_started_is_an_error),
                TEST(disconnecting_a_guest_ends_its_sessions),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
