#pragma once
/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The lines of usbredirctl monitor. All return 0, -ENOMEM, or why nothing can be written.
 */
#include <jansson.h>

#include "ctl/ctl.h"
#include "ctl/objects.h"

int event_added(const struct ctl *ctl, const struct object *object);
int event_removed(const struct ctl *ctl, const struct object *object);

/* Former are the properties it had before; silent when its state is the same. */
int event_changed(const struct ctl *ctl, const struct object *object, const json_t *former);

/* All that was added, removed and changed between the two. */
int event_compare(const struct ctl *ctl, enum object_kind kind, json_t *former, json_t *all);

/* Paths, and what the daemon says. */
int event_session_ended(const struct ctl *ctl, const char *session, const char *device,
                        const char *reason, const char *message);

/* Properties of the manager. */
int event_manager_changed(const struct ctl *ctl, const json_t *changed);

int event_daemon(const struct ctl *ctl, bool is_running);
