#pragma once
/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A line of words, quoted texts and braces, up to a comment, as USBGuard's rules are.
 */
#include <stdbool.h>
#include <stddef.h>

struct scanner {
        const char *text;
        size_t at;
};

static inline const char *scanner_here(const struct scanner *s)
{
        return s->text + s->at;
}

/* To what comes next; a comment is as the end. The others do the same behind what they take. */
void scanner_skip_blanks(struct scanner *s);

/* Whether this word is here, which is then taken. */
bool scanner_take_word(struct scanner *s, const char *word);
bool scanner_take_character(struct scanner *s, char character);

/* Whether the word here has that form, in which h is a hexadecimal digit. */
bool scanner_has_form(const struct scanner *s, const char *form);
void scanner_skip_word(struct scanner *s);

/*
 * Takes the quoted text that starts here, as text without control characters. There is room for as
 * much as the line has. Returns NULL, or what is wrong where the scanner is then.
 */
const char *scanner_take_text(struct scanner *s, char *ret_text);
