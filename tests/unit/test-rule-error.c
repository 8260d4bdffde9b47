/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * An error is text whatever went into it, and stays inside its bounds.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "filter/rule-error.h"

static void counts_columns_from_1_and_leaves_the_line_alone(void **state)
{
        struct rule_error error = { .line = 9 };

        assert_int_equal(rule_error_set(&error, 0, "found %d", 7), -EINVAL);
        assert_int_equal(error.line, 9);
        assert_int_equal(error.column, 1);
        assert_string_equal(error.text, "found 7");
}

static void cleans_what_it_quotes(void **state)
{
        struct rule_error error;

        rule_error_set(&error, 0, "\"%.2s\" \"%s\"", "a\xc3\xa9", "\x1b\xff");
        assert_string_equal(error.text, "\"a?\" \"?\?\"");
}

static void cuts_what_does_not_fit(void **state)
{
        struct rule_error error;
        char text[2 * RULE_ERROR_TEXT_SIZE];

        memset(text, 'x', sizeof(text) - 1);
        text[sizeof(text) - 1] = '\0';
        rule_error_set(&error, 0, "%s", text);
        assert_int_equal(strlen(error.text), RULE_ERROR_TEXT_SIZE - 1);

        memcpy(text + RULE_ERROR_TEXT_SIZE - 2, "\xc3\xa9", 2);
        rule_error_set(&error, 0, "%s", text);
        assert_string_equal(error.text + RULE_ERROR_TEXT_SIZE - 3, "x?");
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(counts_columns_from_1_and_leaves_the_line_alone),
                cmocka_unit_test(cleans_what_it_quotes),
                cmocka_unit_test(cuts_what_does_not_fit),
        };

        return cmocka_run_group_tests_name("rule-error", tests, NULL, NULL);
}
