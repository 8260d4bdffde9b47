/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A .rules file: whole or broken, never half. Each rule is written as a line that reads as the same
 * rule; the policy has a verdict on any device, and a broken file denies it.
 *
 * Input: facts, the file.
 */
#include "filter/load.h"

#include <errno.h>

#include "filter/guests.h"
#include "fuzz/facts.h"

static size_t errors;

static void on_error(void *userdata, const struct rule_error *error)
{
        CHECKED(error->line >= 1 && error->column >= 1 && error->text[0]);
        must_be_text(error->text);
        errors++;
}

static void write_and_read(const struct rule *rule)
{
        struct rule_error error;
        struct rule *again;
        char *text, *text_again;

        CHECKED(rule_to_string(rule, &text) == 0);
        /* Written out a tuple is longer than it was; such a line need not be read again. */
        if (strlen(text) <= RULE_LINE_MAX) {
                CHECKED(rule_parse(&again, text, 1, &error) == 0 && again);
                CHECKED(rule_to_string(again, &text_again) == 0);
                CHECKED(!strcmp(text, text_again));
                CHECKED(rule_is_automatic(rule) == rule_is_automatic(again));
                CHECKED(rule_occasions(rule) == rule_occasions(again));
                CHECKED(rule_may_reset(rule) == rule_may_reset(again));
                free(text_again);
                rule_free(again);
        }
        free(text);
}

static void must_be_verdict(const struct verdict *v, bool is_broken)
{
        switch (v->kind) {
        case VERDICT_ALLOWED:
        case VERDICT_CONFLICT:
                CHECKED(!is_broken && v->lead && v->on);
                CHECKED(!v->guest || guests_are_valid(v->guest));
                CHECKED(v->kind == VERDICT_ALLOWED || (v->against && !v->automatic));
                return;
        case VERDICT_DENIED:
        case VERDICT_NO_MATCH:
        case VERDICT_HUB: CHECKED(!v->automatic); return;
        }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        struct input in = { data, size };
        struct verdict verdict;
        struct policy *policy;
        struct facts facts;
        char *text;
        int r;

        take_facts(&in, &facts);
        CHECKED(policy_new(&policy) == 0);
        text = copy_of(in.at, in.left);
        errors = 0;
        r = load_rules(policy, "fuzz.rules", text, in.left, on_error, NULL);
        free(text);
        CHECKED(r == 0 || r == -EINVAL);
        CHECKED((r == 0) == (errors == 0) && errors <= LOAD_ERRORS_MAX);

        for (size_t i = 0; i < policy_n_entries(policy); i++) {
                const struct policy_entry *entry = policy_get(policy, i);

                CHECKED(!entry->problem == (r == 0));
                write_and_read(entry->rule);
        }
        CHECKED(r == 0 || policy_n_entries(policy) == 1);

        policy_verdict(policy, &facts, &verdict);
        must_be_verdict(&verdict, r < 0);
        policy_free(policy);
        return 0;
}
