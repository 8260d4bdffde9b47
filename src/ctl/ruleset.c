/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Which form a text has is seen by how it starts. Every other form is read by making lines of ours,
 * so that there is one grammar that says what a rule is.
 */
#include "ctl/ruleset.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "util/macro.h"

#define BLANKS " \t\r\n"
/* What a filter string is made of: neither a word nor a line end. */
#define STRING_CHARACTERS "0123456789abcdefABCDEFxX+-,:| \t"

int ruleset_init(struct ruleset *set, load_on_error on_error, load_on_error on_loss, void *userdata)
{
        *set = (struct ruleset){ .on_error = on_error, .on_loss = on_loss, .userdata = userdata };

        set->is_doubtful = calloc(POLICY_RULES_MAX, sizeof(*set->is_doubtful));
        if (!set->is_doubtful || policy_new(&set->policy) < 0) {
                ruleset_clear(set);
                return -ENOMEM;
        }

        return 0;
}

void ruleset_clear(struct ruleset *set)
{
        free(set->is_doubtful);
        policy_free(set->policy);
        *set = (struct ruleset){};
}

static void set_note(struct rule_error *note, uint32_t line, size_t column, const char *format,
                     va_list arguments) PRINTF(4, 0);
static void set_note(struct rule_error *note, uint32_t line, size_t column, const char *format,
                     va_list arguments)
{
        char text[RULE_ERROR_TEXT_SIZE];

        vsnprintf(text, sizeof(text), format, arguments);
        *note = (struct rule_error){ .line = line };
        rule_error_set(note, column - 1, "%s", text);
}

int ruleset_refuse(struct ruleset *set, uint32_t line, size_t column, const char *format, ...)
{
        struct rule_error note;
        va_list arguments;

        va_start(arguments, format);
        set_note(&note, line, column, format, arguments);
        va_end(arguments);

        set->n_errors++;
        set->on_error(set->userdata, &note);
        return -EINVAL;
}

void ruleset_lose(struct ruleset *set, uint32_t line, size_t column, const char *format, ...)
{
        struct rule_error note;
        va_list arguments;

        va_start(arguments, format);
        set_note(&note, line, column, format, arguments);
        va_end(arguments);

        set->on_loss(set->userdata, &note);
}

static int add_rule(struct ruleset *set, struct rule *rule, uint32_t line, bool is_doubtful)
{
        size_t n = policy_n_entries(set->policy);
        int r;

        r = policy_add(set->policy, rule, "", line);
        if (r == -E2BIG)
                return ruleset_refuse(set, line, 1, "these become more than %d rules: remove some",
                                      POLICY_RULES_MAX);
        if (r < 0)
                return r;

        set->is_doubtful[n] = is_doubtful;
        return 0;
}

int ruleset_add(struct ruleset *set, const char *text, uint32_t line, size_t column,
                bool is_doubtful)
{
        CLEANUP(rule_freep) struct rule *rule = NULL;
        struct rule_error error;
        int r;

        r = rule_parse(&rule, text, line, &error);
        if (r == -EINVAL)
                return ruleset_refuse(set, line, column, "%s", error.text);
        if (r == 0)
                r = add_rule(set, rule, line, is_doubtful);
        if (r < 0)
                return r;

        TAKE(rule);
        return 0;
}

/* A filter string may be longer than a line of ours. */
static int read_string(struct ruleset *set, const char *text, size_t size)
{
        CLEANUP(rule_freep) struct rule *rule = calloc(1, sizeof(*rule));
        struct rule_error error = {};
        int r;

        if (!rule)
                return -ENOMEM;
        r = plain_parse(&rule->plain, text, size, 0, &error);
        if (r == -EINVAL)
                return ruleset_refuse(set, 1, error.column, "%s", error.text);
        if (r == 0)
                r = add_rule(set, rule, 1, false);
        if (r < 0)
                return r;

        TAKE(rule);
        return 0;
}

static void on_line_error(void *userdata, const struct rule_error *error)
{
        struct ruleset *set = userdata;

        set->n_errors++;
        set->on_error(set->userdata, error);
}

/* Where the first line starts that says something. */
static size_t skip_comments(const char *text)
{
        size_t at = strspn(text, BLANKS);

        while (text[at] == '#') {
                at += strcspn(text + at, "\n");
                at += strspn(text + at, BLANKS);
        }

        return at;
}

int ruleset_read(struct ruleset *set, const char *text, size_t size)
{
        static const char *const targets[] = { "allow", "block", "reject", "match", "device" };
        size_t start = skip_comments(text), length = strcspn(text + start, BLANKS), end = size;

        if (text[start] == '<')
                return libvirt_read(set, text, size);
        for (size_t i = 0; i < ELEMENTS(targets); i++)
                if (!strncmp(text + start, targets[i], length) && !targets[i][length] && length > 0)
                        return usbguard_read(set, text, size);

        while (end > 0 && strchr(BLANKS, text[end - 1]))
                end--;
        if (strspn(text, STRING_CHARACTERS) >= end)
                return read_string(set, text, end);

        return load_rules(set->policy, "", text, size, on_line_error, set);
}
