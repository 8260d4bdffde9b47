/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * One way to read any reply: what a value is to mean is the business of tables that name it. The
 * bus has checked strings and nesting before we see them.
 */
#include "ctl/value.h"
#include "util/cleanup.h"

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>

static int read_basic(sd_bus_message *m, char type, json_t **ret)
{
        union {
                uint8_t y;
                int16_t n;
                uint16_t q;
                int32_t i;
                uint32_t u;
                int64_t x;
                uint64_t t;
                int b;
                double d;
                const char *s;
        } v;
        json_t *value = NULL;
        int r;

        r = sd_bus_message_read_basic(m, type, &v);
        if (r < 0)
                return r;

        switch (type) {
        case SD_BUS_TYPE_BYTE: value = json_integer(v.y); break;
        case SD_BUS_TYPE_INT16: value = json_integer(v.n); break;
        case SD_BUS_TYPE_UINT16: value = json_integer(v.q); break;
        case SD_BUS_TYPE_INT32: value = json_integer(v.i); break;
        case SD_BUS_TYPE_UINT32: value = json_integer(v.u); break;
        case SD_BUS_TYPE_INT64: value = json_integer(v.x); break;
        case SD_BUS_TYPE_UINT64: /* JSON's integers are signed here */
                value = json_integer(v.t > INT64_MAX ? INT64_MAX : (json_int_t)v.t);
                break;
        case SD_BUS_TYPE_BOOLEAN: value = json_boolean(v.b); break;
        case SD_BUS_TYPE_DOUBLE: value = json_real(v.d); break;
        case SD_BUS_TYPE_STRING:
        case SD_BUS_TYPE_OBJECT_PATH:
        case SD_BUS_TYPE_SIGNATURE: value = json_string(v.s); break;
        default: return -EBADMSG;
        }
        if (!value)
                return -ENOMEM;

        *ret = value;
        return 0;
}

static int read_entry(sd_bus_message *m, json_t *object)
{
        CLEANUP(json_decrefp) json_t *value = NULL;
        const char *contents, *key;
        int r;

        r = sd_bus_message_peek_type(m, NULL, &contents);
        if (r < 0)
                return r;
        if (contents[0] != SD_BUS_TYPE_STRING && contents[0] != SD_BUS_TYPE_OBJECT_PATH)
                return -EBADMSG;

        r = sd_bus_message_enter_container(m, SD_BUS_TYPE_DICT_ENTRY, contents);
        if (r >= 0)
                r = sd_bus_message_read_basic(m, contents[0], &key);
        if (r >= 0)
                r = value_read(m, &value);
        if (r >= 0)
                r = sd_bus_message_exit_container(m);
        if (r < 0)
                return r;

        return json_object_set_new(object, key, TAKE(value)) < 0 ? -ENOMEM : 0;
}

static int read_element(sd_bus_message *m, json_t *array)
{
        CLEANUP(json_decrefp) json_t *value = NULL;
        int r;

        r = value_read(m, &value);
        if (r < 0)
                return r;

        return json_array_append_new(array, TAKE(value)) < 0 ? -ENOMEM : 0;
}

static int read_container(sd_bus_message *m, char type, const char *contents, json_t **ret)
{
        CLEANUP(json_decrefp) json_t *value = NULL;
        bool is_dictionary = contents[0] == SD_BUS_TYPE_DICT_ENTRY_BEGIN;
        int r;

        value = is_dictionary ? json_object() : json_array();
        if (!value)
                return -ENOMEM;

        r = sd_bus_message_enter_container(m, type, contents);
        if (r < 0)
                return r;

        while ((r = sd_bus_message_at_end(m, false)) == 0) {
                r = (is_dictionary ? read_entry : read_element)(m, value);
                if (r < 0)
                        return r;
        }
        if (r > 0)
                r = sd_bus_message_exit_container(m);
        if (r < 0)
                return r;

        *ret = TAKE(value);
        return 0;
}

int value_read(sd_bus_message *m, json_t **ret)
{
        CLEANUP(json_decrefp) json_t *value = NULL;
        const char *contents;
        char type;
        int r;

        r = sd_bus_message_peek_type(m, &type, &contents);
        if (r < 0)
                return r;
        if (r == 0)
                return -ENXIO;

        switch (type) {
        case SD_BUS_TYPE_ARRAY:
        case SD_BUS_TYPE_STRUCT: return read_container(m, type, contents, ret);
        case SD_BUS_TYPE_VARIANT: break;
        default: return read_basic(m, type, ret);
        }

        r = sd_bus_message_enter_container(m, type, contents);
        if (r >= 0)
                r = value_read(m, &value);
        if (r >= 0)
                r = sd_bus_message_exit_container(m);
        if (r < 0)
                return r;

        *ret = TAKE(value);
        return 0;
}

int value_read_only(sd_bus_message *m, const char *type, json_t **ret)
{
        return sd_bus_message_has_signature(m, type) ? value_read(m, ret) : -EBADMSG;
}
