#pragma once
/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Rules as tuples alone, for programs that know no keys.
 */
#include "ctl/ruleset.h"

enum {
        REDUCE_DECIMAL_VERSIONS = 1 << 0, /* no others can be said, as to libvirt */
};

/*
 * Tells what is lost, where it stands in the text that the rules were read from. Returns 0 with a
 * filter for plain_clear(), which allows no device that the rules do not allow; or -ENOMEM.
 */
int reduce(struct ruleset *set, const char *text, unsigned flags, struct plain *ret_plain);
