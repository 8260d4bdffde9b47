#pragma once
/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The decisions: what hotplug, policy, guests, workers and people say becomes sessions. All of it
 * in one thread, on one event_base.
 */
#include <event2/event.h>
#include <stdbool.h>
#include <stdint.h>

#include "daemon/config.h"
#include "daemon/device.h"
#include "daemon/error.h"
#include "daemon/guard.h"
#include "daemon/guest.h"
#include "daemon/launcher.h"
#include "daemon/redirection.h"

struct manager;

/*
 * Who is told of changes, after the fact; each may be NULL. Nothing may be changed from within a
 * call. "removed" and "ended" are the last calls in which the pointer is valid.
 */
struct manager_observer {
        void (*device_added)(void *userdata, struct device *d);
        void (*device_changed)(void *userdata, struct device *d);
        void (*device_removed)(void *userdata, struct device *d);
        void (*guest_added)(void *userdata, struct guest *g);
        void (*guest_changed)(void *userdata, struct guest *g);
        void (*guest_removed)(void *userdata, struct guest *g);
        void (*session_added)(void *userdata, struct redirection *r);
        void (*session_changed)(void *userdata, struct redirection *r);
        void (*session_ended)(void *userdata, struct redirection *r, enum session_reason reason,
                              const char *message);
        void (*configuration_changed)(void *userdata); /* reloaded: rules, errors */
        void (*paused_changed)(void *userdata);
};

struct manager_config {
        const char *const *directories; /* of the configuration, falling precedence, NULL last */
        const char *runtime_directory;  /* exists, and is ours */
        struct launcher *launcher;      /* the caller's */
        const struct guard_scope *guard_scope; /* NULL: this machine */

        /* All that was left over is taken in: the manager does its work from now on. */
        void (*on_started)(void *userdata);
        /* Devices, sessions or the pause have changed; at most once in a turn of the loop. */
        void (*on_changed)(void *userdata);
        /* The configuration is about to be read again; it has been. */
        void (*on_reload)(void *userdata, bool is_over);
        void *userdata;
};

/* Loads the configuration. -EINVAL, with the error, if the main file is broken. */
int manager_new(struct manager **ret, struct event_base *base, const struct manager_config *config,
                struct error *ret_error);
struct manager *manager_free(struct manager *m);
DEFINE_CLEANUP(struct manager, manager_free)

/* One observer, or NULL for none. */
void manager_observe(struct manager *m, const struct manager_observer *observer, void *userdata);

/* A hub that a former daemon kept open; before the start. The descriptor is the manager's. */
void manager_adopt_hub(struct manager *m, int fd);

/*
 * Adopts the sessions behind these control sockets, which a former daemon left, then takes in the
 * devices there are, then what udev says. The descriptors are the manager's, also on error.
 */
int manager_start(struct manager *m, const int *fds, size_t n_fds);

/* Begins nothing more, ends all sessions, and gives back what is held. */
void manager_stop(struct manager *m);

/* Is any device kept from the host's drivers? */
bool manager_holds_any(const struct manager *m);

/* There is no session, and no device is held, or on its way back. */
bool manager_has_returned_all(const struct manager *m);

/* Before manager_free(): sessions go on without us where the launcher lets them. */
void manager_leave(struct manager *m);

/* What there is. Lists: go on by ->next. */
struct device *manager_devices(const struct manager *m);
struct redirection *manager_sessions(const struct manager *m);
size_t manager_n_guests(const struct manager *m);
struct guest *manager_guest(const struct manager *m, size_t index); /* sorted by name */
const struct config *manager_config(const struct manager *m);
bool manager_is_paused(const struct manager *m);

/* Paused for as long as this machine runs, by usbredird.disable on the kernel's command line. */
bool manager_is_disabled(const struct manager *m);

/*
 * A device by its port (1-1.4), VVVV:PPPP, VVVV:PPPP:SERIAL or BBB/DDD; a guest by its name. With
 * ERROR_INVALID_ARGS, NO_SUCH_DEVICE, AMBIGUOUS_DEVICE, NO_SUCH_GUEST.
 */
int manager_find_device(struct manager *m, const char *text, struct device **ret,
                        struct error *ret_error);
int manager_find_guest(struct manager *m, const char *name, struct guest **ret,
                       struct error *ret_error);

struct attach_options {
        bool wait;  /* in the queue if no channel is free, and for the outcome */
        bool hold;  /* while its guest is away it is kept from the host's drivers */
        bool force; /* although this machine needs it (guard.h) */
};

/* The session, or NULL and the error. Called once, never from within the call that asked. */
typedef void (*manager_attached)(void *userdata, struct redirection *r, const struct error *error);
typedef void (*manager_detached)(void *userdata, const struct error *error);

/*
 * Redirects a device as asked by hand. Errors that are known at once are returned; otherwise done
 * is called when the session exists, or, with "wait", when the guest uses the device or in 20 s.
 */
int manager_attach(struct manager *m, struct device *d, const char *guest,
                   const struct attach_options *options, manager_attached done, void *userdata,
                   struct error *ret_error);

/* Takes it back; done is called when the host has it. Also ends waiting, also for a rule. */
int manager_detach(struct manager *m, struct device *d, manager_detached done, void *userdata,
                   struct error *ret_error);

/* Takes all back that are redirected or wait; done, once, when all are the host's. */
void manager_detach_all(struct manager *m, manager_detached done, void *userdata);

/*
 * Has the session's process tell its numbers: worker_status() is fresh in done. With an error if it
 * ends meanwhile, or does not tell within 5 s.
 */
int manager_describe(struct manager *m, struct redirection *r, manager_attached done,
                     void *userdata, struct error *ret_error);

/* Whoever asked is gone: their "done" is not called any more. */
void manager_forget(struct manager *m, void *userdata);

/* Reads the files again. -EINVAL, with the first error, if something is broken. */
int manager_reload(struct manager *m, struct error *ret_error);

/*
 * Adds a rule to a file, or takes one away (see daemon/rules-edit.h); then the rules are in force.
 * -EINVAL, with the error, and nothing has changed.
 */
int manager_add_rule(struct manager *m, const char *file, uint32_t before, const char *rule,
                     struct error *ret_error);
int manager_remove_rule(struct manager *m, const char *file, uint32_t line, const char *text,
                        struct error *ret_error);

/*
 * Stops, or starts again, all that rules do by themselves. Sessions go on. -EINVAL, with
 * ERROR_PAUSED, if it is disabled and may not be started.
 */
int manager_set_paused(struct manager *m, bool paused, struct error *ret_error);

/*
 * The machine goes to sleep: devices are returned, and ready is called, once, when all are. They go
 * back to their guests when it is awake.
 */
void manager_sleep(struct manager *m, void (*ready)(void *userdata), void *userdata);
void manager_awake(struct manager *m);

int manager_connect_guest(struct manager *m, struct guest *g, struct error *ret_error);
void manager_disconnect_guest(struct manager *m, struct guest *g);

/* The guests that the policy or DefaultGuest names for it, as a list; NULL: none that is there. */
const char *manager_guest_for(const struct manager *m, const struct device *d);

/*
 * A guest, a list or "*": whose it is by a rule; or, with their name as the source, which else is
 * left alone, by USBREDIR_GUEST or DefaultGuest. NULL if nobody says.
 */
const char *manager_guests_named(const struct manager *m, const struct device *d,
                                 const char **ret_source);

/* Whether it may go to that one. */
bool manager_may_go_to(const struct manager *m, const struct device *d, const char *guest);
