#pragma once
/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A session, as the manager sees it and D-Bus shows it: one device, redirected over one channel by
 * one worker. Written by the manager only; others read.
 */
#include <stdbool.h>
#include <stdint.h>

#include "daemon/worker.h"

struct device;
struct channel;

/* clang-format off */
/*        state        name           true while */
#define REDIRECTION_STATES(S) \
        S(STARTING,    "starting",    "the process has been started and has told nothing") \
        S(GREETING,    "greeting",    "connected; the guest has not said hello") \
        S(SILENT,      "silent",      "greeting for longer than GreetingSec: paused, or busy with another connection") \
        S(OFFERED,     "offered",     "the guest has been offered the device") \
        S(FORWARDING,  "forwarding",  "the guest uses the device") \
        S(ENDING,      "ending",      "the device is being returned") \
        S(STUCK,       "stuck",       "asked to end, and does not")
/* clang-format on */

enum redirection_state {
#define REDIRECTION_STATE_VALUE(state, name, when) REDIRECTION_##state,
        REDIRECTION_STATES(REDIRECTION_STATE_VALUE)
#undef REDIRECTION_STATE_VALUE
};

struct redirection {
        uint32_t number; /* unique among those that this daemon knew; never 0 */
        enum redirection_state state;
        struct device *device;   /* NULL: unplugged meanwhile */
        struct channel *channel; /* NULL for a return */
        struct worker *worker;
        uint64_t since_usec; /* CLOCK_REALTIME */
        bool is_by_hand;
        void *object; /* the observer's */

        struct redirection *prev, *next;
};

const char *redirection_state_name(enum redirection_state state);
