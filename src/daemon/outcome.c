/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Tables only.
 */
#include "daemon/outcome.h"

static const struct {
        enum next automatic, by_hand;
} outcomes[CAUSES] = {
        [CAUSE_GUEST_GONE] = { NEXT_RECONNECT, NEXT_RECONNECT },
        [CAUSE_REJECTED] = { NEXT_REJECTED, NEXT_END },
        [CAUSE_UNAVAILABLE] = { NEXT_RETRY, NEXT_END },
        [CAUSE_UNPLUGGED] = { NEXT_REPLUG, NEXT_CHANGE },
        [CAUSE_LOST_IN_RESET] = { NEXT_RETURN, NEXT_RETURN },
        [CAUSE_CRASHED] = { NEXT_RESTART, NEXT_RESTART },
        [CAUSE_DETACHED] = { NEXT_INHIBIT, NEXT_END },
        [CAUSE_DENIED] = { NEXT_END, NEXT_END },
        [CAUSE_SILENT] = { NEXT_ELSEWHERE, NEXT_RECONNECT },
        [CAUSE_GUARDED] = { NEXT_END, NEXT_END },
        [CAUSE_DISCONNECTED] = { NEXT_RECONNECT, NEXT_END },
        [CAUSE_ASLEEP] = { NEXT_AWAKE, NEXT_AWAKE },
};

enum cause outcome_cause(enum session_reason reason)
{
        switch (reason) {
        case REASON_GUEST_LEFT:
        case REASON_LINK_LOST:
        case REASON_PROTOCOL:
        case REASON_CONNECT_FAILED:
        case REASON_TLS_FAILED: return CAUSE_GUEST_GONE;
        case REASON_GUEST_REJECTED: return CAUSE_REJECTED;
        case REASON_BUSY:
        case REASON_ACCESS_DENIED: return CAUSE_UNAVAILABLE;
        case REASON_NOT_FOUND:
        case REASON_DEVICE_LOST: return CAUSE_UNPLUGGED;
        case REASON_RESET_LOST: return CAUSE_LOST_IN_RESET;
        case REASON_ASKED: return CAUSE_DETACHED;
        case REASON_FAILURE:
        case REASON_USAGE: return CAUSE_CRASHED;
        }

        return CAUSE_CRASHED;
}

enum next outcome_next(enum cause cause, bool by_hand)
{
        return by_hand ? outcomes[cause].by_hand : outcomes[cause].automatic;
}
