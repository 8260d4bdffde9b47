/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Counting the calls, and letting chosen ones fail. Faults of one call are asked in the order in
 * which they were added; each sees every call until one of them answers.
 */
#include <stdlib.h>
#include <string.h>

#include "emulated/internal.h"

static const char *const call_names[] = {
#define I(name) [CALL_##name] = #name,
        USBFS_IOCTLS(I) USBFS_EVENTS(I)
#undef I
};

const char *fault_call_name(enum usbfs_call call)
{
        return call_names[call];
}

int fault_find_call(const char *name, enum usbfs_call *ret_call, int *ret_endpoint)
{
        int endpoint = EMULATED_ALL_ENDPOINTS;

        if (strncmp(name, "URB-", 4) == 0) {
                char *end;
                unsigned long value = strtoul(name + 4, &end, 16);

                if (end == name + 4 || *end || value > UINT8_MAX)
                        return -EINVAL;
                endpoint = (int)value;
                name = "URB";
        }
        for (size_t i = 0; i < ELEMENTS(call_names); i++) {
                if (strcmp(call_names[i], name) != 0)
                        continue;
                *ret_call = (enum usbfs_call)i;
                *ret_endpoint = endpoint;
                return 0;
        }
        return -EINVAL;
}

int emulated_fail(struct emulated_device *device, const char *name, int error, unsigned after_n,
                  unsigned times)
{
        struct emulated_fault *fault;
        enum usbfs_call call;
        int endpoint, r;

        r = fault_find_call(name, &call, &endpoint);
        if (r < 0)
                return r;
        if (error <= 0 || call == CALL_OPEN)
                return -EINVAL;

        fault = malloc(sizeof(*fault));
        if (!fault)
                return -ENOMEM;
        *fault = (struct emulated_fault){
                .call = call,
                .endpoint = endpoint,
                .error = error,
                .after = after_n,
                .times = times,
        };
        emulated_lock(device);
        TAILQ_INSERT_TAIL(&device->faults, fault, link);
        emulated_unlock(device);
        return 0;
}

int fault_count(struct emulated_device *device, enum usbfs_call call, uint8_t endpoint)
{
        struct emulated_fault *fault;

        device->counts[call]++;
        TAILQ_FOREACH(fault, &device->faults, link)
        {
                int error = fault->error;

                if (fault->call != call ||
                    (fault->endpoint != EMULATED_ALL_ENDPOINTS && fault->endpoint != endpoint))
                        continue;
                if (fault->after > 0) {
                        fault->after--;
                        continue;
                }
                if (fault->times != EMULATED_FOREVER && --fault->times == 0) {
                        TAILQ_REMOVE(&device->faults, fault, link);
                        free(fault);
                }
                device_event(device, "fault injected: %s gives %s", call_names[call],
                             strerrorname_np(error));
                return -error;
        }
        return 0;
}

unsigned emulated_count(struct emulated_device *device, const char *name)
{
        enum usbfs_call call;
        unsigned count;
        int endpoint;

        if (fault_find_call(name, &call, &endpoint) < 0)
                return 0;
        emulated_lock(device);
        count = device->counts[call];
        emulated_unlock(device);
        return count;
}
