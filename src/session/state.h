#pragma once
/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The two small machines of a session: its link to the guest, and its device. Which steps each may
 * take, and which pairs of states may stand together, are tables here; session.c takes the steps.
 * Their numbers are told to the daemon, which may be of another version: new ones come last.
 */
#include <stdbool.h>

enum link_state {
        LINK_NONE,     /* no socket */
        LINK_GREETING, /* our hello is sent, the peer's not seen; a paused guest may stay here long
                        */
        LINK_UP,       /* the peer's version and capabilities are known */
        LINK_TLS,      /* before greeting: the handshake of an encrypted link; has a deadline */
        LINK_STATES,
};

enum device_state {
        DEVICE_NONE,          /* no device, or open but the host's */
        DEVICE_CLAIMED,       /* kernel drivers detached, interfaces claimed */
        DEVICE_OFFERED,       /* infos and device_connect sent */
        DEVICE_FORWARDING,    /* the guest has answered with a request; transfers flow */
        DEVICE_DISCONNECTING, /* device_disconnect sent, waiting for the ack if both can */
        DEVICE_DRAINING,      /* nothing new is accepted; cancels in flight until none is left */
        DEVICE_RETURNED, /* released, configuration restored, drivers attached; none: the next */
        DEVICE_STATES,
};

const char *link_state_string(enum link_state state);
const char *device_state_string(enum device_state state);

bool link_state_may_follow(enum link_state from, enum link_state to);
bool device_state_may_follow(enum device_state from, enum device_state to);

/* May the two stand together? */
bool states_may_pair(enum link_state link, enum device_state device);
