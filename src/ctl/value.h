#pragma once
/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Values of D-Bus messages as JSON: arrays and structs become arrays, dictionaries with strings as
 * keys objects, and a variant what is in it.
 */
#include <jansson.h>
#include <systemd/sd-bus.h>

/* Reads the next whole value. Returns 0, -ENXIO if there is none, -EBADMSG, -ENOMEM. */
int value_read(sd_bus_message *m, json_t **ret);

/* Reads a message that is to hold one value of that type, else -EBADMSG. */
int value_read_only(sd_bus_message *m, const char *type, json_t **ret);

/* A member of an object, "" if it is missing or no string. */
static inline const char *value_string(const json_t *object, const char *key)
{
        const char *text = json_string_value(json_object_get(object, key));

        return text ? text : "";
}
