/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * All lines are read before the first rule enters the policy: a file counts whole or not at all.
 */
#include "filter/load.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "util/array.h"

struct line {
        struct rule *rule;
        uint32_t number;
};

struct lines {
        struct line *lines;
        size_t n_lines;
        size_t n_errors;
        struct rule_error first;
};

static void lines_clear(struct lines *lines)
{
        for (size_t i = 0; i < lines->n_lines; i++)
                rule_free(lines->lines[i].rule);
        free(lines->lines);
}

static int parse_line(const char *text, size_t length, uint32_t number, struct rule **ret_rule,
                      struct rule_error *ret_error)
{
        CLEANUP(freep) char *line = NULL;
        const char *zero = memchr(text, 0, length);

        if (zero) {
                *ret_error = (struct rule_error){ .line = number };
                return rule_error_set(ret_error, (size_t)(zero - text),
                                      "byte 0x00 is not text: write UTF-8, without control "
                                      "characters");
        }

        line = strndup(text, length);
        if (!line)
                return -ENOMEM;
        return rule_parse(ret_rule, line, number, ret_error);
}

static int add_line(struct lines *lines, struct rule *rule, uint32_t number)
{
        struct line *longer;

        longer = array_grow(lines->lines, lines->n_lines, sizeof(*longer));
        if (!longer)
                return -ENOMEM;

        lines->lines = longer;
        longer[lines->n_lines++] = (struct line){ .rule = rule, .number = number };
        return 0;
}

static void tell(struct lines *lines, const struct rule_error *error, load_on_error on_error,
                 void *userdata)
{
        if (lines->n_errors++ == 0)
                lines->first = *error;
        on_error(userdata, error);
}

static int read_lines(struct lines *lines, size_t room, const char *text, size_t size,
                      load_on_error on_error, void *userdata)
{
        const char *end = text + size;
        uint32_t number = 0;

        /* Of a file that is broken, no more is needed than what is told. */
        while (text < end && lines->n_errors < LOAD_ERRORS_MAX) {
                const char *stop = memchr(text, '\n', (size_t)(end - text));
                CLEANUP(rule_freep) struct rule *rule = NULL;
                struct rule_error error;
                int r;

                if (!stop)
                        stop = end;
                r = parse_line(text, (size_t)(stop - text), ++number, &rule, &error);
                if (r == 0 && rule && lines->n_lines == room) {
                        error = (struct rule_error){ .line = number };
                        r = rule_error_set(&error, 0,
                                           "a policy has at most %d rules in all its files: "
                                           "remove some",
                                           POLICY_RULES_MAX);
                        tell(lines, &error, on_error, userdata);
                        return 0;
                }
                if (r == 0 && rule)
                        r = add_line(lines, rule, number);
                if (r == -ENOMEM)
                        return r;
                if (r < 0)
                        tell(lines, &error, on_error, userdata);
                else
                        TAKE(rule);
                text = stop + 1;
        }

        return 0;
}

int load_rules(struct policy *policy, const char *file, const char *text, size_t size,
               load_on_error on_error, void *userdata)
{
        CLEANUP(lines_clear) struct lines lines = {};
        size_t n = policy_n_entries(policy);
        int r;

        r = read_lines(&lines, n < POLICY_RULES_MAX ? POLICY_RULES_MAX - n : 0, text, size,
                       on_error, userdata);
        if (r < 0)
                return r;

        if (lines.n_errors > 0) {
                r = policy_add_broken(policy, file, lines.first.line, lines.first.text);
                return r < 0 ? r : -EINVAL;
        }

        for (size_t i = 0; i < lines.n_lines; i++) {
                r = policy_add(policy, lines.lines[i].rule, file, lines.lines[i].number);
                if (r < 0)
                        return r;
                lines.lines[i].rule = NULL;
        }

        return 0;
}
