/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The table of what happens next, row by row.
 */
#include "unit/test.h"

#include <stdbool.h>
#include <string.h>

#include "daemon/outcome.h"
#include "util/macro.h"

static void each_reason_has_its_cause(void **state)
{
        static const enum cause want[] = {
                [REASON_ASKED] = CAUSE_DETACHED,
                [REASON_GUEST_LEFT] = CAUSE_GUEST_GONE,
                [REASON_FAILURE] = CAUSE_CRASHED,
                [REASON_LINK_LOST] = CAUSE_GUEST_GONE,
                [REASON_PROTOCOL] = CAUSE_GUEST_GONE,
                [REASON_USAGE] = CAUSE_CRASHED,
                [REASON_NOT_FOUND] = CAUSE_UNPLUGGED,
                [REASON_BUSY] = CAUSE_UNAVAILABLE,
                [REASON_ACCESS_DENIED] = CAUSE_UNAVAILABLE,
                [REASON_CONNECT_FAILED] = CAUSE_GUEST_GONE,
                [REASON_GUEST_REJECTED] = CAUSE_REJECTED,
                [REASON_DEVICE_LOST] = CAUSE_UNPLUGGED,
                [REASON_RESET_LOST] = CAUSE_LOST_IN_RESET,
                [REASON_TLS_FAILED] = CAUSE_GUEST_GONE,
        };

        /* A new reason belongs here, too. */
        assert_false(session_reason_is_known(ELEMENTS(want)));
        for (uint32_t i = 0; i < ELEMENTS(want); i++) {
                assert_true(session_reason_is_known(i));
                if (outcome_cause(i) != want[i])
                        fail_msg("%s: %i", session_reason_name(i), outcome_cause(i));
        }
}

/* What this version does not know has come from a process that is not to be trusted with more. */
static void a_reason_beyond_the_table_is_a_crash(void **state)
{
        assert_int_equal(outcome_cause((enum session_reason)1000), CAUSE_CRASHED);
}

static void each_cause_has_what_happens_next(void **state)
{
        static const struct {
                const char *name;
                enum next automatic, by_hand;
        } want[] = {
                [CAUSE_GUEST_GONE] = { "guest gone", NEXT_RECONNECT, NEXT_RECONNECT },
                [CAUSE_REJECTED] = { "rejected", NEXT_REJECTED, NEXT_END },
                [CAUSE_UNAVAILABLE] = { "unavailable", NEXT_RETRY, NEXT_END },
                [CAUSE_UNPLUGGED] = { "unplugged", NEXT_REPLUG, NEXT_CHANGE },
                [CAUSE_LOST_IN_RESET] = { "lost in reset", NEXT_RETURN, NEXT_RETURN },
                [CAUSE_CRASHED] = { "crashed", NEXT_RESTART, NEXT_RESTART },
                [CAUSE_DETACHED] = { "detached", NEXT_INHIBIT, NEXT_END },
                [CAUSE_DENIED] = { "denied", NEXT_END, NEXT_END },
                [CAUSE_SILENT] = { "silent", NEXT_ELSEWHERE, NEXT_RECONNECT },
                [CAUSE_GUARDED] = { "guarded", NEXT_END, NEXT_END },
                [CAUSE_DISCONNECTED] = { "disconnected", NEXT_RECONNECT, NEXT_END },
                [CAUSE_ASLEEP] = { "asleep", NEXT_AWAKE, NEXT_AWAKE },
        };

        assert_int_equal(ELEMENTS(want), CAUSES);
        for (enum cause i = 0; i < CAUSES; i++) {
                if (!want[i].name)
                        fail_msg("cause %i has no case", i);
                if (outcome_next(i, false) != want[i].automatic)
                        fail_msg("%s, by a rule: %i", want[i].name, outcome_next(i, false));
                if (outcome_next(i, true) != want[i].by_hand)
                        fail_msg("%s, by hand: %i", want[i].name, outcome_next(i, true));
        }
}

int main(void)
{
        static const struct CMUnitTest tests[] = {
                cmocka_unit_test(each_reason_has_its_cause),
                cmocka_unit_test(a_reason_beyond_the_table_is_a_crash),
                cmocka_unit_test(each_cause_has_what_happens_next),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
