/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * libvirt's <redirfilter>, alone or anywhere in a domain: its <usbdev> elements become filter
 * strings. Only the version is written differently: bcdDevice in decimal, of which the part behind
 * the point is two digits, so that 2.5 is 0x0250. Expat reads no entity of its own and no other
 * file; a DTD has no place here and is refused.
 */
#include <errno.h>
#include <expat.h>
#include <stdio.h>
#include <string.h>

#include "ctl/ruleset.h"
#include "util/macro.h"

struct reader {
        struct ruleset *set;
        XML_Parser parser;
        unsigned depth; /* 1 in a filter, more in its elements */
        bool has_filter;
        int r;
};

/* Longer ones are cut, and refused for that: no number needs so much. */
#define VALUE_MAX         24
#define NUMBER_CHARACTERS "0123456789abcdefABCDEFxX+-"

enum value {
        CLASS,
        VENDOR,
        PRODUCT,
        VERSION,
        ALLOW,
        VALUES,
};

static const char *const names[VALUES] = { "class", "vendor", "product", "version", "allow" };

static uint32_t line_of(const struct reader *reader)
{
        return (uint32_t)XML_GetCurrentLineNumber(reader->parser);
}

static size_t column_of(const struct reader *reader)
{
        return XML_GetCurrentColumnNumber(reader->parser) + 1;
}

static void stop(struct reader *reader, int r)
{
        reader->r = r;
        XML_StopParser(reader->parser, XML_FALSE);
}

/* Writes "2.56" as "0x0256". Whether it is -1 or of that form. */
static bool convert_version(char value[VALUE_MAX])
{
        char major[3], minor[3];
        int end = 0;

        if (!strcmp(value, "-1"))
                return true;
        if (sscanf(value, "%2[0-9].%2[0-9]%n", major, minor, &end) != 2 || value[end])
                return false;

        snprintf(value, VALUE_MAX, "0x%02d%s%s", atoi(major), minor, minor[1] ? "" : "0");
        return true;
}

/* What is wrong with a value that would not even come to the parser of rules as one; or NULL. */
static const char *check_value(enum value which, char value[VALUE_MAX])
{
        if (which == ALLOW) {
                if (strcmp(value, "yes") != 0 && strcmp(value, "no") != 0)
                        return "yes or no";
                snprintf(value, VALUE_MAX, "%d", !strcmp(value, "yes"));
                return NULL;
        }
        if (which == VERSION)
                return convert_version(value) ? NULL : "-1 or the device's own, such as 2.56";

        return *value && !value[strspn(value, NUMBER_CHARACTERS)] ? NULL : "-1 or a number";
}

static int read_usbdev(struct reader *reader, const char **attributes)
{
        char values[VALUES][VALUE_MAX] = { "-1", "-1", "-1", "-1", "" }, text[VALUES * VALUE_MAX];

        for (; *attributes; attributes += 2) {
                size_t i = 0;

                while (i < VALUES && strcmp(names[i], attributes[0]) != 0)
                        i++;
                if (i < VALUES)
                        snprintf(values[i], VALUE_MAX, "%s", attributes[1]);
                else
                        ruleset_lose(reader->set, line_of(reader), column_of(reader),
                                     "usbdev has %s=, which says nothing of a device",
                                     attributes[0]);
        }

        for (size_t i = 0; i < VALUES; i++) {
                const char *takes = check_value((enum value)i, values[i]);

                if (takes)
                        return ruleset_refuse(reader->set, line_of(reader), column_of(reader),
                                              "%s= of usbdev takes %s; found \"%s\"", names[i],
                                              takes, values[i]);
        }

        snprintf(text, sizeof(text), "%s,%s,%s,%s,%s", values[CLASS], values[VENDOR],
                 values[PRODUCT], values[VERSION], values[ALLOW]);
        return ruleset_add(reader->set, text, line_of(reader), column_of(reader), false);
}

static void XMLCALL on_start(void *userdata, const char *name, const char **attributes)
{
        struct reader *reader = userdata;
        int r = 0;

        if (reader->depth > 0)
                reader->depth++;
        else if (!strcmp(name, "redirfilter"))
                reader->depth = 1;

        if (reader->depth == 1)
                reader->has_filter = true;
        else if (reader->depth == 2 && !strcmp(name, "usbdev"))
                r = read_usbdev(reader, attributes);
        else if (reader->depth > 0)
                ruleset_lose(reader->set, line_of(reader), column_of(reader),
                             "redirfilter has <%s>, which is no rule", name);
        if (r < 0)
                stop(reader, r);
}

static void XMLCALL on_end(void *userdata, const char *name)
{
        struct reader *reader = userdata;

        if (reader->depth > 0)
                reader->depth--;
}

static void XMLCALL on_doctype(void *userdata, const char *name, const char *system,
                               const char *public, int has_subset)
{
        struct reader *reader = userdata;

        stop(reader, ruleset_refuse(reader->set, line_of(reader), column_of(reader),
                                    "libvirt's XML has no <!DOCTYPE>: remove it"));
}

int libvirt_read(struct ruleset *set, const char *text, size_t size)
{
        struct reader reader = { .set = set };
        enum XML_Error error;

        reader.parser = XML_ParserCreate("UTF-8");
        if (!reader.parser)
                return -ENOMEM;
        XML_SetUserData(reader.parser, &reader);
        XML_SetElementHandler(reader.parser, on_start, on_end);
        XML_SetStartDoctypeDeclHandler(reader.parser, on_doctype);

        if (XML_Parse(reader.parser, text, (int)size, XML_TRUE) != XML_STATUS_OK && reader.r == 0) {
                error = XML_GetErrorCode(reader.parser);
                reader.r = error == XML_ERROR_NO_MEMORY
                                   ? -ENOMEM
                                   : ruleset_refuse(set, line_of(&reader), column_of(&reader),
                                                    "this is no XML: %s", XML_ErrorString(error));
        }
        if (reader.r == 0 && !reader.has_filter)
                reader.r = ruleset_refuse(set, 1, 1, "this XML has no <redirfilter>");

        XML_ParserFree(reader.parser);
        return reader.r;
}
