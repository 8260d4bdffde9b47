#pragma once
/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A manager and guests that do as they are told: the functions of daemon/manager.h and
 * daemon/guest.h, on real devices, sessions and policy, without processes, udev and sockets.
 */
#include <event2/event.h>

#include "daemon/manager.h"

struct fake_waiting;

struct manager {
        struct event_base *base;
        struct manager_observer observer;
        void *userdata;
        struct config config;
        struct device *devices;
        struct redirection *sessions;
        struct guest *guests[8];
        size_t n_guests;
        uint32_t last_number;
        bool is_paused;
        void (*on_asleep)(void *userdata); /* from sleep until awake */
        void *asleep_userdata;

        /* How it behaves. */
        const struct error *refuses; /* each call that can fail returns this */
        const struct error *fails;   /* each call that is answered later is answered with this */
        bool holds_answers;          /* until fake_answer() */

        /* What it was asked: "attach 1-1 vm1 wait", "reload"… */
        char asked[256];
        unsigned n_asked, n_forgotten;
        struct fake_waiting *waiting;
        struct event *answer;
};

struct manager *fake_new(struct event_base *base);
struct manager *fake_free(struct manager *m);
DEFINE_CLEANUP(struct manager, fake_free)

/* Rules, one a line; "!TEXT" is a broken file with that problem. */
void fake_set_rules(struct manager *m, const char *rules);
void fake_add_config_error(struct manager *m, const char *file, uint32_t line, uint32_t column,
                           const char *text);

/* A stick: one interface, 08/06/50. */
struct device *fake_plug(struct manager *m, const char *port, uint16_t vendor, uint16_t product,
                         const char *serial);
void fake_unplug(struct manager *m, struct device *d);
void fake_change(struct manager *m, struct device *d, enum device_phase phase);

/* With two channels, tcp:NAME:4000 and tcp:NAME:4001. */
struct guest *fake_add_guest(struct manager *m, const char *name);
void fake_remove_guest(struct manager *m, struct guest *g);
void fake_set_guest(struct guest *g, enum guest_state state, const char *last_error,
                    uint64_t retry_at_usec);
void fake_set_channel(struct guest *g, size_t index, enum channel_state state);
void fake_queue(struct guest *g, struct device *d, struct channel *connecting);

struct redirection *fake_start(struct manager *m, struct device *d, struct guest *g);
void fake_set_session(struct manager *m, struct redirection *r, enum redirection_state state);
void fake_end(struct manager *m, struct redirection *r, enum session_reason reason,
              const char *message);

/* Answers what was held. */
void fake_answer(struct manager *m);
