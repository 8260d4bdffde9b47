#pragma once
/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A usbredir filter as other programs know it: tuples and nothing else. On the wire and for
 * remote-viewer values are separated by ",", in QEMU's property by ":"; "|" is between tuples.
 */
#include <stddef.h>

#include "filter/facts.h"
#include "filter/rule-error.h"
#include "filter/tuple.h"
#include "util/cleanup.h"

/* Written out these fill 28 KiB; a list longer than a screen is already a mistake. */
#define PLAIN_TUPLES_MAX 1024

enum plain_form {
        PLAIN_WIRE, /* 0x03,-1,-1,-1,0|-1,-1,-1,-1,1 */
        PLAIN_QEMU, /* 0x03:-1:-1:-1:0|-1:-1:-1:-1:1 */
};

enum {
        PLAIN_DEFAULT_ALLOW = 1 << 0,   /* a pass without a matching tuple allows */
        PLAIN_EVERY_INTERFACE = 1 << 1, /* non-boot HID interfaces too */
};

enum plain_result {
        PLAIN_ALLOWED,
        PLAIN_DENIED,   /* in some pass the first tuple that matched denies */
        PLAIN_NO_MATCH, /* in some pass no tuple matched */
};

struct plain {
        struct tuple *tuples;
        size_t n_tuples;
};

/*
 * Reads either form: a string that has a ":" and no "," is QEMU's. Empty tuples and repeated,
 * leading and trailing separators vanish, so that the empty string is a filter without tuples.
 * Returns 0; -EINVAL with the error; -ENOMEM. The caller gives the result to plain_clear().
 */
int plain_parse(struct plain *ret_plain, const char *text, size_t length, unsigned flags,
                struct rule_error *ret_error);

void plain_clear(struct plain *plain);

/* Returns 0 with a string to free(), or -ENOMEM. */
int plain_format(const struct plain *plain, enum plain_form form, char **ret_text);

/*
 * What upstream's check says. A device that has no pass at all is allowed, as it is there: fit for
 * a guest's filter, which can only narrow the policy, never for the policy itself.
 */
enum plain_result plain_check(const struct plain *plain, const struct facts *facts, unsigned flags);
