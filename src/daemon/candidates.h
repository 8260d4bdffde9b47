#pragma once
/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The guests that a device is to go to when nobody says which: those that its rule names, or udev,
 * or DefaultGuest=, as far as they are configured; in the order of the list, "*" by name.
 */
#include "daemon/config.h"
#include "daemon/manager.h"

struct candidates {
        struct guest *guests[CONFIG_GUESTS_MAX];
        size_t n;
};

/* At least one. Or ERROR_NO_SUCH_GUEST: none is named, or none of them is configured. */
int candidates_find(struct candidates *ret, const struct manager *m, const struct device *d,
                    struct error *ret_error);

bool candidates_have(const struct candidates *c, const struct guest *g);

/* Puts it first, if it is among them; the others keep their order. */
void candidates_prefer(struct candidates *c, const struct guest *g);

/* Those with a channel that is free and has not failed, first; all else keeps its order. */
void candidates_prefer_idle(struct candidates *c);

/* Takes out those without a channel that is free. ERROR_NO_FREE_CHANNEL if that leaves none. */
int candidates_drop_full(struct candidates *c, struct error *ret_error);
