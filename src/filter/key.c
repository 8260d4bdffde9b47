/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What each key accepts and means. Patterns are fnmatch()'s, over the whole of a fact; a fact the
 * device lacks matches no pattern, so "*" means that it has one.
 */
#include "filter/key.h"

#include <ctype.h>
#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>

#include "filter/guests.h"

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

static bool match_port(const char *value, const struct facts *facts)
{
        return match_pattern(value, facts->port);
}

static bool match_path(const char *value, const struct facts *facts)
{
        return match_pattern(value, facts->path);
}

const struct key keys[KEYS] = {
        [KEY_GUEST] = { .name = "guest",
                        .takes = "names of guests joined by \",\" ([A-Za-z0-9_.-], 64 at most, "
                                 "none twice), or *",
                        .is_valid = guests_are_valid },
        [KEY_AUTO] = { .name = "auto", .takes = "yes or no", .is_valid = is_yes_or_no },
        [KEY_INTERFACE] = { .name = "interface",
                            .takes = "CC, CC/SS or CC/SS/PP, each two hex digits without 0x, "
                                     "such as 03/01/01",
                            .is_valid = is_interface,
                            .matches = match_interface },
        [KEY_SERIAL] = { .name = "serial",
                         .takes = "a shell pattern, such as 4C5310*",
                         .matches = match_serial },
        [KEY_PORT] = { .name = "port",
                       .takes = "a shell pattern, such as 1-1.*",
                       .matches = match_port },
        [KEY_PATH] = { .name = "path",
                       .takes = "a shell pattern, such as *-usb-0:1.2",
                       .matches = match_path },
};
