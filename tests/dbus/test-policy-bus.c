/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The rules on the bus: Explain, TestRules, ListRules, AddRule, RemoveRule. The device is a stick
 * of one interface; what files become is the business of others.
 */
#include <stdio.h>
#include <string.h>

#include "dbus/bed.h"
#include "dbus/request.h"
#include "util/macro.h"

#define RULES        "/etc/usbredir/filters.d/50-test.rules"
#define INVALID_RULE NAME ".Error.InvalidRule"

/* The answer, as text without the sentence; to be freed. */
static char *answer_text(sd_bus_message *reply)
{
        CLEANUP(sd_bus_message_unrefp) sd_bus_message *m = reply;

        if (sd_bus_message_is_method_error(m, NULL))
                fail_msg("%s", sd_bus_message_get_error(m)->message);
        return message_text(m);
}

static void assert_has(const char *text, const char *want)
{
        if (!strstr(text, want))
                fail_msg("\"%s\" is not in \"%s\"", want, text);
}

static void explain_says_what_the_rules_make_of_a_device(void **state)
{
        static const struct {
                const char *rules, *want;
        } cases[] = {
                { "",
                  "[verdict=denied,reason=No rule allows it: none matches its interface 0 "
                  "(08/06/50).,rule=,text=,pass=interface 0 (08/06/50),lead=,guest=,guard=,refusal=,"
                  "automatic=no,inhibited=no,rejected=no,paused=no,held=no,"
                  "passes=[(interface 0 (08/06/50),,,no)],keys=[]]" },
                { "8,-1,-1,-1,0\n-1,-1,-1,-1,1",
                  "[verdict=denied,reason=A rule denies its interface 0 (08/06/50).,rule=" RULES
                  ":1,text=0x08,-1,-1,-1,0,pass=interface 0 (08/06/50),lead=,guest=,guard=,refusal=,"
                  "automatic=no,inhibited=no,rejected=no,paused=no,held=no,"
                  "passes=[(interface 0 (08/06/50)," RULES ":1,0x08,-1,-1,-1,0,no)],keys=[]]" },
                { "!2:1: no such key",
                  "[verdict=denied,reason=" RULES
                  " is broken and denies everything until it is mended: 2:1: no such key,rule=" RULES
                  ":1,text=-1,-1,-1,-1,0,pass=interface 0 (08/06/50),lead=,guest=,guard=,refusal=,"
                  "automatic=no,inhibited=no,rejected=no,paused=no,held=no,"
                  "passes=[(interface 0 (08/06/50)," RULES ":1,-1,-1,-1,-1,0,no)],keys=[]]" },
                { "-1,-1,-1,-1,1 guest=vm1 auto=no",
                  "[verdict=allowed,reason=It may be attached by hand; a rule has auto=no.,"
                  "rule=" RULES ":1,text=-1,-1,-1,-1,1 guest=vm1 auto=no,pass=,lead=" RULES
                  ":1,guest=vm1,guard=,refusal=,automatic=no,inhibited=no,rejected=no,paused=no,held=no,"
                  "passes=[(interface 0 (08/06/50)," RULES
                  ":1,-1,-1,-1,-1,1 guest=vm1 auto=no,yes)],"
                  "keys=[(guest,vm1," RULES ":1),(auto,no," RULES ":1),(on,both,default),"
                  "(hold,no,default),(reset,yes,default),(force,no,default)]]" },
                { "-1,-1,-1,-1,1 guest=vm1 on=start reset=no hold=yes force=yes",
                  "[verdict=allowed,reason=It is redirected to vm1 by itself.,rule=" RULES
                  ":1,text=-1,-1,-1,-1,1 guest=vm1 on=start hold=yes reset=no force=yes,pass=,"
                  "lead=" RULES
                  ":1,guest=vm1,guard=,refusal=,automatic=yes,inhibited=no,rejected=no,"
                  "paused=no,held=no,passes=[(interface 0 (08/06/50)," RULES
                  ":1,-1,-1,-1,-1,1 guest=vm1 on=start hold=yes reset=no force=yes,yes)],"
                  "keys=[(guest,vm1," RULES ":1),(auto,yes,default),(on,start," RULES
                  ":1),(hold,yes," RULES ":1),(reset,no," RULES ":1),(force,yes," RULES ":1)]]" },
        };
        struct bed *bed = *state;

        for (size_t i = 0; i < ELEMENTS(cases); i++) {
                CLEANUP(freep) char *text = NULL;

                fake_set_rules(bed->manager, cases[i].rules);
                text = answer_text(caller_call(&bed->caller, ROOT, MANAGER, "Explain", "s", "1-1"));
                assert_string_equal(text, cases[i].want);
        }
}

/* 1-2 has also a smartcard reader and a keyboard, and is of a class of its own. */
static void explain_tells_all_passes_and_where_each_key_is_from(void **state)
{
        static const struct {
                const char *rules, *want;
        } cases[] = {
                /* What comes after a pass that is denied. */
                { "8,-1,-1,-1,0\n11,-1,-1,-1,1\n3,-1,-1,-1,0",
                  "passes=[(device,,,no),(interface 0 (08/06/50)," RULES ":1,0x08,-1,-1,-1,0,no),"
                  "(interface 1 (0b/00/00)," RULES ":2,0x0b,-1,-1,-1,1,yes),"
                  "(interface 2 (03/01/01)," RULES ":3,0x03,-1,-1,-1,0,no)]" },
                /* The lead is the first in the file, not the first pass's. */
                { "11,-1,-1,-1,1 on=plug\n-1,-1,-1,-1,1 on=start guest=vm1", "lead=" RULES ":1," },
                { "11,-1,-1,-1,1 on=plug\n-1,-1,-1,-1,1 on=start guest=vm1",
                  "keys=[(guest,vm1," RULES ":2),(auto,yes,default),(on,plug," RULES ":1)," },
                /* One that speaks against it is enough. */
                { "11,-1,-1,-1,1 force=yes\n-1,-1,-1,-1,1 auto=no",
                  "keys=[(auto,no," RULES ":2),(on,both,default),(hold,no,default),"
                  "(reset,yes,default),(force,no,default)]" },
                { "11,-1,-1,-1,1 guest=vm1\n-1,-1,-1,-1,1 guest=vm2",
                  "keys=[(guest,vm1," RULES ":1),(auto,no,conflict)," },
        };
        struct bed *bed = *state;

        for (size_t i = 0; i < ELEMENTS(cases); i++) {
                CLEANUP(freep) char *text = NULL;

                fake_set_rules(bed->manager, cases[i].rules);
                text = answer_text(caller_call(&bed->caller, ROOT, MANAGER, "Explain", "s", "1-2"));
                assert_has(text, cases[i].want);
        }
}

static void explain_tells_what_keeps_rules_from_acting(void **state)
{
        struct bed *bed = *state;
        CLEANUP(freep) char *text = NULL, *other = NULL, *guarded = NULL;

        fake_set_rules(bed->manager, "-1,-1,-1,-1,1");
        snprintf(bed->manager->config.default_guest, sizeof(bed->manager->config.default_guest),
                 "vm1");
        bed->manager->is_paused = true;
        text = answer_text(caller_call(&bed->caller, ROOT, MANAGER, "Explain", "s", "1-1"));
        assert_has(text, "inhibited=no,rejected=no,paused=yes,");
        assert_has(text, "keys=[(guest,vm1,DefaultGuest),");

        bed->manager->is_paused = false;
        bed->manager->devices->is_inhibited = true;
        bed->manager->devices->is_held = true;
        other = answer_text(caller_call(&bed->caller, ROOT, MANAGER, "Explain", "s", "1-1"));
        assert_has(other, "inhibited=yes,rejected=no,paused=no,held=yes,");
        assert_has(other, "reason=It was taken back by hand");
        bed->manager->devices->is_inhibited = bed->manager->devices->is_held = false;

        strcpy(bed->manager->devices->guard, "its disk sdb is swap");
        guarded = answer_text(caller_call(&bed->caller, ROOT, MANAGER, "Explain", "s", "1-1"));
        assert_has(guarded, "reason=This machine needs it: its disk sdb is swap. It goes to vm1");
        assert_has(guarded, "guard=its disk sdb is swap,");
        bed->manager->devices->guard[0] = '\0';
        bed->manager->config.default_guest[0] = '\0';
}

static void test_rules_says_what_rules_would_make_of_a_device(void **state)
{
        struct bed *bed = *state;
        CLEANUP(freep) char *text = NULL, *now = NULL;

        fake_set_rules(bed->manager, "-1,-1,-1,-1,0");
        text = answer_text(caller_call(&bed->caller, ROOT, MANAGER, "TestRules", "ss",
                                       "# a stick\n8,-1,-1,-1,1 guest=vm1\n", "1-1"));
        assert_has(text, "[errors=[],verdict=allowed,reason=It is redirected to vm1 by itself.,"
                         "rule=rules:2,text=0x08,-1,-1,-1,1 guest=vm1,");
        assert_has(text, "passes=[(interface 0 (08/06/50),rules:2,");

        now = answer_text(caller_call(&bed->caller, ROOT, MANAGER, "Explain", "s", "1-1"));
        assert_has(now, "verdict=denied");
}

static void test_rules_says_where_rules_are_broken(void **state)
{
        struct bed *bed = *state;
        CLEANUP(freep) char *text = NULL;

        text = answer_text(caller_call(&bed->caller, ROOT, MANAGER, "TestRules", "ss",
                                       "8,-1,-1,-1,1\nx\n8,-1,-1,-1,1 gest=a", "1-1"));
        assert_has(text, "[errors=[(2,1,");
        assert_has(text, "),(3,14,unknown key");
        assert_null(strstr(text, "verdict"));
}

static void test_rules_takes_512_kib_and_no_more(void **state)
{
        struct bed *bed = *state;
        CLEANUP(freep) char *rules = malloc(REQUEST_RULES_MAX + 2), *text = NULL;

        assert_non_null(rules);
        memset(rules, '\n', REQUEST_RULES_MAX + 1);
        rules[REQUEST_RULES_MAX + 1] = '\0';
        assert_error(caller_call(&bed->caller, ROOT, MANAGER, "TestRules", "ss", rules, "1-1"),
                     INVALID_ARGS, "at most 524288 bytes of text here, these 524289");
        rules[REQUEST_RULES_MAX] = '\0';
        text = answer_text(
                caller_call(&bed->caller, ROOT, MANAGER, "TestRules", "ss", rules, "1-1"));
        assert_has(text, "verdict=denied");
}

static void a_rule_is_added_where_it_is_asked(void **state)
{
        struct bed *bed = *state;
        struct caller *c = &bed->caller;

        assert_call(c, ROOT, MANAGER, "AddRule", "sa{sv}", "8,-1,-1,-1,1", 0);
        assert_string_equal(bed->manager->asked, "add-rule \"\" 0 8,-1,-1,-1,1");
        assert_call(c, ROOT, MANAGER, "AddRule", "sa{sv}", "8,-1,-1,-1,1", 2, "before", "u", 7,
                    "file", "s", "30-b.rules");
        assert_string_equal(bed->manager->asked, "add-rule \"30-b.rules\" 7 8,-1,-1,-1,1");
        assert_call(c, ROOT, MANAGER, "RemoveRule", "sus", "30-b.rules", 7, "8,-1,-1,-1,1");
        assert_string_equal(bed->manager->asked, "remove-rule \"30-b.rules\" 7 8,-1,-1,-1,1");
}

static void options_of_a_rule_must_be_known_and_of_their_type(void **state)
{
        struct bed *bed = *state;
        struct caller *c = &bed->caller;

        bed->manager->n_asked = 0;
        assert_error(caller_call(c, ROOT, MANAGER, "AddRule", "sa{sv}", "8", 1, "after", "u", 1),
                     INVALID_ARGS, "no option \"after\" here; known: file, before.");
        assert_error(caller_call(c, ROOT, MANAGER, "AddRule", "sa{sv}", "8", 1, "before", "s", "1"),
                     INVALID_ARGS, "\"before\" is of type u, not s");
        assert_error(caller_call(c, ROOT, MANAGER, "AddRule", "sa{sv}", "8", 1, "file", "u", 1),
                     INVALID_ARGS, "\"file\" is of type s, not u");
        assert_int_equal(bed->manager->n_asked, 0);
}

static void a_rule_that_is_refused_is_told_by_name(void **state)
{
        struct bed *bed = *state;
        struct error error;

        error_set(&error, ERROR_INVALID_RULE, "column 3: expected a number");
        bed->manager->refuses = &error;
        assert_error(caller_call(&bed->caller, ROOT, MANAGER, "AddRule", "sa{sv}", "8", 0),
                     INVALID_RULE, "column 3");
        error_set(&error, ERROR_NO_SUCH_RULE, "20-added.rules has 1 lines");
        assert_error(caller_call(&bed->caller, ROOT, MANAGER, "RemoveRule", "sus", "", 9, "8"),
                     NAME ".Error.NoSuchRule", "1 lines");
        bed->manager->refuses = NULL;
}

static void rules_are_listed_with_what_they_do(void **state)
{
        struct bed *bed = *state;
        CLEANUP(sd_bus_message_unrefp) sd_bus_message *reply = NULL;
        CLEANUP(freep) char *text = NULL;

        fake_set_rules(bed->manager, "3,-1,-1,-1,0\n"
                                     "8,-1,-1,-1,1|-1,-1,-1,-1,0 serial=\"a b\"\n"
                                     "-1,-1,-1,-1,1\n"
                                     "!7:2: what is that");
        reply = caller_call(&bed->caller, ROOT, MANAGER, "ListRules", "");
        text = message_text(reply);
        assert_string_equal(text,
                            "[(" RULES ",1,0x03,-1,-1,-1,0,deny,[]),"
                            "(" RULES
                            ",2,0x08,-1,-1,-1,1|-1,-1,-1,-1,0 serial=\"a b\",mixed,[serial=a b]),"
                            "(" RULES ",3,-1,-1,-1,-1,1,allow,[]),"
                            "(" RULES ",4,-1,-1,-1,-1,0,broken,[problem=7:2: what is that])]");
}

static int setup(void **state)
{
        struct facts *facts;
        struct bed *bed;

        bed_setup(state);
        bed = *state;
        fake_add_guest(bed->manager, "vm1");
        fake_add_guest(bed->manager, "vm2");
        fake_plug(bed->manager, "1-1", 0x0781, 0x5581, "4C53");
        facts = &fake_plug(bed->manager, "1-2", 0x1050, 0x0406, "")->info.facts;
        facts->class = 0xff;
        facts_add_interface(facts, 0x0b, 0, 0);
        facts_add_interface(facts, 0x03, 1, 1);
        for (uint8_t i = 0; i < facts->n_interfaces; i++)
                bed->manager->devices->next->info.interface_numbers[i] = i;
        return 0;
}

int main(void)
{
        static const struct CMUnitTest tests[] = {
                cmocka_unit_test(explain_says_what_the_rules_make_of_a_device),
                cmocka_unit_test(explain_tells_all_passes_and_where_each_key_is_from),
                cmocka_unit_test(explain_tells_what_keeps_rules_from_acting),
                cmocka_unit_test(test_rules_says_what_rules_would_make_of_a_device),
                cmocka_unit_test(test_rules_says_where_rules_are_broken),
                cmocka_unit_test(test_rules_takes_512_kib_and_no_more),
                cmocka_unit_test(a_rule_is_added_where_it_is_asked),
                cmocka_unit_test(options_of_a_rule_must_be_known_and_of_their_type),
                cmocka_unit_test(a_rule_that_is_refused_is_told_by_name),
                cmocka_unit_test(rules_are_listed_with_what_they_do),
        };

        return cmocka_run_group_tests_name("policy-bus", tests, setup, bed_teardown);
}
