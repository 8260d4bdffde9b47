/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The table of reasons.
 */
#include "session/reason.h"

static const struct {
        int exit_code;
        const char *name;
        const char *sentence;
} reasons[] = {
#define REASON_ROW(reason, exit, name, sentence) [REASON_##reason] = { exit, name, sentence },
        SESSION_REASONS(REASON_ROW)
#undef REASON_ROW
};

const char *session_reason_name(enum session_reason reason)
{
        return reasons[reason].name;
}

int session_reason_exit_code(enum session_reason reason)
{
        return reasons[reason].exit_code;
}

const char *session_reason_string(enum session_reason reason)
{
        return reasons[reason].sentence;
}
