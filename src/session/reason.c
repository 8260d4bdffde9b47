/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The table of reasons.
 */
#include "session/reason.h"

#include <errno.h>

#include "util/macro.h"

static const struct {
        int exit_code;
        const char *name;
        const char *sentence;
} reasons[] = {
#define REASON_ROW(reason, exit, name, sentence) [REASON_##reason] = { exit, name, sentence },
        SESSION_REASONS(REASON_ROW)
#undef REASON_ROW
};

bool session_reason_is_known(uint32_t number)
{
        return number < ELEMENTS(reasons);
}

enum session_reason session_reason_of_device(int error)
{
        switch (-error) {
        case EBUSY: return REASON_BUSY;
        case EACCES: return REASON_ACCESS_DENIED;
        case ENODEV: return REASON_DEVICE_LOST;
        case ESTALE: return REASON_RESET_LOST;
        default: return REASON_FAILURE;
        }
}

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
