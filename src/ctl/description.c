/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ctl/description.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "util/cleanup.h"
#include "util/macro.h"

/* Reads "CC", "CC/SS" or "CC/SS/PP", in hexadecimal; those left out are 0. Returns how many. */
static size_t read_class(const char *text, uint8_t ret[3])
{
        size_t n = 0;

        memset(ret, 0, 3);
        while (n < 3 && isxdigit((unsigned char)text[0]) && isxdigit((unsigned char)text[1])) {
                ret[n++] = (uint8_t)strtoul((char[]){ text[0], text[1], 0 }, NULL, 16);
                if (!text[2])
                        return n;
                if (text[2] != '/')
                        break;
                text += 3;
        }

        return 0;
}

static int set_class(struct facts *facts, const char *value)
{
        uint8_t class[3];

        if (read_class(value, class) == 0)
                return -EINVAL;
        facts->class = class[0];
        facts->subclass = class[1];
        facts->protocol = class[2];
        return 0;
}

static int set_version(struct facts *facts, const char *value)
{
        char *end;
        unsigned long version = strtoul(value, &end, 0);

        if (!isdigit((unsigned char)*value) || *end || version > UINT16_MAX)
                return -EINVAL;
        facts->version_bcd = (uint16_t)version;
        return 0;
}

static int add_interface(struct facts *facts, const char *value)
{
        uint8_t class[3];

        if (read_class(value, class) != 3)
                return -EINVAL;
        return facts_add_interface(facts, class[0], class[1], class[2]);
}

static int add_property(struct facts *facts, const char *value)
{
        size_t length = strcspn(value, "=");
        CLEANUP(freep) char *name = strndup(value, length);

        if (!name || length == 0 || !value[length])
                return -EINVAL;
        return facts_add_property(facts, name, value + length + 1);
}

static const struct {
        const char *name, *takes;
        int (*set)(struct facts *facts, const char *value);
} words[] = {
        { "class=", "CC, CC/SS or CC/SS/PP in hexadecimal", set_class },
        { "version=", "bcdDevice, such as 0x0100", set_version },
        { "interface=", "CC/SS/PP in hexadecimal; at most 32 of them", add_interface },
        { "serial=", "a text of at most 378 bytes", facts_set_serial },
        { "product-name=", "a text of at most 378 bytes", facts_set_product_name },
        { "vendor-name=", "a text of at most 378 bytes", facts_set_vendor_name },
        { "port=", "such as 1-1.4", facts_set_port },
        { "path=", "udev's ID_PATH", facts_set_path },
        { "property=", "NAME=VALUE, 8 KiB in all", add_property },
};

/* Which word the text begins with; ELEMENTS(words) if none. */
static size_t find_word(const char *text)
{
        size_t i = 0;

        while (i < ELEMENTS(words) && strncmp(text, words[i].name, strlen(words[i].name)) != 0)
                i++;

        return i;
}

/* The next comma that a word follows, or the end. */
static const char *find_end(const char *text)
{
        const char *comma = strchr(text, ',');

        while (comma && find_word(comma + 1) == ELEMENTS(words))
                comma = strchr(comma + 1, ',');

        return comma ? comma : text + strlen(text);
}

bool description_is_one(const char *text)
{
        return strchr(text, ',');
}

static int read_word(struct facts *facts, const char *text, size_t at, const char *end,
                     struct rule_error *ret_error)
{
        size_t which = find_word(text + at);
        CLEANUP(freep) char *value = NULL;

        if (which == ELEMENTS(words))
                return rule_error_set(ret_error, at,
                                      "expected class=, version=, interface=, serial=, "
                                      "product-name=, vendor-name=, port=, path= or property=");

        at += strlen(words[which].name);
        value = strndup(text + at, (size_t)(end - text) - at);
        if (!value)
                return -ENOMEM;
        if (words[which].set(facts, value) < 0)
                return rule_error_set(ret_error, at, "%s takes %s", words[which].name,
                                      words[which].takes);
        return 0;
}

int description_parse(struct facts *ret_facts, const char *text, struct rule_error *ret_error)
{
        struct facts facts = {};
        unsigned vendor, product;
        const char *end = text;
        int length = 0, r;

        *ret_error = (struct rule_error){};
        if (strspn(text, "0123456789abcdefABCDEF") != 4 ||
            sscanf(text, "%4x:%4x%n", &vendor, &product, &length) != 2 || length != 9 ||
            (text[9] && text[9] != ','))
                return rule_error_set(ret_error, 0, "expected VVVV:PPPP in hexadecimal");
        facts.vendor = (uint16_t)vendor;
        facts.product = (uint16_t)product;

        for (end = text + 9; *end;) {
                size_t at = (size_t)(end - text) + 1;

                /* "VVVV:PPPP," alone is a description, of a device without anything else. */
                if (!text[at])
                        break;
                end = find_end(text + at);
                r = read_word(&facts, text, at, end, ret_error);
                if (r < 0)
                        return r;
        }

        *ret_facts = facts;
        return 0;
}
