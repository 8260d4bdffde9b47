#pragma once
/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The few macros that every floor may need.
 */
#include <stddef.h>

#define ELEMENTS(array) (sizeof(array) / sizeof((array)[0]))

#define MIN(a, b)                                                                                  \
        ({                                                                                         \
                __typeof__(a) min_a_ = (a);                                                        \
                __typeof__(b) min_b_ = (b);                                                        \
                min_a_ < min_b_ ? min_a_ : min_b_;                                                 \
        })

#define MAX(a, b)                                                                                  \
        ({                                                                                         \
                __typeof__(a) max_a_ = (a);                                                        \
                __typeof__(b) max_b_ = (b);                                                        \
                max_a_ > max_b_ ? max_a_ : max_b_;                                                 \
        })

#define CONTAINER_OF(pointer, type, member) ((type *)((char *)(pointer)-offsetof(type, member)))

#define PRINTF(text, first) __attribute__((format(printf, text, first)))
