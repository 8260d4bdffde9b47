/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * usbredirctl list: what there is to know of devices.
 */
#include <string.h>

#include "ctl/commands.h"
#include "ctl/listing.h"
#include "ctl/value.h"
#include "util/cleanup.h"
#include "util/macro.h"

static unsigned number(const struct object *o, const char *property)
{
        return (unsigned)json_integer_value(json_object_get(o->properties, property));
}

static json_t *device_id(const struct object *o)
{
        return json_sprintf("%04x:%04x", number(o, "VendorId"), number(o, "ProductId"));
}

/* Many products carry their vendor's name already. */
static json_t *device_title(const struct object *o)
{
        const char *vendor = value_string(o->properties, "Vendor");
        const char *product = value_string(o->properties, "Product");
        size_t length = strlen(vendor);

        if (!*vendor || !strncmp(product, vendor, length))
                return json_string(product);

        return json_sprintf("%s%s%s", vendor, *product ? " " : "", product);
}

static bool contains(const json_t *array, const char *text)
{
        const json_t *element;
        size_t index;

        json_array_foreach (array, index, element) {
                if (json_is_string(element) && !strcmp(json_string_value(element), text))
                        return true;
        }

        return false;
}

/* The guest that has the device, or those in whose queues it waits, as in guest=. */
static json_t *device_guest(const struct object *o)
{
        CLEANUP(json_decrefp) json_t *names = json_string("");
        struct object session;
        json_t *interfaces;
        const char *path;

        if (objects_find(o->all, OBJECT_SESSION, value_string(o->properties, "Session"), &session))
                return object_name(OBJECT_GUEST, value_string(session.properties, "Guest"));

        json_object_foreach (o->all, path, interfaces) {
                CLEANUP(json_decrefp) json_t *name = NULL, *before = NULL;
                struct object guest;

                if (!objects_find(o->all, OBJECT_GUEST, path, &guest) ||
                    !contains(json_object_get(guest.properties, "Queue"), o->path))
                        continue;
                name = object_name(OBJECT_GUEST, path);
                before = TAKE(names);
                names = json_sprintf("%s%s%s", json_string_value(before),
                                     json_string_length(before) > 0 ? "," : "",
                                     json_string_value(name));
        }

        return TAKE(names);
}

static json_t *device_session(const struct object *o)
{
        return object_name(OBJECT_SESSION, value_string(o->properties, "Session"));
}

static json_t *device_version(const struct object *o)
{
        unsigned bcd = number(o, "VersionBcd");

        return json_sprintf("%x.%02x", bcd >> 8 & 0xff, bcd & 0xff);
}

static json_t *class_triple(unsigned class, unsigned subclass, unsigned protocol)
{
        return json_sprintf("%02x/%02x/%02x", class, subclass, protocol);
}

static json_t *device_class(const struct object *o)
{
        return class_triple(number(o, "Class"), number(o, "Subclass"), number(o, "Protocol"));
}

static json_t *device_interfaces(const struct object *o)
{
        CLEANUP(json_decrefp) json_t *interfaces = json_array();
        const json_t *from;
        size_t index;

        json_array_foreach (json_object_get(o->properties, "Interfaces"), index, from) {
                unsigned bytes[4];

                for (size_t i = 0; i < ELEMENTS(bytes); i++)
                        bytes[i] = (unsigned)json_integer_value(json_array_get(from, i));
                if (json_array_append_new(
                            interfaces, json_pack("{s:i, s:o}", "number", (int)bytes[0], "class",
                                                  class_triple(bytes[1], bytes[2], bytes[3]))) < 0)
                        return NULL;
        }

        return TAKE(interfaces);
}

static const struct column columns[] = {
        { "port", "Id", .is_shown = true },
        { "id", .value = device_id, .is_shown = true },
        { "name", .value = device_title, .is_shown = true, .is_wide = true },
        { "state", "State", .is_shown = true, .is_colored = true },
        { "guest", .value = device_guest, .is_shown = true },
        { "rule", "Rule", .is_shown = true, .format = TEXT_FILE },
        { "verdict", "Verdict" },
        { "guests", "Guests" },
        { "inhibited", "Inhibited" },
        { "held", "Held" },
        { "guard", "Guard" },
        { "last-error", "LastError" },
        { "session", .value = device_session },
        { "vendor", "Vendor" },
        { "product", "Product" },
        { "serial", "Serial" },
        { "version", .value = device_version },
        { "class", .value = device_class },
        { "interfaces", .value = device_interfaces },
        { "speed", "Speed" },
        { "bus", "Bus" },
        { "address", "Address" },
        { "path", "Path" },
};

const struct listing device_listing = { OBJECT_DEVICE, columns, ELEMENTS(columns) };

enum ctl_exit command_list(struct ctl *ctl, char **arguments)
{
        return listing_run(ctl, &device_listing);
}
