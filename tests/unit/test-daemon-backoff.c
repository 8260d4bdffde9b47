/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Delays: growth, ceiling and jitter, by their numbers.
 */
#include "unit/test.h"

#include <stdbool.h>

#include "daemon/backoff.h"
#include "util/macro.h"

static void doubles_up_to_the_ceiling_give_or_take_a_quarter(void **state)
{
        static const struct {
                const char *name;
                uint64_t first, ceiling;
                unsigned failures;
                uint64_t low, middle, high;
        } cases[] = {
                { "none", 1000, 30000, 0, 750, 1000, 1250 },
                { "one", 1000, 30000, 1, 750, 1000, 1250 },
                { "two", 1000, 30000, 2, 1500, 2000, 2500 },
                { "five", 1000, 30000, 5, 12000, 16000, 20000 },
                { "six, at the ceiling", 1000, 30000, 6, 22500, 30000, 37500 },
                { "more than bits", 1000, 30000, 4000000000, 22500, 30000, 37500 },
                { "a ceiling below the first", 5000, 2000, 1, 1500, 2000, 2500 },
                { "nothing", 0, 0, 3, 1, 1, 1 },
                { "the largest", UINT32_MAX * 1000ull, UINT32_MAX * 1000ull, 9, UINT32_MAX * 750ull,
                  UINT32_MAX * 1000ull, UINT32_MAX * 1250ull },
        };

        for (size_t i = 0; i < ELEMENTS(cases); i++) {
                uint64_t low =
                        backoff_delay(cases[i].first, cases[i].ceiling, cases[i].failures, 0);
                uint64_t middle = backoff_delay(cases[i].first, cases[i].ceiling, cases[i].failures,
                                                1u << 31);
                uint64_t high = backoff_delay(cases[i].first, cases[i].ceiling, cases[i].failures,
                                              UINT32_MAX);

                if (low != cases[i].low || middle != cases[i].middle || high > cases[i].high ||
                    high + 1 + cases[i].high / 1000 < cases[i].high)
                        fail_msg("%s: %llu %llu %llu", cases[i].name, (unsigned long long)low,
                                 (unsigned long long)middle, (unsigned long long)high);
        }
}

static void is_random(void **state)
{
        bool differ = false;
        uint32_t first = backoff_random();

        for (int i = 0; i < 16; i++)
                differ |= backoff_random() != first;
        assert_true(differ);
}

int main(void)
{
        static const struct CMUnitTest tests[] = {
                cmocka_unit_test(doubles_up_to_the_ceiling_give_or_take_a_quarter),
                cmocka_unit_test(is_random),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
