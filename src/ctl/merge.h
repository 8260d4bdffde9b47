#pragma once
/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The rules in force and those of files that are not installed, in the order that they would have
 * were the files put into a filters.d: each after files whose names come before its own, in the
 * place of one of the same name.
 */
#include <jansson.h>

#include "filter/policy.h"

/*
 * Puts them into a policy. In force is what ListRules returns, or NULL; paths end with NULL, and
 * the files' rules are in the same order, by name. Returns 0, -EBADMSG if that is no such list,
 * -E2BIG, -ENOMEM.
 */
int merge_rules(struct policy *policy, const json_t *in_force, char *const *paths,
                const struct policy *files);

/* The part of a path that orders files. */
const char *merge_name(const char *path);

/* A policy as the text of one file, a line for each entry. */
int merge_text(const struct policy *policy, char **ret_text);
