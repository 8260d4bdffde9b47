#pragma once
/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A private bus, the daemon's bus code with a fake manager, and a caller, all on one event loop.
 */
#include <event2/event.h>
#include <systemd/sd-bus.h>

#include "dbus/bus.h"
#include "dbus/fake-manager.h"
#include "dbus/loop.h"
#include "dbus/private-bus.h"
#include "unit/run-until.h"
#include "unit/test.h"
#include "util/cleanup.h"

#define NAME          "org.usbredir1"
#define ROOT          "/org/usbredir1"
#define MANAGER       NAME ".Manager"
#define DEVICE        NAME ".Device"
#define GUEST         NAME ".Guest"
#define SESSION       NAME ".Session"
#define DEVICE_1_1    ROOT "/devices/_31_2d1"
#define GUEST_VM1     ROOT "/guests/vm1"
#define SESSION_1     ROOT "/sessions/1"
#define FREEDESKTOP   "org.freedesktop.DBus."
#define INVALID_ARGS  FREEDESKTOP "Error.InvalidArgs"
#define ACCESS_DENIED FREEDESKTOP "Error.AccessDenied"

/* Of its own connection; connects at once. */
struct caller {
        struct event_base *base;
        sd_bus *bus;
        struct bus_loop *loop;
        /* The daemon's signals, a line each: "PropertiesChanged PATH Device State,Session". */
        char signals[8192];
};

struct bed {
        struct private_bus private_bus;
        struct event_base *base;
        struct manager *manager;
        struct bus *bus;
        struct caller caller;
        unsigned n_ready, n_refused;
        char refusal[512];
};

/* Sets *state to a bed with nothing plugged in and no guests, on the bus. Group fixtures. */
int bed_setup(void **state);
int bed_setup_distrustful(void **state); /* .trusts_nobody */
int bed_teardown(void **state);

/* The parts. A bed without bus has all but the daemon's side. */
struct bed *bed_new(const char *policy);
void bed_start_bus(struct bed *bed, bool trusts_nobody);
struct bed *bed_free(struct bed *bed);

void caller_connect(struct caller *caller, struct bed *bed);
void caller_disconnect(struct caller *caller);

/* The answer, an error too. To be freed with sd_bus_message_unref(). */
sd_bus_message *caller_call(struct caller *caller, const char *path, const char *interface,
                            const char *member, const char *types, ...);

/* Sends it and does not wait; the answer goes to *ret. */
void caller_send(struct caller *caller, sd_bus_message *m, sd_bus_message **ret);
sd_bus_message *caller_message(struct caller *caller, const char *path, const char *interface,
                               const char *member);

/* Calls that are to succeed, or to fail with that name, and a text that has those words. */
void assert_call(struct caller *caller, const char *path, const char *interface, const char *member,
                 const char *types, ...);
void assert_error(sd_bus_message *reply, const char *name, const char *words);

/* A property as text, "s:idle", "as:a,b"; to be freed. */
char *caller_property(struct caller *caller, const char *path, const char *interface,
                      const char *property);
void assert_property(struct caller *caller, const char *path, const char *interface,
                     const char *property, const char *want);

/* All that is left to read of a message, as text; to be freed. */
char *message_text(sd_bus_message *m);

/* All signals that the daemon has sent until now have come: they are this, and are forgotten. */
void assert_signals(struct caller *caller, const char *want);
