/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "testguest/parse.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "protocol/packet.h"

#define BLANKS " \t\r\n"

int parse_number(const char *text, uint64_t from, uint64_t to, uint64_t *ret)
{
        int base = text[0] == '0' && (text[1] | 0x20) == 'x' ? 16 : 10;
        unsigned long long value;
        char *end;

        if (text[0] < '0' || text[0] > '9')
                return -EINVAL;

        errno = 0;
        value = strtoull(text, &end, base);
        if (*end || errno || value < from || value > to)
                return -EINVAL;

        *ret = value;
        return 0;
}

int parse_endpoint(const char *text, uint8_t *ret)
{
        uint64_t value;

        if (parse_number(text, 0, 0xff, &value) < 0 || value & 0x70)
                return -EINVAL;

        *ret = (uint8_t)value;
        return 0;
}

int parse_endpoints(const char *text, uint32_t *ret)
{
        uint32_t set = 0;

        for (;;) {
                size_t n = strcspn(text, ",");
                char one[8] = "";
                uint8_t endpoint;

                if (n >= sizeof(one))
                        return -EINVAL;
                memcpy(one, text, n);
                if (parse_endpoint(one, &endpoint) < 0)
                        return -EINVAL;
                set |= UINT32_C(1) << endpoint_index(endpoint);
                if (!text[n])
                        break;
                text += n + 1;
        }

        *ret = set;
        return 0;
}

static int digit(char c)
{
        const char *digits = "0123456789abcdef", *at;

        at = c ? strchr(digits, c >= 'A' && c <= 'F' ? c | 0x20 : c) : NULL;
        return at ? (int)(at - digits) : -1;
}

int parse_hex(const char *text, uint8_t *ret_bytes, size_t size, size_t *ret_size)
{
        size_t n = 0;

        for (; *text; text += 2, n++) {
                int high = digit(text[0]), low = high < 0 ? -1 : digit(text[1]);

                if (low < 0 || n == size)
                        return -EINVAL;
                ret_bytes[n] = (uint8_t)(high << 4 | low);
        }

        *ret_size = n;
        return 0;
}

int parse_status(const char *text, uint8_t *ret)
{
        for (unsigned i = 0; packet_status_string(i); i++)
                if (!strcmp(text, packet_status_string(i))) {
                        *ret = (uint8_t)i;
                        return 0;
                }

        return -EINVAL;
}

int parse_words(char *line, char **words, size_t max)
{
        size_t n = 0;

        for (;;) {
                line += strspn(line, BLANKS);
                if (!*line || *line == '#')
                        break;
                if (n == max)
                        return -E2BIG;

                if (*line == '"') {
                        words[n++] = ++line;
                        line += strcspn(line, "\"");
                        if (!*line)
                                return -EINVAL;
                } else {
                        words[n++] = line;
                        line += strcspn(line, BLANKS);
                }
                if (*line)
                        *line++ = '\0';
        }

        words[n] = NULL;
        return 0;
}
