#pragma once
/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Where we mean to differ from the original library: all of it, each with its reason. What differs
 * and is not listed fails.
 */
#include "unit/helpers.h"

enum deed {
        DEED_SEND,
        DEED_TAKE,
};

/* What the other library made of a packet. */
enum verdict {
        VERDICT_NONE, /* it said nothing, and went on */
        VERDICT_GOOD,
        VERDICT_BAD,
};

/*
 * Counts one deed, done by both or by none, or a difference that is listed. Fault is ours; the
 * message is theirs.
 */
void differences_judge(enum deed deed, uint32_t type, enum packet_fault fault, enum verdict theirs,
                       const char *message);

/* Prints how much was compared, and fails for what has not been seen. */
void differences_report(void);
