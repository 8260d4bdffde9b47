#pragma once
/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Results are JSON objects; what people read is another way to print them. Bytes of a peer that
 * could do more to a terminal than print are escaped.
 */
#include <jansson.h>

#include "testguest/tool.h"

/* A new object {"command": name}. Never NULL: without memory the program ends. */
json_t *print_new(const char *command);

/* Sets a key to a value that is made for it. */
void print_set(json_t *object, const char *key, json_t *value);
void print_set_text(json_t *object, const char *key, const char *text);
void print_set_hex(json_t *object, const char *key, unsigned value, int digits);
void print_set_number(json_t *object, const char *key, uint64_t value);
void print_set_status(json_t *object, uint8_t status);

/* "000102"; NULL data is "". */
void print_set_bytes(json_t *object, const char *key, const uint8_t *data, size_t size);

/*
 * Prints the result, and frees it. As text: its values on one line, "data" below it as a dump;
 * or, as a tree, one value a line, indented.
 */
void print_result(const struct tool *t, json_t *result);
void print_tree(const struct tool *t, json_t *result);
