/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The only way text enters the facts: bounded and cleaned here, so that those who match, log or
 * publish it need not look again.
 */
#include "filter/facts.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "filter/text.h"

int facts_add_interface(struct facts *facts, uint8_t class, uint8_t subclass, uint8_t protocol)
{
        if (facts->n_interfaces >= FACTS_INTERFACES_MAX)
                return -E2BIG;

        facts->interfaces[facts->n_interfaces++] = (struct facts_interface){
                .class = class,
                .subclass = subclass,
                .protocol = protocol,
        };
        return 0;
}

static int set_text(char *field, size_t size, const char *text)
{
        size_t length = strlen(text);

        if (length >= size)
                return -ENAMETOOLONG;

        memcpy(field, text, length + 1);
        text_clean(field);
        return 0;
}

int facts_set_serial(struct facts *facts, const char *serial)
{
        return set_text(facts->serial, sizeof(facts->serial), serial);
}

int facts_set_vendor_name(struct facts *facts, const char *name)
{
        return set_text(facts->vendor_name, sizeof(facts->vendor_name), name);
}

int facts_set_product_name(struct facts *facts, const char *name)
{
        return set_text(facts->product_name, sizeof(facts->product_name), name);
}

int facts_set_port(struct facts *facts, const char *port)
{
        return set_text(facts->port, sizeof(facts->port), port);
}

int facts_set_path(struct facts *facts, const char *path)
{
        return set_text(facts->path, sizeof(facts->path), path);
}

int facts_set_socket_path(struct facts *facts, const char *path)
{
        return set_text(facts->socket_path, sizeof(facts->socket_path), path);
}

const char *facts_best_path(const struct facts *facts)
{
        return facts->socket_path[0] ? facts->socket_path : facts->path;
}

int facts_add_property(struct facts *facts, const char *name, const char *value)
{
        size_t room = sizeof(facts->properties) - facts->properties_size;
        char *place = facts->properties + facts->properties_size;
        int length;

        length = snprintf(place, room, "%s=%s", name, value);
        if (length < 0 || (size_t)length >= room) {
                if (room > 0)
                        *place = '\0';
                return -E2BIG;
        }

        text_clean(place);
        facts->properties_size += (uint32_t)length + 1;
        return 0;
}

const char *facts_property(const struct facts *facts, const char *name)
{
        const char *end = facts->properties + facts->properties_size;
        size_t length = strlen(name);

        for (const char *p = facts->properties; p < end; p += strlen(p) + 1)
                if (!strncmp(p, name, length) && p[length] == '=')
                        return p + length + 1;

        return NULL;
}
