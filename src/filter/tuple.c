/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What is accepted is what upstream's parser accepts, less what it silently reads differently
 * from what was meant: octal numbers and numbers that do not fit. People write these lines, so
 * each refusal guesses what was meant. The text need not end in a 0 and is never copied.
 */
#include "filter/tuple.h"

#include <ctype.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

/* As much of a bad value as an error quotes. */
#define QUOTED_MAX 24

enum {
        CLASS,
        VENDOR,
        PRODUCT,
        VERSION,
        ALLOW,
        VALUES,
};

static const struct {
        const char *name;
        int64_t lowest, highest;
        const char *range;
} values[VALUES] = {
        [CLASS] = { "class", -1, 0xff, "-1 (any) or 0 to 0xff" },
        [VENDOR] = { "vendor", -1, 0xffff, "-1 (any) or 0 to 0xffff" },
        [PRODUCT] = { "product", -1, 0xffff, "-1 (any) or 0 to 0xffff" },
        [VERSION] = { "version", -1, 0xffff, "-1 (any) or 0 to 0xffff" },
        [ALLOW] = { "allow", INT_MIN, INT_MAX, "0 (deny) or 1 (allow)" },
};

static const char *skip_digits(const char *p, const char *end, unsigned base)
{
        while (p < end && (base == 16   ? isxdigit((unsigned char)*p)
                           : base == 10 ? isdigit((unsigned char)*p)
                                        : *p >= '0' && *p <= '7'))
                p++;

        return p;
}

/* The digits' value, or something beyond any int. */
static int64_t digits_value(const char *p, const char *end, unsigned base)
{
        int64_t value = 0;

        for (; p < end && value <= UINT32_MAX; p++) {
                int digit = isdigit((unsigned char)*p) ? *p - '0'
                                                       : tolower((unsigned char)*p) - 'a' + 10;

                value = value * base + digit;
        }

        return value;
}

/*
 * Refuses with a guess what upstream would read as octal, and hexadecimal digits without their
 * 0x. Other things that are no number are left to the caller.
 */
static int check_spelling(size_t which, const char *text, const char *digits, const char *end,
                          struct rule_error *ret_error)
{
        const char *decimal = skip_digits(digits, end, 10), *stripped = digits;
        int shown = (int)MIN(end - digits, QUOTED_MAX);

        if (digits == end || skip_digits(digits, end, 16) != end)
                return 0;

        if (decimal != end)
                return rule_error_set(ret_error, (size_t)(digits - text),
                                      "%s \"%.*s\" is hexadecimal without its 0x: write 0x%.*s",
                                      values[which].name, shown, digits, shown, digits);

        while (stripped < end - 1 && *stripped == '0')
                stripped++;
        if (stripped == digits)
                return 0;

        return rule_error_set(ret_error, (size_t)(digits - text),
                              "%s \"%.*s\" is octal to other programs, for its leading zero: "
                              "write %.*s or 0x%.*s",
                              values[which].name, shown, digits,
                              (int)MIN(end - stripped, QUOTED_MAX), stripped,
                              (int)MIN(end - stripped, QUOTED_MAX), stripped);
}

/* Reads the value that is all of begin..end; text is where columns are counted from. */
static int parse_value(size_t which, const char *text, const char *begin, const char *end,
                       unsigned flags, int64_t *ret_value, struct rule_error *ret_error)
{
        const char *digits, *stop;
        unsigned base = 10;
        bool negative;
        int64_t value;
        int r;

        while (begin < end && isspace((unsigned char)*begin))
                begin++;

        negative = begin < end && *begin == '-';
        digits = begin + (begin < end && (*begin == '-' || *begin == '+'));
        if (end - digits > 2 && digits[0] == '0' && (digits[1] | 0x20) == 'x') {
                base = 16;
                digits += 2;
        } else if (flags & RULES_AS_UPSTREAM) {
                base = digits < end && *digits == '0' ? 8 : 10;
        } else {
                r = check_spelling(which, text, digits, end, ret_error);
                if (r < 0)
                        return r;
        }

        stop = skip_digits(digits, end, base);
        if (stop == digits)
                return rule_error_set(ret_error, (size_t)(begin - text),
                                      "expected %s as %s, decimal or with 0x; found \"%.*s\"",
                                      values[which].name, values[which].range,
                                      (int)MIN(end - begin, QUOTED_MAX), begin);
        if (stop != end)
                return rule_error_set(ret_error, (size_t)(stop - text),
                                      "%s ends here: remove \"%.*s\" (values of one string share "
                                      "one separator, \"|\" is between rules, a blank only before "
                                      "a value)",
                                      values[which].name, (int)MIN(end - stop, QUOTED_MAX), stop);

        value = digits_value(digits, end, base);
        value = negative ? -value : value;
        if (value < values[which].lowest || value > values[which].highest)
                return rule_error_set(ret_error, (size_t)(begin - text), "%s is %s; found %.*s",
                                      values[which].name, values[which].range,
                                      (int)MIN(end - begin, QUOTED_MAX), begin);

        *ret_value = value;
        return 0;
}

int tuple_parse(struct tuple *ret_tuple, const char *text, size_t length, char separator,
                unsigned flags, struct rule_error *ret_error)
{
        const char *p = text, *end = text + length;
        int64_t numbers[VALUES];
        size_t n = 0;
        int r;

        for (;;) {
                const char *begin;

                while (p < end && *p == separator)
                        p++;
                if (p == end)
                        break;
                if (n == VALUES)
                        return rule_error_set(ret_error, (size_t)(p - text),
                                              "a rule has five values, class%cvendor%cproduct%c"
                                              "version%callow: remove what follows",
                                              separator, separator, separator, separator);

                begin = p;
                p = memchr(p, separator, (size_t)(end - p));
                if (!p)
                        p = end;

                r = parse_value(n, text, begin, p, flags, &numbers[n], ret_error);
                if (r < 0)
                        return r;
                n++;
        }

        if (n < VALUES)
                return rule_error_set(ret_error, length,
                                      "a rule has five values, class%cvendor%cproduct%cversion%c"
                                      "allow: %s is missing",
                                      separator, separator, separator, separator, values[n].name);

        *ret_tuple = (struct tuple){
                .class = (int32_t)numbers[CLASS],
                .vendor = (int32_t)numbers[VENDOR],
                .product = (int32_t)numbers[PRODUCT],
                .version = (int32_t)numbers[VERSION],
                .allow = numbers[ALLOW] != 0,
        };
        return 0;
}

static size_t format_value(int32_t value, int digits, char separator, char *text, size_t size)
{
        if (value < 0)
                return (size_t)snprintf(text, size, "-1%c", separator);

        return (size_t)snprintf(text, size, "0x%0*x%c", digits, (unsigned)value, separator);
}

size_t tuple_format(const struct tuple *tuple, char separator, char ret_text[TUPLE_TEXT_SIZE])
{
        size_t n = 0;

        n += format_value(tuple->class, 2, separator, ret_text + n, TUPLE_TEXT_SIZE - n);
        n += format_value(tuple->vendor, 4, separator, ret_text + n, TUPLE_TEXT_SIZE - n);
        n += format_value(tuple->product, 4, separator, ret_text + n, TUPLE_TEXT_SIZE - n);
        n += format_value(tuple->version, 4, separator, ret_text + n, TUPLE_TEXT_SIZE - n);
        ret_text[n++] = tuple->allow ? '1' : '0';
        ret_text[n] = '\0';

        return n;
}
