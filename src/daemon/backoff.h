#pragma once
/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * How long to wait after a failure.
 */
#include <stdint.h>

/*
 * Doubles from first (after one failure) to ceiling, give or take a quarter, by random: those that
 * failed together do not come back together. In milliseconds; never 0.
 */
uint64_t backoff_delay(uint64_t first, uint64_t ceiling, unsigned failures, uint32_t random);

/* A number for it. */
uint32_t backoff_random(void);
