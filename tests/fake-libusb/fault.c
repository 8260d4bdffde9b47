/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Results that the options ordered: counted per function and per endpoint, so that a run can be
 * repeated exactly. The random numbers come from one seed for the same reason.
 */
#include "fake-libusb/fake.h"

static const struct fault *fault_find(const struct fault *faults, uint64_t n_faults, uint32_t what,
                                      uint64_t count)
{
        for (uint64_t i = 0; i < n_faults; i++) {
                if (faults[i].what == what && count >= faults[i].first &&
                    count - faults[i].first < faults[i].times)
                        return &faults[i];
        }
        return NULL;
}

/* To be called once per call of the function: the error it must return, or 0. */
int fault_check(enum function function)
{
        const struct fault *fault;

        fault = fault_find(fake.options.fails, fake.options.n_fails, function,
                           ++fake.calls[function]);
        return fault ? fault->result : 0;
}

/* The status ordered for the completion that endpoint->completions just counted, or -1. */
int fault_status(const struct endpoint *endpoint)
{
        const struct fault *fault;

        fault = fault_find(fake.options.completes, fake.options.n_completes, endpoint->address,
                           endpoint->completions);
        return fault ? fault->result : -1;
}

/* xorshift64*: small, and the same everywhere. */
uint32_t random_below(uint32_t limit)
{
        fake.random ^= fake.random >> 12;
        fake.random ^= fake.random << 25;
        fake.random ^= fake.random >> 27;
        return (uint32_t)((fake.random * UINT64_C(2685821657736338717)) >> 33) % limit;
}
