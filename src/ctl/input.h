#pragma once
/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Texts that commands are given.
 */
#include <stddef.h>

/*
 * Reads a file, or standard input for "-". Returns 0 with a text to free() that has a 0 after its
 * end; -EFBIG beyond the limit; or why it could not be read.
 */
int input_read(const char *path, size_t limit, char **ret_text, size_t *ret_size);
