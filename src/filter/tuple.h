#pragma once
/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Five numbers, the unit of a usbredir filter: class, vendor, product, version, allow.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "filter/facts.h"
#include "filter/rule-error.h"

enum {
        /*
         * Read a string as upstream does: the wire form only, and a leading zero is octal. For
         * strings that a peer sends. Numbers beyond an int are an error all the same: upstream
         * cuts them to their low bits, which makes "any" of 4294967295.
         */
        RULES_AS_UPSTREAM = 1 << 0,
};

/* The longest tuple as text, with its 0. */
#define TUPLE_TEXT_SIZE sizeof("0xff,0xffff,0xffff,0xffff,1")

struct tuple {
        int32_t class;                    /* -1 (any) to 0xff */
        int32_t vendor, product, version; /* -1 (any) to 0xffff; the version is bcdDevice */
        bool allow;
};

/*
 * Reads one tuple. Values are separated by any number of separators; blanks may stand before a
 * value. Numbers are decimal or 0x; allow is any int, of which all but 0 allow. Returns 0, or
 * -EINVAL with the error.
 */
int tuple_parse(struct tuple *ret_tuple, const char *text, size_t length, char separator,
                unsigned flags, struct rule_error *ret_error);

/* Returns the length of the text. */
size_t tuple_format(const struct tuple *tuple, char separator, char ret_text[TUPLE_TEXT_SIZE]);

/* Whether the tuple speaks of this device, whatever the class. */
static inline bool tuple_matches_ids(const struct tuple *tuple, const struct facts *facts)
{
        return (tuple->vendor < 0 || tuple->vendor == facts->vendor) &&
               (tuple->product < 0 || tuple->product == facts->product) &&
               (tuple->version < 0 || tuple->version == facts->version_bcd);
}

/* Whether the tuple speaks of this device in a pass over that class. */
static inline bool tuple_matches(const struct tuple *tuple, const struct facts *facts,
                                 uint8_t class)
{
        return (tuple->class < 0 || tuple->class == class) && tuple_matches_ids(tuple, facts);
}
