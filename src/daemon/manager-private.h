#pragma once
/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the files of the manager share: manager.c (what there is, and for how long), devices.c (what
 * hotplug says), decide.c (what is to be done with a device), sessions.c and endings.c (processes),
 * find.c and request.c (what people ask), startup.c (what a former daemon left), reload.c (the
 * configuration that comes into force), limit.c (MaxSessions), silent.c (guests that say nothing),
 * guards.c (what this machine needs), hold.c (what is kept from the host's drivers).
 */
#include <event2/event.h>

#include "daemon/candidates.h"
#include "daemon/disk-probe.h"
#include "daemon/guard.h"
#include "daemon/hotplug.h"
#include "daemon/manager.h"
#include "daemon/memory.h"
#include "daemon/outcome.h"
#include "daemon/record.h"
#include "util/clock.h"
#include "util/macro.h"

/* How long Attach may take; then it is told how far things are. D-Bus callers wait for 25 s. */
#define ATTACH_SEC 20

enum occasion {
        OCCASION_NONE,      /* something about the device has changed */
        OCCASION_PLUG,      /* it was plugged in */
        OCCASION_START,     /* cold start, its guest came up, a reload, resume, room for one more */
        OCCASION_UNGUARDED, /* a guard has kept it from what one of these had begun */
};

/* Of a device's port: hold.c. */
enum asked {
        ASKED_NOTHING,
        ASKED_CLAIM,
        ASKED_RELEASE,
};

/* Of a device: guards.c. */
struct guarding {
        struct disk_probe *probe; /* asks whether its disks are in use */
        struct channel *channel;  /* connected for it, or NULL: its session waits for the probe */
        int fd;                   /* of the channel */
        struct sockaddr_storage peer; /* where its guest was last; no family: not known */
        bool is_wanted;               /* by a rule, as soon as no guard holds it */
        bool is_probed_busy;          /* the last probe said so */
};

/* A device, and what only the manager knows of it. */
struct entry {
        struct device device; /* what others see */
        struct manager *manager;
        struct event *timer; /* of a retry, or of a look whether it is still there */

        unsigned tries;                         /* at a device that is busy, in a row */
        uint64_t crashes_usec[OUTCOME_CRASHES]; /* the last ones, the oldest first */
        struct comebacks comebacks;             /* this one included */
        uint32_t back_from;                     /* it was removed from that session, or 0 */
        bool is_judged;                         /* settled, and judged, at least once */
        bool is_over_limit;                     /* waits for MaxSessions, in its turn */
        uint64_t begun_usec;                    /* CLOCK_MONOTONIC: plugged in */
        bool was_given;                         /* its guest has it, or had until just now */
        bool has_changed;                       /* it came back as another device */
        bool has_new_verdict;                   /* rules have changed, and it is not judged yet */

        struct worker *returner; /* gives it back in place of a session that died */
        enum next after_return;
        enum occasion occasion_after_return; /* by the rules, then */
        enum asked asked;                    /* for its port, and not answered yet */
        enum occasion occasion_after_claim;  /* it is judged with that when it is */
        int hold_error;                      /* it could not be held: not tried again */
        uint8_t configuration;               /* to be restored */

        struct guarding guarding;
        struct record record; /* as written */
};

/* A session, and what only the manager knows of it. */
struct running {
        struct redirection shown;   /* what others see */
        uint64_t begun_usec;        /* CLOCK_MONOTONIC */
        struct comebacks comebacks; /* the device's, when it began */
        char place[FACTS_PORT_MAX + 1];
        struct manager *manager;
        bool is_adopting; /* it has not told yet what it does */
        bool has_cause;   /* we have asked it to end */
        enum cause cause;
};

/* Somebody waits for a device to be redirected or returned, or for a session's numbers. */
struct request {
        struct entry *entry;         /* NULL: for all devices to be returned, or a session */
        struct redirection *session; /* to tell its numbers */
        struct request *all;         /* it is part of that one, and answers nobody itself */
        manager_attached attached;
        manager_detached detached;
        void *userdata;
        bool wait;           /* for the guest to have the device, not only for the session */
        struct event *timer; /* unless it is a detach */
        struct manager *manager;
        struct request *prev, *next;
};

/* A guest; one that is no longer configured stays until its last session has ended. */
struct host_guest {
        struct guest *guest;
        bool is_leaving;
};

struct guard_file {
        int fd;
        struct event *event; /* NULL: neither */
};

/* Of a manager: guards.c. */
struct guard_watch {
        const struct guard_scope *scope;
        struct event *timer; /* of the next look at all devices */
        bool is_soon;        /* it is for a change */
        struct guard_file mounts, swaps;
};

struct manager {
        struct event_base *base;
        struct manager_config settings;
        struct config *config;
        struct hotplug *hotplug;

        struct device *devices;
        struct redirection *sessions;
        struct host_guest *guests; /* sorted by name */
        size_t n_guests;
        struct request *requests;
        struct memories memories;
        struct guard_watch guards;

        struct claimer *claimer;
        bool sockets_changed, has_former_claims; /* to be looked at */

        struct event *work; /* answers requests, frees guests */
        unsigned n_adopting;
        bool is_starting; /* nothing is begun before all that is left over is known */
        bool is_stopping; /* only ends are waited for */
        bool is_paused;
        bool is_asleep; /* nothing is begun */
        void (*on_asleep)(void *userdata);
        void *asleep_userdata;
        bool is_disabled;
        uint32_t last_number; /* of a session */
        uint64_t last_order;  /* of a device that waits */

        struct manager_observer observer;
        void *userdata;
};

static inline struct entry *entry_of(struct device *d)
{
        return CONTAINER_OF(d, struct entry, device);
}

static inline struct running *running_of(struct redirection *r)
{
        return CONTAINER_OF(r, struct running, shown);
}

/* Is it on its way back to the host, or to us, without a session? */
static inline bool is_in_return(const struct entry *e)
{
        return e->returner || e->device.phase == DEVICE_IS_RETURNING;
}

/* Tells the observer, and the next daemon. */
void manager_changed(struct manager *m, struct entry *e);

/* Has requests looked at, and guests that leave, in the next turn of the loop. */
void manager_wake(struct manager *m);

void manager_free_entry(struct entry *e);

/* Devices that are waiting, redirected or being returned. */
size_t manager_n_busy(const struct manager *m);

/* guests.c */
struct guest *manager_guest_by_name(const struct manager *m, const char *name); /* or NULL */

/* As the configuration in force has them. Returns 0 or -ENOMEM. */
int manager_update_guests(struct manager *m);

/* Frees those that are no longer configured and have no session. */
void manager_drop_guests(struct manager *m);

/* reload.c: the first time. -EINVAL, with the error. */
int manager_load(struct manager *m, struct error *ret_error);

/* candidates.c: whether that is one of the guests that it is to go to by itself */
bool manager_is_candidate(const struct manager *m, const struct device *d, const struct guest *g);

/* decide.c */
void manager_judge(struct manager *m, struct entry *e, enum occasion occasion);
void manager_judge_all(struct manager *m, enum occasion occasion);

/* Does the policy redirect it by itself? */
bool manager_is_automatic(const struct device *d);

/* Fills in what the policy in force says. */
void manager_update_verdict(struct manager *m, struct device *d);

/* Has it wait for a channel of any of these guests; how: as waiting_begin(). */
void manager_begin_wait(struct manager *m, struct entry *e, const struct candidates *c,
                        enum intent intent, unsigned how);

/* The same, of the guest that had it: first of all by a rule, of no other by hand. */
void manager_go_back(struct manager *m, struct entry *e, enum intent intent, const char *guest,
                     unsigned how);

/* A rule gives the device to its guests. */
void manager_begin_by_rule(struct manager *m, struct entry *e);

/* Takes it out of all waiting, to phase and intent; the error's text stays. */
void manager_rest(struct manager *m, struct entry *e, enum device_phase phase);
void manager_set_error(struct entry *e, const char *format, ...) PRINTF(2, 3);

/* What the table of outcomes says is to happen next. */
void manager_go_on(struct manager *m, struct entry *e, enum next next);

/* Waits for its guest again, if that is still what is wanted. */
void manager_reconnect(struct manager *m, struct entry *e, bool at_once);

/* limit.c */

/* Its place in every queue, if it has none yet: behind all that wait. */
void manager_take_turn(struct manager *m, struct entry *e);

bool manager_has_room(const struct manager *m);

/* Whether MaxSessions, or one that waits for that, is before it: then it waits for its turn. */
bool manager_is_over_limit(struct manager *m, struct entry *e);

/* Begins those that wait for MaxSessions, in their order, as far as there is room. */
void manager_serve_limit(struct manager *m);

/* silent.c */

/* A device whose guest says nothing goes on to another channel of its guests, if one is free. */
void manager_leave_silent(struct manager *m);

/* guards.c */

/* Starts to look; a NULL scope is this machine. Returns 0 or -ENOMEM. */
int manager_watch_guards(struct manager *m, const struct guard_scope *scope);
void manager_leave_guards(struct manager *m);

/* Something has come or gone, on which guards may look differently. */
void manager_look_soon(struct manager *m);

/* Is the device, which a rule is about to give away, needed here? Then it goes later. */
bool manager_hold_back(struct manager *m, struct entry *e);

/* The same for Attach: 0, or -EINVAL with ERROR_IN_USE. */
int manager_refuse_guarded(struct manager *m, struct entry *e, const struct guest *g, bool force,
                           struct error *ret_error);

/*
 * A channel is connected for the device: manager_begin_session(), now or when its disks have been
 * probed, or not. The socket is taken.
 */
void manager_start_device(struct manager *m, struct entry *e, struct channel *channel, int fd);

/* It is to be started no more; its channel is given back. */
void manager_cancel_start(struct entry *e);
bool manager_starts_at(const struct entry *e, const struct guest *g);

/* devices.c */
struct entry *manager_find_entry(const struct manager *m, const char *port); /* or NULL */
extern const struct hotplug_events manager_hotplug_events;

/* That session lost its device in a reset, and the device was removed before that was known. */
void manager_device_came_back(struct manager *m, uint32_t number, const char *place,
                              struct comebacks comebacks);

/* The device is in the registry, or was: it goes back to its guest if it is back soon. */
struct memory *manager_remember(struct manager *m, const struct entry *e);

/* sessions.c */
extern const struct guest_events manager_guest_events;
extern const struct worker_events manager_session_events;
struct running *manager_add_session(struct manager *m);
void manager_free_session(struct redirection *r);

/* The socket is the callee's, the channel is occupied. */
void manager_begin_session(struct manager *m, struct entry *e, struct channel *channel, int fd);
void manager_fill_order(const struct manager *m, const struct entry *e,
                        struct control_order *order);
void manager_set_session_state(struct running *s, enum redirection_state state);
void manager_on_session_status(void *userdata);

/* Gives each session its share of usbfs memory. */
void manager_share_memory(struct manager *m);

/* Has a process started for the next session, if there are guests at all. */
void manager_prepare(struct manager *m);

/* endings.c */

/* None if it has gone on for long. */
struct comebacks manager_session_comebacks(const struct running *s);
void manager_end_session(struct redirection *r, enum cause cause);
void manager_return_device(struct manager *m, struct entry *e, enum next after);

/* The same with a purpose: CONTROL_RETURN or CONTROL_HOLD. */
void manager_begin_return(struct manager *m, struct entry *e, enum control_purpose purpose,
                          enum next after);
void manager_on_session_end(void *userdata, enum session_reason reason, const char *message,
                            bool returned);

/* detach.c: tells who waits for it that devices are returned. */
void manager_answer_detaches(struct manager *m);

/* request.c */
struct request *manager_add_request(struct manager *m, struct entry *e,
                                    void *userdata); /* or NULL */
void manager_free_request(struct request *request);
struct request *manager_find_attach(struct manager *m, const struct entry *e);
void manager_answer_attach(struct manager *m, struct entry *e, struct redirection *r,
                           const struct error *error);
void manager_answer_describes(struct manager *m, struct redirection *r, const struct error *error);
void manager_forget_device(struct manager *m, struct entry *e);

/* sleep.c: tells who waits for it that all devices are returned. */
void manager_sleep_turn(struct manager *m);

/* startup.c */
void manager_on_session_described(void *userdata);
void manager_remember_paused(const struct manager *m);

/* When nothing is left to be adopted. */
void manager_begin(struct manager *m);
