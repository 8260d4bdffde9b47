/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Lists of guests: what is one, who is in it, which are the same.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "filter/guests.h"
#include "util/macro.h"

#define NAME_OF_64 "0123456789abcdef0123456789ABCDEF0123456789abcdef0123456789abcd._"

static void takes_names_and_star(void **state)
{
        static const char *const lists[] = { "*",          "a",          "win10,build",
                                             "A.b_c-9",    NAME_OF_64,   NAME_OF_64 ",x",
                                             "win1,win10", "10win,win10" };

        for (size_t i = 0; i < ELEMENTS(lists); i++)
                if (!guests_are_valid(lists[i]))
                        fail_msg("%s", lists[i]);
}

static void refuses_what_is_no_list(void **state)
{
        static const char *const lists[] = { "",     ",",     "a,",           ",a",
                                             "a,,b", "a b",   "a/b",          "a,*",
                                             "*,a",  "**",    NAME_OF_64 "x", "\xc3\xa9",
                                             "a,a",  "a,b,a", "a|b" };

        for (size_t i = 0; i < ELEMENTS(lists); i++)
                if (guests_are_valid(lists[i]))
                        fail_msg("%s", lists[i]);
}

static void a_list_has_the_names_it_names(void **state)
{
        assert_true(guests_have("win10,build", "win10"));
        assert_true(guests_have("win10,build", "build"));
        assert_false(guests_have("win10,build", "win1"));
        assert_false(guests_have("win10,build", "win10,build"));
        assert_false(guests_have("win10,build", "win100"));
        assert_false(guests_have("win10", ""));
}

static void star_and_no_list_have_every_name(void **state)
{
        assert_true(guests_have("*", "win10"));
        assert_true(guests_have(NULL, "win10"));
}

static void order_does_not_tell_lists_apart(void **state)
{
        assert_true(guests_equal("a", "a"));
        assert_true(guests_equal("*", "*"));
        assert_true(guests_equal("a,b,c", "c,a,b"));
        assert_false(guests_equal("a,b", "a"));
        assert_false(guests_equal("a", "a,b"));
        assert_false(guests_equal("a,b", "a,c"));
        assert_false(guests_equal("*", "a"));
        assert_false(guests_equal("a", "*"));
}

static void a_name_is_of_one_guest(void **state)
{
        char name[GUEST_NAME_MAX + 2];

        memset(name, 'n', sizeof(name) - 1);
        name[GUEST_NAME_MAX + 1] = '\0';
        assert_false(guest_name_is_valid(name));
        name[GUEST_NAME_MAX] = '\0';
        assert_true(guest_name_is_valid(name));

        assert_true(guest_name_is_valid("Win-10_a.b"));
        assert_false(guest_name_is_valid(""));
        assert_false(guest_name_is_valid("*"));
        assert_false(guest_name_is_valid("a,b"));
        assert_false(guest_name_is_valid("a b"));
        assert_false(guest_name_is_valid("a/b"));
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(takes_names_and_star),
                cmocka_unit_test(refuses_what_is_no_list),
                cmocka_unit_test(a_list_has_the_names_it_names),
                cmocka_unit_test(star_and_no_list_have_every_name),
                cmocka_unit_test(order_does_not_tell_lists_apart),
                cmocka_unit_test(a_name_is_of_one_guest),
        };

        return cmocka_run_group_tests_name("guests", tests, NULL, NULL);
}
