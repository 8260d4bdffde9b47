#pragma once
/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Words of commands, and their values. Each function returns 0, or -EINVAL for what is none.
 */
#include <stddef.h>
#include <stdint.h>

/* Decimal, or hexadecimal with 0x, within these limits. */
int parse_number(const char *text, uint64_t from, uint64_t to, uint64_t *ret);

/* The address of an endpoint: 0x00 to 0x0f, 0x80 to 0x8f. */
int parse_endpoint(const char *text, uint8_t *ret);

/* Such addresses, parted by commas, as a set of endpoint_index(). */
int parse_endpoints(const char *text, uint32_t *ret);

/* Hexadecimal digits, two for each byte; at most size bytes, from whose start ret may be read. */
int parse_hex(const char *text, uint8_t *ret_bytes, size_t size, size_t *ret_size);

/* STATUS_... by its name. */
int parse_status(const char *text, uint8_t *ret);

/*
 * Takes a line apart at its blanks, in place; words end with NULL. Quotes keep blanks. -E2BIG for
 * more than max words.
 */
int parse_words(char *line, char **words, size_t max);
