/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Rules to tuples alone. What a tuple cannot say is told, and what remains never allows more than
 * was meant: an allowance that loses a condition is left out, a denial denies more.
 */
#include "ctl/reduce.h"

#include <errno.h>
#include <string.h>

#include "util/array.h"
#include "util/macro.h"

struct reduction {
        struct ruleset *set;
        unsigned flags;
        const char *line; /* of the text, at or before the rule at hand */
        uint32_t number;
        struct plain plain;
};

/* Tells that a key is lost, where it stands if the text is lines of ours. */
static void lose_key(struct reduction *c, const struct policy_entry *entry, enum key_id id,
                     const char *what)
{
        CLEANUP(freep) char *line = NULL;
        uint32_t column;

        while (c->number < entry->line && *c->line) {
                c->line += strcspn(c->line, "\n");
                c->line += *c->line == '\n';
                c->number++;
        }
        line = strndup(c->line, strcspn(c->line, "\n"));
        column = line ? rule_key_column(line, id) : 0;
        ruleset_lose(c->set, entry->line, MAX(column, 1U), "%s= cannot be said in this form%s",
                     keys[id].name, what);
}

/*
 * A denial of what has some interface is as good as one of its class, unless the class is not asked
 * for such an interface, or something allowed the class before.
 */
static bool narrow(const struct reduction *c, const struct rule *rule, struct tuple *tuple)
{
        const char *interface = rule->values[KEY_INTERFACE];
        int32_t class;

        if (!interface || tuple->class >= 0 || !strncmp("03/00/00", interface, strlen(interface)))
                return false;

        class = (int32_t)strtol(interface, NULL, 16);
        for (size_t i = 0; i < c->plain.n_tuples; i++)
                if (c->plain.tuples[i].allow &&
                    (c->plain.tuples[i].class < 0 || c->plain.tuples[i].class == class))
                        return false;

        tuple->class = class;
        return true;
}

static bool can_say_version(const struct reduction *c, int32_t version)
{
        if (!(c->flags & REDUCE_DECIMAL_VERSIONS) || version < 0)
                return true;
        for (; version > 0; version >>= 4)
                if ((version & 0xf) > 9)
                        return false;

        return true;
}

static int add_tuple(struct reduction *c, const struct policy_entry *entry, struct tuple tuple,
                     bool has_lost)
{
        struct tuple *tuples;

        if (!can_say_version(c, tuple.version)) {
                ruleset_lose(c->set, entry->line, 1, "version 0x%04x is not decimal%s",
                             (unsigned)tuple.version,
                             tuple.allow ? ": the rule is left out" : ": the rule denies more");
                tuple.version = -1;
                has_lost = true;
        }
        if (has_lost && tuple.allow)
                return 0;
        if (has_lost)
                narrow(c, entry->rule, &tuple);

        tuples = array_grow(c->plain.tuples, c->plain.n_tuples, sizeof(*tuples));
        if (!tuples)
                return -ENOMEM;
        c->plain.tuples = tuples;
        tuples[c->plain.n_tuples++] = tuple;
        return 0;
}

static int add_tuples(struct reduction *c, const struct policy_entry *entry)
{
        const struct rule *rule = entry->rule;
        bool allows = false, has_lost = false;
        int r = 0;

        for (size_t i = 0; i < rule->plain.n_tuples; i++)
                allows |= rule->plain.tuples[i].allow;
        for (enum key_id id = 0; id < KEYS; id++) {
                if (!rule->values[id])
                        continue;
                has_lost |= keys[id].matches != NULL;
                lose_key(c, entry, id,
                         !keys[id].matches ? ""
                         : allows          ? ": what the rule allows is left out"
                                           : ": the rule denies more");
        }
        for (size_t i = 0; i < rule->plain.n_tuples && r == 0; i++)
                r = add_tuple(c, entry, rule->plain.tuples[i], has_lost);

        return r;
}

int reduce(struct ruleset *set, const char *text, unsigned flags, struct plain *ret_plain)
{
        struct reduction c = { .set = set, .flags = flags, .line = text, .number = 1 };
        int r = 0;

        for (size_t i = 0; i < policy_n_entries(set->policy) && r == 0; i++)
                if (!set->is_doubtful[i])
                        r = add_tuples(&c, policy_get(set->policy, i));
        if (r < 0) {
                plain_clear(&c.plain);
                return r;
        }

        *ret_plain = c.plain;
        return 0;
}
