/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Tables only: a row for each state, a bit for each state that may follow or accompany it.
 */
#include "session/state.h"

#define BIT(state) (1u << (state))

static const struct {
        const char *name;
        unsigned next;
} link_states[LINK_STATES] = {
        [LINK_NONE] = { "none", BIT(LINK_GREETING) | BIT(LINK_TLS) },
        [LINK_GREETING] = { "greeting", BIT(LINK_UP) | BIT(LINK_NONE) },
        [LINK_UP] = { "up", BIT(LINK_NONE) },
        [LINK_TLS] = { "tls", BIT(LINK_GREETING) | BIT(LINK_NONE) },
};

static const struct {
        const char *name;
        unsigned next;
        unsigned links; /* link states beside it */
} device_states[DEVICE_STATES] = {
        [DEVICE_NONE] = { "none", BIT(DEVICE_CLAIMED) | BIT(DEVICE_RETURNED),
                          BIT(LINK_NONE) | BIT(LINK_TLS) | BIT(LINK_GREETING) | BIT(LINK_UP) },
        [DEVICE_CLAIMED] = { "claimed", BIT(DEVICE_OFFERED) | BIT(DEVICE_DRAINING),
                             BIT(LINK_NONE) | BIT(LINK_GREETING) | BIT(LINK_UP) },
        [DEVICE_OFFERED] = { "offered",
                             BIT(DEVICE_FORWARDING) | BIT(DEVICE_DISCONNECTING) |
                                     BIT(DEVICE_DRAINING),
                             BIT(LINK_UP) },
        [DEVICE_FORWARDING] = { "forwarding", BIT(DEVICE_DISCONNECTING) | BIT(DEVICE_DRAINING),
                                BIT(LINK_UP) },
        [DEVICE_DISCONNECTING] = { "disconnecting", BIT(DEVICE_DRAINING), BIT(LINK_UP) },
        [DEVICE_DRAINING] = { "draining", BIT(DEVICE_RETURNED), BIT(LINK_NONE) | BIT(LINK_UP) },
        [DEVICE_RETURNED] = { "returned", BIT(DEVICE_NONE),
                              BIT(LINK_NONE) | BIT(LINK_GREETING) | BIT(LINK_UP) },
};

const char *link_state_string(enum link_state state)
{
        return link_states[state].name;
}

const char *device_state_string(enum device_state state)
{
        return device_states[state].name;
}

bool link_state_may_follow(enum link_state from, enum link_state to)
{
        return link_states[from].next & BIT(to);
}

bool device_state_may_follow(enum device_state from, enum device_state to)
{
        return device_states[from].next & BIT(to);
}

bool states_may_pair(enum link_state link, enum device_state device)
{
        return device_states[device].links & BIT(link);
}
