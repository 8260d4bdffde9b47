/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A policy as a whole; its verdicts are in test-policy-verdicts.c.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "unit/devices.h"

static void a_broken_file_denies_at_its_place(void **state)
{
        CLEANUP(policy_freep) struct policy *policy = NULL;
        struct verdict verdict;

        assert_int_equal(policy_new(&policy), 0);
        add_rules(policy, "8,-1,-1,-1,1");
        assert_int_equal(policy_add_broken(policy, "/etc/60-bad.rules", 7, "unknown key"), 0);
        add_rules(policy, ALL);

        policy_verdict(policy, &stick, &verdict);
        assert_int_equal(verdict.kind, VERDICT_ALLOWED);
        assert_null(verdict.lead->problem);

        policy_verdict(policy, &mouse, &verdict);
        assert_int_equal(verdict.kind, VERDICT_DENIED);
        assert_string_equal(verdict.against->file, "/etc/60-bad.rules");
        assert_int_equal(verdict.against->line, 7);
        assert_string_equal(verdict.against->problem, "unknown key");

        assert_int_equal(policy_n_entries(policy), 3);
        assert_ptr_equal(policy_get(policy, 1), verdict.against);
}

static void decisions_go_on_after_one_that_denies(void **state)
{
        CLEANUP(policy_freep) struct policy *policy = NULL;
        struct decision decisions[PASSES_MAX];

        assert_int_equal(policy_new(&policy), 0);
        add_rules(policy, "0xff,-1,-1,-1,0\n1,-1,-1,-1,1\n2,-1,-1,-1,0");

        assert_int_equal(policy_decisions(policy, &dock, decisions), 6);
        assert_int_equal(decisions[1].entry->line, 1);
        assert_false(decisions[1].allow);
        assert_int_equal(decisions[2].entry->line, 2);
        assert_true(decisions[2].allow);
        assert_int_equal(decisions[3].entry->line, 3);
        assert_null(decisions[4].entry);
        assert_false(decisions[4].allow);
}

static void each_holder_frees_it_once(void **state)
{
        CLEANUP(policy_freep) struct policy *policy = NULL;
        CLEANUP(policy_freep) struct policy *other = NULL;

        assert_int_equal(policy_new(&policy), 0);
        add_rules(policy, ALL);
        other = policy_ref(policy);
        assert_null(policy_free(policy));
        policy = NULL;
        assert_int_equal(policy_n_entries(other), 1);
}

static void takes_16384_rules_and_refuses_one_more(void **state)
{
        CLEANUP(policy_freep) struct policy *policy = NULL;
        CLEANUP(rule_freep) struct rule *rule = NULL;
        struct rule_error error;

        assert_int_equal(policy_new(&policy), 0);
        for (uint32_t i = 0; i < POLICY_RULES_MAX; i++)
                add_rules(policy, ALL);

        assert_int_equal(rule_parse(&rule, ALL, 1, &error), 0);
        assert_int_equal(policy_add(policy, rule, "one-more.rules", 1), -E2BIG);
        assert_int_equal(policy_add_broken(policy, "one-more.rules", 1, "too many rules"), 0);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(a_broken_file_denies_at_its_place),
                cmocka_unit_test(decisions_go_on_after_one_that_denies),
                cmocka_unit_test(each_holder_frees_it_once),
                cmocka_unit_test(takes_16384_rules_and_refuses_one_more),
        };

        return cmocka_run_group_tests_name("policy", tests, NULL, NULL);
}
