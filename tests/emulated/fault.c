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

static bool parse_number(const char *text, const char *stop, unsigned long *ret)
{
        char *end;

        if (*text < '0' || *text > '9')
                return false;
        errno = 0;
        *ret = strtoul(text, &end, 10);
        if (errno || *ret > INT32_MAX)
                return false;
        return *end == 0 || strchr(stop, *end);
}

static int parse_error_name(const char *name, size_t length)
{
        for (int error = 1; error < 134; error++) {
                const char *known = strerrorname_np(error);

                if (known && strlen(known) == length && strncmp(known, name, length) == 0)
                        return error;
        }
        return -EINVAL;
}

int emulated_fail_text(struct emulated_device *device, const char *text)
{
        const char *equals = strchr(text, '='), *at, *times_at;
        unsigned long n = 1, times = 1;
        CLEANUP(freep) char *name = NULL;
        int error;

        if (!equals)
                return -EINVAL;
        name = strndup(text, (size_t)(equals - text));
        if (!name)
                return -ENOMEM;
        at = equals + 1 + strcspn(equals + 1, "@");
        error = parse_error_name(equals + 1, (size_t)(at - equals - 1));
        if (error < 0)
                return error;
        if (*at) {
                if (!parse_number(at + 1, "x", &n) || n == 0)
                        return -EINVAL;
                times_at = strchr(at, 'x');
                if (times_at && !parse_number(times_at + 1, "", &times))
                        return -EINVAL;
        }
        return emulated_fail(device, name, error, (unsigned)n - 1, (unsigned)times);
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
