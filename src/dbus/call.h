#pragma once
/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A method call under way: from its arguments over the authorization of its caller to the answer.
 */
#include <stdint.h>
#include <systemd/sd-bus.h>

#include "daemon/error.h"
#include "dbus/internal.h"
#include "dbus/methods.h"
#include "dbus/request.h"

/*
 * Of one user, who is neither root nor our own. A person has one; a program that fills the table
 * must not keep others out, nor our memory.
 */
#define CALLS_PER_USER_MAX 64

/* What polkit is told of the call, for its rules. */
struct call_details {
        char device[FACTS_PORT_MAX + 1];
        char vidpid[sizeof("0123:4567")];
        char serial[FACTS_SERIAL_MAX + 1];
        char guest[REQUEST_TEXT_MAX + 1]; /* or a list; one that is cut off still has a comma */
};

struct call {
        struct bus *bus;
        sd_bus_message *message;
        const struct method *method;
        enum action action; /* the method's, or that of one of its options */
        struct call_details details;
        uint32_t uid;
        bool is_counted;    /* the uid is known, and is not trusted */
        bool is_at_manager; /* it has this call as its userdata */
        sd_bus_slot *watch; /* for the end of its caller */
        sd_bus_slot *query; /* what is asked about it now */

        struct call *prev, *next;
};

struct call *call_free(struct call *call);
DEFINE_CLEANUP(struct call, call_free)

/* The caller may do it. Frees the call, now or when the manager is done. */
void call_authorized(struct call *call);

/* Answers with an error, and frees the call. */
void call_refuse(struct call *call, const struct error *error);

/*
 * Answers: to be sent by functions of methods, and once. The objects that have changed are told
 * before, so that a caller who has the answer has seen what it did.
 */
int call_reply(struct call *call, const char *types, ...);
int call_send(struct call *call, sd_bus_message *reply);

/* The manager's callbacks; their userdata is the call, which they free. */
void call_attached(void *userdata, struct redirection *r, const struct error *error);
void call_detached(void *userdata, const struct error *error);
