#pragma once
/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What may be done with a device, one row each: how to get there, and the thing itself. The
 * failures are injected into the second.
 */
#include "usb/bed.h"

#define VERBS(V)                                                                                   \
        V(OPEN)                                                                                    \
        V(CLAIM)                                                                                   \
        V(SET_CONFIGURATION)                                                                       \
        V(SET_ALT)                                                                                 \
        V(RESET)                                                                                   \
        V(CLEAR_HALT)                                                                              \
        V(CONTROL_IN)                                                                              \
        V(CONTROL_OUT)                                                                             \
        V(CONTROL_NONE)                                                                            \
        V(BULK_IN)                                                                                 \
        V(BULK_OUT)                                                                                \
        V(INTERRUPT_IN)                                                                            \
        V(INTERRUPT_OUT)                                                                           \
        V(CANCEL)                                                                                  \
        V(RELEASE)                                                                                 \
        V(RESTORE)

enum verb {
#define V(name) name,
        VERBS(V)
#undef V
                VERB_COUNT
};

const char *verb_name(enum verb verb);

/* A new bed, prepared. */
struct bed *verb_prepare(enum verb verb);

/*
 * A call's errno, or a transfer's: its status, or the errno of its submission. CANCEL: how many
 * transfers have not come back.
 */
int verb_run(enum verb verb, struct bed *bed);
