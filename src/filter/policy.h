#pragma once
/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * All rules in order, and what they say of a device.
 */
#include <stdbool.h>
#include <stdint.h>

#include "filter/facts.h"
#include "filter/pass.h"
#include "filter/rule.h"
#include "util/cleanup.h"

/*
 * Enough for a list made by a program. A verdict over so many takes 10 us if they tell devices by
 * their ids, half a millisecond by patterns, 5 ms by those that were made to be slow.
 */
#define POLICY_RULES_MAX 16384

struct policy;

/* A rule and where it stands. */
struct policy_entry {
        struct rule *rule;
        char *file;
        uint32_t line;
        /*
         * NULL, or what is wrong there: the file is broken, and the rule, which denies every
         * device, stands for all of it.
         */
        char *problem;
};

/* What was decided in a pass. The pointer lives as long as a verdict's. */
struct decision {
        struct pass pass;
        const struct policy_entry *entry; /* NULL: none matched, which denies */
        bool allow;
};

enum verdict_kind {
        VERDICT_DENIED,   /* in some pass a rule denied, or none matched */
        VERDICT_ALLOWED,  /* in each pass a rule allowed */
        VERDICT_CONFLICT, /* allowed, but by rules that name different guests: by hand only */
        VERDICT_NO_MATCH, /* the device shows no class to judge: not to be redirected */
        VERDICT_HUB,      /* never redirected, no rule was asked */
};

/* The pointers live as long as the policy and are invalid after it changes. */
struct verdict {
        enum verdict_kind kind;

        /* ALLOWED, CONFLICT: of the rules that decided a pass, the first in the policy. */
        const struct policy_entry *lead;
        /*
         * The lead's guest= (see filter/guests.h). If it has none, that of another rule that
         * decided: a rule that names its guest binds the whole device. NULL if none names any.
         */
        const char *guest;
        bool automatic; /* to be redirected without being asked; never in a CONFLICT */
        unsigned on;    /* the lead's occasions, RULE_ON_PLUG and RULE_ON_START; only those */
        bool reset;     /* the lead's: the device may be reset */
        bool hold;      /* the lead's: kept from the host's drivers while the guest is away */
        bool force;     /* guards do not count: only if each rule that decided says so */

        /*
         * DENIED: the rule that denied, NULL if none matched. CONFLICT: a rule that names other
         * guests than the lead; if the lead names none, than another rule that decided. And the
         * pass that this rule decided, or that none did.
         */
        const struct policy_entry *against;
        struct pass pass;
};

int policy_new(struct policy **ret_policy);
/* One more that holds it; each of them calls policy_free(). Then it must not be added to. */
struct policy *policy_ref(struct policy *policy);
struct policy *policy_free(struct policy *policy);
DEFINE_CLEANUP(struct policy, policy_free);

/*
 * Puts a rule last. On success the policy owns it. Returns 0, -E2BIG when the policy is full, or
 * -ENOMEM.
 */
int policy_add(struct policy *policy, struct rule *rule, const char *file, uint32_t line);

/*
 * Puts a broken file last: a rule that denies every device. Not bounded by POLICY_RULES_MAX, so
 * that a policy that is full can still say so. Returns 0 or -ENOMEM.
 */
int policy_add_broken(struct policy *policy, const char *file, uint32_t line, const char *problem);

/* The entries, in their order. */
size_t policy_n_entries(const struct policy *policy);
const struct policy_entry *policy_get(const struct policy *policy, size_t index);

/*
 * What is decided in each pass over the device, also in those after one that denies; returns how
 * many passes, possibly none. Hubs are not refused here: that is the verdict's to say.
 */
size_t policy_decisions(const struct policy *policy, const struct facts *facts,
                        struct decision ret[PASSES_MAX]);

void policy_verdict(const struct policy *policy, const struct facts *facts,
                    struct verdict *ret_verdict);
