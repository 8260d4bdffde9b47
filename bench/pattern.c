/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "bench/pattern.h"

#include <string.h>

#include "util/macro.h"

static uint8_t pattern[PATTERN_SIZE];

void pattern_init(void)
{
        for (size_t i = 0; i < PATTERN_SIZE; i++)
                pattern[i] = (uint8_t)(i ^ i >> 8);
}

void pattern_fill(uint8_t *bytes, size_t size, uint64_t offset)
{
        for (size_t done = 0, n; done < size; done += n) {
                size_t at = (offset + done) % PATTERN_SIZE;

                n = MIN(size - done, PATTERN_SIZE - at);
                memcpy(bytes + done, pattern + at, n);
        }
}

bool pattern_is_at(const uint8_t *bytes, size_t size, uint64_t offset, bool thorough)
{
        if (size == 0)
                return true;
        if (!thorough)
                return bytes[0] == pattern[offset % PATTERN_SIZE] &&
                       bytes[size - 1] == pattern[(offset + size - 1) % PATTERN_SIZE];

        for (size_t done = 0, n; done < size; done += n) {
                size_t at = (offset + done) % PATTERN_SIZE;

                n = MIN(size - done, PATTERN_SIZE - at);
                if (memcmp(bytes + done, pattern + at, n))
                        return false;
        }

        return true;
}
