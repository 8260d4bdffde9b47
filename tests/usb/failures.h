#pragma once
/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What is to come of a verb when one of its ioctls fails once: a row for each ioctl, a column for
 * each errno.
 */
#include "usb/verbs.h"

/* errno's names, in the order of the columns. */
#define FAILURE_ERRORS(E) E(EBUSY) E(EACCES) E(ENODEV) E(EPIPE) E(ENOMEM) E(EIO)
enum { FAILURE_ERROR_COUNT = 6 };

/* The emulated device's state. */
enum left {
        SAME,     /* as in the other columns */
        ATTACHED, /* configuration 1, nothing claimed, every interface has its driver */
        HELD,     /* configuration 1, all claimed */
        HELD_ALT, /* and interface 0 in its second alt setting */
        HELD_2,   /* configuration 2, claimed */
        DETACHED, /* configuration 1, nothing claimed, no drivers */
        ONLY_0,   /* configuration 1, nothing claimed, interface 1 without its driver */
        ONLY_1,
        ATTACHED_2, /* configuration 2, with its driver */
        LEFT_COUNT
};

struct failure {
        enum verb verb;
        const char *ioctl;
        unsigned nth; /* call of it in the verb, from 0 */
        int want[FAILURE_ERROR_COUNT];
        enum left left;      /* by the verb */
        enum left left_gone; /* by the verb, if the errno was ENODEV */
        enum left end;       /* after release and close; SAME: ATTACHED, all is as it was */
};

extern const struct failure failures[];
extern const size_t failure_count;

/* What a verb leaves that went well. */
extern const enum left verb_leaves[VERB_COUNT];

extern const struct bed_state left_states[LEFT_COUNT];
