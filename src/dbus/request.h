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
        TAKES_RULES = 1 << 0,          /* s: a rule, or the text of a file of them */
        TAKES_DEVICE = 1 << 1,         /* s: its id, or what else manager_find_device() takes */
        TAKES_GUEST = 1 << 2,          /* s: its name */
        TAKES_GUEST_OR_NONE = 1 << 3,  /* s: the same; "" for those that the policy names */
        TAKES_ATTACH_OPTIONS = 1 << 4, /* a{sv}: struct attach_options */
        TAKES_RULE_OPTIONS = 1 << 5,   /* a{sv}: struct rule_place, as file and before */
        TAKES_NO_OPTIONS = 1 << 6,     /* a{sv}: none is known yet */
        TAKES_RULE_PLACE = 1 << 7,     /* s, u, s: struct rule_place, and the rule there */
};

/* A serial has up to 378 bytes, with the ids 388; longer texts name no device. */
#define REQUEST_TEXT_MAX 512

/* A full policy, 10,000 rules of 50 bytes. Anybody may ask, and blank lines alone take 140 ms. */
#define REQUEST_RULES_MAX (512 * 1024)

/* Where a rule is, or is to be; see daemon/rules-edit.h. */
struct rule_place {
        const char *file;
        uint32_t line;
};

struct request {
        struct object *object; /* whose method is called */
        struct device *device; /* the object's, or the one that was named */
        struct guest *guest;   /* NULL: any of those that the policy names */
        const char *guests;    /* its name, or theirs (filter/guests.h); NULL if not asked for */
        struct redirection *session;
        struct attach_options attach;
        const char *rules;
        struct rule_place place;
        unsigned action; /* enum action that an option needs; 0: the method's own */
};

/*
 * Reads the arguments, from the first on. The pointers live as long as nothing happens, those to
 * text as long as the message. Returns 0, or -EINVAL with the error.
 */
int request_read(struct request *ret, struct object *object, unsigned takes, sd_bus_message *m,
                 struct error *ret_error);
