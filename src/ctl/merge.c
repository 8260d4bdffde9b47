/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ctl/merge.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

const char *merge_name(const char *path)
{
        const char *slash = strrchr(path, '/');

        return slash ? slash + 1 : path;
}

/* Adds a rule from its text. */
static int add(struct policy *policy, const char *text, const char *file, uint32_t line)
{
        CLEANUP(rule_freep) struct rule *rule = NULL;
        struct rule_error error;
        int r;

        r = rule_parse(&rule, text, line, &error);
        if (r == 0)
                r = rule ? policy_add(policy, rule, file, line) : -EBADMSG;
        if (r < 0)
                return r == -EINVAL ? -EBADMSG : r;

        TAKE(rule);
        return 0;
}

/* Adds the files' entries from *at on that stand before that name; all of them before NULL. */
static int add_files(struct policy *policy, const struct policy *files, size_t *at,
                     const char *name)
{
        int r = 0;

        for (; *at < policy_n_entries(files) && r == 0; (*at)++) {
                const struct policy_entry *entry = policy_get(files, *at);
                CLEANUP(freep) char *text = NULL;

                if (name && strcmp(merge_name(entry->file), name) > 0)
                        break;
                r = rule_to_string(entry->rule, &text);
                if (r == 0)
                        r = add(policy, text, entry->file, entry->line);
        }

        return r;
}

static bool replaces(char *const *paths, const char *name)
{
        for (; *paths; paths++)
                if (!strcmp(merge_name(*paths), name))
                        return true;

        return false;
}

int merge_rules(struct policy *policy, const json_t *in_force, char *const *paths,
                const struct policy *files)
{
        const json_t *row;
        size_t index, at = 0;
        int r;

        json_array_foreach (in_force, index, row) {
                const char *file, *text, *action;
                json_int_t line;
                json_t *row_keys;

                if (json_unpack((json_t *)row, "[s, I, s, s, o]", &file, &line, &text, &action,
                                &row_keys) < 0)
                        return -EBADMSG;
                r = add_files(policy, files, &at, merge_name(file));
                if (r < 0)
                        return r;
                if (replaces(paths, merge_name(file)))
                        continue;
                r = strcmp(action, "broken") != 0
                            ? add(policy, text, file, (uint32_t)line)
                            : policy_add_broken(policy, file, (uint32_t)line, "broken");
                if (r < 0)
                        return r;
        }

        return add_files(policy, files, &at, NULL);
}

int merge_text(const struct policy *policy, char **ret_text)
{
        CLEANUP(freep) char *text = NULL;
        size_t size;
        FILE *stream = open_memstream(&text, &size);
        int r = 0;

        if (!stream)
                return -ENOMEM;
        for (size_t i = 0; i < policy_n_entries(policy) && r == 0; i++) {
                CLEANUP(freep) char *line = NULL;

                r = rule_to_string(policy_get(policy, i)->rule, &line);
                if (r == 0)
                        fprintf(stream, "%s\n", line);
        }
        if (fclose(stream) != 0 && r == 0)
                r = -ENOMEM;
        if (r < 0)
                return r;

        *ret_text = TAKE(text);
        return 0;
}
