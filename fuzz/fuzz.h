#pragma once
/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the fuzzers share: the function that an engine calls with each input, and a reader that
 * takes numbers and blocks off an input. Where it has ended, numbers are 0 and blocks are empty.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "unit/checked.h"
#include "util/macro.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct input {
        const uint8_t *at;
        size_t left;
};

/* The next bytes, at most size of them; their number is in ret_size. */
static inline const uint8_t *take(struct input *in, size_t size, size_t *ret_size)
{
        const uint8_t *at = in->at;

        *ret_size = MIN(size, in->left);
        in->at += *ret_size;
        in->left -= *ret_size;
        return at;
}

/* Little endian, of so many bytes. */
static inline uint64_t take_number(struct input *in, size_t size)
{
        uint64_t number = 0;
        const uint8_t *bytes = take(in, size, &size);

        for (size_t i = 0; i < size; i++)
                number |= (uint64_t)bytes[i] << 8 * i;
        return number;
}

static inline uint8_t take_u8(struct input *in)
{
        return (uint8_t)take_number(in, 1);
}

static inline uint16_t take_u16(struct input *in)
{
        return (uint16_t)take_number(in, 2);
}

static inline uint32_t take_u32(struct input *in)
{
        return (uint32_t)take_number(in, 4);
}

/* A block with its length in one byte before it, as an input of its own. */
static inline struct input take_block(struct input *in)
{
        size_t size = take_u8(in);
        const uint8_t *at = take(in, size, &size);

        return (struct input){ at, size };
}

/*
 * A copy of exactly these bytes, so that a sanitizer sees what reads beyond them; for free(). Never
 * NULL.
 */
static inline void *copy_of(const void *bytes, size_t size)
{
        uint8_t *copy = malloc(size);

        CHECKED(copy || size == 0);
        if (size > 0)
                memcpy(copy, bytes, size);
        return copy;
}

/* The same with a 0 behind. */
static inline char *text_of(struct input in)
{
        char *text = malloc(in.left + 1);

        CHECKED(text);
        if (in.left > 0)
                memcpy(text, in.at, in.left);
        text[in.left] = '\0';
        return text;
}
