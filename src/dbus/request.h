#pragma once
/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What a call asks for: its arguments, checked and looked up.
 */
#include <systemd/sd-bus.h>

#include "daemon/manager.h"
#include "dbus/object.h"

/* In this order in the message. */
enum {
        TAKES_DEVICE = 1 << 0,         /* s: its id, or what else manager_find_device() takes */
        TAKES_GUEST = 1 << 1,          /* s: its name */
        TAKES_GUEST_OR_NONE = 1 << 2,  /* s: the same; "" for the one that the policy names */
        TAKES_ATTACH_OPTIONS = 1 << 3, /* a{sv}: struct attach_options */
        TAKES_NO_OPTIONS = 1 << 4,     /* a{sv}: none is known yet */
};

/* A serial has up to 378 bytes, with the ids 388; longer texts name no device. */
#define REQUEST_TEXT_MAX 512

struct request {
        struct object *object; /* whose method is called */
        struct device *device; /* the object's, or the one that was named */
        struct guest *guest;
        struct redirection *session;
        struct attach_options attach;
};

/*
 * Reads the arguments, from the first on. The pointers live as long as nothing happens. Returns 0,
 * or -EINVAL with the error.
 */
int request_read(struct request *ret, struct object *object, unsigned takes, sd_bus_message *m,
                 struct error *ret_error);
