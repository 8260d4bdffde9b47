#pragma once
/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * An input of the fuzzers of the wire as a list of packets, changed in ways that know the table of
 * the wire, and made into bytes again: ids and fields then have the form that the capabilities ask
 * for, also where those were what changed.
 */
#include "fuzz/wire-input.h"

/* More would only make inputs slow. */
#define MESSAGES_MAX 64

struct message {
        struct packet packet;
        uint8_t *payload; /* the list's copy */
        size_t size;
        uint32_t lie; /* added to the header's length */
};

struct messages {
        uint8_t prologue[WIRE_PROLOGUE];
        struct message list[MESSAGES_MAX];
        size_t count;
};

/*
 * Changes up to max bytes in place; returns the new size. The engine's own: builds that only run
 * inputs again have none, and change nothing.
 */
__attribute__((weak)) size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max);

/* Reads what is whole; bytes that are no packet are left out. */
void messages_read(struct messages *m, const uint8_t *data, size_t size);
void messages_clear(struct messages *m);

/* Writes as many packets as fit; returns the bytes. */
size_t messages_write(const struct messages *m, uint8_t *data, size_t max);

/* Changes one thing. */
void messages_mutate(struct messages *m, uint64_t *seed);

/* Puts some of the packets of the other between those of m. */
void messages_mix(struct messages *m, const struct messages *other, uint64_t *seed);
