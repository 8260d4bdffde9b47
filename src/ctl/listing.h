#pragma once
/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What is printed of objects, as columns: in JSON all of them, in a table those that are shown, in
 * the details of one object each on a line of its own.
 */
#include <jansson.h>

#include "ctl/ctl.h"
#include "ctl/objects.h"
#include "ctl/text.h"

struct column {
        const char *key; /* in JSON; in capitals the heading */

        /* Where the value is from: a property, as it is; or a function, NULL without memory. */
        const char *property;
        json_t *(*value)(const struct object *object);

        bool is_shown;   /* in tables */
        bool is_wide;    /* on a terminal, shortened first */
        bool is_colored; /* it is a state */
        enum text_format format;
};

struct listing {
        enum object_kind kind;
        const struct column *columns;
        size_t n_columns;
};

extern const struct listing device_listing, guest_listing, session_listing;

/* One object as its JSON object, all of a kind as an array; NULL without memory. */
json_t *listing_object(const struct listing *listing, const struct object *object);
json_t *listing_objects(const struct listing *listing, json_t *all);

/* Fetches and prints all of a kind. */
enum ctl_exit listing_run(struct ctl *ctl, const struct listing *listing);

/* Prints an array of objects that have these columns' keys. */
enum ctl_exit listing_print(struct ctl *ctl, const struct column *columns, size_t n_columns,
                            const json_t *rows);

/* Prints "key: value" lines, indented; what is empty is left out. */
int listing_print_details(const struct listing *listing, const json_t *row, unsigned indent);

/* JSON for --json, and a line feed: indented, or in one line. */
enum ctl_exit print_json(const json_t *value, size_t flags);

enum ctl_exit out_of_memory(void);
