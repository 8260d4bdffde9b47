#pragma once
/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Plugs and unplugs at random. What happens depends on the seed, and on what is plugged in when
 * the storm begins; devices have the serials "STORM1", "STORM2", by the number of the event.
 */
#include "emulated/world.h"

enum { STORM_PORTS_MAX = 16, STORM_PAUSE_MS = 20 };

struct storm {
        char ports[STORM_PORTS_MAX][WORLD_PORT_SIZE];
        size_t ports_count;
        uint64_t random;
        unsigned events, wanted;
        int64_t next_ms; /* CLOCK_MONOTONIC */
};

/* At these ports, or at 1-1 to 1-4 and 2-1 to 2-4 if there are none. -EINVAL: not ports. */
int storm_begin(struct storm *storm, unsigned count, uint64_t seed, char *const *ports,
                size_t ports_count);

/* 0: it is over. More: call again in so many ms. Otherwise why nothing can be plugged. */
int storm_run(struct storm *storm, struct world *world);
