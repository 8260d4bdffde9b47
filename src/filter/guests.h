#pragma once
/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The guests a rule names, kept as the text of its guest= key: "a,b" or "*", every guest.
 */
#include <stdbool.h>

/* A guest's name: as long as a file name of its configuration may sensibly be. */
#define GUEST_NAME_MAX 64

/* Whether the text is the name of one guest. */
bool guest_name_is_valid(const char *name);

/* Whether the text is such a list: "*", or names of [A-Za-z0-9_.-]{1,64}, none of them twice. */
bool guests_are_valid(const char *guests);

/* Whether a valid list holds that name. No list (NULL) holds every guest, as "*" does. */
bool guests_have(const char *guests, const char *name);

/* Whether two valid lists name the same guests, in whatever order. */
bool guests_equal(const char *a, const char *b);
