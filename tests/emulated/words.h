#pragma once
/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the words of a command mean.
 */
#include <stdbool.h>

#include "emulated/world.h"

/* From 0 to INT32_MAX. */
bool word_to_number(const char *text, unsigned long *ret);

/* "\x41" becomes "A". */
void word_unescape(char *text);

/* "NAME=VALUE" of udev, the name in capitals. */
bool word_is_property(const char *word);

/* "KEY=VALUE" of plug: false if it is none of the keys, or its value is wrong. */
bool word_to_plug_key(struct world_plug *what, char *word, const char **ret_fault);
