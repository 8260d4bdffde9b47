#pragma once
/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A change to one file of rules: a line more or a line less, all else byte for byte as it was.
 * First it is made in memory, so that the policy it leads to can be looked at; then it is written,
 * so that the file is the old one or the new one, whatever happens.
 */
#include <limits.h>
#include <stddef.h>
#include <stdint.h>

#include "daemon/error.h"

/* Where rules go when no file is named: in front of all that the package ships. */
#define RULES_EDIT_FILE "20-added.rules"

/* Of a file's name; more than people type. */
#define RULES_EDIT_NAME_MAX 64

struct rules_edit {
        char path[PATH_MAX];
        char *text; /* all that the file is to hold */
        size_t size;
};

/*
 * Puts a rule in front of the line "before", counted from 1, or, with 0, behind the last one. The
 * file is a name (NN-NAME.rules, "" for RULES_EDIT_FILE) or path in filters.d below the first of
 * the directories, which end with NULL. Returns 0, with an edit for rules_edit_clear(), or -EINVAL
 * with the error.
 */
int rules_edit_add(struct rules_edit *ret_edit, const char *const *directories, const char *file,
                   uint32_t before, const char *rule, struct error *ret_error);

/*
 * Takes the line away, if it still is that rule, in whatever spelling: else -EINVAL with an
 * error that says what stands there.
 */
int rules_edit_remove(struct rules_edit *ret_edit, const char *const *directories, const char *file,
                      uint32_t line, const char *text, struct error *ret_error);

/* Returns 0, or -EINVAL with the error: then the file is as it was. */
int rules_edit_write(const struct rules_edit *edit, struct error *ret_error);

void rules_edit_clear(struct rules_edit *edit);
