/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The verdict errs on the side of the host: silence denies, any pass can deny, what no rule can
 * judge is not redirected, and rules that disagree about the guest leave the choice to a person.
 *
 * A rule's keys speak of the device as a whole, its tuples of one pass. Entries lie in policy order
 * in one array, so that of two entries the one at the lower address stands first.
 */
#include "filter/policy.h"

#include <errno.h>
#include <string.h>

#include "filter/guests.h"

#define CLASS_HUB 0x09

struct policy {
        struct policy_entry *entries;
        size_t n_entries;
        unsigned holders;
};

int policy_new(struct policy **ret_policy)
{
        struct policy *policy;

        policy = calloc(1, sizeof(*policy));
        if (!policy)
                return -ENOMEM;

        policy->holders = 1;
        *ret_policy = policy;
        return 0;
}

struct policy *policy_ref(struct policy *policy)
{
        policy->holders++;
        return policy;
}

struct policy *policy_free(struct policy *policy)
{
        if (!policy || --policy->holders > 0)
                return NULL;

        for (size_t i = 0; i < policy->n_entries; i++) {
                rule_free(policy->entries[i].rule);
                free(policy->entries[i].file);
                free(policy->entries[i].problem);
        }
        free(policy->entries);
        free(policy);

        return NULL;
}

static int add(struct policy *policy, struct rule *rule, const char *file, uint32_t line,
               const char *problem)
{
        CLEANUP(freep) char *file_copy = NULL, *problem_copy = NULL;
        struct policy_entry *entries;

        file_copy = strdup(file);
        problem_copy = problem ? strdup(problem) : NULL;
        if (!file_copy || (problem && !problem_copy))
                return -ENOMEM;

        entries = reallocarray(policy->entries, policy->n_entries + 1, sizeof(*entries));
        if (!entries)
                return -ENOMEM;

        policy->entries = entries;
        entries[policy->n_entries++] = (struct policy_entry){
                .rule = rule,
                .file = TAKE(file_copy),
                .line = line,
                .problem = TAKE(problem_copy),
        };
        return 0;
}

int policy_add(struct policy *policy, struct rule *rule, const char *file, uint32_t line)
{
        if (policy->n_entries >= POLICY_RULES_MAX)
                return -E2BIG;

        return add(policy, rule, file, line, NULL);
}

int policy_add_broken(struct policy *policy, const char *file, uint32_t line, const char *problem)
{
        CLEANUP(rule_freep) struct rule *rule = NULL;
        struct rule_error error;
        int r;

        r = rule_parse(&rule, "-1,-1,-1,-1,0", 0, &error);
        if (r < 0)
                return r;

        r = add(policy, rule, file, line, problem);
        if (r < 0)
                return r;

        TAKE(rule);
        return 0;
}

size_t policy_n_entries(const struct policy *policy)
{
        return policy->n_entries;
}

const struct policy_entry *policy_get(const struct policy *policy, size_t index)
{
        return &policy->entries[index];
}

static bool is_hub(const struct facts *facts)
{
        if (facts->class == CLASS_HUB)
                return true;

        for (size_t i = 0; i < facts->n_interfaces; i++)
                if (facts->interfaces[i].class == CLASS_HUB)
                        return true;

        return false;
}

/* The entry that decides a pass over this class, and what it decides; NULL if none does. */
static const struct policy_entry *decide(const struct policy *policy, const struct facts *facts,
                                         uint8_t class, bool *ret_allow)
{
        for (size_t i = 0; i < policy->n_entries; i++) {
                const struct policy_entry *entry = &policy->entries[i];
                const struct plain *plain = &entry->rule->plain;

                for (size_t j = 0; j < plain->n_tuples; j++) {
                        if (!tuple_matches(&plain->tuples[j], facts, class))
                                continue;
                        if (!rule_takes_part(entry->rule, facts))
                                break;

                        *ret_allow = plain->tuples[j].allow;
                        return entry;
                }
        }

        return NULL;
}

/* Two rules that name different guests leave the choice to a person. */
static void set_guest(struct verdict *verdict, const struct policy_entry *const *deciding,
                      const struct pass *passes, size_t n)
{
        verdict->guest = verdict->lead->rule->values[KEY_GUEST];

        for (size_t i = 0; i < n; i++) {
                const char *guest = deciding[i]->rule->values[KEY_GUEST];

                if (!guest)
                        continue;
                if (!verdict->guest)
                        verdict->guest = guest;
                if (guests_equal(verdict->guest, guest))
                        continue;

                verdict->kind = VERDICT_CONFLICT;
                verdict->automatic = false;
                verdict->against = deciding[i];
                verdict->pass = passes[i];
                return;
        }
}

void policy_verdict(const struct policy *policy, const struct facts *facts,
                    struct verdict *ret_verdict)
{
        struct verdict verdict = { .kind = VERDICT_ALLOWED, .automatic = true, .force = true };
        const struct policy_entry *deciding[PASSES_MAX];
        struct pass passes[PASSES_MAX];
        size_t n;

        if (is_hub(facts)) {
                *ret_verdict = (struct verdict){ .kind = VERDICT_HUB };
                return;
        }

        n = pass_list(facts, false, passes);
        if (n == 0) {
                *ret_verdict = (struct verdict){ .kind = VERDICT_NO_MATCH };
                return;
        }

        for (size_t i = 0; i < n; i++) {
                bool allow = false;

                deciding[i] = decide(policy, facts, passes[i].class, &allow);
                if (!allow) {
                        *ret_verdict = (struct verdict){
                                .kind = VERDICT_DENIED,
                                .against = deciding[i],
                                .pass = passes[i],
                        };
                        return;
                }

                if (!verdict.lead || deciding[i] < verdict.lead)
                        verdict.lead = deciding[i];
                if (!rule_is_automatic(deciding[i]->rule))
                        verdict.automatic = false;
                if (!rule_forces(deciding[i]->rule))
                        verdict.force = false;
        }

        verdict.on = rule_occasions(verdict.lead->rule);
        verdict.reset = rule_may_reset(verdict.lead->rule);
        verdict.hold = rule_holds(verdict.lead->rule);
        set_guest(&verdict, deciding, passes, n);
        *ret_verdict = verdict;
}
