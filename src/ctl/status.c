/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * usbredirctl status: counts, then what is wrong, and nothing else.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "ctl/bus.h"
#include "ctl/commands.h"
#include "ctl/details.h"
#include "ctl/listing.h"
#include "ctl/value.h"
#include "util/cleanup.h"
#include "util/macro.h"

/* Adds to "total", and to the count of that state. */
static int count(json_t *counts, const char *state)
{
        const char *const keys[] = { "total", state };

        for (size_t i = 0; i < ELEMENTS(keys); i++) {
                json_int_t n = json_integer_value(json_object_get(counts, keys[i]));

                if (json_object_set_new(counts, keys[i], json_integer(n + 1)) < 0)
                        return -ENOMEM;
        }

        return 0;
}

/*
 * Counts the objects by state, as *ret_counts; those in trouble go to *ret_errors, with their last
 * error.
 */
static int summarize(json_t *all, enum object_kind kind, json_t *errors, json_t **ret_counts)
{
        CLEANUP(json_decrefp) json_t *counts = json_pack("{s:i}", "total", 0);
        CLEANUP(freep) struct object *objects = NULL;
        size_t n;

        if (!counts || objects_list(all, kind, &objects, &n) < 0)
                return -ENOMEM;

        for (size_t i = 0; i < n; i++) {
                const char *state = value_string(objects[i].properties, "State");
                const char *error = value_string(objects[i].properties, "LastError");

                if (count(counts, state) < 0)
                        return -ENOMEM;
                if (!object_state_is_trouble(state))
                        continue;
                if (json_array_append_new(errors,
                                          json_pack("{s:o, s:s, s:s}", object_kinds[kind].name,
                                                    object_name(kind, objects[i].path), "state",
                                                    state, "last-error", error)) < 0)
                        return -ENOMEM;
        }

        *ret_counts = TAKE(counts);
        return 0;
}

/* ConfigurationErrors, a(suus), as objects. */
static json_t *configuration_errors(const json_t *entries)
{
        CLEANUP(json_decrefp) json_t *errors = json_array();
        const json_t *entry;
        size_t index;

        json_array_foreach (entries, index, entry) {
                const char *file, *text;
                json_int_t line, column;

                if (json_unpack((json_t *)entry, "[s, I, I, s]", &file, &line, &column, &text) < 0)
                        continue;
                if (json_array_append_new(errors,
                                          json_pack("{s:s, s:I, s:I, s:s}", "file", file, "line",
                                                    line, "column", column, "text", text)) < 0)
                        return NULL;
        }

        return TAKE(errors);
}

static json_t *make_summary(json_t *all, const json_t *manager)
{
        CLEANUP(json_decrefp) json_t *summary = NULL, *errors = json_array();

        summary =
                json_pack("{s:s, s:b, s:o}", "version", value_string(manager, "Version"), "paused",
                          json_is_true(json_object_get(manager, "Paused")), "configuration-errors",
                          configuration_errors(json_object_get(manager, "ConfigurationErrors")));
        if (!summary)
                return NULL;

        for (enum object_kind kind = 0; kind < OBJECT_KINDS_END; kind++) {
                char key[16];
                json_t *counts;

                snprintf(key, sizeof(key), "%ss", object_kinds[kind].name);
                if (summarize(all, kind, errors, &counts) < 0 ||
                    json_object_set_new(summary, key, counts) < 0)
                        return NULL;
        }

        return json_object_set(summary, "trouble", errors) < 0 ? NULL : TAKE(summary);
}

/* "devices: 5 (3 idle, 2 redirected)" */
static void print_counts(const char *key, const json_t *counts)
{
        const char *separator = " (", *state;
        const json_t *n;

        printf("%s: %lld", key, (long long)json_integer_value(json_object_get(counts, "total")));
        json_object_foreach ((json_t *)counts, state, n) {
                if (!strcmp(state, "total"))
                        continue;
                printf("%s%lld ", separator, (long long)json_integer_value(n));
                text_print(stdout, state);
                separator = ", ";
        }
        puts(separator[0] == ',' ? ")" : "");
}

/* A line or column of 0 is the file as a whole. */
static void print_configuration_error(const json_t *error)
{
        json_int_t line = json_integer_value(json_object_get(error, "line"));
        json_int_t column = json_integer_value(json_object_get(error, "column"));

        text_print(stdout, value_string(error, "file"));
        if (line > 0)
                printf(":%lld", (long long)line);
        if (line > 0 && column > 0)
                printf(":%lld", (long long)column);
        printf(": ");
        text_print(stdout, value_string(error, "text"));
        putchar('\n');
}

/* "guest win10: unreachable: why" */
static void print_trouble(const json_t *trouble)
{
        for (enum object_kind kind = 0; kind < OBJECT_KINDS_END; kind++) {
                const char *name = value_string(trouble, object_kinds[kind].name);
                const char *error = value_string(trouble, "last-error");

                if (!*name)
                        continue;
                printf("%s ", object_kinds[kind].name);
                text_print(stdout, name);
                printf(": ");
                text_print(stdout, value_string(trouble, "state"));
                printf("%s", *error ? ": " : "");
                text_print(stdout, error);
                putchar('\n');
        }
}

static void print_summary(const json_t *summary)
{
        const json_t *entry;
        size_t index;

        printf("usbredird ");
        text_print(stdout, value_string(summary, "version"));
        puts(json_is_true(json_object_get(summary, "paused"))
                     ? ", paused: no rule acts until usbredirctl resume"
                     : "");
        print_counts("devices", json_object_get(summary, "devices"));
        print_counts("guests", json_object_get(summary, "guests"));
        print_counts("sessions", json_object_get(summary, "sessions"));

        json_array_foreach (json_object_get(summary, "configuration-errors"), index, entry)
                print_configuration_error(entry);
        json_array_foreach (json_object_get(summary, "trouble"), index, entry)
                print_trouble(entry);
}

static enum ctl_exit status_of_all(struct ctl *ctl)
{
        CLEANUP(json_decrefp) json_t *all = NULL, *manager = NULL, *summary = NULL;
        enum ctl_exit result;

        result = bus_read(ctl, &manager, "a{sv}", USBREDIR_PATH, PROPERTY_INTERFACE, "GetAll", "s",
                          MANAGER_INTERFACE);
        if (result == CTL_DONE)
                result = objects_get(ctl, &all);
        if (result != CTL_DONE)
                return result;

        summary = make_summary(all, manager);
        if (!summary)
                return out_of_memory();
        if (ctl->json)
                return print_json(summary, JSON_INDENT(2));

        print_summary(summary);
        return CTL_DONE;
}

enum ctl_exit command_status(struct ctl *ctl, char **arguments)
{
        return arguments[0] ? details_run(ctl, arguments[0]) : status_of_all(ctl);
}
