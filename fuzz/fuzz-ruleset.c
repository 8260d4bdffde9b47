/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Rules in the forms of other programs: each becomes a rule that reads as itself, what is told of
 * them is text at a place, and the filter that is made of them allows no device that they do not.
 *
 * Input: facts, the text.
 */
#include "ctl/reduce.h"

#include <errno.h>

#include "fuzz/facts.h"

static size_t errors;

static void must_be_note(const struct rule_error *note)
{
        CHECKED(note->line >= 1 && note->column >= 1 && note->text[0]);
        must_be_text(note->text);
}

static void on_error(void *userdata, const struct rule_error *error)
{
        must_be_note(error);
        errors++;
}

static void on_loss(void *userdata, const struct rule_error *loss)
{
        must_be_note(loss);
}

static void write_and_read(const struct rule *rule)
{
        struct rule_error error;
        struct rule *again;
        char *text, *text_again;

        CHECKED(rule_to_string(rule, &text) == 0);
        if (rule->plain.n_tuples > 0 && strlen(text) <= RULE_LINE_MAX) {
                CHECKED(rule_parse(&again, text, 1, &error) == 0 && again);
                CHECKED(rule_to_string(again, &text_again) == 0);
                CHECKED(!strcmp(text, text_again));
                free(text_again);
                rule_free(again);
        }
        free(text);
}

static void must_not_allow_more(struct ruleset *set, const char *text, const struct facts *facts,
                                unsigned flags)
{
        struct pass passes[PASSES_MAX];
        struct verdict verdict;
        struct plain plain;

        CHECKED(reduce(set, text, flags, &plain) == 0);
        policy_verdict(set->policy, facts, &verdict);
        if (plain_check(&plain, facts, 0) == PLAIN_ALLOWED && pass_list(facts, false, passes) > 0)
                CHECKED(verdict.kind == VERDICT_ALLOWED || verdict.kind == VERDICT_CONFLICT ||
                        verdict.kind == VERDICT_HUB);
        plain_clear(&plain);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        struct input in = { data, size };
        struct ruleset set;
        struct facts facts;
        char *text;
        int r;

        take_facts(&in, &facts);
        CHECKED(ruleset_init(&set, on_error, on_loss, NULL) == 0);
        text = malloc(in.left + 1);
        CHECKED(text);
        memcpy(text, in.at, in.left);
        text[in.left] = '\0';
        errors = 0;
        r = ruleset_read(&set, text, in.left);
        CHECKED(r == 0 || r == -EINVAL);
        CHECKED((r == 0) == (errors == 0) && set.n_errors == errors);

        for (size_t i = 0; r == 0 && i < policy_n_entries(set.policy); i++)
                write_and_read(policy_get(set.policy, i)->rule);
        if (r == 0) {
                must_not_allow_more(&set, text, &facts, 0);
                must_not_allow_more(&set, text, &facts, REDUCE_DECIMAL_VERSIONS);
        }
        free(text);
        ruleset_clear(&set);
        return 0;
}
