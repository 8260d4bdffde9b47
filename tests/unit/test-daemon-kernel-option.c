/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/kernel-option.h"

#include "unit/test.h"
#include "unit/tree.h"
#include "util/macro.h"

static void knows_the_word_and_its_values(void **state)
{
        static const struct {
                const char *line;
                bool want;
        } cases[] = {
                { "", false },
                { "quiet\n", false },
                { "usbredird.disable\n", true },
                { "ro usbredird.disable quiet\n", true },
                { "usbredird.disable=1\n", true },
                { "usbredird.disable=yes", true },
                { "usbredird.disable=0\n", false },
                { "usbredird.disable=\n", false },
                { "usbredird.disabled\n", false },
                { "rd.usbredird.disable\n", false },
                { "usbredird.disable usbredird.disable=0\n", false },
                { "usbredird.disable=0 usbredird.disable\n", true },
        };
        struct tree t;
        char path[512];

        tree_make(&t);
        tree_path(&t, "cmdline", path);
        assert_false(kernel_option_is_set(path, "usbredird.disable"));
        for (size_t i = 0; i < ELEMENTS(cases); i++) {
                tree_write(&t, "cmdline", cases[i].line);
                if (kernel_option_is_set(path, "usbredird.disable") != cases[i].want)
                        fail_msg("%s", cases[i].line);
        }
        tree_remove(&t);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(knows_the_word_and_its_values),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
