#pragma once
/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Facts of a device out of an input, set by the functions that set those of real devices.
 */
#include "filter/facts.h"
#include "filter/text.h"
#include "fuzz/fuzz.h"

static inline void must_be_text(const char *text)
{
        CHECKED(text_valid_length(text, strlen(text)) == strlen(text));
}

/* Calls a setter with the next block of the input. */
static inline void take_fact(struct input *in, struct facts *facts, const char *field,
                             int (*set)(struct facts *, const char *))
{
        char *text = text_of(take_block(in));

        set(facts, text);
        must_be_text(field);
        free(text);
}

static inline void take_facts(struct input *in, struct facts *ret)
{
        *ret = (struct facts){ .vendor = take_u16(in),
                               .product = take_u16(in),
                               .version_bcd = take_u16(in),
                               .class = take_u8(in),
                               .subclass = take_u8(in),
                               .protocol = take_u8(in) };

        for (unsigned n = take_u8(in) % (FACTS_INTERFACES_MAX + 2); n > 0; n--) {
                bool is_full = ret->n_interfaces == FACTS_INTERFACES_MAX;
                uint8_t class = take_u8(in), subclass = take_u8(in), protocol = take_u8(in);

                CHECKED((facts_add_interface(ret, class, subclass, protocol) < 0) == is_full);
        }

        take_fact(in, ret, ret->serial, facts_set_serial);
        take_fact(in, ret, ret->vendor_name, facts_set_vendor_name);
        take_fact(in, ret, ret->product_name, facts_set_product_name);
        take_fact(in, ret, ret->port, facts_set_port);
        take_fact(in, ret, ret->path, facts_set_path);

        for (unsigned n = take_u8(in) % 8; n > 0; n--) {
                char *name = text_of(take_block(in)), *value = text_of(take_block(in));
                const char *found;

                if (facts_add_property(ret, name, value) == 0) {
                        found = facts_property(ret, name);
                        if (found)
                                must_be_text(found);
                }
                free(name);
                free(value);
        }
}
