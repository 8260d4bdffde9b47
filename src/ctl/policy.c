/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * usbredirctl explain, rules: the policy, what it says of a device, and how it is changed.
 */
#include "ctl/policy.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ctl/bus.h"
#include "ctl/commands.h"
#include "ctl/listing.h"
#include "ctl/value.h"
#include "util/cleanup.h"
#include "util/macro.h"

#define RULES_TYPE "a(sussa{sv})"

/* What Explain returns, under the same keys, in the order for people; the first is a sentence. */
static const char *const explained[] = { "reason",   "verdict", "rule",      "text",   "pass",
                                         "lead",     "guest",   "automatic", "guard",  "inhibited",
                                         "rejected", "paused",  "held",      "refusal" };

static int print_value(const char *before, const json_t *value)
{
        CLEANUP(freep) char *text = text_of(value, TEXT_PLAIN);

        if (!text)
                return -ENOMEM;
        printf("%s%s", before, text);
        return 0;
}

/* Arrays of structs, and what their members are called. */
static const struct {
        const char *name;
        const char *members[4];
} tables[] = {
        { "passes", { "pass", "rule", "text", "allow" } },
        { "keys", { "key", "value", "from" } },
};

/* The structs of these arrays as objects. */
static int name_members(json_t *answer)
{
        for (size_t i = 0; i < ELEMENTS(tables); i++) {
                const json_t *structs = json_object_get(answer, tables[i].name), *entry;
                CLEANUP(json_decrefp) json_t *objects = json_array();
                size_t index;

                json_array_foreach (structs, index, entry) {
                        json_t *object = json_object();

                        for (size_t j = 0; j < ELEMENTS(tables[i].members); j++)
                                if (tables[i].members[j] && json_array_get(entry, j))
                                        json_object_set(object, tables[i].members[j],
                                                        json_array_get(entry, j));
                        if (json_array_append_new(objects, object) < 0)
                                return -ENOMEM;
                }
                if (structs && json_object_set(answer, tables[i].name, objects) < 0)
                        return -ENOMEM;
        }

        return 0;
}

/* "    interface 0 (08/06/50): allow, FILE:LINE: RULE" */
static void print_pass(const json_t *pass)
{
        const char *place = value_string(pass, "rule"), *text = value_string(pass, "text");

        printf("    ");
        text_print(stdout, value_string(pass, "pass"));
        printf(": %s, ", json_is_true(json_object_get(pass, "allow")) ? "allow" : "deny");
        text_print(stdout, *place ? place : "no rule matches");
        printf("%s", *text ? ": " : "");
        text_print(stdout, text);
        putchar('\n');
}

/* "    guest=win10 (FILE:LINE)" */
static void print_key(const json_t *key)
{
        printf("    ");
        text_print(stdout, value_string(key, "key"));
        putchar('=');
        text_print(stdout, value_string(key, "value"));
        printf(" (");
        text_print(stdout, value_string(key, "from"));
        puts(")");
}

static void print_lines(const json_t *answer, const char *name, void (*print)(const json_t *line))
{
        const json_t *lines = json_object_get(answer, name), *line;
        size_t index;

        if (json_array_size(lines) > 0)
                printf("  %s:\n", name);
        json_array_foreach (lines, index, line)
                print(line);
}

static int print_explanation(const json_t *answer)
{
        char before[32];

        for (size_t i = 0; i < ELEMENTS(explained); i++) {
                const json_t *value = json_object_get(answer, explained[i]);

                /* What is not so is not said. */
                if (!value || json_is_false(value) ||
                    (json_is_string(value) && json_string_length(value) == 0))
                        continue;
                snprintf(before, sizeof(before), "  %s: ", explained[i]);
                if (print_value(i > 0 ? before : "", value) < 0)
                        return -ENOMEM;
                putchar('\n');
        }

        print_lines(answer, "passes", print_pass);
        print_lines(answer, "keys", print_key);
        return 0;
}

enum ctl_exit command_explain(struct ctl *ctl, char **arguments)
{
        CLEANUP(json_decrefp) json_t *answer = NULL;
        enum ctl_exit result;

        result = bus_read(ctl, &answer, "a{sv}", USBREDIR_PATH, MANAGER_INTERFACE, "Explain", "s",
                          arguments[0]);
        if (result != CTL_DONE)
                return result;

        if (name_members(answer) < 0)
                return out_of_memory();
        if (ctl->json)
                return print_json(answer, JSON_INDENT(2));
        return print_explanation(answer) < 0 ? out_of_memory() : CTL_DONE;
}

static const struct column rule_columns[] = {
        { "rule", .is_shown = true, .format = TEXT_FILE },
        { "action", .is_shown = true, .is_colored = true },
        { "text", .is_shown = true, .is_wide = true },
        { "file" },
        { "line" },
        { "keys" },
};

/* One struct of ListRules as the object of these columns; NULL without memory. */
static json_t *rule_object(const json_t *entry)
{
        const char *file, *text, *action;
        json_int_t line;
        json_t *keys;

        if (json_unpack((json_t *)entry, "[s, I, s, s, o]", &file, &line, &text, &action, &keys) <
            0)
                return NULL;

        return json_pack("{s:o, s:s, s:s, s:s, s:I, s:O}", "rule",
                         json_sprintf("%s:%lld", file, (long long)line), "action", action, "text",
                         text, "file", file, "line", line, "keys", keys);
}

static enum ctl_exit list_rules(struct ctl *ctl)
{
        CLEANUP(json_decrefp) json_t *entries = NULL, *rows = json_array();
        enum ctl_exit result;
        const json_t *entry;
        size_t index;

        result = bus_read(ctl, &entries, RULES_TYPE, USBREDIR_PATH, MANAGER_INTERFACE, "ListRules",
                          "");
        if (result != CTL_DONE)
                return result;

        json_array_foreach (entries, index, entry) {
                if (json_array_append_new(rows, rule_object(entry)) < 0)
                        return out_of_memory();
        }

        return listing_print(ctl, rule_columns, ELEMENTS(rule_columns), rows);
}

/* A line's number, from 1. Returns whether the text is one. */
static bool parse_line(const char *text, uint32_t *ret)
{
        unsigned long long value;
        char *end;

        errno = 0;
        value = strtoull(text, &end, 10);
        if (*text < '0' || *text > '9' || *end || errno || value == 0 || value > UINT32_MAX)
                return false;

        *ret = (uint32_t)value;
        return true;
}

enum ctl_exit policy_add_rule(struct ctl *ctl, const char *rule)
{
        uint32_t before = 0;

        if (ctl->before && !parse_line(ctl->before, &before)) {
                fprintf(stderr, "usbredirctl: --before takes the number of a line, from 1\n");
                return CTL_USAGE;
        }

        return bus_order(ctl, NULL, "", "AddRule", "sa{sv}", rule, 2, "file", "s",
                         ctl->file ? ctl->file : "", "before", "u", before);
}

/* Is that the rule's file? By its name alone, if there is no more. */
static bool is_file(const char *path, const char *wanted)
{
        const char *slash = strrchr(path, '/');

        return !strcmp(path, wanted) || (slash && !strcmp(slash + 1, wanted));
}

/* The daemon removes what it has shown us, or nothing. */
static enum ctl_exit remove_rule(struct ctl *ctl, const char *place)
{
        CLEANUP(json_decrefp) json_t *entries = NULL;
        CLEANUP(freep) char *wanted = strdup(place);
        char *colon = wanted ? strrchr(wanted, ':') : NULL;
        enum ctl_exit result;
        const json_t *entry;
        uint32_t wanted_line;
        size_t index;

        if (!wanted)
                return out_of_memory();
        if (!colon || !parse_line(colon + 1, &wanted_line)) {
                fprintf(stderr, "usbredirctl: rules remove takes FILE:LINE, as usbredirctl rules "
                                "prints it\n");
                return CTL_USAGE;
        }
        *colon = '\0';

        result = bus_read(ctl, &entries, RULES_TYPE, USBREDIR_PATH, MANAGER_INTERFACE, "ListRules",
                          "");
        if (result != CTL_DONE)
                return result;

        json_array_foreach (entries, index, entry) {
                const char *file, *text;
                json_int_t line;

                if (json_unpack((json_t *)entry, "[s, I, s]", &file, &line, &text) == 0 &&
                    line == wanted_line && is_file(file, wanted))
                        return bus_order(ctl, NULL, "", "RemoveRule", "sus", file, wanted_line,
                                         text);
        }

        fputs("there is no rule at ", stderr);
        text_print(stderr, place);
        fputs(": usbredirctl rules shows all\n", stderr);
        return CTL_NOT_FOUND;
}

enum ctl_exit command_rules(struct ctl *ctl, char **arguments)
{
        const char *verb = arguments[0];
        bool adds = verb && !strcmp(verb, "add");

        if ((ctl->file || ctl->before) && !adds) {
                fprintf(stderr, "usbredirctl: --file and --before are options of rules add\n");
                return CTL_USAGE;
        }
        if (!verb)
                return list_rules(ctl);
        if (adds && arguments[1])
                return policy_add_rule(ctl, arguments[1]);
        if (!strcmp(verb, "remove") && arguments[1])
                return remove_rule(ctl, arguments[1]);

        fprintf(stderr, "usbredirctl: rules takes nothing, add RULE (in quotes) or remove "
                        "FILE:LINE\n");
        return CTL_USAGE;
}
