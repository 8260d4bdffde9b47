#pragma once
/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Properties as rows of a table: P(Name, "types", CONST or EMITS_CHANGE, how it is written). Each
 * file says in GETTER what the target is called in its rows.
 */
#include <systemd/sd-bus.h>

#include "dbus/internal.h"

/* In "put" there are: the message m, the object o, and the target. */
#define PROPERTY_GETTER(name, declaration, put)                                                    \
        static int property_get_##name(sd_bus *connection, const char *path,                       \
                                       const char *interface, const char *property,                \
                                       sd_bus_message *m, void *userdata, sd_bus_error *ret_error) \
        {                                                                                          \
                const struct object *o = userdata;                                                 \
                __attribute__((unused)) declaration = o->target;                                   \
                                                                                                   \
                return put;                                                                        \
        }

#define PROPERTY_ENTRY(name, types, changes, put)                                                  \
        SD_BUS_PROPERTY(#name, types, property_get_##name, 0, SD_BUS_VTABLE_PROPERTY_##changes),

/* Text from elsewhere: what is not UTF-8, or a control character, becomes '?'. */
int put_text(sd_bus_message *m, const char *text);

/* The path of the object that stands for the target, or OBJECT_NONE. */
int put_object(sd_bus_message *m, const struct object *of, enum object_kind kind,
               const void *target);

/* An entry of a{sv}, with one value of a basic type. */
int put_text_entry(sd_bus_message *m, const char *key, const char *text);
int put_entry(sd_bus_message *m, const char *key, const char *type, ...);

/* An entry with an array of that type, "(uus)"; its elements are put between the two. */
int begin_array_entry(sd_bus_message *m, const char *name, const char *type);
int end_array_entry(sd_bus_message *m);
