/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Who may do what. The daemon of these tests trusts nobody, as if another user called, unless said
 * otherwise.
 */
#include "dbus/fake-polkit.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "dbus/call.h"
#include "util/macro.h"

static struct fake_polkit polkit;

static int begin(void **state)
{
        struct bed *bed = *state;

        fake_set_rules(bed->manager, "-1,-1,-1,-1,1 auto=no");
        fake_start(bed->manager, fake_plug(bed->manager, "1-1", 0x0781, 0x5581, "4C53"),
                   fake_add_guest(bed->manager, "vm1"));
        bed->manager->n_asked = 0;
        fake_polkit_start(&polkit, bed);
        return 0;
}

static int end(void **state)
{
        struct bed *bed = *state;
        struct manager *m = bed->manager;

        fake_polkit_end(&polkit);
        m->holds_answers = false;
        while (m->devices)
                fake_unplug(m, m->devices);
        while (m->n_guests > 0)
                fake_remove_guest(m, m->guests[0]);
        m->last_number = 0;
        return 0;
}

static const char *path_of(enum object_kind kind)
{
        static const char *const paths[] = {
                [OBJECT_MANAGER] = ROOT,
                [OBJECT_DEVICE] = DEVICE_1_1,
                [OBJECT_GUEST] = GUEST_VM1,
                [OBJECT_SESSION] = SESSION_1,
        };

        return paths[kind];
}

/* Calls a method of the table with arguments that are right. */
static void send_method(struct caller *c, const struct method *method, bool interactive,
                        sd_bus_message **ret)
{
        sd_bus_message *m = caller_message(c, path_of(method->kind),
                                           object_classes[method->kind].interface, method->member);

        if (method->takes & TAKES_RULES)
                assert_true(sd_bus_message_append(m, "s", "-1,-1,-1,-1,1") >= 0);
        if (method->takes & TAKES_DEVICE)
                assert_true(sd_bus_message_append(m, "s", "1-1") >= 0);
        if (method->takes & (TAKES_GUEST | TAKES_GUEST_OR_NONE))
                assert_true(sd_bus_message_append(m, "s", "vm1") >= 0);
        if (method->takes & (TAKES_ATTACH_OPTIONS | TAKES_RULE_OPTIONS | TAKES_NO_OPTIONS))
                assert_true(sd_bus_message_append(m, "a{sv}", 0) >= 0);
        if (method->takes & TAKES_RULE_PLACE)
                assert_true(sd_bus_message_append(m, "sus", "20-a.rules", 1, "x") >= 0);
        sd_bus_message_set_allow_interactive_authorization(m, interactive);
        caller_send(c, m, ret);
}

static sd_bus_message *call_method(struct bed *bed, const struct method *method, bool interactive)
{
        sd_bus_message *reply = NULL;

        send_method(&bed->caller, method, interactive, &reply);
        RUN_UNTIL(bed->base, reply);
        return reply;
}

static const struct method *attach_method(void)
{
        return method_find(MANAGER, "Attach");
}

static void reading_is_free_and_all_else_is_refused_without_permission(void **state)
{
        struct bed *bed = *state;
        unsigned n = 0;

        polkit.answer = POLKIT_NO;
        for (const struct method *method = methods; method->member; method++) {
                const char *action = action_name(method->action);
                sd_bus_message *reply;

                reply = call_method(bed, method, false);
                if (action) {
                        assert_int_equal(polkit.n_asked, ++n);
                        assert_string_equal(polkit.action, action);
                        assert_int_equal(bed->manager->n_asked, 0);
                        assert_error(reply, ACCESS_DENIED, action);
                } else {
                        assert_int_equal(polkit.n_asked, n);
                        assert_false(sd_bus_message_is_method_error(reply, NULL));
                        bed->manager->n_asked = 0;
                        sd_bus_message_unref(reply);
                }
        }
        assert_int_equal(n, 12);
}

static void methods_that_change_something_are_all_guarded(void **state)
{
        static const char *const free_ones[] = { "GetDevice", "GetGuest",  "Explain",
                                                 "TestRules", "ListRules", "GetStatistics" };

        for (const struct method *method = methods; method->member; method++) {
                bool is_free = false;

                for (size_t i = 0; i < ELEMENTS(free_ones); i++)
                        is_free = is_free || !strcmp(free_ones[i], method->member);
                assert_int_equal(is_free, !action_name(method->action));
        }
}

/* So that nobody who may attach to one of them alone may leave the choice to the policy. */
static void polkit_is_told_each_guest_that_it_may_be(void **state)
{
        struct bed *bed = *state;

        fake_set_rules(bed->manager, "-1,-1,-1,-1,1 guest=vm1,vm2 auto=no");
        polkit.answer = POLKIT_YES;
        sd_bus_message_unref(
                caller_call(&bed->caller, ROOT, MANAGER, "Attach", "ssa{sv}", "1-1", "", 0));
        assert_string_equal(polkit.details,
                            "device=1-1,vidpid=0781:5581,serial=4C53,guest=vm1,vm2");
}

static void polkit_is_told_who_asks_and_what_for(void **state)
{
        struct bed *bed = *state;
        const char *name;

        polkit.answer = POLKIT_YES;
        sd_bus_message_unref(call_method(bed, attach_method(), false));
        assert_true(sd_bus_get_unique_name(bed->caller.bus, &name) >= 0);
        assert_string_equal(polkit.subject, name);
        assert_string_equal(polkit.action, "org.usbredir1.attach");
        assert_string_equal(polkit.details, "device=1-1,vidpid=0781:5581,serial=4C53,guest=vm1");

        sd_bus_message_unref(call_method(bed, method_find(MANAGER, "Detach"), false));
        assert_string_equal(polkit.details, "device=1-1,vidpid=0781:5581,serial=4C53");
        sd_bus_message_unref(call_method(bed, method_find(GUEST, "Connect"), false));
        assert_string_equal(polkit.details, "guest=vm1");
        sd_bus_message_unref(call_method(bed, method_find(MANAGER, "Reload"), false));
        assert_string_equal(polkit.details, "");
}

static void what_polkit_permits_is_done(void **state)
{
        struct bed *bed = *state;

        polkit.answer = POLKIT_YES;
        for (const struct method *method = methods; method->member; method++) {
                sd_bus_message *reply;

                if (!action_name(method->action))
                        continue;
                bed->manager->n_asked = 0;
                reply = call_method(bed, method, false);
                if (sd_bus_message_is_method_error(reply, NULL))
                        fail_msg("%s", sd_bus_message_get_error(reply)->message);
                assert_int_equal(bed->manager->n_asked, 1);
                sd_bus_message_unref(reply);
        }
}

/* Whoever may attach may not therefore give away what this machine needs. */
static void force_is_an_action_of_its_own(void **state)
{
        struct bed *bed = *state;

        polkit.answer = POLKIT_YES;
        for (int force = 0; force <= 1; force++) {
                sd_bus_message *m = caller_message(&bed->caller, DEVICE_1_1, DEVICE, "Attach"),
                               *reply = NULL;

                assert_true(sd_bus_message_append(m, "sa{sv}", "vm1", 2, "force", "b", force,
                                                  "wait", "b", 1) >= 0);
                caller_send(&bed->caller, m, &reply);
                RUN_UNTIL(bed->base, reply);
                assert_false(sd_bus_message_is_method_error(reply, NULL));
                sd_bus_message_unref(reply);
                assert_string_equal(polkit.action,
                                    force ? "org.usbredir1.attach-forced" : "org.usbredir1.attach");
                assert_string_equal(bed->manager->asked,
                                    force ? "attach 1-1 vm1 wait force" : "attach 1-1 vm1 wait");
        }
}

static void interaction_is_up_to_the_caller(void **state)
{
        struct bed *bed = *state;

        polkit.answer = POLKIT_CHALLENGE;
        assert_error(call_method(bed, attach_method(), false),
                     FREEDESKTOP "Error.InteractiveAuthorizationRequired", "authentication");
        assert_int_equal(polkit.flags, 0);

        polkit.answer = POLKIT_YES;
        sd_bus_message_unref(call_method(bed, attach_method(), true));
        assert_int_equal(polkit.flags, 1);
}

static void a_polkit_that_fails_is_a_no(void **state)
{
        struct bed *bed = *state;

        polkit.answer = POLKIT_FAILS;
        assert_error(call_method(bed, attach_method(), false), ACCESS_DENIED, "out of order");
        assert_int_equal(bed->manager->n_asked, 0);
}

static void without_polkit_only_root_may(void **state)
{
        struct bed *bed = *state;

        fake_polkit_end(&polkit);
        assert_error(call_method(bed, attach_method(), false), ACCESS_DENIED,
                     "Only root may do that (org.usbredir1.attach), as polkit does not run");
        assert_int_equal(bed->manager->n_asked, 0);
        fake_polkit_start(&polkit, bed);
}

static void the_loop_goes_on_while_polkit_thinks(void **state)
{
        struct bed *bed = *state;
        sd_bus_message *reply = NULL;

        polkit.answer = POLKIT_WAITS;
        send_method(&bed->caller, attach_method(), true, &reply);
        RUN_UNTIL(bed->base, polkit.question);
        assert_property(&bed->caller, DEVICE_1_1, DEVICE, "Id", "1-1");
        assert_null(reply);

        fake_polkit_say(&polkit, POLKIT_YES);
        RUN_UNTIL(bed->base, reply);
        assert_false(sd_bus_message_is_method_error(reply, NULL));
        sd_bus_message_unref(reply);
}

static void a_device_exchanged_while_polkit_thinks_is_not_attached(void **state)
{
        struct bed *bed = *state;
        sd_bus_message *reply = NULL;

        polkit.answer = POLKIT_WAITS;
        send_method(&bed->caller, attach_method(), true, &reply);
        RUN_UNTIL(bed->base, polkit.question);
        fake_unplug(bed->manager, bed->manager->devices);
        fake_plug(bed->manager, "1-1", 0x0781, 0x5581, "OTHER");

        fake_polkit_say(&polkit, POLKIT_YES);
        RUN_UNTIL(bed->base, reply);
        assert_error(reply, ACCESS_DENIED, "Call again");
        assert_int_equal(bed->manager->n_asked, 0);
}

static void an_object_gone_while_polkit_thinks_is_said_to_be_gone(void **state)
{
        struct bed *bed = *state;
        static const struct {
                const char *interface, *member, *error;
        } cases[] = {
                { GUEST, "Connect", NAME ".Error.NoSuchGuest" },
                { DEVICE, "Attach", NAME ".Error.NoSuchDevice" },
                { MANAGER, "Attach", NAME ".Error.NoSuchDevice" },
        };

        polkit.answer = POLKIT_WAITS;
        for (size_t i = 0; i < ELEMENTS(cases); i++) {
                sd_bus_message *reply = NULL;

                if (i > 0)
                        begin(state);
                polkit.answer = POLKIT_WAITS;
                send_method(&bed->caller, method_find(cases[i].interface, cases[i].member), true,
                            &reply);
                RUN_UNTIL(bed->base, polkit.question);
                fake_unplug(bed->manager, bed->manager->devices);
                fake_remove_guest(bed->manager, bed->manager->guests[0]);
                fake_polkit_say(&polkit, POLKIT_YES);
                RUN_UNTIL(bed->base, reply);
                assert_error(reply, cases[i].error, "");
                assert_int_equal(bed->manager->n_asked, 0);
                if (i + 1 < ELEMENTS(cases))
                        end(state);
        }
}

static void a_caller_that_vanishes_while_polkit_thinks_gets_nothing_done(void **state)
{
        struct bed *bed = *state;
        struct caller other;
        sd_bus_message *reply = NULL;

        polkit.answer = POLKIT_WAITS;
        caller_connect(&other, bed);
        send_method(&other, attach_method(), true, &reply);
        RUN_UNTIL(bed->base, polkit.question);
        caller_disconnect(&other);
        assert_call(&bed->caller, ROOT, FREEDESKTOP "Peer", "Ping", "");
        assert_call(&bed->caller, ROOT, FREEDESKTOP "Peer", "Ping", "");

        fake_polkit_say(&polkit, POLKIT_YES);
        assert_call(&polkit.connection, ROOT, FREEDESKTOP "Peer", "Ping", "");
        run_ready(bed->base);
        assert_int_equal(bed->manager->n_asked, 0);
}

static void a_user_has_64_calls_under_way_and_no_more(void **state)
{
        struct bed *bed = *state;
        sd_bus_message *replies[CALLS_PER_USER_MAX + 1] = { 0 };

        polkit.answer = POLKIT_YES;
        bed->manager->holds_answers = true;
        for (size_t i = 0; i < CALLS_PER_USER_MAX; i++)
                send_method(&bed->caller, method_find(SESSION, "GetStatistics"), false,
                            &replies[i]);
        send_method(&bed->caller, attach_method(), false, &replies[CALLS_PER_USER_MAX]);
        RUN_UNTIL(bed->base, replies[CALLS_PER_USER_MAX]);
        assert_error(replies[CALLS_PER_USER_MAX], NAME ".Error.LimitReached", "64");
        assert_int_equal(polkit.n_asked, 0);

        /* One is answered, and there is room for another. */
        bed->manager->holds_answers = false;
        fake_answer(bed->manager);
        for (size_t i = 0; i < CALLS_PER_USER_MAX; i++) {
                RUN_UNTIL(bed->base, replies[i]);
                sd_bus_message_unref(replies[i]);
        }
        sd_bus_message_unref(call_method(bed, attach_method(), false));
        assert_int_equal(polkit.n_asked, 1);
}

static void our_own_user_and_root_are_not_asked(void **state)
{
        struct bed *bed = *state;
        struct bus *distrustful = bed->bus;

        polkit.answer = POLKIT_NO;
        bed->bus = bus_free(distrustful);
        bed_start_bus(bed, false);
        RUN_UNTIL(bed->base, bed->n_ready > 1);

        for (const struct method *method = methods; method->member; method++)
                sd_bus_message_unref(call_method(bed, method, false));
        assert_int_equal(polkit.n_asked, 0);
        assert_true(bed->manager->n_asked > 5);
}

int main(void)
{
#define TEST(function) cmocka_unit_test_setup_teardown(function, begin, end)
        static const struct CMUnitTest tests[] = {
                TEST(reading_is_free_and_all_else_is_refused_without_permission),
                TEST(methods_that_change_something_are_all_guarded),
                TEST(polkit_is_told_each_guest_that_it_may_be),
                TEST(polkit_is_told_who_asks_and_what_for),
                TEST(what_polkit_permits_is_done),
                TEST(force_is_an_action_of_its_own),
                TEST(interaction_is_up_to_the_caller),
                TEST(a_polkit_that_fails_is_a_no),
                TEST(without_polkit_only_root_may),
                TEST(the_loop_goes_on_while_polkit_thinks),
                TEST(a_device_exchanged_while_polkit_thinks_is_not_attached),
                TEST(an_object_gone_while_polkit_thinks_is_said_to_be_gone),
                TEST(a_caller_that_vanishes_while_polkit_thinks_gets_nothing_done),
                TEST(a_user_has_64_calls_under_way_and_no_more),
                TEST(our_own_user_and_root_are_not_asked),
        };

        return cmocka_run_group_tests_name("auth", tests, bed_setup_distrustful, bed_teardown);
}
