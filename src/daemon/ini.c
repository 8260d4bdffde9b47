/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * inih splits the lines, but forgives much: it joins lines, cuts values at a ";", takes ":" for "="
 * and knows no columns. So each line is checked before inih sees it, in the reader that inih calls
 * for the next line; those with a mistake are told and left out, and the rest is read for the
 * next mistake. What reaches inih has but one reading.
 */
#include "daemon/ini.h"

#include <errno.h>
#include <ini.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "filter/text.h"

#define BYTE_ORDER_MARK "\xef\xbb\xbf"
#define BLANKS          " \t"
#define NAME_CHARACTERS "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
/* What inih sees of a section that is refused: its keys are nobody's, and not told again. */
#define NO_SECTION "?"
/* As much of a bad value as an error quotes. */
#define QUOTED_MAX 80

struct reader {
        const struct ini_table *table;
        const char *text, *end; /* what is left */
        struct ini_place at;    /* the current line; the column of its value */
        bool has_section;
        void *target;
        struct ini_place *places; /* of n_keys; a line of 0: not seen */
        ini_on_error on_error;
        void *userdata;
        size_t n_errors;
        int failure; /* 0 or -ENOMEM */
};

int ini_error_set(struct ini_error *error, const char *format, ...)
{
        va_list arguments;

        va_start(arguments, format);
        vsnprintf(error->text, sizeof(error->text), format, arguments);
        va_end(arguments);
        text_clean(error->text);
        return -EINVAL;
}

static void tell(struct reader *r, const struct ini_error *error)
{
        if (r->n_errors++ < INI_ERRORS_MAX)
                r->on_error(r->userdata, error);
}

/* Refuses the current line, at line[at]. */
static bool refuse(struct reader *r, size_t at, const char *format, ...) PRINTF(3, 4);
static bool refuse(struct reader *r, size_t at, const char *format, ...)
{
        struct ini_error error = { .at = { r->at.line, (uint32_t)at + 1 } };
        va_list arguments;

        va_start(arguments, format);
        vsnprintf(error.text, sizeof(error.text), format, arguments);
        va_end(arguments);
        text_clean(error.text);
        tell(r, &error);
        return false;
}

static bool is_offered(const struct ini_key *key)
{
        return key->name && !key->refusal;
}

/* "[Guest], [Reconnect]": the table has the keys of a section in a row. */
static const char *list_sections(const struct ini_table *table, char text[INI_TEXT_SIZE])
{
        const char *last = "";
        size_t n = 0;

        text[0] = '\0';
        for (const struct ini_key *k = table->keys; k < table->keys + table->n_keys; k++) {
                if (!is_offered(k) || !strcmp(k->section, last) || n >= INI_TEXT_SIZE)
                        continue;
                n += (size_t)snprintf(text + n, INI_TEXT_SIZE - n, "%s[%s]", n ? ", " : "",
                                      k->section);
                last = k->section;
        }

        return text;
}

/* "CAFile=, KeyFile=" */
static const char *list_keys(const struct ini_table *table, const char *section,
                             char text[INI_TEXT_SIZE])
{
        size_t n = 0;

        text[0] = '\0';
        for (const struct ini_key *k = table->keys; k < table->keys + table->n_keys; k++)
                if (is_offered(k) && !strcmp(k->section, section) && n < INI_TEXT_SIZE)
                        n += (size_t)snprintf(text + n, INI_TEXT_SIZE - n, "%s%s=", n ? ", " : "",
                                              k->name);

        return text;
}

/* A row of that section: the one for it as a whole, if there is one. */
static const struct ini_key *find_section(const struct ini_table *table, const char *name,
                                          size_t length)
{
        const struct ini_key *found = NULL;

        for (const struct ini_key *k = table->keys; k < table->keys + table->n_keys; k++)
                if (!strncmp(k->section, name, length) && !k->section[length] &&
                    (!found || !k->name))
                        found = k;

        return found;
}

static const struct ini_key *find_key(const struct ini_table *table, const char *section,
                                      const char *name)
{
        for (const struct ini_key *k = table->keys; k < table->keys + table->n_keys; k++)
                if (!strcmp(k->section, section) && k->name && !strcmp(k->name, name))
                        return k;

        return NULL;
}

static bool check_section(struct reader *r, const char *line, size_t length)
{
        size_t end = strcspn(line, "]"), rest;
        const struct ini_key *row;
        char names[INI_TEXT_SIZE];

        r->has_section = true;
        if (end == length)
                return refuse(r, length, "the section's name ends with a ]: add it");
        rest = end + 1 + strspn(line + end + 1, BLANKS);
        if (rest < length)
                return refuse(r, rest, "nothing may follow the section's ]: remove \"%.*s\"",
                              QUOTED_MAX, line + rest);

        row = find_section(r->table, line + 1, end - 1);
        if (!row)
                return refuse(r, 1, "there is no section [%.*s]: the sections are %s",
                              (int)MIN(end - 1, (size_t)QUOTED_MAX), line + 1,
                              list_sections(r->table, names));
        if (!row->name && row->refusal)
                return refuse(r, 1, "%s", row->refusal);
        if (!row->name)
                r->places[row - r->table->keys] = (struct ini_place){ r->at.line, 2 };

        return true;
}

/* NAME=VALUE; sets the value's column. */
static bool check_key(struct reader *r, const char *line, size_t length)
{
        size_t name = strspn(line, NAME_CHARACTERS);
        size_t equals = name + strspn(line + name, BLANKS);
        char sections[INI_TEXT_SIZE];

        if (line[0] == ' ' || line[0] == '\t')
                return refuse(r, 0,
                              "this line starts with a blank: lines are not continued, and keys "
                              "start in the first column");
        if (name == 0 || line[equals] != '=')
                return refuse(r, equals, "expected KEY=VALUE; found \"%.*s\"", QUOTED_MAX, line);
        if (!r->has_section)
                return refuse(r, 0, "this stands before the first section: write %s above it",
                              list_sections(r->table, sections));

        r->at.column = (uint32_t)(equals + 1 + strspn(line + equals + 1, BLANKS) + 1);
        while (length > r->at.column && strchr(BLANKS, line[length - 1]))
                length--;
        for (size_t i = equals + 2; i < length; i++)
                if ((line[i] == '#' || line[i] == ';') && strchr(BLANKS, line[i - 1]))
                        return refuse(r, i, "a comment stands on a line of its own: move it");
        for (size_t i = r->at.column; i < length; i++)
                if (line[i] == '\t')
                        return refuse(r, i, "a tab inside a value: write a blank");
        if (line[length - 1] == '\\')
                return refuse(r, length - 1,
                              "lines are not continued: remove the \\ and write "
                              "all in one line");

        return true;
}

/* Has the line something that inih shall see? If not for a mistake, that is told. */
static bool check_line(struct reader *r, const char *line, size_t length, size_t max)
{
        size_t blanks, valid = 0;

        if (length > max)
                return refuse(r, max, "the line is longer than %zu bytes: shorten it", max);
        for (;; valid++) {
                valid += text_valid_length(line + valid, length - valid);
                if (valid >= length || line[valid] != '\t')
                        break;
        }
        if (valid < length && line[valid] == '\r')
                return refuse(r, valid,
                              "a carriage return: save the file with the line ends of Unix");
        if (valid < length)
                return refuse(r, valid,
                              "byte 0x%02x is not text: write UTF-8, without control characters",
                              (unsigned char)line[valid]);

        blanks = strspn(line, BLANKS);
        if (blanks >= length || line[blanks] == '#' || line[blanks] == ';')
                return false;
        if (line[0] == '[')
                return check_section(r, line, length);
        return check_key(r, line, length);
}

/* An ini_reader: as fgets() from the next good line. */
static char *next_line(char *line, int size, void *userdata)
{
        size_t max = MIN((size_t)size - 3, (size_t)INI_LINE_MAX);
        struct reader *r = userdata;

        while (r->text < r->end && r->failure == 0) {
                const char *start = r->text;
                const char *stop = memchr(start, '\n', (size_t)(r->end - start));
                char copy[INI_LINE_MAX + 2];
                size_t length;

                if (!stop)
                        stop = r->end;
                r->text = stop + 1;
                r->at.line++;

                /* One byte more than is allowed, so that it is seen. */
                length = MIN((size_t)(stop - start), max + 1);
                memcpy(copy, start, length);
                copy[length] = '\0';
                if (check_line(r, copy, length, max))
                        snprintf(line, (size_t)size, "%s\n", copy);
                else if (copy[0] == '[')
                        snprintf(line, (size_t)size, "[" NO_SECTION "]\n");
                else
                        continue;
                return line;
        }

        return NULL;
}

static void set(struct reader *r, const struct ini_key *key, const char *value)
{
        struct ini_error error = { .at = r->at };
        int result;

        result = key->set(key, r->target, value, &error);
        if (result == -ENOMEM)
                r->failure = result;
        if (result != -EINVAL)
                return;

        if (!error.text[0] && key->takes)
                ini_error_set(&error, "%s= takes %s; found \"%.*s\"", key->name, key->takes,
                              QUOTED_MAX, value);
        else if (!error.text[0])
                ini_error_set(&error, "%s= takes a number from %u to %u; found \"%.*s\"", key->name,
                              key->lowest, key->highest, QUOTED_MAX, value);
        tell(r, &error);
}

/* An ini_handler: returns 1 to go on. */
static int on_value(void *userdata, const char *section, const char *name, const char *value)
{
        struct reader *r = userdata;
        const struct ini_key *key = find_key(r->table, section, name);
        struct ini_place *place;
        char names[INI_TEXT_SIZE];

        if (!strcmp(section, NO_SECTION))
                return 1;

        if (!key) {
                refuse(r, 0, "there is no %s= in [%s]: its keys are %s", name, section,
                       list_keys(r->table, section, names));
                return 1;
        }
        if (key->refusal) {
                refuse(r, 0, "%s", key->refusal);
                return 1;
        }

        place = &r->places[key - r->table->keys];
        if (place->line != 0 && !key->is_list) {
                refuse(r, 0, "%s= stands on line %u already: remove one", name, place->line);
                return 1;
        }

        *place = r->at;
        set(r, key, value);
        return 1;
}

int ini_read(const struct ini_table *table, const char *text, size_t size, void *target,
             struct ini_place *places, ini_on_error on_error, void *userdata)
{
        struct reader reader = {
                .table = table,
                .text = text,
                .end = text + size,
                .target = target,
                .places = places,
                .on_error = on_error,
                .userdata = userdata,
        };
        int r;

#if HAVE_DECL_INI_MAX_LINE
        ini_max_line = INI_LINE_MAX + 3;
#endif
        /* Some editors write one; it is no mistake. */
        if (size >= strlen(BYTE_ORDER_MARK) && !memcmp(text, BYTE_ORDER_MARK, 3))
                reader.text += strlen(BYTE_ORDER_MARK);

        memset(places, 0, table->n_keys * sizeof(*places));
        r = ini_parse_stream(next_line, &reader, on_value, &reader);
        if (r == -2 || reader.failure < 0)
                return -ENOMEM;
        if (r != 0 && reader.n_errors == 0) {
                /* Nothing that it could say has passed our checks. */
                reader.at.line = (uint32_t)MAX(r, 1);
                refuse(&reader, 0, "this line is not understood");
        }

        return reader.n_errors > 0 ? -EINVAL : 0;
}

int ini_set_number(const struct ini_key *key, void *target, const char *value,
                   struct ini_error *error)
{
        unsigned long number;
        char *end;

        if (value[0] < '0' || value[0] > '9')
                return -EINVAL;
        errno = 0;
        number = strtoul(value, &end, 10);
        if (errno != 0 || *end || number < key->lowest || number > key->highest)
                return -EINVAL;

        *(unsigned *)((char *)target + key->offset) = (unsigned)number;
        return 0;
}

int ini_set_bool(const struct ini_key *key, void *target, const char *value,
                 struct ini_error *error)
{
        bool is_yes = !strcmp(value, "yes");

        if (!is_yes && strcmp(value, "no") != 0)
                return -EINVAL;

        *(bool *)((char *)target + key->offset) = is_yes;
        return 0;
}
