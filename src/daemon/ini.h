#pragma once
/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * INI files by a table of their keys: one key a line, comments ("#" or ";") on lines of their own.
 * Whatever the table does not have is an error, told with line and column, and with what there is.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "util/macro.h"

/* "Channel=" and the longest channel, with room to spare; longer lines are no longer read. */
#define INI_LINE_MAX 1024
/* As many mistakes of one file are told. */
#define INI_ERRORS_MAX 8
#define INI_TEXT_SIZE  512

/* From 1, in bytes; 0: the file as a whole. */
struct ini_place {
        uint32_t line, column;
};

struct ini_error {
        struct ini_place at;
        char text[INI_TEXT_SIZE]; /* UTF-8 without control characters, may be cut */
};

struct ini_key {
        const char *section;
        const char *name;    /* NULL: the section as a whole; its place is where it begins */
        const char *refusal; /* if set, why there is no such key or section, and what to do */
        const char *takes;   /* for people, after "NAME= takes"; NULL: a number in its range */
        bool is_list;        /* may stand several times */

        /*
         * Sets the value, without blanks around it, in the caller's target. Returns 0; -EINVAL,
         * with the text of *error if it has more to say than "NAME= takes …"; -ENOMEM. The
         * error's place is the value's.
         */
        int (*set)(const struct ini_key *key, void *target, const char *value,
                   struct ini_error *error);

        /* Where in the target the value is; for ini_set_number(), an unsigned, its range. */
        size_t offset;
        unsigned lowest, highest;
};

struct ini_table {
        const struct ini_key *keys;
        size_t n_keys;
};

typedef void (*ini_on_error)(void *userdata, const struct ini_error *error);

/*
 * Reads all of the text and sets what it has. Returns 0; -EINVAL when on_error has been told of
 * something; -ENOMEM. Places has n_keys elements: where the value of each key stood last; a line of
 * 0: nowhere.
 */
int ini_read(const struct ini_table *table, const char *text, size_t size, void *target,
             struct ini_place *places, ini_on_error on_error, void *userdata);

/* Says what is wrong; leaves the place alone. Returns -EINVAL, to be passed on. */
int ini_error_set(struct ini_error *error, const char *format, ...) PRINTF(2, 3);

/* An ini_key's set: a decimal number in its range. */
int ini_set_number(const struct ini_key *key, void *target, const char *value,
                   struct ini_error *error);

/* The same: "yes" or "no", in a bool. */
int ini_set_bool(const struct ini_key *key, void *target, const char *value,
                 struct ini_error *error);
