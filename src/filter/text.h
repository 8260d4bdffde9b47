#pragma once
/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Text that may be shown, logged and put on D-Bus: UTF-8 without control characters.
 */
#include <stddef.h>

/* How many of the length bytes, from the first on, are such text. */
size_t text_valid_length(const char *text, size_t length);

/* Replaces each byte that is not by '?'. */
void text_clean(char *text);
