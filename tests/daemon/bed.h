#pragma once
/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The real manager, with its real guests, workers and files, between doubles: hotplug says what the
 * test says, a launched session is the other end of a socket pair that the test answers at, and
 * guests are unix sockets that the test listens at.
 */
#include <event2/event.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include <cmocka.h>

#include "daemon/manager.h"
#include "session/control.h"

/* How long anything may take that is not meant to wait. */
#define BED_DEADLINE_SEC 60

#define BED_SESSIONS_MAX 64
#define BED_GUESTS_MAX   4
#define BED_SOCKETS_MAX  4

/* A session process that was launched. */
struct bed_session {
        int fd; /* the session's end of the control socket; -1: over */
        bool has_order;
        bool is_asked_to_end;
        bool is_orphan; /* its daemon was killed; the next one gets its socket */
        struct control_order order;
        uint32_t memory;   /* the last share it was told */
        unsigned n_memory; /* how often */
        struct control_status status;
};

struct bed_guest {
        char name[32];
        int listener; /* -1: nobody is there */
        int channels;
};

struct bed {
        struct event_base *base;
        struct manager *m;
        struct error error;
        char directory[64]; /* with etc and run below */
        struct launcher *launcher;
        struct guard_scope scope; /* directory/sys and so on, where nothing is */
        bool forces;              /* bed_attach() does */

        struct bed_session sessions[BED_SESSIONS_MAX];
        size_t n_sessions;
        int launch_error; /* what launcher_launch() returns */
        struct bed_guest guests[BED_GUESTS_MAX];
        size_t n_guests;

        /* Sockets, as ports ("1-1"), of which the path is "pci-0-usb-0:1". */
        const char *sockets[BED_SOCKETS_MAX];

        /* What the observer was told. */
        unsigned started, sessions_added, sessions_ended;
        enum session_reason last_reason;
};

/* A bed with an empty configuration; nothing runs yet. One at a time. */
void bed_open(struct bed *bed);

/* Ends the daemon without a word, as SIGKILL would; sessions are left to bed->sessions. */
void bed_kill_daemon(struct bed *bed);
void bed_close(struct bed *bed);

/* cmocka's: *state is the bed. */
int bed_setup(void **state);
int bed_teardown(void **state);

/* Writes a file below etc: "guests.d/vm1.conf". NULL removes it. */
void bed_write(struct bed *bed, const char *name, const char *text);

/* A guest with so many channels, unix sockets "vm1-0"…, and nobody there until it is opened. */
void bed_add_guest(struct bed *bed, const char *name, int channels);
void bed_open_guest(struct bed *bed, const char *name);
void bed_close_guest(struct bed *bed, const char *name);

/* Starts the manager; it adopts these sessions of ours. */
void bed_start(struct bed *bed);

/* What libudev would say. The device is 1209:0001, class 08, or as the text says: "0b", "03/01/01",
 * each interface in turn, separated by blanks; then "serial=…", "product=…", "place=…" (its port),
 * "syspath=…", "configuration=…", "usual=…", "drivers=1" (the host's are bound to it),
 * "NAME=value". */
void bed_plug(struct bed *bed, const char *port, const char *text);
void bed_unplug(struct bed *bed, const char *port);

struct device *bed_device(struct bed *bed, const char *port);

/* Is that port ours? How often has one been claimed, or tried to be? */
bool bed_is_claimed(const char *port);
unsigned bed_n_claims(void);

/* Claims fail from now on; or, of 0, do not. */
void bed_refuse_claims(int error);

/* The kernel does not come back from a claim, until it is let go; is the daemon in one? */
void bed_stick_claims(bool stick);
bool bed_claim_is_stuck(void);

/* One turn of the loop, and the sessions' end of it. */
void bed_turn(struct bed *bed);

/* Turns until it is so; fails after the deadline. */
#define bed_until(bed, condition)                                                                  \
        do {                                                                                       \
                time_t until_ = time(NULL) + BED_DEADLINE_SEC;                                     \
                while (!(condition)) {                                                             \
                        if (time(NULL) > until_)                                                   \
                                fail_msg("not within %i s: %s", BED_DEADLINE_SEC, #condition);     \
                        bed_turn(bed);                                                             \
                }                                                                                  \
        } while (0)

/* Turns until nothing more happens by itself. */
void bed_settle(struct bed *bed);

/* The session that the device has now; waits until it has got its order. */
struct bed_session *bed_session_of(struct bed *bed, const char *port);

/* What a session says. */
void bed_say_status(struct bed *bed, struct bed_session *s, enum link_state link,
                    enum device_state device);
void bed_say_ended(struct bed *bed, struct bed_session *s, enum session_reason reason,
                   bool returned);
void bed_die(struct bed *bed, struct bed_session *s);

/* Has the session say all up to the guest's having the device. */
struct bed_session *bed_redirect(struct bed *bed, const char *port);

/* What attach and detach said. */
struct bed_answer {
        bool has_come;
        bool is_error;
        struct error error;
        uint32_t session; /* number */
};
int bed_attach(struct bed *bed, const char *port, const char *guest, bool wait,
               struct bed_answer *answer);
int bed_attach_with(struct bed *bed, const char *port, const char *guest,
                    const struct attach_options *options, struct bed_answer *answer);
int bed_detach(struct bed *bed, const char *port, struct bed_answer *answer);
