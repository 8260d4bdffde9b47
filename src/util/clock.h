#pragma once
/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The time, in microseconds: of CLOCK_MONOTONIC for deadlines, of CLOCK_REALTIME for people.
 */
#include <stdint.h>
#include <time.h>

#define USEC_PER_SEC UINT64_C(1000000)

static inline uint64_t clock_usec(clockid_t clock)
{
        struct timespec now;

        clock_gettime(clock, &now);
        return (uint64_t)now.tv_sec * USEC_PER_SEC + (uint64_t)now.tv_nsec / 1000;
}
