/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The messages quote what was found, which may come from a peer or be cut in the middle of a
 * character: they are cleaned here, once, so that each of them can go to a log and to D-Bus.
 */
#include "filter/rule-error.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>

#include "filter/text.h"

int rule_error_set(struct rule_error *error, size_t at, const char *format, ...)
{
        va_list arguments;

        error->column = (uint32_t)at + 1;

        va_start(arguments, format);
        vsnprintf(error->text, sizeof(error->text), format, arguments);
        va_end(arguments);
        text_clean(error->text);

        return -EINVAL;
}
