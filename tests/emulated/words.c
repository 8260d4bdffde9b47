/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Words are checked as they are read; what is wrong the command says.
 */
#include "emulated/words.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bool word_to_number(const char *text, unsigned long *ret)
{
        char *end;

        if (!isdigit((unsigned char)*text))
                return false;
        errno = 0;
        *ret = strtoul(text, &end, 10);
        return errno == 0 && *end == 0 && *ret <= INT32_MAX;
}

void word_unescape(char *text)
{
        char *to = text;

        while (*text) {
                unsigned byte;

                if (sscanf(text, "\\x%2x", &byte) == 1 && isxdigit((unsigned char)text[3])) {
                        *to++ = (char)byte;
                        text += 4;
                } else {
                        *to++ = *text++;
                }
        }
        *to = 0;
}

bool word_to_plug_key(struct world_plug *what, char *word, const char **ret_fault)
{
        char *value = strchr(word, '=') + 1;
        size_t length = (size_t)(value - word);
        unsigned vendor, product;
        int end = 0;

#define IS(key) (length == sizeof(key) && strncmp(word, key "=", length) == 0)
        if (IS("serial"))
                what->serial = value;
        else if (IS("product"))
                what->product = value;
        else if (IS("manufacturer"))
                what->manufacturer = value;
        else if (IS("image"))
                what->image = value;
        else if (IS("fail"))
                *ret_fault = value;
        else if (IS("speed") && strcmp(value, "high") == 0)
                what->speed = USB_SPEED_HIGH;
        else if (IS("speed") && strcmp(value, "super") == 0)
                what->speed = USB_SPEED_SUPER;
        else if (IS("id") && sscanf(value, "%4x:%4x%n", &vendor, &product, &end) == 2 &&
                 value[end] == 0) {
                what->vendor_id = (uint16_t)vendor;
                what->product_id = (uint16_t)product;
        } else {
                return false;
        }
#undef IS
        return true;
}

bool word_is_property(const char *word)
{
        return isupper((unsigned char)*word) && strchr(word, '=') && !strchr(word, '\n');
}
