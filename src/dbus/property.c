/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * sd-bus refuses strings that are not UTF-8, and with one the whole answer. Our own text is clean;
 * that of session processes, and what was cut to fit, need not be.
 */
#include "dbus/property.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "filter/text.h"
#include "util/cleanup.h"

int put_text(sd_bus_message *m, const char *text)
{
        CLEANUP(freep) char *copy = NULL;
        size_t length = strlen(text);

        if (text_valid_length(text, length) < length) {
                copy = strdup(text);
                if (!copy)
                        return -ENOMEM;
                text_clean(copy);
        }

        return sd_bus_message_append_basic(m, 's', copy ? copy : text);
}

int put_object(sd_bus_message *m, const struct object *of, enum object_kind kind,
               const void *target)
{
        return sd_bus_message_append_basic(m, 'o', object_path(of->bus, kind, target));
}

int put_text_entry(sd_bus_message *m, const char *key, const char *text)
{
        int r;

        r = sd_bus_message_open_container(m, 'e', "sv");
        if (r >= 0)
                r = sd_bus_message_append_basic(m, 's', key);
        if (r >= 0)
                r = sd_bus_message_open_container(m, 'v', "s");
        if (r >= 0)
                r = put_text(m, text);
        if (r >= 0)
                r = sd_bus_message_close_container(m);
        return r < 0 ? r : sd_bus_message_close_container(m);
}

int put_entry(sd_bus_message *m, const char *key, const char *type, ...)
{
        va_list arguments;
        int r;

        r = sd_bus_message_open_container(m, 'e', "sv");
        if (r >= 0)
                r = sd_bus_message_append_basic(m, 's', key);
        if (r >= 0)
                r = sd_bus_message_open_container(m, 'v', type);
        if (r >= 0) {
                va_start(arguments, type);
                r = sd_bus_message_appendv(m, type, arguments);
                va_end(arguments);
        }
        if (r >= 0)
                r = sd_bus_message_close_container(m);
        return r < 0 ? r : sd_bus_message_close_container(m);
}

int begin_array_entry(sd_bus_message *m, const char *name, const char *type)
{
        char array[16];
        int r;

        snprintf(array, sizeof(array), "a%s", type);
        r = sd_bus_message_open_container(m, 'e', "sv");
        if (r >= 0)
                r = sd_bus_message_append_basic(m, 's', name);
        if (r >= 0)
                r = sd_bus_message_open_container(m, 'v', array);
        return r < 0 ? r : sd_bus_message_open_container(m, 'a', type);
}

int end_array_entry(sd_bus_message *m)
{
        int r = 0;

        for (int i = 0; i < 3 && r >= 0; i++)
                r = sd_bus_message_close_container(m);
        return r;
}
