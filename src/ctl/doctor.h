#pragma once
/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * One examination: what is known, and what was found.
 */
#include <jansson.h>

#include "ctl/ctl.h"
#include "ctl/objects.h"
#include "util/macro.h"

/* clang-format off */
/*        level     name */
#define LEVELS(L) \
        L(OK,       "ok") \
        L(WARNING,  "warning") \
        L(PROBLEM,  "problem")
/* clang-format on */

enum level {
#define LEVEL_VALUE(level, name) LEVEL_##level,
        LEVELS(LEVEL_VALUE)
#undef LEVEL_VALUE
};

struct doctor {
        struct ctl *ctl;
        json_t *manager, *all; /* its properties, and its objects; NULL without a daemon */
        json_t *findings;
        const char *check;
        size_t n_problems;
        bool is_out_of_memory;
};

/* A line of the check that runs. */
void doctor_say(struct doctor *d, enum level level, const char *format, ...) PRINTF(3, 4);

/* doctor-objects.c: how many of a kind there are, and the checks of them. */
size_t doctor_count(struct doctor *d, enum object_kind kind);
void doctor_check_guests(struct doctor *d);
void doctor_check_text(struct doctor *d);
void doctor_check_devices(struct doctor *d);
void doctor_check_guards(struct doctor *d);
