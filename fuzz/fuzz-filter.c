/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Plain filter strings: what can be read is written in both forms, and read again as the same
 * filter; it comes to one result for any device, and for the same one when it was written.
 *
 * Input: flags, facts, the string.
 */
#include "filter/plain.h"

#include <errno.h>

#include "fuzz/facts.h"

static void must_be_equal(const struct plain *a, const struct plain *b)
{
        CHECKED(a->n_tuples == b->n_tuples);
        for (size_t i = 0; i < a->n_tuples; i++) {
                const struct tuple *x = &a->tuples[i], *y = &b->tuples[i];

                CHECKED(x->class == y->class && x->vendor == y->vendor &&
                        x->product == y->product && x->version == y->version &&
                        x->allow == y->allow);
        }
}

/* The error is at a place of the string, in words. */
static void must_be_error(const struct rule_error *error, size_t length)
{
        CHECKED(error->column >= 1 && error->column <= length + 1);
        CHECKED(error->text[0]);
        must_be_text(error->text);
}

static void write_and_read(const struct plain *plain, enum plain_form form, unsigned flags)
{
        struct rule_error error = { 0 };
        struct plain again;
        char *text;

        CHECKED(plain_format(plain, form, &text) == 0);
        must_be_text(text);
        CHECKED(plain_parse(&again, text, strlen(text), flags, &error) == 0);
        must_be_equal(plain, &again);
        plain_clear(&again);
        free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        struct input in = { data, size };
        unsigned flags = take_u8(&in) & RULES_AS_UPSTREAM;
        unsigned check_flags = take_u8(&in) & (PLAIN_DEFAULT_ALLOW | PLAIN_EVERY_INTERFACE);
        struct rule_error error = { 0 };
        struct plain plain;
        struct facts facts;
        char *text;
        int r;

        take_facts(&in, &facts);
        text = copy_of(in.at, in.left);
        r = plain_parse(&plain, text, in.left, flags, &error);
        free(text);
        if (r < 0) {
                CHECKED(r == -EINVAL);
                must_be_error(&error, in.left);
                return 0;
        }

        CHECKED(plain.n_tuples <= PLAIN_TUPLES_MAX);
        write_and_read(&plain, PLAIN_WIRE, 0);
        write_and_read(&plain, PLAIN_WIRE, RULES_AS_UPSTREAM);
        write_and_read(&plain, PLAIN_QEMU, 0);
        CHECKED(plain_check(&plain, &facts, check_flags) <= PLAIN_NO_MATCH);
        plain_clear(&plain);
        return 0;
}
