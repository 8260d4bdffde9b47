/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The names of states that D-Bus shows: programs depend on them.
 */
#include "unit/test.h"

#include <string.h>

#include "daemon/device.h"
#include "daemon/redirection.h"
#include "util/macro.h"

/* In the order of the enum; the last of each is the enum's last. */
static const char *const phases[] = { "idle",      "waiting", "starting", "redirected",
                                      "returning", "failed",  "stuck" };
static const char *const states[] = { "starting",   "greeting", "silent", "offered",
                                      "forwarding", "ending",   "stuck" };
static const char *const verdicts[] = { "denied", "allowed", "conflict", "no-match", "hub" };

static const char *phase_name(unsigned i)
{
        return device_phase_name(i);
}

static const char *state_name(unsigned i)
{
        return redirection_state_name(i);
}

static const char *verdict_name(unsigned i)
{
        return verdict_kind_name(i);
}

static void names_stay_as_they_are(void **state)
{
        static const struct {
                const char *name;
                const char *const *want;
                size_t n, last;
                const char *(*get)(unsigned i);
        } cases[] = {
                { "device", phases, ELEMENTS(phases), DEVICE_IS_STUCK, phase_name },
                { "session", states, ELEMENTS(states), REDIRECTION_STUCK, state_name },
                { "verdict", verdicts, ELEMENTS(verdicts), VERDICT_HUB, verdict_name },
        };

        for (size_t i = 0; i < ELEMENTS(cases); i++) {
                assert_int_equal(cases[i].n, cases[i].last + 1);
                for (unsigned n = 0; n < cases[i].n; n++)
                        if (strcmp(cases[i].get(n), cases[i].want[n]) != 0)
                                fail_msg("%s %u: %s", cases[i].name, n, cases[i].get(n));
        }
}

int main(void)
{
        static const struct CMUnitTest tests[] = {
                cmocka_unit_test(names_stay_as_they_are),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
