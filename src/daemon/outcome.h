#pragma once
/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Why a session ended, and what happens next: one table.
 */
#include <stdbool.h>

#include "session/control.h"

enum cause {
        CAUSE_GUEST_GONE,  /* the guest left, the link broke, the protocol was broken */
        CAUSE_REJECTED,    /* the guest does not want the device */
        CAUSE_UNAVAILABLE, /* another program uses the device, or access to it was denied */
        CAUSE_UNPLUGGED,
        CAUSE_LOST_IN_RESET, /* it came back from a reset as another device */
        CAUSE_CRASHED,       /* the session process died, hung or failed */
        CAUSE_DETACHED,      /* by hand */
        CAUSE_DENIED,        /* rules have changed and deny it now */
        CAUSE_SILENT,        /* its guest said nothing, and another channel is free */
        CAUSE_GUARDED,       /* this machine has come to need it, before the guest had it */
        CAUSE_DISCONNECTED,  /* its guest was disconnected by hand, or is no longer configured */
        CAUSE_ASLEEP,        /* the machine goes to sleep */
        CAUSES,
};

enum next {
        NEXT_END,       /* nothing; the reason is kept */
        NEXT_RECONNECT, /* waits for a channel of its guest, whatever on= says */
        NEXT_ELSEWHERE, /* the same, and its guest is no better than others of its list */
        NEXT_REJECTED,  /* not again until re-plug, a reload or a new connection to its guest */
        NEXT_RETRY,     /* after a delay that grows; given up after so many tries */
        NEXT_REPLUG,    /* the same guest when it is plugged in again */
        NEXT_RETURN,    /* the same guest if it is back at its socket soon */
        NEXT_CHANGE,    /* ended; the same guest if it is back there soon as another device */
        NEXT_RESTART,   /* at once; given up if that happens too often */
        NEXT_AWAKE,     /* the same guest when the machine is awake */
        NEXT_INHIBIT,   /* no rule acts until re-plug or Attach */
};

/* Tries to get a device that is busy or not accessible, beside the first one. */
#define OUTCOME_TRIES 5

/* The first delay before a try; it doubles. */
#define OUTCOME_DELAY_SEC 1

/* So many crashes within this time are too many. */
#define OUTCOME_CRASHES     3
#define OUTCOME_CRASHES_SEC 60

/* How long a device may take to come back from a reset; how often it may need to, likewise. */
#define OUTCOME_RETURN_SEC 10
#define OUTCOME_LOSSES     3

/* How often it may come back as another device, likewise: a new firmware takes two or three. */
#define OUTCOME_CHANGES 16

/* What a session's own reason means, unless the daemon has asked it to end. */
enum cause outcome_cause(enum session_reason reason);

enum next outcome_next(enum cause cause, bool by_hand);
