/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What is read of an INI file, and the bounds. What people get wrong is in test-config-mistakes.c.
 */
#include "unit/test.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "daemon/ini.h"
#include "util/macro.h"

struct target {
        unsigned number;
        char values[512];         /* "NAME=VALUE;" of each */
        char errors[256];         /* "LINE:COLUMN " of each */
        char text[INI_TEXT_SIZE]; /* the last one's */
};

static int set_text(const struct ini_key *key, void *target, const char *value,
                    struct ini_error *error)
{
        struct target *t = target;
        size_t n = strlen(t->values);

        if (!strcmp(value, "own words"))
                return ini_error_set(error, "in its own words");
        if (!strcmp(value, "no memory"))
                return -ENOMEM;
        snprintf(t->values + n, sizeof(t->values) - n, "%s=%.40s;", key->name, value);
        return 0;
}

static void on_error(void *userdata, const struct ini_error *error)
{
        struct target *t = userdata;
        size_t n = strlen(t->errors);

        snprintf(t->errors + n, sizeof(t->errors) - n, "%u:%u ", error->at.line, error->at.column);
        strcpy(t->text, error->text);
}

static const struct ini_key keys[] = {
        { "One", "Text", .set = set_text },
        { "One", "List", .set = set_text, .is_list = true },
        { "Two", "Number", .set = ini_set_number, .offset = offsetof(struct target, number),
          .lowest = 2, .highest = 20 },
        { "Two", "Text", .set = set_text },
};
static const struct ini_table table = { keys, ELEMENTS(keys) };

static int read_bytes(struct target *t, const char *text, size_t size, struct ini_place *places)
{
        return ini_read(&table, text, size, t, places, on_error, t);
}

static int read_text(struct target *t, const char *text)
{
        struct ini_place places[ELEMENTS(keys)];

        return read_bytes(t, text, strlen(text), places);
}

static const struct {
        const char *name;
        const char *in;
        const char *values;
        const char *errors; /* NULL: none */
} cases[] = {
        { "an_empty_file_has_nothing", "", "" },
        { "comments_and_blank_lines_are_nothing", "# a\n\n  ; b=c\n \t\n[One]\n  # d\n", "" },
        { "the_last_line_needs_no_end", "[One]\nText=a", "Text=a;" },
        { "blanks_around_are_not_the_value", "[One]\nText \t= a b \t\n", "Text=a b;" },
        { "a_value_may_be_empty", "[One]\nText=\n", "Text=;" },
        { "a_value_may_have_equals_and_colons", "[One]\nText=a=b:c\n", "Text=a=b:c;" },
        { "a_value_may_start_with_a_comment's_sign", "[One]\nText=#a\nList=;b\n",
          "Text=#a;List=;b;" },
        { "a_value_may_have_a_sign_inside_a_word", "[One]\nText=a#b;c\n", "Text=a#b;c;" },
        { "a_list_may_stand_several_times", "[One]\nList=a\nList=b\n", "List=a;List=b;" },
        { "a_section_may_be_opened_again", "[One]\nList=a\n[Two]\nText=b\n[One]\nList=c\n",
          "List=a;Text=b;List=c;" },
        { "the_same_key_is_another_in_another_section", "[One]\nText=a\n[Two]\nText=b\n",
          "Text=a;Text=b;" },
        { "a_byte_order_mark_is_no_mistake", "\xef\xbb\xbf[One]\nText=a\n", "Text=a;" },
        { "utf8_is_kept", "[One]\nText=\xc3\xa9\n", "Text=\xc3\xa9;" },
        { "goes_on_after_a_mistake", "[One]\nText\nList=a\nOther=b\nList=c\n", "List=a;List=c;",
          "2:5 4:1 " },
        { "keys_of_a_broken_section_are_nobody's",
          "[One]\nText=a\n[Two\nText=b\nX=c\n[One]\n"
          "List=d\n",
          "Text=a;List=d;", "3:5 " },
        { "no_section_is_called_as_what_is_left_out", "[?]\nText=a\n", "", "1:2 " },
        { "a_setter_may_use_its_own_words", "[One]\nText = own words\n", "", "2:8 " },
        { "no_more_than_8_mistakes_are_told", "a\nb\nc\nd\ne\nf\ng\nh\ni\n", "",
          "1:2 2:2 3:2 4:2 5:2 6:2 7:2 8:2 " },
};

static void check(void **state)
{
        const typeof(cases[0]) *c = *state;
        struct target t = {};

        assert_int_equal(read_text(&t, c->in), c->errors ? -EINVAL : 0);
        assert_string_equal(t.errors, c->errors ? c->errors : "");
        assert_string_equal(t.values, c->values);
}

static void the_words_of_a_setter_are_told(void **state)
{
        struct target t = {};

        assert_int_equal(read_text(&t, "[One]\nText=own words\n"), -EINVAL);
        assert_string_equal(t.text, "in its own words");
}

static void a_setter_without_memory_ends_it(void **state)
{
        struct target t = {};

        assert_int_equal(read_text(&t, "[One]\nText=no memory\nList=a\n"), -ENOMEM);
        assert_string_equal(t.values, "");
}

static void a_zero_byte_is_not_text(void **state)
{
        static const char text[] = "[One]\nText=a\0b\n";
        struct ini_place places[ELEMENTS(keys)];
        struct target t = {};

        assert_int_equal(read_bytes(&t, text, sizeof(text) - 1, places), -EINVAL);
        assert_string_equal(t.errors, "2:7 ");
        assert_string_equal(t.text,
                            "byte 0x00 is not text: write UTF-8, without control characters");
}

static void takes_numbers_at_their_bounds_only(void **state)
{
        static const struct {
                const char *in;
                unsigned want; /* 0: refused */
        } numbers[] = {
                { "1", 0 },   { "2", 2 },
                { "20", 20 }, { "21", 0 },
                { "0x5", 0 }, { "+5", 0 },
                { "007", 7 }, { "5.0", 0 },
                { "5 6", 0 }, { "18446744073709551621", 0 },
        };

        for (size_t i = 0; i < ELEMENTS(numbers); i++) {
                struct target t = {};
                char text[64];

                snprintf(text, sizeof(text), "[Two]\nNumber=%s\n", numbers[i].in);
                assert_int_equal(read_text(&t, text), numbers[i].want ? 0 : -EINVAL);
                assert_int_equal(t.number, numbers[i].want);
        }
}

static void takes_a_line_of_1024_bytes_and_refuses_a_longer(void **state)
{
        char text[2 * INI_LINE_MAX] = "[One]\nText=";
        size_t line = strlen("[One]\n");
        struct target t = {};

        memset(text + strlen(text), 'x', sizeof(text) - strlen(text) - 1);
        strcpy(text + line + INI_LINE_MAX, "\nList=a\n");
        assert_int_equal(read_text(&t, text), 0);
        assert_string_equal(t.values, "Text=xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx;List=a;");

        t = (struct target){};
        memset(text + line + INI_LINE_MAX, 'x', 16);
        strcpy(text + line + INI_LINE_MAX + 1, "\nList=a\n");
        assert_int_equal(read_text(&t, text), -EINVAL);
        assert_string_equal(t.errors, "2:1025 ");
        assert_string_equal(t.text, "the line is longer than 1024 bytes: shorten it");
        assert_string_equal(t.values, "List=a;");
}

static void a_comment_may_be_no_longer_either(void **state)
{
        char text[INI_LINE_MAX + 2] = "#";
        struct target t = {};

        memset(text + 1, 'x', INI_LINE_MAX);
        assert_int_equal(read_text(&t, text), -EINVAL);
        assert_string_equal(t.errors, "1:1025 ");
}

static void tells_where_each_key_stood_last(void **state)
{
        static const char text[] = "[One]\nList=a\n\nList =  b\n";
        struct ini_place places[ELEMENTS(keys)];
        struct target t = {};

        assert_int_equal(read_bytes(&t, text, strlen(text), places), 0);
        assert_int_equal(places[0].line, 0);
        assert_int_equal(places[1].line, 4);
        assert_int_equal(places[1].column, 9);
}

int main(void)
{
        struct CMUnitTest tests[ELEMENTS(cases) + 7] = {
                [ELEMENTS(cases)] = cmocka_unit_test(the_words_of_a_setter_are_told),
                cmocka_unit_test(a_setter_without_memory_ends_it),
                cmocka_unit_test(a_zero_byte_is_not_text),
                cmocka_unit_test(takes_numbers_at_their_bounds_only),
                cmocka_unit_test(takes_a_line_of_1024_bytes_and_refuses_a_longer),
                cmocka_unit_test(a_comment_may_be_no_longer_either),
                cmocka_unit_test(tells_where_each_key_stood_last),
        };

        for (size_t i = 0; i < ELEMENTS(cases); i++)
                tests[i] = (struct CMUnitTest){
                        .name = cases[i].name,
                        .test_func = check,
                        .initial_state = (void *)&cases[i],
                };

        return cmocka_run_group_tests_name("ini", tests, NULL, NULL);
}
