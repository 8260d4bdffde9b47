#pragma once
/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Keeping devices from the host's drivers while their guests are away: hold= of rules, and of
 * Attach. What is held is decided here; port-claims.c does it.
 */
#include <stdbool.h>

#include "daemon/manager-private.h"

int hold_new(struct manager *m);
void hold_free(struct manager *m);

/* What hotplug reads of an unconfigured device is made whole, if it is one of ours. */
void hold_complete(struct manager *m, struct device_info *info);

/*
 * Has the device held, or given back, as rules and people want it. True: it is under way, and the
 * device is judged with that occasion when that is over.
 */
bool hold_device(struct manager *m, struct entry *e, enum occasion occasion);

/*
 * Its session is to return it: if it is no longer to be held, drivers may come. True: its port has
 * to be released first, and the session is asked to end when that is done.
 */
bool hold_before_return(struct manager *m, struct entry *e);

/* Sockets have come or gone, or devices in them: looked at in the next turn. */
void hold_sockets_changed(struct manager *m);

/* The rules are others: also what could not be held is tried again. */
void hold_reloaded(struct manager *m);

/* In each turn in which something has changed: what else is to be held or given back. */
void hold_turn(struct manager *m);

/* A hub that a former daemon kept open; the descriptor is taken. Before hold_begin(). */
void hold_adopt(struct manager *m, int fd);

/* Records have been read: what a former daemon held goes on. */
void hold_begin(struct manager *m);
