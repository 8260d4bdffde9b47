/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The lists are short and looked at seldom, so the text is the data structure. "*" equals only
 * itself: a rule for every guest and a rule for one guest do not name the same guests.
 */
#include "filter/guests.h"

#include <stddef.h>
#include <string.h>

#define NAME_CHARACTERS "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.-"

/* The name after this one, or NULL. */
static const char *next_name(const char *name)
{
        name += strcspn(name, ",");
        return *name ? name + 1 : NULL;
}

static bool lists(const char *guests, const char *name, size_t length)
{
        for (const char *guest = guests; guest; guest = next_name(guest))
                if (strcspn(guest, ",") == length && !memcmp(guest, name, length))
                        return true;

        return false;
}

bool guest_name_is_valid(const char *name)
{
        size_t length = strspn(name, NAME_CHARACTERS);

        return length > 0 && length <= GUEST_NAME_MAX && !name[length];
}

bool guests_are_valid(const char *guests)
{
        if (!strcmp(guests, "*"))
                return true;

        for (const char *guest = guests; guest; guest = next_name(guest)) {
                size_t length = strspn(guest, NAME_CHARACTERS);
                const char *next = next_name(guest);

                if (length == 0 || length > GUEST_NAME_MAX || length != strcspn(guest, ","))
                        return false;
                if (next && lists(next, guest, length))
                        return false;
        }

        return true;
}

bool guests_have(const char *guests, const char *name)
{
        return !guests || !strcmp(guests, "*") || lists(guests, name, strlen(name));
}

bool guests_equal(const char *a, const char *b)
{
        size_t n_a = 0, n_b = 0;

        for (const char *guest = b; guest; guest = next_name(guest))
                n_b++;

        for (const char *guest = a; guest; guest = next_name(guest)) {
                if (!lists(b, guest, strcspn(guest, ",")))
                        return false;
                n_a++;
        }

        return n_a == n_b;
}
