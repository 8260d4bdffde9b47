#pragma once
/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A device that is not there, described: VVVV:PPPP, then any of ,class=CC[/SS[/PP]] ,version=NUMBER
 * ,interface=CC/SS/PP ,serial=TEXT ,product-name=TEXT ,vendor-name=TEXT ,port=TEXT ,path=TEXT
 * ,property=NAME=VALUE. A text ends where the next of these begins.
 */
#include <stdbool.h>

#include "filter/facts.h"
#include "filter/rule-error.h"

/* Whether the text is a description rather than a name of a device. */
bool description_is_one(const char *text);

/* Returns 0, or -EINVAL with the error, which has no line. */
int description_parse(struct facts *ret_facts, const char *text, struct rule_error *ret_error);
