#pragma once
/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A USB device of this machine: what hotplug reported, what the policy says of it, what is to be
 * done with it. Written by the manager only; others read.
 */
#include <stdbool.h>
#include <stdint.h>

#include "daemon/error.h"
#include "daemon/guard.h"
#include "daemon/guest.h"
#include "filter/facts.h"
#include "filter/guests.h"
#include "filter/policy.h"
#include "util/cleanup.h"
#include "util/macro.h"

/* No machine has so many; a broken hub could announce devices without end. */
#define DEVICES_MAX 1024

struct redirection;

/* clang-format off */
/*        state        name           true while */
#define DEVICE_PHASES(S) \
        S(IDLE,        "idle",        "the host has it; nothing is under way") \
        S(WAITING,     "waiting",     "to be redirected; waits for a channel of its guest") \
        S(STARTING,    "starting",    "a session runs, the guest has not been offered it yet") \
        S(REDIRECTED,  "redirected",  "the guest has it") \
        S(RETURNING,   "returning",   "on its way back to the host") \
        S(FAILED,      "failed",      "given up, see LastError; re-plug, Attach or reload tries again") \
        S(STUCK,       "stuck",       "its session process cannot be ended")
/* clang-format on */

enum device_phase {
#define DEVICE_PHASE_VALUE(phase, name, when) DEVICE_IS_##phase,
        DEVICE_PHASES(DEVICE_PHASE_VALUE)
#undef DEVICE_PHASE_VALUE
};

/* What hotplug knows, from sysfs and udev. */
struct device_info {
        struct facts facts; /* facts.port identifies a plugged device */
        uint8_t interface_numbers[FACTS_INTERFACES_MAX];
        char place[FACTS_PORT_MAX + 1]; /* the socket's: see place.h */
        uint8_t bus, address;
        uint8_t configuration;          /* bConfigurationValue; 0: none */
        uint8_t usual_configuration;    /* of a device without: the one it would have, or 0 */
        char speed[16];                 /* "low", "full", "high", "super", "super+", "" unknown */
        char vendor[256], product[256]; /* names for people: the device's, or udev's database */
        char syspath[256];
        bool is_settled; /* its drivers are bound, udev has its properties */
        /* Why it cannot be judged and must not be redirected, or "": more than can be known. */
        char refusal[128];
};

enum intent {
        INTENT_NONE,
        INTENT_AUTOMATIC, /* by a rule */
        INTENT_BY_HAND,   /* by Attach */
};

struct device {
        struct device_info info;
        enum device_phase phase;

        struct verdict verdict; /* pointers into the policy in force */
        char rule[320];         /* "FILE:LINE" that decided, or "" */

        enum intent intent;
        char guest[GUEST_NAME_MAX + 1]; /* whose it is, or is to be; "" while any of several */
        bool is_inhibited; /* taken back by hand: no rule acts until re-plug or Attach */
        bool is_rejected;  /* by its guest: no rule acts until that changes */
        bool is_held;      /* its port is claimed: no driver of the host gets it */
        bool hold;         /* asked for with Attach */
        bool is_forced;    /* attached by hand with "force": no guard counts */
        char guard[GUARD_REASON_SIZE]; /* why this machine needs it, or "" */
        char last_error[512];

        struct waiting waiting;          /* in guests' queues while WAITING */
        struct redirection *redirection; /* while a session process has it */
        void *object;                    /* the observer's */

        struct device *prev, *next;
};

/* Whose place in a queue that is. */
static inline struct device *device_of_waiter(const struct waiter *w)
{
        return CONTAINER_OF(w->waiting, struct device, waiting);
}

static inline const char *device_id(const struct device *d)
{
        return d->info.facts.port;
}

const char *device_phase_name(enum device_phase phase);

/* "allowed", "denied", "conflict", "no-match", "hub" */
const char *verdict_kind_name(enum verdict_kind kind);
