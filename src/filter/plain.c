/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The string forms split into tuples in the manner of strtok(), as upstream does it; what a tuple
 * is, tuple.c knows. The check is upstream's too, bug for bug: it stands for what other programs
 * would decide. Our own decision is the policy's verdict.
 */
#include "filter/plain.h"

#include <errno.h>
#include <string.h>

#include "filter/pass.h"

static const char separators[] = { [PLAIN_WIRE] = ',', [PLAIN_QEMU] = ':' };

static enum plain_form recognise_form(const char *text, size_t length)
{
        bool wire = memchr(text, separators[PLAIN_WIRE], length);

        return !wire && memchr(text, separators[PLAIN_QEMU], length) ? PLAIN_QEMU : PLAIN_WIRE;
}

/* At most so many tuples are in the text. */
static size_t count_tuples(const char *text, size_t length)
{
        size_t n = 0;

        for (size_t i = 0; i < length; i++)
                n += text[i] != '|' && (i == 0 || text[i - 1] == '|');

        return n;
}

int plain_parse(struct plain *ret_plain, const char *text, size_t length, unsigned flags,
                struct rule_error *ret_error)
{
        CLEANUP(plain_clear) struct plain plain = {};
        enum plain_form form = PLAIN_WIRE;
        size_t n = count_tuples(text, length), end;
        int r;

        if (!(flags & RULES_AS_UPSTREAM))
                form = recognise_form(text, length);

        if (n > PLAIN_TUPLES_MAX)
                return rule_error_set(ret_error, 0, "%zu rules in one string: at most %d may be", n,
                                      PLAIN_TUPLES_MAX);

        plain.tuples = calloc(n + 1, sizeof(*plain.tuples));
        if (!plain.tuples)
                return -ENOMEM;

        for (size_t begin = 0; begin < length; begin = end + 1) {
                const char *bar = memchr(text + begin, '|', length - begin);

                end = bar ? (size_t)(bar - text) : length;
                if (begin == end)
                        continue;

                r = tuple_parse(&plain.tuples[plain.n_tuples], text + begin, end - begin,
                                separators[form], flags, ret_error);
                if (r < 0) {
                        ret_error->column += (uint32_t)begin;
                        return r;
                }
                plain.n_tuples++;
        }

        *ret_plain = plain;
        plain = (struct plain){};
        return 0;
}

void plain_clear(struct plain *plain)
{
        free(plain->tuples);
        *plain = (struct plain){};
}

int plain_format(const struct plain *plain, enum plain_form form, char **ret_text)
{
        char *text;
        size_t n = 0;

        text = malloc(plain->n_tuples * (TUPLE_TEXT_SIZE + 1) + 1);
        if (!text)
                return -ENOMEM;

        for (size_t i = 0; i < plain->n_tuples; i++) {
                if (i > 0)
                        text[n++] = '|';
                n += tuple_format(&plain->tuples[i], separators[form], text + n);
        }
        text[n] = '\0';

        *ret_text = text;
        return 0;
}

static enum plain_result check_pass(const struct plain *plain, const struct facts *facts,
                                    uint8_t class, unsigned flags)
{
        for (size_t i = 0; i < plain->n_tuples; i++)
                if (tuple_matches(&plain->tuples[i], facts, class))
                        return plain->tuples[i].allow ? PLAIN_ALLOWED : PLAIN_DENIED;

        return flags & PLAIN_DEFAULT_ALLOW ? PLAIN_ALLOWED : PLAIN_NO_MATCH;
}

enum plain_result plain_check(const struct plain *plain, const struct facts *facts, unsigned flags)
{
        enum plain_result result = PLAIN_ALLOWED;
        struct pass passes[PASSES_MAX];
        size_t n;

        n = pass_list(facts, flags & PLAIN_EVERY_INTERFACE, passes);
        for (size_t i = 0; i < n && result == PLAIN_ALLOWED; i++)
                result = check_pass(plain, facts, passes[i].class, flags);

        return result;
}
