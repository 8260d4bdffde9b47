/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Text from JSON values: what is empty, what is joined, what is escaped.
 */
#include "ctl/text.h"

#include <stdlib.h>
#include <time.h>

#include "unit/test.h"
#include "util/cleanup.h"
#include "util/macro.h"

static void makes_a_word_of_every_value(void **state)
{
        static const struct {
                const char *name, *in;
                enum text_format format;
                const char *want;
        } cases[] = {
                { "nothing", "null", TEXT_PLAIN, "-" },
                { "no text", "\"\"", TEXT_PLAIN, "-" },
                { "nothing in it", "[]", TEXT_PLAIN, "-" },
                { "nor in that", "{}", TEXT_PLAIN, "-" },
                { "text", "\"a b\"", TEXT_PLAIN, "a b" },
                { "yes", "true", TEXT_PLAIN, "yes" },
                { "no", "false", TEXT_PLAIN, "no" },
                { "zero", "0", TEXT_PLAIN, "0" },
                { "a long number", "9223372036854775807", TEXT_PLAIN, "9223372036854775807" },
                { "a fraction", "0.5", TEXT_PLAIN, "0.5" },
                { "an array", "[\"a\", 1, \"\"]", TEXT_PLAIN, "a, 1, -" },
                { "arrays in it", "[[1, 2], [3, 4]]", TEXT_PLAIN, "1 2, 3 4" },
                { "objects in it", "[{\"a\": 1, \"b\": \"\"}]", TEXT_PLAIN, "1 -" },
                { "an escape", "\"\\u001b[2J\"", TEXT_PLAIN, "\\x1b[2J" },
                { "a line feed", "\"a\\nb\"", TEXT_PLAIN, "a\\x0ab" },
                { "a C1 control", "\"\\u009b\"", TEXT_PLAIN, "\\xc2\\x9b" },
                { "delete", "\"\\u007f\"", TEXT_PLAIN, "\\x7f" },
                { "no control", "\"\\u00e4\"", TEXT_PLAIN, "\xc3\xa4" },
                { "never", "0", TEXT_TIME, "-" },
                { "before all", "-1", TEXT_TIME, "-" },
                { "after all", "9223372036854775807", TEXT_TIME, "294247-01-10T04:00:54" },
                { "a time", "1700000000123456", TEXT_TIME, "2023-11-14T22:13:20" },
                { "a path", "\"/a/b.rules:3\"", TEXT_FILE, "b.rules:3" },
                { "no path", "\"b.rules:3\"", TEXT_FILE, "b.rules:3" },
                { "no file", "\"\"", TEXT_FILE, "-" },
        };

        for (size_t i = 0; i < ELEMENTS(cases); i++) {
                json_error_t error;
                json_t *value = json_loads(cases[i].in, JSON_DECODE_ANY, &error);
                CLEANUP(freep) char *text = text_of(value, cases[i].format);

                print_message("%s\n", cases[i].name);
                assert_non_null(value);
                assert_string_equal(text, cases[i].want);
                json_decref(value);
        }
}

static void takes_no_value_for_nothing(void **state)
{
        CLEANUP(freep) char *text = text_of(NULL, TEXT_PLAIN);

        assert_string_equal(text, "-");
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(makes_a_word_of_every_value),
                cmocka_unit_test(takes_no_value_for_nothing),
        };

        setenv("TZ", "UTC", 1);
        tzset();
        return cmocka_run_group_tests(tests, NULL, NULL);
}
