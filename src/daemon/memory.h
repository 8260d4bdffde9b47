#pragma once
/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Devices that were taken away while a guest had them, or waited for one: whose each was, in case
 * it comes back.
 */
#include <stdbool.h>
#include <stdint.h>

#include "daemon/device.h"

/* The oldest is forgotten for the next one. */
#define MEMORY_MAX 64

/* How often a device has come back, one time soon after the other. */
struct comebacks {
        unsigned from_resets; /* as itself, since it was another device last */
        unsigned as_others;
};

struct memory {
        char place[FACTS_PORT_MAX + 1];
        uint16_t vendor, product;
        char serial[FACTS_SERIAL_MAX + 1];

        enum intent intent;
        char guest[GUEST_NAME_MAX + 1];
        struct comebacks comebacks; /* before it was taken away */
        uint64_t until_usec;        /* CLOCK_MONOTONIC; 0: for ever */
        uint32_t session;           /* that it had when it was removed, or 0 */
        uint64_t lost_until_usec;   /* in a reset: what comes until then comes from that; or 0 */
        bool if_lost;               /* counts only then, unless it has become another device */
        /*
         * Until then whatever comes to its place with other ids is the same device, which has
         * become another: a loader of firmware, a phone in another mode. 0: not at all.
         */
        uint64_t change_until_usec;
        uint64_t order; /* of being remembered; 0: a free place */
};

struct memories {
        struct memory places[MEMORY_MAX];
        uint64_t last;
};

/* Remembers the device's intent and guest. Returns the place, to be filled in further. */
struct memory *memory_keep(struct memories *m, const struct device *d);

/*
 * What is remembered of a device that was plugged in, or NULL: one with the same identity, with a
 * serial at any place, without one at the same; or else what was at its place and may have become
 * it, whose ids are others then. It stays remembered until memory_forget().
 */
struct memory *memory_recall(struct memories *m, const struct device_info *info, uint64_t now_usec);
void memory_forget(struct memory *memory);

/* Whether what is remembered has become the device, which it was not. */
bool memory_is_of_other(const struct memory *memory, const struct device_info *info);

/*
 * That session lost its device in a reset: what depends on it counts; what is remembered for some
 * time, until then.
 */
void memory_confirm(struct memories *m, uint32_t number, uint64_t until_usec);
