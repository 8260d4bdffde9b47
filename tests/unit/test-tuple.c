/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * One tuple: its grammar, its ranges, the guesses its errors make, and matching.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "filter/tuple.h"
#include "util/macro.h"

#define OCTAL "is octal to other programs, for its leading zero"

static const struct {
        const char *name;
        const char *in;
        const char *want; /* the tuple as text, NULL if refused */
        uint32_t column;
        const char *error; /* contained in the message */
        unsigned flags;
} cases[] = {
        { "takes_any_for_all", "-1,-1,-1,-1,0", "-1,-1,-1,-1,0" },
        { "takes_decimal", "8,1921,21889,256,1", "0x08,0x0781,0x5581,0x0100,1" },
        { "takes_hex_of_either_case", "0xFf,0XaBcD,0x1,0x0001,1", "0xff,0xabcd,0x0001,0x0001,1" },
        { "takes_zeros", "0,0,0,0,0", "0x00,0x0000,0x0000,0x0000,0" },
        { "takes_the_largest", "255,65535,65535,65535,1", "0xff,0xffff,0xffff,0xffff,1" },
        { "takes_plus_sign", "+3,+0x10,-1,-1,1", "0x03,0x0010,-1,-1,1" },
        { "takes_minus_zero", "-0,-1,-1,-1,1", "0x00,-1,-1,-1,1" },
        { "takes_minus_one_in_hex", "-0x1,-1,-1,-1,1", "-1,-1,-1,-1,1" },
        { "takes_blanks_before_values", " 3,  -1,\t-1, -1, 1", "0x03,-1,-1,-1,1" },
        { "takes_repeated_separator", "3,,-1,-1,-1,0", "0x03,-1,-1,-1,0" },
        { "takes_trailing_separator", "3,-1,-1,-1,1,", "0x03,-1,-1,-1,1" },
        { "takes_leading_separators", ",,3,-1,-1,-1,1", "0x03,-1,-1,-1,1" },
        { "takes_any_number_but_0_as_allow", "3,-1,-1,-1,-5", "0x03,-1,-1,-1,1" },
        { "takes_largest_int_as_allow", "3,-1,-1,-1,2147483647", "0x03,-1,-1,-1,1" },
        { "takes_smallest_int_as_allow", "3,-1,-1,-1,-2147483648", "0x03,-1,-1,-1,1" },
        { "takes_0x0_as_deny", "3,-1,-1,-1,0x0", "0x03,-1,-1,-1,0" },

        { "refuses_class_256", "256,-1,-1,-1,1", NULL, 1, "class is -1 (any) or 0 to 0xff" },
        { "refuses_class_minus_2", "-2,-1,-1,-1,1", NULL, 1, "found -2" },
        { "refuses_vendor_65536", "3,65536,-1,-1,1", NULL, 3, "vendor is -1 (any) or 0 to 0xffff" },
        { "refuses_vendor_minus_2", "3,-2,-1,-1,1", NULL, 3, "vendor is" },
        { "refuses_product_0x10000", "3,-1,0x10000,-1,1", NULL, 6, "product is" },
        { "refuses_version_65536", "3,-1,-1,65536,1", NULL, 9, "version is" },
        { "refuses_class_beyond_32_bits", "4294967295,-1,-1,-1,1", NULL, 1, "class is" },
        { "refuses_class_beyond_64_bits", "99999999999999999999999,-1,-1,-1,1", NULL, 1,
          "class is" },
        { "refuses_hex_beyond_64_bits", "0xfffffffffffffffff,-1,-1,-1,1", NULL, 1, "class is" },
        { "refuses_allow_beyond_int", "3,-1,-1,-1,2147483648", NULL, 12, "allow is 0 (deny)" },
        { "refuses_allow_below_int", "3,-1,-1,-1,-2147483649", NULL, 12, "allow is" },

        { "refuses_nothing", "", NULL, 1, "class is missing" },
        { "refuses_only_separators", ",,", NULL, 3, "class is missing" },
        { "refuses_four_values", "3,-1,-1,-1", NULL, 11, "allow is missing" },
        { "refuses_one_value", "3", NULL, 2, "vendor is missing" },
        { "refuses_six_values", "3,-1,-1,-1,1,7", NULL, 14, "remove what follows" },
        { "refuses_blank_as_value", "3, ,-1,-1,1", NULL, 4, "expected vendor" },
        { "refuses_blank_after_value", "3 ,-1,-1,-1,1", NULL, 2, "class ends here" },
        { "refuses_lone_minus", "3,-1,-1,-1,-", NULL, 12, "expected allow as 0 (deny) or 1" },
        { "refuses_two_signs", "--1,-1,-1,-1,1", NULL, 1, "expected class" },
        { "refuses_lone_0x", "0x,-1,-1,-1,1", NULL, 2, "remove \"x\"" },
        { "refuses_0x_without_hex_digit", "0xg,-1,-1,-1,1", NULL, 1, "expected class" },
        { "refuses_0x_minus", "0x-1,-1,-1,-1,1", NULL, 1, "expected class" },
        { "refuses_word", "hid,-1,-1,-1,1", NULL, 1, "found \"hid\"" },
        { "refuses_star", "*,-1,-1,-1,1", NULL, 1, "-1 (any)" },
        { "refuses_fraction", "3,-1,-1,2.0,1", NULL, 10, "remove \".0\"" },
        { "refuses_other_separator", "3:-1:-1:-1:1", NULL, 2, "share one separator" },

        { "guesses_0x_before_hex_digits", "3,46d,-1,-1,1", NULL, 3, "write 0x46d" },
        { "guesses_0x_before_zero_and_hex_digits", "3,0a5c,-1,-1,1", NULL, 3, "write 0x0a5c" },
        { "refuses_leading_zero", "010,-1,-1,-1,1", NULL, 1, "\"010\" " OCTAL },
        { "guesses_decimal_or_hex_of_octal", "3,0781,-1,-1,1", NULL, 3, "write 781 or 0x781" },
        { "refuses_several_zeros", "000,-1,-1,-1,1", NULL, 1, "write 0 or 0x0" },
        { "refuses_leading_zero_after_sign", "3,-01,-1,-1,1", NULL, 4, "write 1 or 0x1" },
        { "refuses_leading_zero_in_allow", "3,-1,-1,-1,01", NULL, 12, OCTAL },

        { "upstream_refuses_8_in_octal", "010,0781,-1,-1,1", NULL, 7, "remove \"81\"",
          RULES_AS_UPSTREAM },
        { "upstream_reads_octal", "010,0777,-1,-1,01", "0x08,0x01ff,-1,-1,1", 0, NULL,
          RULES_AS_UPSTREAM },
        { "upstream_takes_several_zeros", "000,-1,-1,-1,00", "0x00,-1,-1,-1,0", 0, NULL,
          RULES_AS_UPSTREAM },
        { "upstream_refuses_hex_without_0x", "3,46d,-1,-1,1", NULL, 5, "remove \"d\"",
          RULES_AS_UPSTREAM },
        { "upstream_refuses_beyond_int_here_too", "4294967295,-1,-1,-1,1", NULL, 1, "class is",
          RULES_AS_UPSTREAM },
};

static void check(void **state)
{
        const typeof(cases[0]) *c = *state;
        struct rule_error error = { .line = 7 };
        char text[TUPLE_TEXT_SIZE];
        struct tuple tuple;
        int r;

        r = tuple_parse(&tuple, c->in, strlen(c->in), ',', c->flags, &error);
        if (c->want) {
                assert_int_equal(r, 0);
                assert_int_equal(tuple_format(&tuple, ',', text), strlen(c->want));
                assert_string_equal(text, c->want);
        } else {
                assert_int_equal(r, -EINVAL);
                assert_int_equal(error.column, c->column);
                assert_int_equal(error.line, 7);
                if (!strstr(error.text, c->error))
                        fail_msg("\"%s\" is not in \"%s\"", c->error, error.text);
        }
}

static void an_error_quotes_only_the_start_of_a_long_value(void **state)
{
        struct rule_error error = {};
        char line[5000];
        struct tuple tuple;

        memset(line, '0', sizeof(line));
        assert_int_equal(tuple_parse(&tuple, line, sizeof(line), ',', 0, &error), -EINVAL);
        assert_non_null(strstr(error.text, "\"000000000000000000000000\""));
}

static void an_error_never_holds_bytes_that_are_no_text(void **state)
{
        static const char line[] = "3,\xff\x1b,-1,-1,1";
        struct rule_error error = {};
        struct tuple tuple;

        assert_int_equal(tuple_parse(&tuple, line, sizeof(line) - 1, ',', 0, &error), -EINVAL);
        assert_non_null(strstr(error.text, "found \"?\?\""));
}

static void matches_by_every_number(void **state)
{
        const struct facts facts = { .vendor = 0x781, .product = 0x5581, .version_bcd = 0x100 };
        static const struct {
                struct tuple tuple;
                bool want;
        } matches[] = {
                { { -1, -1, -1, -1 }, true },
                { { 8, 0x781, 0x5581, 0x100 }, true },
                { { 3, 0x781, 0x5581, 0x100 }, false },
                { { 8, 0x782, 0x5581, 0x100 }, false },
                { { 8, 0x781, 0x5580, 0x100 }, false },
                { { 8, 0x781, 0x5581, 0x101 }, false },
                { { 8, 0, -1, -1 }, false },
                { { -1, -1, -1, 0x100 }, true },
        };

        for (size_t i = 0; i < ELEMENTS(matches); i++)
                assert_int_equal(tuple_matches(&matches[i].tuple, &facts, 8), matches[i].want);
}

int main(void)
{
        struct CMUnitTest tests[ELEMENTS(cases) + 3] = {
                [ELEMENTS(cases)] = cmocka_unit_test(matches_by_every_number),
                cmocka_unit_test(an_error_quotes_only_the_start_of_a_long_value),
                cmocka_unit_test(an_error_never_holds_bytes_that_are_no_text),
        };

        for (size_t i = 0; i < ELEMENTS(cases); i++)
                tests[i] = (struct CMUnitTest){
                        .name = cases[i].name,
                        .test_func = check,
                        .initial_state = (void *)&cases[i],
                };

        return cmocka_run_group_tests_name("tuple", tests, NULL, NULL);
}
