/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What each key accepts and means. Patterns are fnmatch()'s, over the whole of a fact; a fact the
 * device lacks matches no pattern, so "*" means that it has one.
 */
#include "filter/key.h"

#include <ctype.h>
#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "filter/guests.h"

/* udev has no limit; its own longest name has some 30 characters. */
#define PROPERTY_NAME_MAX   127
#define PROPERTY_CHARACTERS "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.:-"

/* Reads CC[/SS[/PP]] into numbers, -1 for those left out. */
static bool parse_interface(const char *value, int ret_numbers[3])
{
        for (size_t i = 0; i < 3; i++)
                ret_numbers[i] = -1;

        for (size_t i = 0; i < 3; i++) {
                char digits[] = { value[0], value[0] ? value[1] : '\0', '\0' };

                if (!isxdigit((unsigned char)digits[0]) || !isxdigit((unsigned char)digits[1]))
                        return false;
                ret_numbers[i] = (int)strtoul(digits, NULL, 16);

                value += 2;
                if (!*value)
                        return true;
                if (*value++ != '/')
                        return false;
        }

        return false;
}

static bool is_interface(const char *value)
{
        int numbers[3];

        return parse_interface(value, numbers);
}

static bool is_yes_or_no(const char *value)
{
        return !strcmp(value, "yes") || !strcmp(value, "no");
}

static bool is_occasion(const char *value)
{
        return !strcmp(value, "plug") || !strcmp(value, "start") || !strcmp(value, "both");
}

/* NAME, or NAME=PATTERN with a pattern that is not empty: no property is. */
static bool is_property(const char *value)
{
        size_t length = strspn(value, PROPERTY_CHARACTERS);

        if (length == 0 || length > PROPERTY_NAME_MAX)
                return false;

        return !value[length] || (value[length] == '=' && value[length + 1]);
}

static bool match_interface(const char *value, const struct facts *facts)
{
        int wanted[3];

        parse_interface(value, wanted);

        for (size_t i = 0; i < facts->n_interfaces; i++) {
                const struct facts_interface *interface = &facts->interfaces[i];

                if (wanted[0] == interface->class &&
                    (wanted[1] < 0 || wanted[1] == interface->subclass) &&
                    (wanted[2] < 0 || wanted[2] == interface->protocol))
                        return true;
        }

        return false;
}

static bool match_pattern(const char *pattern, const char *fact)
{
        return *fact && fnmatch(pattern, fact, 0) == 0;
}

static bool match_serial(const char *value, const struct facts *facts)
{
        return match_pattern(value, facts->serial);
}

static bool match_product_name(const char *value, const struct facts *facts)
{
        return match_pattern(value, facts->product_name);
}

static bool match_vendor_name(const char *value, const struct facts *facts)
{
        return match_pattern(value, facts->vendor_name);
}

static bool match_port(const char *value, const struct facts *facts)
{
        return match_pattern(value, facts->port);
}

static bool match_path(const char *value, const struct facts *facts)
{
        return match_pattern(value, facts->path) || match_pattern(value, facts->socket_path);
}

static bool match_property(const char *value, const struct facts *facts)
{
        size_t length = strcspn(value, "=");
        char name[PROPERTY_NAME_MAX + 1];
        const char *fact;

        snprintf(name, sizeof(name), "%.*s", (int)length, value);
        fact = facts_property(facts, name);

        return fact && (!value[length] || match_pattern(value + length + 1, fact));
}

const struct key keys[KEYS] = {
        [KEY_GUEST] = { .name = "guest",
                        .takes = "names of guests joined by \",\" ([A-Za-z0-9_.-], 64 at most, "
                                 "none twice), or *",
                        .is_valid = guests_are_valid },
        [KEY_AUTO] = { .name = "auto", .takes = "yes or no", .is_valid = is_yes_or_no },
        [KEY_ON] = { .name = "on", .takes = "plug, start or both", .is_valid = is_occasion },
        [KEY_INTERFACE] = { .name = "interface",
                            .takes = "CC, CC/SS or CC/SS/PP, each two hex digits without 0x, "
                                     "such as 03/01/01",
                            .is_valid = is_interface,
                            .matches = match_interface },
        [KEY_SERIAL] = { .name = "serial",
                         .takes = "a shell pattern, such as 4C5310*",
                         .matches = match_serial },
        [KEY_PRODUCT_NAME] = { .name = "product-name",
                               .takes = "a shell pattern, such as *Reader*",
                               .matches = match_product_name },
        [KEY_VENDOR_NAME] = { .name = "vendor-name",
                              .takes = "a shell pattern, such as Yubico*",
                              .matches = match_vendor_name },
        [KEY_PORT] = { .name = "port",
                       .takes = "a shell pattern, such as 1-1.*",
                       .matches = match_port },
        [KEY_PATH] = { .name = "path",
                       .takes = "a shell pattern, such as *-usb-0:1.2",
                       .matches = match_path },
        [KEY_PROPERTY] = { .name = "property",
                           .takes = "a property of udev, NAME, or NAME=PATTERN with a shell "
                                    "pattern, such as ID_BUS=usb",
                           .is_valid = is_property,
                           .matches = match_property },
        [KEY_HOLD] = { .name = "hold", .takes = "yes or no", .is_valid = is_yes_or_no },
        [KEY_RESET] = { .name = "reset", .takes = "yes or no", .is_valid = is_yes_or_no },
        [KEY_FORCE] = { .name = "force", .takes = "yes or no", .is_valid = is_yes_or_no },
};
