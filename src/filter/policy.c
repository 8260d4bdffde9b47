/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The verdict errs on the side of the host: silence denies, any pass can deny, what no rule can
 * judge is not redirected, and rules that disagree about the guest leave the choice to a person.
 *
 * A rule's keys speak of the device as a whole, its tuples of one pass. Entries lie in policy order
 * in one array, so that of two entries the one at the lower address stands first; so do copies of
 * their tuples, for most rules speak of other devices, and to see that should touch little memory.
 */
#include "filter/policy.h"

#include <errno.h>
#include <string.h>

#include "filter/guests.h"
#include "util/array.h"

#define CLASS_HUB 0x09

/* A tuple, and the index of its entry. */
struct step {
        struct tuple tuple;
        uint32_t entry;
};

struct policy {
        struct policy_entry *entries;
        size_t n_entries;
        struct step *steps;
        size_t n_steps;
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
        free(policy->steps);
        free(policy);

        return NULL;
}

static int add_steps(struct policy *policy, const struct plain *plain)
{
        for (size_t i = 0; i < plain->n_tuples; i++) {
                struct step *steps = array_grow(policy->steps, policy->n_steps, sizeof(*steps));

                if (!steps)
                        return -ENOMEM;

                policy->steps = steps;
                steps[policy->n_steps++] = (struct step){
                        .tuple = plain->tuples[i],
                        .entry = (uint32_t)policy->n_entries,
                };
        }

        return 0;
}

static int add(struct policy *policy, struct rule *rule, const char *file, uint32_t line,
               const char *problem)
{
        CLEANUP(freep) char *file_copy = NULL, *problem_copy = NULL;
        size_t n_steps = policy->n_steps;
        struct policy_entry *entries;
        int r;

        file_copy = strdup(file);
        problem_copy = problem ? strdup(problem) : NULL;
        if (!file_copy || (problem && !problem_copy))
                return -ENOMEM;

        entries = array_grow(policy->entries, policy->n_entries, sizeof(*entries));
        if (!entries)
                return -ENOMEM;
        policy->entries = entries;

        r = add_steps(policy, &rule->plain);
        if (r < 0) {
                policy->n_steps = n_steps;
                return r;
        }

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

/* Decides the passes over this class, -1 for all, as far as they are open; returns how many. */
static size_t decide(struct decision *decisions, size_t n, int32_t class,
                     const struct policy_entry *entry, bool allow)
{
        size_t decided = 0;

        for (size_t i = 0; i < n; i++) {
                struct decision *d = &decisions[i];

                if (d->entry || (class >= 0 && d->pass.class != class))
                        continue;
                d->entry = entry;
                d->allow = allow;
                decided++;
        }

        return decided;
}

/* One way through the rules for all passes: to look at a rule's keys once is what makes it fast. */
size_t policy_decisions(const struct policy *policy, const struct facts *facts,
                        struct decision ret[PASSES_MAX])
{
        const struct policy_entry *silent = NULL, *speaking = NULL;
        struct pass passes[PASSES_MAX];
        bool is_open[UINT8_MAX + 1] = {};
        size_t n = pass_list(facts, false, passes), left = n;

        for (size_t i = 0; i < n; i++) {
                ret[i] = (struct decision){ .pass = passes[i] };
                is_open[passes[i].class] = true;
        }

        for (size_t i = 0; i < policy->n_steps && left > 0; i++) {
                const struct step *step = &policy->steps[i];
                const struct tuple *tuple = &step->tuple;
                const struct policy_entry *entry = &policy->entries[step->entry];

                if (!tuple_matches_ids(tuple, facts) ||
                    (tuple->class >= 0 && !is_open[tuple->class]) || entry == silent)
                        continue;

                if (entry != speaking && !rule_takes_part(entry->rule, facts)) {
                        silent = entry;
                        continue;
                }
                speaking = entry;

                left -= decide(ret, n, tuple->class, entry, tuple->allow);
                if (tuple->class >= 0)
                        is_open[tuple->class] = false;
        }

        return n;
}

/* Two rules that name different guests leave the choice to a person. */
static void set_guest(struct verdict *verdict, const struct decision *decisions, size_t n)
{
        verdict->guest = verdict->lead->rule->values[KEY_GUEST];

        for (size_t i = 0; i < n; i++) {
                const char *guest = decisions[i].entry->rule->values[KEY_GUEST];

                if (!guest)
                        continue;
                if (!verdict->guest)
                        verdict->guest = guest;
                if (guests_equal(verdict->guest, guest))
                        continue;

                verdict->kind = VERDICT_CONFLICT;
                verdict->automatic = false;
                verdict->against = decisions[i].entry;
                verdict->pass = decisions[i].pass;
                return;
        }
}

void policy_verdict(const struct policy *policy, const struct facts *facts,
                    struct verdict *ret_verdict)
{
        struct verdict verdict = { .kind = VERDICT_ALLOWED, .automatic = true, .force = true };
        struct decision decisions[PASSES_MAX];
        size_t n;

        if (is_hub(facts)) {
                *ret_verdict = (struct verdict){ .kind = VERDICT_HUB };
                return;
        }

        n = policy_decisions(policy, facts, decisions);
        if (n == 0) {
                *ret_verdict = (struct verdict){ .kind = VERDICT_NO_MATCH };
                return;
        }

        for (size_t i = 0; i < n; i++) {
                const struct decision *d = &decisions[i];

                if (!d->allow) {
                        *ret_verdict = (struct verdict){
                                .kind = VERDICT_DENIED,
                                .against = d->entry,
                                .pass = d->pass,
                        };
                        return;
                }

                if (!verdict.lead || d->entry < verdict.lead)
                        verdict.lead = d->entry;
                if (!rule_is_automatic(d->entry->rule))
                        verdict.automatic = false;
                if (!rule_forces(d->entry->rule))
                        verdict.force = false;
        }

        verdict.on = rule_occasions(verdict.lead->rule);
        verdict.reset = rule_may_reset(verdict.lead->rule);
        verdict.hold = rule_holds(verdict.lead->rule);
        set_guest(&verdict, decisions, n);
        *ret_verdict = verdict;
}
