/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Arithmetic only; what is random comes as an argument, so that tests know it.
 */
#include "daemon/backoff.h"

#include <sys/random.h>

#include "util/macro.h"

/* Whatever is configured, nothing is tried without a break. */
#define DELAY_MIN 1

uint64_t backoff_delay(uint64_t first, uint64_t ceiling, unsigned failures, uint32_t random)
{
        uint64_t delay = MAX(first, (uint64_t)DELAY_MIN);

        for (; failures > 1 && delay < ceiling; failures--)
                delay *= 2;
        delay = MAX(MIN(delay, ceiling), (uint64_t)DELAY_MIN);

        /* From three quarters to five. */
        return MAX(delay - delay / 4 + (delay / 2 * (random >> 16) >> 16), (uint64_t)DELAY_MIN);
}

uint32_t backoff_random(void)
{
        uint32_t random;

        /* Early at boot there may be none yet: the middle will do. */
        if (getrandom(&random, sizeof(random), GRND_NONBLOCK) != sizeof(random))
                return UINT32_MAX / 2;
        return random;
}
