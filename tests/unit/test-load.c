/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Files of rules: what enters the policy, and what stands there for a broken one.
 */
#include "unit/test.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "filter/load.h"
#include "util/macro.h"

#define ALL "-1,-1,-1,-1,1"

/* "LINE:COLUMN " of each error, and the last one's text. */
struct told {
        char places[128];
        char text[RULE_ERROR_TEXT_SIZE];
};

static void on_error(void *userdata, const struct rule_error *error)
{
        struct told *told = userdata;
        size_t n = strlen(told->places);

        snprintf(told->places + n, sizeof(told->places) - n, "%u:%u ", error->line, error->column);
        memcpy(told->text, error->text, sizeof(told->text));
}

static const struct {
        const char *name;
        const char *in;
        size_t size;      /* 0: up to its 0 */
        const char *want; /* "LINE " of each entry; "!LINE " for a broken file */
        const char *places;
        const char *text;
} cases[] = {
        { "an_empty_file_has_no_rules", "", 0, "" },
        { "rules_keep_their_lines", "# comment\n" ALL "\n\n3,-1,-1,-1,0\n", 0, "2 4 " },
        { "the_last_line_needs_no_end", ALL "\n" ALL " guest=a", 0, "1 2 " },
        { "a_mistake_breaks_the_whole_file", ALL "\n" ALL " on=x\n" ALL, 0, "!2 ", "2:18 ",
          "on= takes plug, start or both; found \"x\"" },
        { "each_mistake_is_told_and_the_first_stands_in_the_policy",
          ALL " x=1\n" ALL "\n3,-1,-1,1\n", 0, "!1 ", "1:15 3:10 ",
          "a rule has five values, class,vendor,product,version,allow: allow is missing" },
        { "no_more_than_8_mistakes_are_told", "a\nb\nc\nd\ne\nf\ng\nh\ni\n", 0, "!1 ",
          "1:1 2:1 3:1 4:1 5:1 6:1 7:1 8:1 ",
          "expected class as -1 (any) or 0 to 0xff, decimal or with 0x; found \"h\"" },
        { "a_zero_byte_is_not_text", ALL " # \0\n" ALL, sizeof(ALL " # \0\n" ALL) - 1, "!1 ",
          "1:17 ", "byte 0x00 is not text: write UTF-8, without control characters" },
        { "windows_line_ends_are_told", ALL "\r\n", 0, "!1 ", "1:14 ",
          "byte 0x0d is not text: write UTF-8, without control characters" },
};

static void assert_entries(const struct policy *policy, const char *want)
{
        char text[256] = "";

        for (size_t i = 0; i < policy_n_entries(policy); i++) {
                const struct policy_entry *entry = policy_get(policy, i);
                size_t n = strlen(text);

                snprintf(text + n, sizeof(text) - n, "%s%u ", entry->problem ? "!" : "",
                         entry->line);
                assert_string_equal(entry->file, "/etc/a.rules");
        }
        assert_string_equal(text, want);
}

static void check(void **state)
{
        const typeof(cases[0]) *c = *state;
        CLEANUP(policy_freep) struct policy *policy = NULL;
        struct told told = {};
        int r;

        assert_int_equal(policy_new(&policy), 0);
        r = load_rules(policy, "/etc/a.rules", c->in, c->size ? c->size : strlen(c->in), on_error,
                       &told);
        assert_int_equal(r, c->text ? -EINVAL : 0);
        assert_string_equal(told.places, c->places ? c->places : "");
        assert_string_equal(told.text, c->text ? c->text : "");
        assert_entries(policy, c->want);
}

static void a_broken_file_denies_and_names_its_first_mistake(void **state)
{
        static const struct facts stick = { .n_interfaces = 1, .interfaces = { { 8, 6, 80 } } };
        static const char text[] = ALL " x=1\n" ALL " on=x\n";
        CLEANUP(policy_freep) struct policy *policy = NULL;
        struct told told = {};
        struct verdict verdict;

        assert_int_equal(policy_new(&policy), 0);
        assert_int_equal(load_rules(policy, "a", text, strlen(text), on_error, &told), -EINVAL);
        assert_int_equal(load_rules(policy, "b", ALL, strlen(ALL), on_error, &told), 0);

        policy_verdict(policy, &stick, &verdict);
        assert_int_equal(verdict.kind, VERDICT_DENIED);
        assert_string_equal(verdict.against->file, "a");
        assert_int_equal(verdict.against->line, 1);
        assert_int_equal(strncmp(verdict.against->problem, "unknown key \"x=1\"", 17), 0);
}

static void takes_16384_rules_over_all_files_and_breaks_on_one_more(void **state)
{
        CLEANUP(policy_freep) struct policy *policy = NULL;
        CLEANUP(freep) char *text = malloc(POLICY_RULES_MAX * sizeof(ALL));
        struct told told = {};
        size_t size = (POLICY_RULES_MAX - 1) * sizeof(ALL);

        for (size_t i = 0; i < POLICY_RULES_MAX; i++)
                memcpy(text + i * sizeof(ALL), ALL "\n", sizeof(ALL));
        assert_int_equal(policy_new(&policy), 0);
        assert_int_equal(load_rules(policy, "a", text, size, on_error, &told), 0);
        assert_int_equal(load_rules(policy, "b", ALL, strlen(ALL), on_error, &told), 0);
        assert_int_equal(policy_n_entries(policy), POLICY_RULES_MAX);

        assert_int_equal(load_rules(policy, "c", "#\n" ALL, strlen(ALL) + 2, on_error, &told),
                         -EINVAL);
        assert_string_equal(told.places, "2:1 ");
        assert_string_equal(told.text,
                            "a policy has at most 16384 rules in all its files: remove some");
        assert_string_equal(policy_get(policy, POLICY_RULES_MAX)->problem, told.text);
}

int main(void)
{
        struct CMUnitTest tests[ELEMENTS(cases) + 2] = {
                [ELEMENTS(cases)] =
                        cmocka_unit_test(a_broken_file_denies_and_names_its_first_mistake),
                cmocka_unit_test(takes_16384_rules_over_all_files_and_breaks_on_one_more),
        };

        for (size_t i = 0; i < ELEMENTS(cases); i++)
                tests[i] = (struct CMUnitTest){
                        .name = cases[i].name,
                        .test_func = check,
                        .initial_state = (void *)&cases[i],
                };

        return cmocka_run_group_tests_name("load", tests, NULL, NULL);
}
