/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "session/unit.h"

#include <string.h>

#include "test.h"
#include "util/macro.h"

#define NAME   "usbredir-session@12-3456-989.service"
#define LONGER "usbredir-session@" NAME NAME

static void is_the_last_part_of_the_path(void **state)
{
        static const struct {
                const char *name, *in, *want;
        } cases[] = {
                { "nothing", "", "" },
                { "one hierarchy", "0::/usbredir.slice/" NAME "\n", NAME },
                { "no end of line", "0::/usbredir.slice/" NAME, NAME },
                { "several", "12:pids:/a\n1:name=systemd:/usbredir.slice/" NAME "\n0::/b\n", NAME },
                { "another unit", "0::/system.slice/ssh.service\n", "" },
                { "below a unit", "0::/usbredir.slice/" NAME "/part\n", "" },
                { "in a line of its own", NAME "\n", "" },
                { "longer than any", "0::/" LONGER "\n", "" },
                { "the root", "0::/\n", "" },
        };

        for (size_t i = 0; i < ELEMENTS(cases); i++) {
                char unit[CONTROL_UNIT_SIZE] = "before";

                unit_from_cgroup(cases[i].in, unit);
                if (strcmp(unit, cases[i].want) != 0)
                        fail_msg("%s: \"%s\"", cases[i].name, unit);
        }
}

static void a_test_has_none(void **state)
{
        char unit[CONTROL_UNIT_SIZE] = "before";

        unit_get(unit);
        assert_string_equal(unit, "");
}

int main(void)
{
        static const struct CMUnitTest tests[] = {
                cmocka_unit_test(is_the_last_part_of_the_path),
                cmocka_unit_test(a_test_has_none),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
