/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * usbredirctl test: are files of rules right, and what would they change? A device that is there is
 * judged by the daemon, which knows all of its properties; one that is described is judged here.
 * Without a daemon there is nothing to compare with, and the files alone are all rules.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "ctl/bus.h"
#include "ctl/commands.h"
#include "ctl/description.h"
#include "ctl/input.h"
#include "ctl/listing.h"
#include "ctl/merge.h"
#include "ctl/note.h"
#include "ctl/value.h"
#include "filter/load.h"
#include "util/cleanup.h"
#include "util/conf-files.h"
#include "util/macro.h"

/* How TestRules calls what it is given. */
#define SENT_AS "rules:"

struct test {
        struct ctl *ctl;
        struct policy *files;
        struct policy *now, *then; /* as the rules are, NULL without a daemon, and would be */
        char *text;                /* of then, for the daemon */
};

static void test_clear(struct test *test)
{
        policy_free(test->files);
        policy_free(test->now);
        policy_free(test->then);
        free(test->text);
}

static int compare_names(const void *a, const void *b)
{
        const char *const *x = a, *const *y = b;

        return strcmp(merge_name(*x), merge_name(*y));
}

/* Reads all files, in the order of their names, and tells all mistakes. */
static enum ctl_exit read_files(struct test *test, char **paths)
{
        enum ctl_exit result = CTL_DONE;
        size_t n = 0;

        while (paths[n])
                n++;
        qsort(paths, n, sizeof(*paths), compare_names);

        for (size_t i = 0; i < n; i++) {
                struct notes notes = { .name = paths[i] };
                CLEANUP(freep) char *text = NULL;
                size_t size;
                int r;

                if (i > 0 && compare_names(&paths[i - 1], &paths[i]) == 0) {
                        fprintf(stderr,
                                "%s and %s have the same name: one would replace the other\n",
                                paths[i - 1], paths[i]);
                        return CTL_USAGE;
                }
                r = input_read(paths[i], CONF_FILE_SIZE_MAX, &text, &size);
                if (r < 0)
                        fprintf(stderr, "%s: %s\n", paths[i], strerror(-r));
                else
                        r = load_rules(test->files, paths[i], text, size, notes_add_error, &notes);
                if (r < 0)
                        result = CTL_FAILURE;
        }

        return result;
}

/* The policy as it would be, and as it is. */
static enum ctl_exit merge(struct test *test, char **paths, const json_t *in_force)
{
        static char *const none[] = { NULL };
        struct policy *empty = NULL;
        int r;

        r = policy_new(&test->then);
        if (r == 0)
                r = merge_rules(test->then, in_force, paths, test->files);
        if (r == 0)
                r = merge_text(test->then, &test->text);
        if (r == 0 && in_force)
                r = policy_new(&empty);
        if (r == 0 && in_force)
                r = policy_new(&test->now);
        if (r == 0 && in_force)
                r = merge_rules(test->now, in_force, none, empty);
        policy_free(empty);

        if (r == -E2BIG)
                fprintf(stderr, "with the rules in force these are more than %d: remove some\n",
                        POLICY_RULES_MAX);
        else if (r < 0)
                return bus_error(NULL, r);
        return r < 0 ? CTL_FAILURE : CTL_DONE;
}

/* What is compared of an allowed device, and what goes without saying. */
static const struct {
        const char *name, *usual;
} words[] = {
        { "auto", NULL }, { "guest", "" },    { "on", "both" },
        { "hold", "no" }, { "reset", "yes" }, { "force", "no" },
};

static const char *yes_or_no(bool value)
{
        return value ? "yes" : "no";
}

static const char *verdict_name(enum verdict_kind kind)
{
        switch (kind) {
        case VERDICT_DENIED: return "denied";
        case VERDICT_ALLOWED: return "allowed";
        case VERDICT_CONFLICT: return "conflict";
        case VERDICT_NO_MATCH: return "no-match";
        case VERDICT_HUB: return "hub";
        }

        return "";
}

/* What a policy says of a device that is described; null of no policy; NULL without memory. */
static json_t *judge_here(const struct policy *policy, const struct facts *facts)
{
        const struct policy_entry *entry;
        struct verdict v;

        if (!policy)
                return json_null();
        policy_verdict(policy, facts, &v);
        entry = v.lead ? v.lead : v.against;

        return json_pack(
                "{s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:o}", "verdict", verdict_name(v.kind), "auto",
                yes_or_no(v.automatic), "guest", v.guest ? v.guest : "", "on",
                v.on == RULE_ON_PLUG    ? "plug"
                : v.on == RULE_ON_START ? "start"
                                        : "both",
                "hold", yes_or_no(v.hold), "reset", yes_or_no(v.reset), "force", yes_or_no(v.force),
                "rule", entry ? json_sprintf("%s:%u", entry->file, entry->line) : json_string(""));
}

/* The rule's place: of those that were sent as a text, each was a line of its "rules". */
static json_t *rule_of(const json_t *answer, const struct policy *policy)
{
        const char *rule = value_string(answer, "rule");
        unsigned long line = 0;
        const struct policy_entry *entry;

        if (!strncmp(rule, SENT_AS, strlen(SENT_AS)))
                line = strtoul(rule + strlen(SENT_AS), NULL, 10);
        if (!policy || line < 1 || line > policy_n_entries(policy))
                return json_string(rule);

        entry = policy_get(policy, line - 1);
        return json_sprintf("%s:%u", entry->file, entry->line);
}

/* The same of what Explain and TestRules answer. */
static json_t *judgement_of(const json_t *answer, const struct policy *policy)
{
        CLEANUP(json_decrefp) json_t *judgement = NULL;
        const json_t *key;
        size_t index;

        judgement =
                json_pack("{s:s, s:s, s:s, s:o}", "verdict", value_string(answer, "verdict"),
                          "auto", yes_or_no(json_is_true(json_object_get(answer, "automatic"))),
                          "guest", value_string(answer, "guest"), "rule", rule_of(answer, policy));
        json_array_foreach (json_object_get(answer, "keys"), index, key) {
                const char *name = json_string_value(json_array_get(key, 0));

                if (name && json_object_set(judgement, name, json_array_get(key, 1)) < 0)
                        return NULL;
        }

        return TAKE(judgement);
}

/* As a person reads it: "allowed auto=yes guest=win10". */
static json_t *words_of(const json_t *judgement)
{
        const char *verdict = value_string(judgement, "verdict");
        CLEANUP(json_decrefp) json_t *text = json_string(verdict);

        if (strcmp(verdict, "allowed") != 0 && strcmp(verdict, "conflict") != 0)
                return TAKE(text);

        for (size_t i = 0; i < ELEMENTS(words) && text; i++) {
                const char *value = value_string(judgement, words[i].name);
                json_t *longer;

                if (!*value || (words[i].usual && !strcmp(value, words[i].usual)))
                        continue;
                longer = json_sprintf("%s %s=%s", json_string_value(text), words[i].name, value);
                json_decref(text);
                text = longer;
        }

        return TAKE(text);
}

static const struct column columns[] = {
        { "device", .is_shown = true },
        { "name", .is_shown = true, .is_wide = true },
        { "before", .is_shown = true },
        { "after", .is_shown = true },
        { "rule", .is_shown = true, .format = TEXT_FILE },
        { "changes" },
        {
                "was",
        },
        {
                "becomes",
        },
};

/* Adds a device to the rows; both judgements are used up. */
static int add_row(json_t *rows, const char *device, const char *name, json_t *was, json_t *becomes)
{
        CLEANUP(json_decrefp) json_t *before = words_of(was);
        CLEANUP(json_decrefp) json_t *after = words_of(becomes);
        bool changes = !json_equal(before, after);

        return json_array_append_new(rows,
                                     json_pack("{s:s, s:s, s:O, s:O, s:s, s:b, s:o, s:o}", "device",
                                               device, "name", name, "before", before, "after",
                                               after, "rule", value_string(becomes, "rule"),
                                               "changes", changes, "was", was, "becomes", becomes));
}

static enum ctl_exit ask(struct test *test, const struct object *o, json_t *rows)
{
        CLEANUP(json_decrefp) json_t *id = object_name(OBJECT_DEVICE, o->path);
        CLEANUP(json_decrefp) json_t *now = NULL;
        CLEANUP(json_decrefp) json_t *then = NULL;
        const char *name = json_string_value(id);
        enum ctl_exit result;

        result = bus_read(test->ctl, &now, "a{sv}", USBREDIR_PATH, MANAGER_INTERFACE, "Explain",
                          "s", name);
        if (result == CTL_DONE)
                result = bus_read(test->ctl, &then, "a{sv}", USBREDIR_PATH, MANAGER_INTERFACE,
                                  "TestRules", "ss", test->text, name);
        if (result != CTL_DONE)
                return result;

        return add_row(rows, name, value_string(o->properties, "Product"), judgement_of(now, NULL),
                       judgement_of(then, test->then)) < 0
                       ? out_of_memory()
                       : CTL_DONE;
}

/* Judges the device that was asked for, or all. */
static enum ctl_exit ask_for_devices(struct test *test, json_t *rows)
{
        CLEANUP(json_decrefp) json_t *all = NULL;
        CLEANUP(json_decrefp) json_t *wanted = NULL;
        CLEANUP(freep) struct object *objects = NULL;
        enum ctl_exit result;
        size_t n;

        result = objects_get(test->ctl, &all);
        if (result == CTL_DONE && test->ctl->device)
                result = bus_read(test->ctl, &wanted, "o", USBREDIR_PATH, MANAGER_INTERFACE,
                                  "GetDevice", "s", test->ctl->device);
        if (result != CTL_DONE)
                return result;
        if (objects_list(all, OBJECT_DEVICE, &objects, &n) < 0)
                return out_of_memory();

        for (size_t i = 0; i < n && result == CTL_DONE; i++)
                if (!wanted || !strcmp(objects[i].path, json_string_value(wanted)))
                        result = ask(test, &objects[i], rows);

        return result;
}

static enum ctl_exit judge_description(struct test *test, json_t *rows)
{
        const char *text = test->ctl->device;
        struct rule_error error;
        struct facts facts;
        int r;

        r = description_parse(&facts, text, &error);
        if (r == -EINVAL)
                fprintf(stderr, "--device: %u: %s\n", error.column, error.text);
        if (r < 0)
                return r == -EINVAL ? CTL_USAGE : out_of_memory();

        return add_row(rows, text, facts.product_name, judge_here(test->now, &facts),
                       judge_here(test->then, &facts)) < 0
                       ? out_of_memory()
                       : CTL_DONE;
}

/* Only what changes, unless a device was asked for. */
static enum ctl_exit print_rows(const struct test *test, const json_t *rows)
{
        CLEANUP(json_decrefp) json_t *shown = json_array();
        const json_t *row;
        size_t index;

        json_array_foreach (rows, index, row) {
                if ((test->ctl->device || json_is_true(json_object_get(row, "changes"))) &&
                    json_array_append(shown, (json_t *)row) < 0)
                        return out_of_memory();
        }

        if (json_array_size(shown) == 0 && !test->ctl->json) {
                puts(test->now
                             ? "The files are right, and change nothing for the devices there are."
                             : "The files are right.");
                return CTL_DONE;
        }
        return listing_print(test->ctl, columns, ELEMENTS(columns), shown);
}

enum ctl_exit command_test(struct ctl *ctl, char **arguments)
{
        CLEANUP(test_clear) struct test test = { .ctl = ctl };
        CLEANUP(json_decrefp) json_t *in_force = NULL, *rows = json_array();
        bool is_described = ctl->device && description_is_one(ctl->device);
        enum ctl_exit result;

        if (policy_new(&test.files) < 0)
                return out_of_memory();
        result = read_files(&test, arguments);
        if (result != CTL_DONE)
                return result;

        if (bus_has_daemon(ctl)) {
                result = bus_read(ctl, &in_force, "a(sussa{sv})", USBREDIR_PATH, MANAGER_INTERFACE,
                                  "ListRules", "");
        } else {
                fputs("usbredird is not running: only these files are looked at\n", stderr);
                if (ctl->device && !is_described)
                        result = CTL_NO_DAEMON;
        }
        if (result == CTL_DONE)
                result = merge(&test, arguments, in_force);
        if (result == CTL_DONE && is_described)
                result = judge_description(&test, rows);
        else if (result == CTL_DONE && in_force)
                result = ask_for_devices(&test, rows);

        return result == CTL_DONE ? print_rows(&test, rows) : result;
}
