#pragma once
/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What is wrong with a text of rules, as NAME:LINE:COLUMN: TEXT on standard error.
 */
#include "filter/rule-error.h"

struct notes {
        const char *name; /* of the text */
        size_t n_errors, n_losses;
};

/* For load_rules() and struct ruleset; userdata is a struct notes. */
void notes_add_error(void *userdata, const struct rule_error *error);
void notes_add_loss(void *userdata, const struct rule_error *error);
