/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * usbredirctl explain, rules: the policy, and what it says of a device.
 */
#include <errno.h>
#include <stdio.h>

#include "ctl/bus.h"
#include "ctl/commands.h"
#include "ctl/listing.h"
#include "ctl/value.h"
#include "util/cleanup.h"
#include "util/macro.h"

/* What Explain returns, under the same keys, in the order for people; the first is a sentence. */
static const char *const explained[] = { "reason",  "text",  "rule",      "pass",
                                         "verdict", "guest", "automatic", "refusal" };

static int print_explanation(const json_t *answer)
{
        for (size_t i = 0; i < ELEMENTS(explained); i++) {
                const json_t *value = json_object_get(answer, explained[i]);
                CLEANUP(freep) char *text = NULL;

                if (!value || (json_is_string(value) && json_string_length(value) == 0))
                        continue;
                text = text_of(value, TEXT_PLAIN);
                if (!text)
                        return -ENOMEM;
                if (i > 0)
                        printf("  %s: ", explained[i]);
                puts(text);
        }

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

enum ctl_exit command_rules(struct ctl *ctl, char **arguments)
{
        CLEANUP(json_decrefp) json_t *entries = NULL, *rows = json_array();
        enum ctl_exit result;
        const json_t *entry;
        size_t index;

        result = bus_read(ctl, &entries, "a(sussa{sv})", USBREDIR_PATH, MANAGER_INTERFACE,
                          "ListRules", "");
        if (result != CTL_DONE)
                return result;

        json_array_foreach (entries, index, entry) {
                if (json_array_append_new(rows, rule_object(entry)) < 0)
                        return out_of_memory();
        }

        return listing_print(ctl, rule_columns, ELEMENTS(rule_columns), rows);
}
