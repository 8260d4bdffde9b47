#pragma once
/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The daemon's objects, as one JSON object, path -> interface -> property -> value, just as
 * GetManagedObjects tells them in one round trip.
 */
#include <jansson.h>

#include "ctl/ctl.h"

#define OBJECTS_TYPE "a{oa{sa{sv}}}"

/* clang-format off */
/*        kind      in JSON    interface                  paths below */
#define OBJECT_KINDS(K) \
        K(DEVICE,   "device",  USBREDIR_NAME ".Device",   USBREDIR_PATH "/devices") \
        K(GUEST,    "guest",   USBREDIR_NAME ".Guest",    USBREDIR_PATH "/guests") \
        K(SESSION,  "session", USBREDIR_NAME ".Session",  USBREDIR_PATH "/sessions")
/* clang-format on */

enum object_kind {
#define OBJECT_KIND_VALUE(kind, name, interface, path) OBJECT_##kind,
        OBJECT_KINDS(OBJECT_KIND_VALUE)
#undef OBJECT_KIND_VALUE
                OBJECT_KINDS_END,
};

struct object_kind_names {
        const char *name, *interface, *path;
};
extern const struct object_kind_names object_kinds[];

/* An object; what it points to belongs to the objects it is one of. */
struct object {
        enum object_kind kind;
        json_t *all; /* the objects it is one of */
        const char *path;
        json_t *properties;
};

enum ctl_exit objects_get(struct ctl *ctl, json_t **ret);

/* The object of that kind and path; false if there is none. */
bool objects_find(json_t *all, enum object_kind kind, const char *path, struct object *ret);

/* All of a kind, sorted by name, to be freed. Returns 0 or -ENOMEM. */
int objects_list(json_t *all, enum object_kind kind, struct object **ret, size_t *ret_n);

/*
 * What the path stands for: a device's port, a guest's name, a session's number; "" for "/", which
 * stands for no object. A new string, NULL without memory.
 */
json_t *object_name(enum object_kind kind, const char *path);

/* Of a device, guest or session: is this a state that somebody should look at? */
bool object_state_is_trouble(const char *state);
