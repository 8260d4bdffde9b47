/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * All that is printed and is not JSON comes through here. A stream in memory grows by itself, and
 * says at its end whether memory was there.
 */
#include "ctl/text.h"

#include <string.h>
#include <time.h>

#include "filter/text.h"
#include "util/cleanup.h"

#define USEC_PER_SEC 1000000

#define NOTHING "-"

static void put_escaped(FILE *stream, const char *text)
{
        size_t length = strlen(text), at = 0;

        for (;; at++) {
                size_t n = text_valid_length(text + at, length - at);

                fwrite(text + at, 1, n, stream);
                at += n;
                if (at == length)
                        return;
                fprintf(stream, "\\x%02x", (unsigned char)text[at]);
        }
}

static char *close_memory(FILE *stream, char **text)
{
        if (fclose(stream) == 0)
                return *text;

        free(*text);
        return NULL;
}

void text_print(FILE *stream, const char *text)
{
        put_escaped(stream, text);
}

static void put_time(FILE *stream, json_int_t usec)
{
        time_t seconds = (time_t)(usec / USEC_PER_SEC);
        struct tm local;
        char text[64];

        if (usec <= 0 || !localtime_r(&seconds, &local) ||
            strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%S", &local) == 0)
                fputs(NOTHING, stream);
        else
                fputs(text, stream);
}

static void put_string(FILE *stream, const char *text, enum text_format format)
{
        const char *slash = format == TEXT_FILE ? strrchr(text, '/') : NULL;

        put_escaped(stream, !*text ? NOTHING : slash ? slash + 1 : text);
}

static void put(FILE *stream, const json_t *value, enum text_format format, const char *separator)
{
        size_t n = 0, index;
        const json_t *part;
        const char *key;

        switch (json_typeof(value)) {
        case JSON_OBJECT:
                json_object_foreach ((json_t *)value, key, part) {
                        fputs(n++ ? separator : "", stream);
                        put(stream, part, format, " ");
                }
                break;
        case JSON_ARRAY:
                json_array_foreach (value, index, part) {
                        fputs(n++ ? separator : "", stream);
                        put(stream, part, format, " ");
                }
                break;
        case JSON_STRING: put_string(stream, json_string_value(value), format); return;
        case JSON_INTEGER:
                if (format == TEXT_TIME)
                        put_time(stream, json_integer_value(value));
                else
                        fprintf(stream, "%lld", (long long)json_integer_value(value));
                return;
        case JSON_REAL: fprintf(stream, "%g", json_real_value(value)); return;
        case JSON_TRUE: fputs("yes", stream); return;
        case JSON_FALSE: fputs("no", stream); return;
        case JSON_NULL: fputs(NOTHING, stream); return;
        }

        if (n == 0)
                fputs(NOTHING, stream);
}

char *text_of(const json_t *value, enum text_format format)
{
        char *text = NULL;
        size_t size;
        FILE *stream = open_memstream(&text, &size);

        if (!stream)
                return NULL;
        if (value)
                put(stream, value, format, ", ");
        else
                fputs(NOTHING, stream);
        return close_memory(stream, &text);
}
