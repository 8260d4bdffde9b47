#pragma once
/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A .rules file, one rule a line, into the policy.
 */
#include <stddef.h>

#include "filter/policy.h"
#include "filter/rule-error.h"

/* As many mistakes of one file are told; who makes more has other problems than the next line. */
#define LOAD_ERRORS_MAX 8

typedef void (*load_on_error)(void *userdata, const struct rule_error *error);

/*
 * Puts the file's rules last, or, if it has mistakes, which are told to on_error, one entry that
 * denies every device: to skip what cannot be read could open what it denied. Returns 0; -EINVAL
 * for a broken file; -ENOMEM, with the policy to be thrown away.
 */
int load_rules(struct policy *policy, const char *file, const char *text, size_t size,
               load_on_error on_error, void *userdata);
