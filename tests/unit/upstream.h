#pragma once
/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The original parser library behind this project's types: packets in, bytes out, and back.
 */
#include "unit/helpers.h"

struct upstream {
        struct usbredirparser *parser;
        struct stream output; /* what it wrote */

        /* What it is being fed. */
        const uint8_t *input;
        size_t input_size;

        /* What it said of it: packets, the last one, and bytes that were no packet. */
        unsigned received, errors;
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

/* Reads all the bytes; first forgets what was received and written before. */
void upstream_feed(struct upstream *u, const uint8_t *bytes, size_t size);
