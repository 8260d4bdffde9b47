#pragma once
/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Counts of times in nanoseconds, in classes of 1/64 of their power of two: a percentile is exact
 * to 1.6 %, and to count one costs next to nothing.
 */
#include <stddef.h>
#include <stdint.h>

#define HISTOGRAM_SUB_BITS 6
#define HISTOGRAM_SUB      (1u << HISTOGRAM_SUB_BITS)
#define HISTOGRAM_CLASSES  ((64 - HISTOGRAM_SUB_BITS) * HISTOGRAM_SUB)

struct histogram {
        uint64_t count, max;
        uint32_t classes[HISTOGRAM_CLASSES];
};

static inline size_t histogram_class(uint64_t ns)
{
        unsigned shift;

        if (ns < HISTOGRAM_SUB)
                return ns;

        shift = 63 - (unsigned)__builtin_clzll(ns) - HISTOGRAM_SUB_BITS;
        return (size_t)(shift * HISTOGRAM_SUB + (ns >> shift));
}

static inline void histogram_add(struct histogram *h, uint64_t ns)
{
        h->classes[histogram_class(ns)]++;
        h->count++;
        if (ns > h->max)
                h->max = ns;
}

/* The time that so many of 1000 did not exceed: the middle of its class. */
static inline double histogram_permille(const struct histogram *h, unsigned permille)
{
        uint64_t rank = (h->count * permille + 999) / 1000, n = 0;

        for (size_t i = 0; i < HISTOGRAM_CLASSES; i++) {
                size_t shift = i < 2 * HISTOGRAM_SUB ? 0 : i / HISTOGRAM_SUB - 1;

                n += h->classes[i];
                if (n >= rank && n > 0)
                        return ((double)(i - shift * HISTOGRAM_SUB) + (shift > 0 ? 0.5 : 0)) *
                               (double)(UINT64_C(1) << shift);
        }

        return 0;
}
