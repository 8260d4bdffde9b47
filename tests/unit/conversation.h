#pragma once
/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Bytes that a sender says, hello first, to be read by us and by the original library.
 */
#include "unit/helpers.h"
#include "unit/upstream.h"

/* All packets, each in a few ways. */
#define UTTERANCES_MAX 160

/* A packet, or bytes that might be one. */
struct utterance {
        size_t begin, end; /* of the bytes */
        bool is_packet;    /* what "packet" is, and not other bytes */
        struct packet packet;
        struct packet read;      /* as we read it, */
        enum packet_fault fault; /* if nothing was wrong */
        bool judged;             /* by us */
};

struct conversation {
        enum role sender;
        uint32_t receiver_caps;
        uint32_t both;      /* from the hello on */
        uint32_t peer_caps; /* as we read them; 0 without a good hello */
        struct stream bytes;
        struct utterance list[UTTERANCES_MAX];
        size_t count;
};

/* Starts anew. */
void conversation_start(struct conversation *c, enum role sender, uint32_t receiver_caps);

/* Says a packet in the form that it has here, whether it may be said or not. */
void conversation_say(struct conversation *c, const struct packet *packet, const uint8_t *payload,
                      size_t size);

/* The bytes said last are no longer the packet: they were changed, and end there. */
void conversation_spoil(struct conversation *c, size_t end);

/* Has both read all of it, in random pieces, and compares. */
void conversation_compare(struct conversation *c, struct upstream *u, uint64_t *seed);
