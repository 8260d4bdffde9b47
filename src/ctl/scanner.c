/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Nothing is read beyond the end of the text, and where a scanner is, there is no blank and no
 * comment.
 */
#include "ctl/scanner.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "filter/text.h"

void scanner_skip_blanks(struct scanner *s)
{
        s->at += strspn(scanner_here(s), " \t\r");
        if (*scanner_here(s) == '#')
                s->at += strlen(scanner_here(s));
}

/* How long a word is here: up to a blank, a brace, a quote or a comment. */
static size_t word_length(const struct scanner *s)
{
        return strcspn(scanner_here(s), " \t\r{}\"#");
}

bool scanner_take_word(struct scanner *s, const char *word)
{
        size_t length = word_length(s);

        if (length == 0 || strncmp(scanner_here(s), word, length) != 0 || word[length])
                return false;

        s->at += length;
        scanner_skip_blanks(s);
        return true;
}

bool scanner_take_character(struct scanner *s, char character)
{
        if (*scanner_here(s) != character)
                return false;

        s->at++;
        scanner_skip_blanks(s);
        return true;
}

const char *scanner_take_text(struct scanner *s, char *ret_text)
{
        size_t n = 0;

        for (s->at++; *scanner_here(s) != '"'; n++) {
                const char *p = scanner_here(s);
                unsigned byte = (unsigned char)*p;

                if (!byte)
                        return "the quote is not closed: add a \"";
                if (byte == '\\' && (p[1] == '"' || p[1] == '\\')) {
                        byte = (unsigned char)p[1];
                        s->at++;
                } else if (byte == '\\') {
                        if (p[1] != 'x' || !isxdigit((unsigned char)p[2]) ||
                            !isxdigit((unsigned char)p[3]) || sscanf(p + 2, "%2x", &byte) != 1 ||
                            byte == 0)
                                return "a text has \\\", \\\\ and \\xNN, not 00, "
                                       "behind a backslash";
                        s->at += 3;
                }
                ret_text[n] = (char)byte;
                s->at++;
        }
        s->at++;
        ret_text[n] = '\0';
        text_clean(ret_text);
        scanner_skip_blanks(s);
        return NULL;
}

bool scanner_has_form(const struct scanner *s, const char *form)
{
        const char *p = scanner_here(s);

        if (strlen(form) != word_length(s))
                return false;
        for (; *form; form++, p++)
                if (*form == 'h' ? !isxdigit((unsigned char)*p) : *form != *p)
                        return false;

        return true;
}

void scanner_skip_word(struct scanner *s)
{
        s->at += word_length(s);
        scanner_skip_blanks(s);
}
