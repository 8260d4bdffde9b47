/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * All properties are written by their own getters into a message that is never sent, and read back
 * value by value. What is read makes the digest, FNV-1a over types and bytes: it serves to save
 * signals, nobody has an interest in a collision.
 */
#include "dbus/digest.h"

#include <errno.h>
#include <string.h>

#include "dbus/internal.h"
#include "util/cleanup.h"

static void mix(uint64_t *digest, const void *bytes, size_t size)
{
        for (size_t i = 0; i < size; i++) {
                *digest ^= ((const uint8_t *)bytes)[i];
                *digest *= UINT64_C(0x100000001b3);
        }
}

static int digest_value(sd_bus_message *m, uint64_t *digest);

static int digest_container(sd_bus_message *m, char type, const char *contents, uint64_t *digest)
{
        int r;

        r = sd_bus_message_enter_container(m, type, contents);
        if (r < 0)
                return r;
        do
                r = digest_value(m, digest);
        while (r > 0);
        if (r < 0)
                return r;

        mix(digest, "", 1); /* "end": ("a"), ("b") is not ("a", "b") */
        return sd_bus_message_exit_container(m);
}

/* Returns 1, 0 at the end of the container, or a negative errno. */
static int digest_value(sd_bus_message *m, uint64_t *digest)
{
        const char *contents;
        union {
                uint64_t number;
                const char *text;
        } value = { 0 };
        char type;
        int r;

        r = sd_bus_message_peek_type(m, &type, &contents);
        if (r <= 0)
                return r;

        mix(digest, &type, 1);
        if (contents) {
                r = digest_container(m, type, contents, digest);
                return r < 0 ? r : 1;
        }

        r = sd_bus_message_read_basic(m, type, &value);
        if (r < 0)
                return r;
        if (type == SD_BUS_TYPE_STRING || type == SD_BUS_TYPE_OBJECT_PATH)
                mix(digest, value.text, strlen(value.text) + 1);
        else
                mix(digest, &value.number, sizeof(value.number));
        return 1;
}

/* Next of the properties whose changes are told; NULL after the last. */
static const sd_bus_vtable *next_property(const sd_bus_vtable *v)
{
        for (; v->type != _SD_BUS_VTABLE_END; v++)
                if (v->type == _SD_BUS_VTABLE_PROPERTY &&
                    v->flags & SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE)
                        return v;

        return NULL;
}

static int write_properties(struct object *o, sd_bus_message *m)
{
        const struct object_class *class = &object_classes[o->kind];
        int r;

        for (const sd_bus_vtable *v = class->vtable; (v = next_property(v)); v++) {
                r = v->x.property.get(o->bus->connection, o->path, class->interface,
                                      v->x.property.member, m, o, NULL);
                if (r < 0)
                        return r;
        }

        return 0;
}

int digest_properties(struct object *o, char **ret_names)
{
        CLEANUP(sd_bus_message_unrefp) sd_bus_message *m = NULL;
        size_t i = 0;
        int n = 0, r;

        r = sd_bus_message_new_signal(o->bus->connection, &m, o->path, BUS_NAME, "Digest");
        if (r < 0)
                return r;
        r = write_properties(o, m);
        if (r < 0)
                return r;
        r = sd_bus_message_seal(m, 1, 0);
        if (r < 0)
                return r;

        for (const sd_bus_vtable *v = object_classes[o->kind].vtable; (v = next_property(v)); v++) {
                uint64_t digest = UINT64_C(0xcbf29ce484222325);

                if (i >= OBJECT_PROPERTIES_MAX)
                        return -E2BIG;
                r = digest_value(m, &digest);
                if (r < 0)
                        return r;
                if (digest != o->digests[i] && ret_names)
                        ret_names[n++] = (char *)v->x.property.member;
                o->digests[i++] = digest;
        }

        if (ret_names)
                ret_names[n] = NULL;
        return n;
}
