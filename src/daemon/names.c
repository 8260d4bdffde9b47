/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The names of states, from the tables of the headers.
 */
#include "daemon/device.h"
#include "daemon/redirection.h"

#define NAME(state, name, when) name,

static const char *const device_phases[] = { DEVICE_PHASES(NAME) };
static const char *const redirection_states[] = { REDIRECTION_STATES(NAME) };

static const char *const verdict_kinds[] = {
        [VERDICT_DENIED] = "denied",     [VERDICT_ALLOWED] = "allowed",
        [VERDICT_CONFLICT] = "conflict", [VERDICT_NO_MATCH] = "no-match",
        [VERDICT_HUB] = "hub",
};

const char *device_phase_name(enum device_phase phase)
{
        return device_phases[phase];
}

const char *redirection_state_name(enum redirection_state state)
{
        return redirection_states[state];
}

const char *verdict_kind_name(enum verdict_kind kind)
{
        return verdict_kinds[kind];
}
