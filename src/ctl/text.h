#pragma once
/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Text for people. Bytes that could do more to a terminal than print are written as \xNN, and so
 * is a line feed: a line stays a line.
 */
#include <jansson.h>
#include <stdint.h>
#include <stdio.h>

enum text_format {
        TEXT_PLAIN,
        TEXT_TIME, /* microseconds since 1970, 0 for never: local time */
        TEXT_FILE, /* a path: its last part */
};

void text_print(FILE *stream, const char *text);

/*
 * Any JSON value, escaped, to be freed; NULL without memory. Arrays are joined by ", ", arrays and
 * objects in them by " ". Nothing is "-", so that each column of a line has a word.
 */
char *text_of(const json_t *value, enum text_format format);
