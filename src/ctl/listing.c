/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Rows are made once, as JSON, from the columns; a table is a way to print them. On a terminal the
 * widest columns give way to its width; elsewhere nothing is cut, and nothing is coloured.
 */
#include "ctl/listing.h"

#include <ctype.h>
#include <errno.h>
#include <libsmartcols/libsmartcols.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ctl/value.h"
#include "util/cleanup.h"
#include "util/macro.h"

#define BOLD   "\033[1m"
#define RED    "\033[31m"
#define GREEN  "\033[32m"
#define YELLOW "\033[33m"

/* Of devices, guests, sessions and rules, beside those in trouble. */
static const struct {
        const char *state, *color;
} colors[] = {
        { "redirected", GREEN },  { "forwarding", GREEN }, { "connected", GREEN },
        { "waiting", YELLOW },    { "starting", YELLOW },  { "returning", YELLOW },
        { "connecting", YELLOW }, { "greeting", YELLOW },  { "silent", YELLOW },
        { "offered", YELLOW },    { "ending", YELLOW },    { "broken", RED },
};

static const char *color_of(const char *state)
{
        for (size_t i = 0; i < ELEMENTS(colors); i++)
                if (!strcmp(state, colors[i].state))
                        return colors[i].color;

        return object_state_is_trouble(state) ? RED : NULL;
}

static bool wants_color(void)
{
        const char *no_color = getenv("NO_COLOR"), *term = getenv("TERM");

        return isatty(STDOUT_FILENO) && !(no_color && *no_color) && term && strcmp(term, "dumb");
}

enum ctl_exit out_of_memory(void)
{
        fputs("usbredirctl: out of memory\n", stderr);
        return CTL_FAILURE;
}

enum ctl_exit print_json(const json_t *value, size_t flags)
{
        if (json_dumpf(value, stdout, flags | JSON_ENSURE_ASCII) < 0)
                return out_of_memory();

        putchar('\n');
        return CTL_DONE;
}

json_t *listing_object(const struct listing *listing, const struct object *object)
{
        CLEANUP(json_decrefp) json_t *row = json_object();

        for (size_t i = 0; i < listing->n_columns; i++) {
                const struct column *c = &listing->columns[i];
                json_t *value;

                if (c->property) {
                        value = json_object_get(object->properties, c->property);
                        value = value ? json_incref(value) : json_null();
                } else {
                        value = c->value(object);
                }
                if (json_object_set_new(row, c->key, value) < 0)
                        return NULL;
        }

        return TAKE(row);
}

json_t *listing_objects(const struct listing *listing, json_t *all)
{
        CLEANUP(json_decrefp) json_t *rows = json_array();
        CLEANUP(freep) struct object *objects = NULL;
        size_t n;

        if (objects_list(all, listing->kind, &objects, &n) < 0)
                return NULL;

        for (size_t i = 0; i < n; i++)
                if (json_array_append_new(rows, listing_object(listing, &objects[i])) < 0)
                        return NULL;

        return TAKE(rows);
}

static int add_column(struct libscols_table *table, const struct column *column)
{
        struct libscols_column *c;
        char heading[32] = "";

        for (size_t i = 0; column->key[i] && i < sizeof(heading) - 1; i++)
                heading[i] = (char)toupper((unsigned char)column->key[i]);

        c = scols_table_new_column(table, heading, 0, column->is_wide ? SCOLS_FL_TRUNC : 0);
        return c ? scols_cell_set_color(scols_column_get_header(c), BOLD) : -ENOMEM;
}

static int add_row(struct libscols_table *table, const struct column *columns, size_t n_columns,
                   const json_t *row)
{
        struct libscols_line *line = scols_table_new_line(table, NULL);
        size_t at = 0;
        int r = line ? 0 : -ENOMEM;

        for (size_t i = 0; i < n_columns && r == 0; i++) {
                const struct column *c = &columns[i];
                const char *color;
                char *text;

                if (!c->is_shown)
                        continue;

                text = text_of(json_object_get(row, c->key), c->format);
                if (!text)
                        return -ENOMEM;
                color = c->is_colored ? color_of(text) : NULL;
                r = scols_line_refer_data(line, at, text); /* which frees it with the line */
                if (r == 0 && color)
                        r = scols_cell_set_color(scols_line_get_cell(line, at), color);
                at++;
        }

        return r;
}

static int print_table(struct ctl *ctl, struct libscols_table *table, const struct column *columns,
                       size_t n_columns, const json_t *rows)
{
        const json_t *row;
        size_t index;
        int r = 0;

        /* What must not reach the terminal is escaped already. */
        scols_table_enable_noencoding(table, 1);
        scols_table_enable_colors(table, wants_color());
        scols_table_enable_noheadings(table, ctl->no_legend);

        for (size_t i = 0; i < n_columns && r == 0; i++)
                if (columns[i].is_shown)
                        r = add_column(table, &columns[i]);
        json_array_foreach (rows, index, row) {
                if (r == 0)
                        r = add_row(table, columns, n_columns, row);
        }

        return r == 0 ? scols_print_table(table) : r;
}

enum ctl_exit listing_print(struct ctl *ctl, const struct column *columns, size_t n_columns,
                            const json_t *rows)
{
        struct libscols_table *table;
        int r;

        if (ctl->json)
                return print_json(rows, JSON_INDENT(2));

        table = scols_new_table();
        r = table ? print_table(ctl, table, columns, n_columns, rows) : -ENOMEM;
        scols_unref_table(table);

        return r == 0 ? CTL_DONE : out_of_memory();
}

enum ctl_exit listing_run(struct ctl *ctl, const struct listing *listing)
{
        CLEANUP(json_decrefp) json_t *all = NULL, *rows = NULL;
        enum ctl_exit result;

        result = objects_get(ctl, &all);
        if (result != CTL_DONE)
                return result;

        rows = listing_objects(listing, all);
        if (!rows)
                return out_of_memory();

        return listing_print(ctl, listing->columns, listing->n_columns, rows);
}

/* Nothing to tell: no value, or an empty one. */
static bool is_empty(const json_t *value)
{
        return json_is_null(value) || (json_is_string(value) && json_string_length(value) == 0) ||
               (json_is_array(value) && json_array_size(value) == 0);
}

int listing_print_details(const struct listing *listing, const json_t *row, unsigned indent)
{
        for (size_t i = 0; i < listing->n_columns; i++) {
                const struct column *c = &listing->columns[i];
                const json_t *value = json_object_get(row, c->key);
                CLEANUP(freep) char *text = NULL;

                if (is_empty(value))
                        continue;
                text = text_of(value, c->format == TEXT_FILE ? TEXT_PLAIN : c->format);
                if (!text)
                        return -ENOMEM;
                printf("%*s%s: %s\n", (int)indent, "", c->key, text);
        }

        return 0;
}
