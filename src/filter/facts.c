/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The only way text enters the facts: bounded and cleaned here, so that those who match, log or
 * publish it need not look again.
 */
#include "filter/facts.h"

#include <errno.h>
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

int facts_set_port(struct facts *facts, const char *port)
{
        return set_text(facts->port, sizeof(facts->port), port);
}

int facts_set_path(struct facts *facts, const char *path)
{
        return set_text(facts->path, sizeof(facts->path), path);
}
