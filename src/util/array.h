#pragma once
/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Arrays that grow by one element at a time.
 */
#include <stddef.h>
#include <stdlib.h>

/*
 * Makes room for one more than the n elements there are: the array doubles when n is a power of
 * two. Returns where it is now, or NULL without memory, with the array as it was.
 */
static inline void *array_grow(void *array, size_t n, size_t size)
{
        if ((n & (n - 1)) != 0)
                return array;

        return reallocarray(array, n > 0 ? 2 * n : 1, size);
}
