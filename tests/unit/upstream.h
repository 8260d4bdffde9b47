#pragma once
/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The original parser library behind this project's types: packets in, bytes out, and back.
 */
#include "unit/helpers.h"

struct upstream {
        struct usbredirparser *parser;
        struct stream output; /* what it wrote */

        /* What it is being fed, and how many bytes it has read in all. */
        const uint8_t *input;
        size_t input_size;
        size_t at;

        /* What it said last: a packet, or that bytes were none. */
        bool received;
        struct packet packet;
        struct stream payload;
        char message[256];
};

/* A parser for the role that announces caps; its hello is in output. */
struct upstream *upstream_new(enum role role, uint32_t caps, const char *version);
struct upstream *upstream_free(struct upstream *u);

/* Sends any packet but hello and device_disconnect_ack, which it sends by itself. */
void upstream_send(struct upstream *u, const struct packet *packet, const uint8_t *payload,
                   size_t size);

/* Which packets come and go without their id? */
bool upstream_has_no_id(uint32_t type);

/* Bytes to read; those of the call before have all been read. Forgets what was written. */
void upstream_feed(struct upstream *u, const uint8_t *bytes, size_t size);

/* Reads on until there is a packet, a fault, or no more bytes. */
enum parser_result upstream_next(struct upstream *u);

/* What the peer announced, as it understood it. */
uint32_t upstream_peer_caps(const struct upstream *u);

/* The rules of a text as it would write them; its size with the terminator, 0 for no rules. */
size_t upstream_filter_text(const uint8_t *text, struct stream *ret);
