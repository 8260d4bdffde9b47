/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Names of states, from the tables in the daemon's headers.
 */
#include "daemon/device.h"
#include "daemon/guest.h"
#include "daemon/redirection.h"

const char *device_phase_name(enum device_phase phase)
{
        static const char *const names[] = {
#define NAME(phase, name, when) [DEVICE_IS_##phase] = name,
                DEVICE_PHASES(NAME)
#undef NAME
        };

        return names[phase];
}

const char *verdict_kind_name(enum verdict_kind kind)
{
        switch (kind) {
        case VERDICT_DENIED: return "denied";
        case VERDICT_ALLOWED: return "allowed";
        case VERDICT_CONFLICT: return "conflict";
        case VERDICT_NO_MATCH: return "no-match";
        case VERDICT_HUB: return "hub";
        }

        return NULL;
}

const char *redirection_state_name(enum redirection_state state)
{
        static const char *const names[] = {
#define NAME(state, name, when) [REDIRECTION_##state] = name,
                REDIRECTION_STATES(NAME)
#undef NAME
        };

        return names[state];
}

const char *guest_state_string(enum guest_state state)
{
        static const char *const names[] = {
#define NAME(state, name, when) [GUEST_##state] = name,
                GUEST_STATES(NAME)
#undef NAME
        };

        return names[state];
}

const char *channel_state_string(enum channel_state state)
{
        static const char *const names[] = {
#define NAME(state, name, when) [CHANNEL_##state] = name,
                CHANNEL_STATES(NAME)
#undef NAME
        };

        return names[state];
}
