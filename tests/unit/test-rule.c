/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Lines of .rules files: words, quotes, comments, keys, and the place and text of each error.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "filter/rule.h"
#include "util/macro.h"

#define ALL "-1,-1,-1,-1,1"
#define KEYS_ARE                                                                                   \
        "the keys are guest=, auto=, on=, interface=, serial=, product-name=, vendor-name=, "      \
        "port=, path=, property=, hold=, reset=, force="

static const struct {
        const char *name;
        const char *in;
        const char *want; /* the canonical line, "" for no rule, NULL if refused */
        uint32_t column;
        const char *error; /* contained in the message */
} cases[] = {
        { "empty_line_is_no_rule", "", "" },
        { "blank_line_is_no_rule", " \t ", "" },
        { "comment_is_no_rule", "# text", "" },
        { "comment_after_blanks_is_no_rule", "  #-1,-1,-1,-1,1", "" },

        { "takes_a_tuple", ALL, ALL },
        { "takes_blanks_around", "\t" ALL "  ", ALL },
        { "takes_several_tuples", "3,-1,-1,-1,0|8,-1,-1,-1,1", "0x03,-1,-1,-1,0|0x08,-1,-1,-1,1" },
        { "takes_qemu_form", "3:-1:-1:-1:0|8:-1:-1:-1:1", "0x03,-1,-1,-1,0|0x08,-1,-1,-1,1" },
        { "takes_blanks_before_values", "3, -1, -1, -1, 0 auto=no", "0x03,-1,-1,-1,0 auto=no" },
        { "takes_blank_after_bar", "3,-1,-1,-1,0| 8,-1,-1,-1,1",
          "0x03,-1,-1,-1,0|0x08,-1,-1,-1,1" },
        { "takes_comment_after_tuple", ALL " # all", ALL },
        { "takes_comment_after_key", ALL " auto=no #guest=x", ALL " auto=no" },
        { "takes_tab_between_words", ALL "\tauto=no\tguest=a", ALL " guest=a auto=no" },
        { "takes_every_key",
          ALL
          " force=no reset=no hold=yes property=A=b path=*-usb-0:1.2 port=1-1.* vendor-name=V* product-name=P* "
          "serial=4C* interface=0b/00 on=plug auto=yes guest=a,b",
          ALL " guest=a,b auto=yes on=plug interface=0b/00 serial=4C* product-name=P* "
              "vendor-name=V* port=1-1.* path=*-usb-0:1.2 property=A=b hold=yes "
              "reset=no force=no" },
        { "quotes_keep_blanks_of_a_property", ALL " property=\"ID_MODEL=A B\"",
          ALL " property=\"ID_MODEL=A B\"" },
        { "takes_star_guest", ALL " guest=*", ALL " guest=*" },
        { "quotes_keep_blanks", ALL " serial=\"AB CD\"", ALL " serial=\"AB CD\"" },
        { "quotes_may_hold_the_whole_word", ALL " \"serial=AB CD\"", ALL " serial=\"AB CD\"" },
        { "quotes_may_stand_inside_a_word", ALL " serial=A\" \"B", ALL " serial=\"A B\"" },
        { "needless_quotes_vanish", ALL " guest=\"a\"", ALL " guest=a" },
        { "hash_inside_quotes_is_text", ALL " serial=\"a #b\"", ALL " serial=\"a #b\"" },
        { "hash_inside_a_word_is_text", ALL " serial=a#b", ALL " serial=a#b" },
        { "equals_inside_a_value_is_text", ALL " serial=a=b", ALL " serial=a=b" },
        { "takes_utf8_in_a_pattern", ALL " serial=\xc3\xa9*", ALL " serial=\xc3\xa9*" },
        { "quote_inside_a_comment_is_no_quote", ALL " # \"", ALL },

        { "refuses_key_without_tuple", "guest=a", NULL, 1, "expected class as" },
        { "refuses_only_bars", "  ||| auto=no", NULL, 3, "expected class,vendor" },
        { "refuses_quoted_tuple", "\"" ALL "\"", NULL, 1, "expected class as" },
        { "refuses_octal_vendor", "3,0781,-1,-1,1", NULL, 3, "write 781 or 0x781" },
        { "column_counts_leading_blanks", "  3,x,-1,-1,1", NULL, 5, "expected vendor" },
        { "column_counts_earlier_tuples", " " ALL "|3,x,-1,-1,1", NULL, 18, "expected vendor" },
        { "column_counts_tabs_as_one", "\t\t3,x,-1,-1,1", NULL, 5, "expected vendor" },
        { "column_counts_bytes", ALL " serial=\xc3\xa9 no=x", NULL, 25, "unknown key" },
        { "refuses_missing_value", "3,-1,-1,-1 guest=a", NULL, 11, "allow is missing" },
        { "refuses_two_tuples_without_bar", ALL " " ALL, NULL, 14, "\"|\" is between rules" },
        { "refuses_comment_without_blank", ALL "# all", NULL, 14, "remove \"#\"" },
        { "refuses_word_without_equals", ALL " auto", NULL, 15, KEYS_ARE },
        { "refuses_number_after_key", ALL " auto=no 3", NULL, 23, "expected key=value" },
        { "refuses_unknown_key", ALL " colour=red", NULL, 15, "\"colour=red\": " KEYS_ARE },
        { "refuses_key_in_capitals", ALL " Guest=a", NULL, 15, "unknown key" },
        { "refuses_shortened_key", ALL " gues=a", NULL, 15, "unknown key" },
        { "refuses_lengthened_key", ALL " guests=a", NULL, 15, "unknown key" },
        { "refuses_empty_key", ALL " =a", NULL, 15, "unknown key" },
        { "refuses_blank_before_equals", ALL " guest =a", NULL, 15, "expected key=value" },
        { "refuses_blank_after_equals", ALL " guest= a", NULL, 21, "guest= takes names" },
        { "refuses_repeated_key", ALL " auto=no guest=a auto=no", NULL, 31, "auto= stands on" },
        { "refuses_empty_value", ALL " serial=", NULL, 22, "serial= takes a shell pattern" },
        { "refuses_empty_quoted_value", ALL " serial=\"\"", NULL, 22, "found \"\"" },
        { "refuses_bad_auto", ALL " auto=maybe", NULL, 20, "auto= takes yes or no" },
        { "refuses_bad_on", ALL " on=boot", NULL, 18, "on= takes plug, start or both" },
        { "refuses_bad_reset", ALL " reset=never", NULL, 21, "reset= takes yes or no" },
        { "refuses_bad_hold", ALL " hold=always", NULL, 20, "hold= takes yes or no" },
        { "refuses_bad_force", ALL " force=1", NULL, 21, "force= takes yes or no" },
        { "refuses_bad_property", ALL " property==1", NULL, 24, "property= takes a property" },
        { "refuses_bad_guest", ALL " guest=a,b;c", NULL, 21, "found \"a,b;c\"" },
        { "refuses_bad_interface", ALL " interface=3", NULL, 25, "two hex digits" },
        { "column_of_value_counts_quotes", ALL " \"auto=may be\"", NULL, 21, "yes or no" },
        { "refuses_open_quote", ALL " serial=\"AB CD", NULL, 22, "quote is not closed" },
        { "refuses_second_open_quote", ALL " serial=\"AB\" path=\"x", NULL, 32, "not closed" },
        { "refuses_carriage_return", ALL "\r", NULL, 14, "byte 0x0d is not text" },
        { "refuses_invalid_utf8", ALL " serial=a\xff", NULL, 23, "byte 0xff is not text" },
        { "refuses_escape_in_a_comment", "# \x1b", NULL, 3, "byte 0x1b is not text" },
};

static void check(void **state)
{
        const typeof(cases[0]) *c = *state;
        CLEANUP(rule_freep) struct rule *rule = NULL;
        struct rule_error error = {};
        CLEANUP(freep) char *text = NULL;
        int r;

        r = rule_parse(&rule, c->in, 42, &error);
        if (!c->want) {
                assert_int_equal(r, -EINVAL);
                assert_int_equal(error.line, 42);
                if (!strstr(error.text, c->error))
                        fail_msg("\"%s\" is not in \"%s\"", c->error, error.text);
                assert_int_equal(error.column, c->column);
                return;
        }

        assert_int_equal(r, 0);
        if (!*c->want) {
                assert_null(rule);
                return;
        }
        assert_int_equal(rule_to_string(rule, &text), 0);
        assert_string_equal(text, c->want);
}

static void the_canonical_line_reads_back_as_itself(void **state)
{
        for (size_t i = 0; i < ELEMENTS(cases); i++) {
                CLEANUP(rule_freep) struct rule *rule = NULL;
                CLEANUP(freep) char *text = NULL;
                struct rule_error error;

                if (!cases[i].want || !*cases[i].want)
                        continue;
                assert_int_equal(rule_parse(&rule, cases[i].want, 1, &error), 0);
                assert_int_equal(rule_to_string(rule, &text), 0);
                assert_string_equal(text, cases[i].want);
        }
}

static void takes_a_line_of_4096_bytes_and_refuses_a_longer(void **state)
{
        CLEANUP(rule_freep) struct rule *rule = NULL;
        char line[RULE_LINE_MAX + 2] = ALL " serial=";
        struct rule_error error;

        memset(line + strlen(line), 'x', sizeof(line) - strlen(line) - 1);
        assert_int_equal(rule_parse(&rule, line, 1, &error), -EINVAL);
        assert_int_equal(error.column, 4097);
        assert_non_null(strstr(error.text, "longer than 4096 bytes"));

        line[RULE_LINE_MAX] = '\0';
        assert_int_equal(rule_parse(&rule, line, 1, &error), 0);
        assert_int_equal(strlen(rule->values[KEY_SERIAL]), RULE_LINE_MAX - strlen(ALL " serial="));
}

static void takes_part_if_all_keys_hold(void **state)
{
        const struct facts device = {
                .n_interfaces = 1,
                .interfaces = { { 8, 6, 80 } },
                .serial = "4C",
                .port = "1-2",
        };
        static const struct {
                const char *line;
                bool want;
        } lines[] = {
                { ALL, true },
                { ALL " guest=a auto=no", true },
                { ALL " serial=4C port=1-2 interface=08", true },
                { ALL " serial=4C port=1-3 interface=08", false },
                { ALL " serial=4D port=1-2 interface=08", false },
                { ALL " serial=4C port=1-2 interface=03", false },
                { ALL " path=*", false },
                { "3,-1,-1,-1,0 serial=4C", true },
        };

        for (size_t i = 0; i < ELEMENTS(lines); i++) {
                CLEANUP(rule_freep) struct rule *rule = NULL;
                struct rule_error error;

                assert_int_equal(rule_parse(&rule, lines[i].line, 1, &error), 0);
                assert_int_equal(rule_takes_part(rule, &device), lines[i].want);
        }
}

static void is_automatic_unless_auto_is_no(void **state)
{
        static const char *const lines[] = { ALL " auto=no", ALL " auto=yes", ALL };

        for (size_t i = 0; i < ELEMENTS(lines); i++) {
                CLEANUP(rule_freep) struct rule *rule = NULL;
                struct rule_error error;

                assert_int_equal(rule_parse(&rule, lines[i], 1, &error), 0);
                assert_int_equal(rule_is_automatic(rule), i > 0);
        }
}

static void acts_on_what_on_says_and_on_both_without(void **state)
{
        static const struct {
                const char *line;
                unsigned want;
        } lines[] = {
                { ALL, RULE_ON_PLUG | RULE_ON_START },
                { ALL " on=both", RULE_ON_PLUG | RULE_ON_START },
                { ALL " on=plug", RULE_ON_PLUG },
                { ALL " on=start", RULE_ON_START },
        };

        for (size_t i = 0; i < ELEMENTS(lines); i++) {
                CLEANUP(rule_freep) struct rule *rule = NULL;
                struct rule_error error;

                assert_int_equal(rule_parse(&rule, lines[i].line, 1, &error), 0);
                assert_int_equal(rule_occasions(rule), lines[i].want);
        }
}

static void holds_and_forces_if_told_and_resets_unless_told_not_to(void **state)
{
        static const char *const lines[] = { ALL " reset=no hold=no force=no",
                                             ALL " reset=yes hold=yes force=yes", ALL };

        for (size_t i = 0; i < ELEMENTS(lines); i++) {
                CLEANUP(rule_freep) struct rule *rule = NULL;
                struct rule_error error;

                assert_int_equal(rule_parse(&rule, lines[i], 1, &error), 0);
                assert_int_equal(rule_may_reset(rule), i > 0);
                assert_int_equal(rule_holds(rule), i == 1);
                assert_int_equal(rule_forces(rule), i == 1);
        }
}

int main(void)
{
        struct CMUnitTest tests[ELEMENTS(cases) + 6] = {
                [ELEMENTS(cases)] = cmocka_unit_test(the_canonical_line_reads_back_as_itself),
                cmocka_unit_test(takes_a_line_of_4096_bytes_and_refuses_a_longer),
                cmocka_unit_test(takes_part_if_all_keys_hold),
                cmocka_unit_test(is_automatic_unless_auto_is_no),
                cmocka_unit_test(acts_on_what_on_says_and_on_both_without),
                cmocka_unit_test(holds_and_forces_if_told_and_resets_unless_told_not_to),
        };

        for (size_t i = 0; i < ELEMENTS(cases); i++)
                tests[i] = (struct CMUnitTest){
                        .name = cases[i].name,
                        .test_func = check,
                        .initial_state = (void *)&cases[i],
                };

        return cmocka_run_group_tests_name("rule", tests, NULL, NULL);
}
