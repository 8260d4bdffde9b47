/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "testguest/print.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "filter/text.h"
#include "util/log.h"

#define DUMP_LINE 16 /* bytes */

static json_t *need(json_t *value)
{
        if (!value) {
                log_error("out of memory");
                exit(TOOL_FAILED);
        }

        return value;
}

void print_set(json_t *object, const char *key, json_t *value)
{
        if (json_object_set_new(object, key, need(value)) < 0)
                need(NULL);
}

json_t *print_new(const char *command)
{
        json_t *object = need(json_object());

        print_set_text(object, "command", command);
        return object;
}

void print_set_text(json_t *object, const char *key, const char *text)
{
        json_t *value = json_string(text);
        char *clean;

        /* What is not UTF-8 cannot stand in JSON at all. */
        if (!value) {
                clean = strdup(text);
                if (clean)
                        text_clean(clean);
                value = clean ? json_string(clean) : NULL;
                free(clean);
        }
        print_set(object, key, value);
}

void print_set_hex(json_t *object, const char *key, unsigned value, int digits)
{
        print_set(object, key, json_sprintf("0x%0*x", digits, value));
}

void print_set_number(json_t *object, const char *key, uint64_t value)
{
        print_set(object, key, json_integer((json_int_t)value));
}

void print_set_status(json_t *object, uint8_t status)
{
        const char *name = packet_status_string(status);

        print_set(object, "status", name ? json_string(name) : json_sprintf("%u", status));
}

void print_set_bytes(json_t *object, const char *key, const uint8_t *data, size_t size)
{
        static const char digits[] = "0123456789abcdef";
        char *text = malloc(size * 2 + 1);

        for (size_t i = 0; text && i < size; i++) {
                text[2 * i] = digits[data[i] >> 4];
                text[2 * i + 1] = digits[data[i] & 0x0f];
        }
        print_set(object, key, text ? json_stringn(text, size * 2) : NULL);
        free(text);
}

/* Of a string of ours or of a peer's: JSON holds UTF-8, but control characters too. */
static void put_string(const char *text)
{
        size_t length = strlen(text), at = 0;

        while (at < length) {
                size_t n = text_valid_length(text + at, length - at);

                fwrite(text + at, 1, n, stdout);
                at += n;
                if (at < length)
                        printf("\\x%02x", (unsigned char)text[at++]);
        }
}

static bool is_scalar(const json_t *value)
{
        return !json_is_object(value) && !json_is_array(value);
}

/* A scalar, {"value": ..., "name": ...}, or an array of scalars. */
static bool is_simple(const json_t *value)
{
        return is_scalar(value) || json_object_get(value, "value") ||
               (json_is_array(value) && is_scalar(json_array_get(value, 0)));
}

static void put_simple(const json_t *value)
{
        const json_t *element;
        size_t index;

        if (json_is_string(value))
                put_string(json_string_value(value));
        else if (json_is_integer(value))
                printf("%" JSON_INTEGER_FORMAT, json_integer_value(value));
        else if (json_is_real(value))
                printf("%.3f", json_real_value(value));
        else if (json_is_boolean(value))
                fputs(json_is_true(value) ? "yes" : "no", stdout);

        json_array_foreach (value, index, element) {
                fputs(index > 0 ? " " : "", stdout);
                put_simple(element);
        }
        if (json_is_object(value)) {
                put_simple(json_object_get(value, "value"));
                putchar(' ');
                put_simple(json_object_get(value, "name"));
        }
}

/* The values of an object that are no key of another kind, on a line. */
static void put_line(const json_t *object)
{
        const char *key, *separator = "";
        const json_t *value;

        json_object_foreach ((json_t *)object, key, value) {
                if (!is_simple(value) || !strcmp(key, "data"))
                        continue;
                if (!strcmp(key, "command"))
                        printf("%s:", json_string_value(value));
                else
                        printf("%s%s=", separator, key);
                if (strcmp(key, "command") != 0)
                        put_simple(value);
                separator = " ";
        }
        putchar('\n');
}

static void put_dump(const char *hex)
{
        size_t length = hex ? strlen(hex) / 2 : 0;

        for (size_t at = 0; at < length; at += DUMP_LINE) {
                printf("  %04zx ", at);
                for (size_t i = at; i < at + DUMP_LINE && i < length; i++)
                        printf(" %.2s", hex + 2 * i);
                putchar('\n');
        }
}

static void put_tree(const json_t *object, int indent);

/* Of an array: a descriptor is a tree of its own, others are a line. */
static void put_element(const char *key, const json_t *element, int indent)
{
        const char *name = json_string_value(json_object_get(element, "descriptor"));

        if (name) {
                printf("%*s%s descriptor\n", indent, "", name);
                put_tree(element, indent + 2);
        } else {
                printf("%*s%s: ", indent, "", key);
                put_line(element);
        }
}

static void put_tree(const json_t *object, int indent)
{
        const json_t *value, *element;
        const char *key;
        size_t index;

        json_object_foreach ((json_t *)object, key, value) {
                if (!strcmp(key, "command") || !strcmp(key, "descriptor"))
                        continue;
                if (is_simple(value)) {
                        printf("%*s%-20s ", indent, "", key);
                        put_simple(value);
                        putchar('\n');
                } else if (json_is_object(value)) {
                        printf("%*s%s\n", indent, "", key);
                        put_tree(value, indent + 2);
                } else {
                        json_array_foreach (value, index, element)
                                put_element(key, element, indent);
                }
        }
}

static void put_json(const json_t *result)
{
        if (json_dumpf(result, stdout, JSON_COMPACT | JSON_ENSURE_ASCII) < 0)
                need(NULL);
        putchar('\n');
}

void print_result(const struct tool *t, json_t *result)
{
        if (t->options->json) {
                put_json(result);
        } else {
                put_line(result);
                put_dump(json_string_value(json_object_get(result, "data")));
        }
        json_decref(result);
}

void print_tree(const struct tool *t, json_t *result)
{
        if (t->options->json)
                put_json(result);
        else
                put_tree(result, 0);
        json_decref(result);
}
