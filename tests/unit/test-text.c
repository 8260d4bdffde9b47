/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Which bytes are text, and what becomes of those that are not.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "filter/text.h"
#include "util/macro.h"

static const struct {
        const char *name;
        const char *in;
        size_t valid;
        const char *clean;
} cases[] = {
        { "takes_the_empty_string", "", 0, "" },
        { "takes_ascii", "AB 12~", 6, "AB 12~" },
        { "takes_two_byte_character", "\xc3\xa9", 2, "\xc3\xa9" },
        { "takes_first_character_after_c1", "\xc2\xa0", 2, "\xc2\xa0" },
        { "takes_three_byte_character", "\xe2\x82\xac", 3, "\xe2\x82\xac" },
        { "takes_last_before_surrogates", "\xed\x9f\xbf", 3, "\xed\x9f\xbf" },
        { "takes_four_byte_character", "\xf0\x9f\x94\x91", 4, "\xf0\x9f\x94\x91" },
        { "takes_last_code_point", "\xf4\x8f\xbf\xbf", 4, "\xf4\x8f\xbf\xbf" },
        { "refuses_line_end", "a\nb", 1, "a?b" },
        { "refuses_escape", "\x1b[2J", 0, "?[2J" },
        { "refuses_tab", "a\tb", 1, "a?b" },
        { "refuses_del", "a\x7f", 1, "a?" },
        { "refuses_c1_control", "a\xc2\x9b", 1, "a??" },
        { "refuses_lone_continuation", "\x80z", 0, "?z" },
        { "refuses_overlong_slash", "\xc0\xaf", 0, "??" },
        { "refuses_overlong_three_bytes", "\xe0\x9f\xbf", 0, "???" },
        { "refuses_overlong_four_bytes", "\xf0\x8f\xbf\xbf", 0, "????" },
        { "refuses_surrogate", "\xed\xa0\x80", 0, "???" },
        { "refuses_beyond_last_code_point", "\xf4\x90\x80\x80", 0, "????" },
        { "refuses_byte_f8", "\xf8\x88\x80\x80\x80", 0, "?????" },
        { "refuses_byte_ff", "a\xff", 1, "a?" },
        { "refuses_cut_character", "ab\xe2\x82", 2, "ab??" },
        { "goes_on_after_bad_byte", "\xc3(\xc3\xa9", 0, "?(\xc3\xa9" },
};

static void check(void **state)
{
        const typeof(cases[0]) *c = *state;
        char text[32];

        assert_int_equal(text_valid_length(c->in, strlen(c->in)), c->valid);

        strcpy(text, c->in);
        text_clean(text);
        assert_string_equal(text, c->clean);
        assert_int_equal(text_valid_length(text, strlen(text)), strlen(text));
}

static void length_counts_not_the_end_of_string(void **state)
{
        assert_int_equal(text_valid_length("\xe2\x82\xac", 2), 0);
        assert_int_equal(text_valid_length("a\0b", 3), 1);
}

int main(void)
{
        struct CMUnitTest tests[ELEMENTS(cases) + 1] = {
                [ELEMENTS(cases)] = cmocka_unit_test(length_counts_not_the_end_of_string),
        };

        for (size_t i = 0; i < ELEMENTS(cases); i++)
                tests[i] = (struct CMUnitTest){
                        .name = cases[i].name,
                        .test_func = check,
                        .initial_state = (void *)&cases[i],
                };

        return cmocka_run_group_tests_name("text", tests, NULL, NULL);
}
