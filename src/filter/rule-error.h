#pragma once
/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Where a text form of rules is broken, what was expected there and how to mend it.
 */
#include <stddef.h>
#include <stdint.h>

#include "util/macro.h"

/* Room for the message: the longest one lists all keys and quotes what it found. */
#define RULE_ERROR_TEXT_SIZE 256

struct rule_error {
        uint32_t line;   /* as the caller gave it; 0 for a string that has no lines */
        uint32_t column; /* from 1, in bytes */
        char text[RULE_ERROR_TEXT_SIZE]; /* UTF-8 without control characters, may be cut */
};

/* Says what is wrong at line[at]. Leaves error->line alone. Returns -EINVAL, to be passed on. */
int rule_error_set(struct rule_error *error, size_t at, const char *format, ...) PRINTF(3, 4);
