#pragma once
/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What is to be seen on the bus: the manager, and an object for each device, guest and session.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <systemd/sd-bus.h>

struct bus;
struct manager;

enum object_kind {
        OBJECT_MANAGER,
        OBJECT_DEVICE,
        OBJECT_GUEST,
        OBJECT_SESSION,
        OBJECT_KINDS_END,
};

/* Of one interface. */
#define OBJECT_PROPERTIES_MAX 32

/* No object: as the value of a property, and in signals. */
#define OBJECT_NONE "/"

struct object {
        struct bus *bus;
        enum object_kind kind;
        void *target; /* struct manager, device, guest or redirection */
        char *path;
        bool is_announced; /* InterfacesAdded was sent, or was not needed */
        bool has_changed;
        uint64_t digests[OBJECT_PROPERTIES_MAX]; /* of what the properties were when last told */

        struct object *prev, *next; /* of its kind */
};

struct object_class {
        const char *interface;
        const char *prefix; /* of paths; the whole path of the manager */
        const sd_bus_vtable *vtable;
};
extern const struct object_class object_classes[OBJECT_KINDS_END];

/* Defined with each kind: methods, properties, signals. */
extern const sd_bus_vtable manager_vtable[], device_vtable[], guest_vtable[], session_vtable[];

/* Puts it on the list of its kind. Returns 0, also if it is there; -ENOMEM. */
int object_add(struct bus *bus, enum object_kind kind, void *target, struct object **ret);

/* Takes it off the list and tells the bus; the target must still be valid. NULL is allowed. */
void object_remove(struct object *object);

struct object *object_find(const struct bus *bus, enum object_kind kind, const void *target);
struct object *object_find_path(const struct bus *bus, const char *path);

/* OBJECT_NONE if there is none. */
const char *object_path(const struct bus *bus, enum object_kind kind, const void *target);

/* Makes a new connection serve all objects. */
int objects_register(struct bus *bus);

/* Tells the bus what has been added and which properties have changed. */
void objects_flush(struct bus *bus);

/* To be called for a new connection: those who see the name appear ask for everything anyway. */
void objects_flush_silently(struct bus *bus);
