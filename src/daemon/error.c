/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The text is cleaned here: names of devices and messages of peers are quoted in it.
 */
#include "daemon/error.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>

#include "filter/text.h"

static const char *const names[] = {
#define ERROR_NAME(kind, name) [ERROR_##kind] = name,
        ERRORS(ERROR_NAME)
#undef ERROR_NAME
};

int error_set(struct error *error, enum error_kind kind, const char *format, ...)
{
        va_list arguments;

        error->kind = kind;
        va_start(arguments, format);
        vsnprintf(error->text, sizeof(error->text), format, arguments);
        va_end(arguments);
        text_clean(error->text);
        return -EINVAL;
}

const char *error_kind_name(enum error_kind kind)
{
        return names[kind];
}
