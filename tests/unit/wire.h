#pragma once
/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A sender: our writer and the original library's, with the same role and capabilities.
 */
#include "unit/upstream.h"

#define WIRE_VERSION "equal"

struct wire {
        enum role sender;
        uint32_t caps, peer_caps; /* as told to both libraries: perhaps not consistent */
        uint32_t both;
        struct upstream *upstream;
        struct writer *writer;
        struct stream bytes; /* our writer's */
};

/* How many packets of a type both have sent alike. */
extern unsigned wire_sent[PACKET_TYPES];

/* Both say hello. A wire that was closed may be opened again. */
void wire_open(struct wire *w, enum role sender, uint32_t caps, uint32_t peer_caps);
void wire_close(struct wire *w);

/* Both read the hello of the peer. */
void wire_greet(struct wire *w, struct upstream *peer);

/* Both send; the bytes must be equal, or none. */
void wire_send(struct wire *w, const struct packet *packet, const uint8_t *payload, size_t size);
