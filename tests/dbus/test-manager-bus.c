/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The manager's methods and properties, as a caller sees them.
 */
#include "dbus/bed.h"

#include <stdio.h>
#include <string.h>

#include "dbus/request.h"
#include "util/macro.h"

/* A stick and a guest, for each test anew. */
static int begin(void **state)
{
        struct bed *bed = *state;

        fake_set_rules(bed->manager, "-1,-1,-1,-1,1 auto=no");
        fake_add_guest(bed->manager, "vm1");
        fake_plug(bed->manager, "1-1", 0x0781, 0x5581, "4C53");
        bed->manager->n_asked = 0;
        bed->manager->asked[0] = 0;
        return 0;
}

static int end(void **state)
{
        struct bed *bed = *state;
        struct manager *m = bed->manager;

        m->refuses = m->fails = NULL;
        m->holds_answers = false;
        while (m->devices)
                fake_unplug(m, m->devices);
        while (m->n_guests > 0)
                fake_remove_guest(m, m->guests[0]);
        m->config.default_guest[0] = 0;
        m->last_number = 0;
        run_ready(bed->base);
        assert_call(&bed->caller, ROOT, FREEDESKTOP "Peer", "Ping", "");
        bed->caller.signals[0] = 0;
        return 0;
}

static sd_bus_message *attach(struct bed *bed, const char *device, const char *guest)
{
        return caller_call(&bed->caller, ROOT, MANAGER, "Attach", "ssa{sv}", device, guest, 0);
}

static void assert_text(sd_bus_message *m, const char *want)
{
        CLEANUP(freep) char *text = message_text(m);

        if (sd_bus_message_is_method_error(m, NULL))
                fail_msg("%s", sd_bus_message_get_error(m)->message);
        assert_string_equal(text, want);
        sd_bus_message_unref(m);
}

static void attach_returns_the_session(void **state)
{
        struct bed *bed = *state;

        assert_text(attach(bed, "1-1", "vm1"), SESSION_1);
        assert_string_equal(bed->manager->asked, "attach 1-1 vm1");
        assert_property(&bed->caller, SESSION_1, SESSION, "ByHand", "yes");
        assert_property(&bed->caller, ROOT, MANAGER, "SessionCount", "1");
}

static void attach_tells_of_the_session_before_it_answers(void **state)
{
        struct bed *bed = *state;

        assert_text(attach(bed, "1-1", "vm1"), SESSION_1);
        assert_non_null(strstr(bed->caller.signals, "InterfacesAdded " SESSION_1 "\n"));
}

static void attach_takes_the_option_wait(void **state)
{
        struct bed *bed = *state;

        assert_call(&bed->caller, ROOT, MANAGER, "Attach", "ssa{sv}", "1-1", "vm1", 1, "wait", "b",
                    1);
        assert_string_equal(bed->manager->asked, "attach 1-1 vm1 wait");
}

static void attach_without_guest_takes_the_one_of_the_rule(void **state)
{
        struct bed *bed = *state;

        snprintf(bed->manager->config.default_guest, GUEST_NAME_MAX, "vm1");
        assert_text(attach(bed, "1-1", ""), SESSION_1);
        assert_string_equal(bed->manager->asked, "attach 1-1 vm1");
}

static void attach_without_guest_takes_any_of_the_rule(void **state)
{
        struct bed *bed = *state;

        fake_set_rules(bed->manager, "-1,-1,-1,-1,1 guest=vm1,vm2");
        assert_text(attach(bed, "1-1", ""), SESSION_1);
        assert_string_equal(bed->manager->asked, "attach 1-1 ");
}

static void attach_without_guest_needs_one_that_is_named(void **state)
{
        struct bed *bed = *state;

        assert_error(attach(bed, "1-1", ""), NAME ".Error.NoSuchGuest", "DefaultGuest=");
        assert_int_equal(bed->manager->n_asked, 0);
}

static void attach_refuses_what_is_not_there(void **state)
{
        struct bed *bed = *state;
        static const struct {
                const char *device, *guest, *error, *words;
        } cases[] = {
                { "1-2", "vm1", NAME ".Error.NoSuchDevice", "\"1-2\"" },
                { "", "vm1", NAME ".Error.NoSuchDevice", "\"\"" },
                { "1-1", "vm1,vm2", NAME ".Error.NoSuchGuest", "\"vm1,vm2\"" },
                { "1-1", "vm2", NAME ".Error.NoSuchGuest", "\"vm2\"" },
                { "1-1\n%s%n", "vm1", NAME ".Error.NoSuchDevice", "1-1?%s%n" },
        };

        for (size_t i = 0; i < ELEMENTS(cases); i++)
                assert_error(attach(bed, cases[i].device, cases[i].guest), cases[i].error,
                             cases[i].words);
        assert_int_equal(bed->manager->n_asked, 0);
}

static void texts_of_512_bytes_are_looked_up_and_longer_ones_not(void **state)
{
        struct bed *bed = *state;
        char text[REQUEST_TEXT_MAX + 2];

        memset(text, 'x', sizeof(text));
        text[REQUEST_TEXT_MAX] = 0;
        assert_error(attach(bed, text, "vm1"), NAME ".Error.NoSuchDevice", "xxx");
        assert_error(attach(bed, "1-1", text), NAME ".Error.NoSuchGuest", "xxx");

        text[REQUEST_TEXT_MAX] = 'x';
        text[REQUEST_TEXT_MAX + 1] = 0;
        assert_error(attach(bed, text, "vm1"), INVALID_ARGS, "at most 512 bytes, this one 513");
        assert_error(attach(bed, "1-1", text), INVALID_ARGS, "at most 512 bytes, this one 513");
}

static void options_must_be_known_once_and_of_their_type(void **state)
{
        struct bed *bed = *state;
        struct caller *c = &bed->caller;

        assert_error(
                caller_call(c, ROOT, MANAGER, "Attach", "ssa{sv}", "1-1", "vm1", 1, "pull", "b", 1),
                INVALID_ARGS, "no option \"pull\" here; known: wait, hold");
        assert_error(caller_call(c, ROOT, MANAGER, "Attach", "ssa{sv}", "1-1", "vm1", 1, "wait",
                                 "s", "yes"),
                     INVALID_ARGS, "\"wait\" is of type b, not s");
        assert_error(caller_call(c, ROOT, MANAGER, "Attach", "ssa{sv}", "1-1", "vm1", 2, "wait",
                                 "b", 1, "wait", "b", 0),
                     INVALID_ARGS, "\"wait\" is given twice");
        assert_error(caller_call(c, ROOT, MANAGER, "Detach", "sa{sv}", "1-1", 1, "wait", "b", 1),
                     INVALID_ARGS, "no option \"wait\" here; known: none");
        assert_int_equal(bed->manager->n_asked, 0);
}

static void wrong_types_are_refused_by_the_bus(void **state)
{
        struct bed *bed = *state;
        struct caller *c = &bed->caller;

        assert_error(caller_call(c, ROOT, MANAGER, "Attach", "ss", "1-1", "vm1"), INVALID_ARGS, "");
        assert_error(caller_call(c, ROOT, MANAGER, "Attach", "sua{sv}", "1-1", 7, 0), INVALID_ARGS,
                     "");
        assert_error(caller_call(c, ROOT, MANAGER, "Pause", "s", "now"), INVALID_ARGS, "");
        assert_error(caller_call(c, ROOT, MANAGER, "Explode", ""),
                     FREEDESKTOP "Error.UnknownMethod", "");
        assert_error(caller_call(c, DEVICE_1_1, MANAGER, "Pause", ""),
                     FREEDESKTOP "Error.UnknownMethod", "");
        assert_error(caller_call(c, ROOT, FREEDESKTOP "Properties", "Set", "ssv", MANAGER, "Paused",
                                 "b", 1),
                     FREEDESKTOP "Error.PropertyReadOnly", "");
        assert_int_equal(bed->manager->n_asked, 0);
}

static void errors_arrive_under_their_names_with_their_texts(void **state)
{
        struct bed *bed = *state;
        static const struct {
                enum error_kind kind;
                const char *want;
        } cases[] = {
#define CASE(kind, name) { ERROR_##kind, name },
                ERRORS(CASE)
#undef CASE
        };

        for (size_t i = 0; i < ELEMENTS(cases); i++) {
                struct error error;

                error_set(&error, cases[i].kind, "number %zu: 100 %%s", i);
                bed->manager->refuses = &error;
                assert_error(attach(bed, "1-1", "vm1"), cases[i].want, error.text);
                bed->manager->refuses = NULL;

                bed->manager->fails = &error;
                assert_error(attach(bed, "1-1", "vm1"), cases[i].want, error.text);
                assert_error(caller_call(&bed->caller, ROOT, MANAGER, "Detach", "sa{sv}", "1-1", 0),
                             cases[i].want, error.text);
                bed->manager->fails = NULL;
        }
}

static void detach_answers_when_the_host_has_the_device(void **state)
{
        struct bed *bed = *state;
        struct caller *c = &bed->caller;
        sd_bus_message *m, *reply = NULL;

        assert_text(attach(bed, "1-1", "vm1"), SESSION_1);
        bed->manager->holds_answers = true;
        m = caller_message(c, ROOT, MANAGER, "Detach");
        assert_true(sd_bus_message_append(m, "sa{sv}", "1-1", 0) >= 0);
        caller_send(c, m, &reply);
        RUN_UNTIL(bed->base, bed->manager->n_asked == 2);
        assert_property(c, ROOT, MANAGER, "SessionCount", "0");
        assert_null(reply);

        fake_answer(bed->manager);
        RUN_UNTIL(bed->base, reply);
        assert_text(reply, "");
        assert_string_equal(bed->manager->asked, "detach 1-1");
}

static void detach_all_takes_all_back(void **state)
{
        struct bed *bed = *state;

        assert_text(attach(bed, "1-1", "vm1"), SESSION_1);
        assert_call(&bed->caller, ROOT, MANAGER, "DetachAll", "");
        assert_string_equal(bed->manager->asked, "detach-all");
        assert_null(bed->manager->sessions);
}

static void a_caller_that_vanishes_is_forgotten(void **state)
{
        struct bed *bed = *state;
        struct caller other;
        sd_bus_message *m, *reply = NULL;

        bed->manager->holds_answers = true;
        bed->manager->n_forgotten = 0;
        caller_connect(&other, bed);
        m = caller_message(&other, ROOT, MANAGER, "Attach");
        assert_true(sd_bus_message_append(m, "ssa{sv}", "1-1", "vm1", 0) >= 0);
        caller_send(&other, m, &reply);
        RUN_UNTIL(bed->base, bed->manager->n_asked == 1);

        caller_disconnect(&other);
        RUN_UNTIL(bed->base, bed->manager->n_forgotten == 1);
        assert_null(bed->manager->waiting);
        assert_non_null(bed->manager->sessions);
}

static void objects_are_found_by_name(void **state)
{
        struct bed *bed = *state;
        struct caller *c = &bed->caller;

        assert_text(caller_call(c, ROOT, MANAGER, "GetDevice", "s", "1-1"), DEVICE_1_1);
        assert_text(caller_call(c, ROOT, MANAGER, "GetGuest", "s", "vm1"), GUEST_VM1);
        assert_error(caller_call(c, ROOT, MANAGER, "GetDevice", "s", "7-7"),
                     NAME ".Error.NoSuchDevice", "7-7");
        assert_error(caller_call(c, ROOT, MANAGER, "GetGuest", "s", ""), NAME ".Error.NoSuchGuest",
                     "");
}

static void pause_and_resume_are_seen(void **state)
{
        struct bed *bed = *state;
        struct caller *c = &bed->caller;

        assert_property(c, ROOT, MANAGER, "Paused", "no");
        c->signals[0] = 0;
        assert_call(c, ROOT, MANAGER, "Pause", "");
        assert_property(c, ROOT, MANAGER, "Paused", "yes");
        assert_call(c, ROOT, MANAGER, "Resume", "");
        assert_property(c, ROOT, MANAGER, "Paused", "no");
        assert_signals(c, "PropertiesChanged " ROOT " Manager Paused\n"
                          "PropertiesChanged " ROOT " Manager Paused\n");
}

static void reload_reports_the_first_mistake_and_lists_all(void **state)
{
        struct bed *bed = *state;
        struct caller *c = &bed->caller;
        struct error error;

        assert_call(c, ROOT, MANAGER, "Reload", "");
        assert_property(c, ROOT, MANAGER, "ConfigurationErrors", "[]");

        error_set(&error, ERROR_INVALID_FILES, "guests.d/vm1.conf:3: no such key");
        bed->manager->refuses = &error;
        assert_error(caller_call(c, ROOT, MANAGER, "Reload", ""),
                     FREEDESKTOP "Error.InvalidFileContent", "vm1.conf:3");

        c->signals[0] = 0;
        fake_add_config_error(bed->manager, "guests.d/vm1.conf", 3, 1, "no such key");
        assert_property(c, ROOT, MANAGER, "ConfigurationErrors",
                        "[(guests.d/vm1.conf,3,1,no such key)]");
        assert_signals(c, "PropertiesChanged " ROOT " Manager ConfigurationErrors\n");
}

static void the_version_is_the_programs(void **state)
{
        assert_property(&((struct bed *)*state)->caller, ROOT, MANAGER, "Version", PACKAGE_VERSION);
}

int main(void)
{
#define TEST(function) cmocka_unit_test_setup_teardown(function, begin, end)
        static const struct CMUnitTest tests[] = {
                TEST(attach_returns_the_session),
                TEST(attach_tells_of_the_session_before_it_answers),
                TEST(attach_takes_the_option_wait),
                TEST(attach_without_guest_takes_the_one_of_the_rule),
                TEST(attach_without_guest_takes_any_of_the_rule),
                TEST(attach_without_guest_needs_one_that_is_named),
                TEST(attach_refuses_what_is_not_there),
                TEST(texts_of_512_bytes_are_looked_up_and_longer_ones_not),
                TEST(options_must_be_known_once_and_of_their_type),
                TEST(wrong_types_are_refused_by_the_bus),
                TEST(errors_arrive_under_their_names_with_their_texts),
                TEST(detach_answers_when_the_host_has_the_device),
                TEST(detach_all_takes_all_back),
                TEST(a_caller_that_vanishes_is_forgotten),
                TEST(objects_are_found_by_name),
                TEST(pause_and_resume_are_seen),
                TEST(reload_reports_the_first_mistake_and_lists_all),
                TEST(the_version_is_the_programs),
        };

        return cmocka_run_group_tests_name("manager-bus", tests, bed_setup, bed_teardown);
}
