#pragma once
/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A check that needs no test around it, and ends the program.
 */
#include <stdio.h>
#include <stdlib.h>

#define CHECKED(condition)                                                                         \
        do {                                                                                       \
                if (!(condition)) {                                                                \
                        fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #condition);            \
                        abort();                                                                   \
                }                                                                                  \
        } while (0)
