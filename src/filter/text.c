/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Strings of devices, peers and files end up in messages that must be UTF-8. What is refused is
 * what the Unicode standard refuses (overlong forms, surrogates, beyond U+10FFFF) and the control
 * characters C0, DEL and C1, which could move a terminal's cursor.
 */
#include "filter/text.h"

#include <stdint.h>
#include <string.h>

/* Length of the character at the start of bytes, 0 if it is none that we let in. */
static size_t character_length(const unsigned char *bytes, size_t left)
{
        /* By length: the lowest code point that needs it; for two bytes, past the C1 controls. */
        static const uint32_t lowest[] = { 0, 0, 0xa0, 0x800, 0x10000 };
        uint32_t code;
        size_t size;

        if (bytes[0] < 0x80)
                return bytes[0] >= 0x20 && bytes[0] != 0x7f;
        if (bytes[0] < 0xc0 || bytes[0] > 0xf7)
                return 0;

        size = bytes[0] >= 0xf0 ? 4 : bytes[0] >= 0xe0 ? 3 : 2;
        if (size > left)
                return 0;

        code = bytes[0] & (0x7fU >> size);
        for (size_t i = 1; i < size; i++) {
                if ((bytes[i] & 0xc0) != 0x80)
                        return 0;
                code = code << 6 | (bytes[i] & 0x3fU);
        }

        if (code < lowest[size] || (code >= 0xd800 && code <= 0xdfff) || code > 0x10ffff)
                return 0;
        return size;
}

size_t text_valid_length(const char *text, size_t length)
{
        size_t at = 0;

        while (at < length) {
                size_t size = character_length((const unsigned char *)text + at, length - at);

                if (size == 0)
                        break;
                at += size;
        }

        return at;
}

void text_clean(char *text)
{
        size_t length = strlen(text), at = 0;

        while ((at += text_valid_length(text + at, length - at)) < length)
                text[at] = '?';
}
