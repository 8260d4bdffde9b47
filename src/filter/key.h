#pragma once
/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The keys a rule may have after its tuples, as a table: a new key is a name here and a row there.
 * A value is kept and written out as the text it was, so that a key needs no formatter.
 */
#include <stdbool.h>
#include <stddef.h>

#include "filter/facts.h"

enum key_id {
        KEY_GUEST,
        KEY_AUTO,
        KEY_ON,
        KEY_INTERFACE,
        KEY_SERIAL,
        KEY_PRODUCT_NAME,
        KEY_VENDOR_NAME,
        KEY_PORT,
        KEY_PATH,
        KEY_PROPERTY,
        KEY_HOLD,
        KEY_RESET,
        KEY_FORCE,
        KEYS,
};

struct key {
        const char *name;
        const char *takes; /* for people, after "NAME= takes" */

        /* Whether a text that is not empty is a value; NULL: each is. */
        bool (*is_valid)(const char *value);

        /* Whether a valid value holds for the device; NULL: the key sets no condition. */
        bool (*matches)(const char *value, const struct facts *facts);
};

extern const struct key keys[KEYS];
