/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What a test may ask of the device and the kernel's side of it. Each question takes the lock for
 * itself; the report takes it once, and so shows one moment.
 */
#include "emulated/descriptor.h"
#include "emulated/internal.h"

/* Reads one expression with the device locked. */
#define LOCKED(device, expression)                                                                 \
        ({                                                                                         \
                __typeof__(expression) value_;                                                     \
                emulated_lock(device);                                                             \
                value_ = (expression);                                                             \
                emulated_unlock(device);                                                           \
                value_;                                                                            \
        })

static bool has_interface(struct emulated_device *device, uint8_t interface)
{
        return device->plugged && device->configuration && interface < EMULATED_INTERFACES_MAX &&
               descriptor_find_interface(device->configuration, interface, 0);
}

static size_t count_in_flight(struct emulated_device *device, int endpoint)
{
        struct emulated_urb *urb;
        size_t count = 0;

        TAILQ_FOREACH(urb, &device->in_flight, link)
        count += endpoint == EMULATED_ALL_ENDPOINTS || urb->endpoint == endpoint;
        return count;
}

static size_t count_clients(struct emulated_device *device)
{
        struct emulated_client *client;
        size_t count = 0;

        TAILQ_FOREACH(client, &device->clients, link)
        count++;
        return count;
}

bool emulated_is_plugged(struct emulated_device *device)
{
        return LOCKED(device, device->plugged);
}

int emulated_configuration(struct emulated_device *device)
{
        return LOCKED(device, device->configuration ? (int)device->configuration[5] : 0);
}

int emulated_alt_setting(struct emulated_device *device, uint8_t interface)
{
        return LOCKED(device, has_interface(device, interface)
                                      ? (int)device->interfaces[interface].alt
                                      : -ENOENT);
}

const char *emulated_driver(struct emulated_device *device, uint8_t interface)
{
        return LOCKED(device, has_interface(device, interface)
                                      ? device->interfaces[interface].driver
                                      : NULL);
}

bool emulated_is_claimed(struct emulated_device *device, uint8_t interface)
{
        return LOCKED(device,
                      has_interface(device, interface) && device->interfaces[interface].claimed_by);
}

bool emulated_is_halted(struct emulated_device *device, uint8_t endpoint)
{
        return LOCKED(device, (device->halted & endpoint_bit(endpoint)) != 0);
}

size_t emulated_in_flight(struct emulated_device *device, int endpoint)
{
        return LOCKED(device, count_in_flight(device, endpoint));
}

size_t emulated_abandoned(struct emulated_device *device)
{
        return LOCKED(device, device->abandoned);
}

size_t emulated_clients(struct emulated_device *device)
{
        return LOCKED(device, count_clients(device));
}

struct wanted {
        enum usbfs_call call;
        int endpoint;
        size_t count;
};

static bool is_in_flight(struct emulated_device *device, void *userdata)
{
        const struct wanted *wanted = userdata;
        size_t count = count_in_flight(device, wanted->endpoint);

        return wanted->count > 0 ? count >= wanted->count : count == 0;
}

bool emulated_wait_in_flight(struct emulated_device *device, int endpoint, size_t count,
                             unsigned milliseconds)
{
        struct wanted wanted = { .endpoint = endpoint, .count = count };

        return emulated_wait(device, is_in_flight, &wanted, milliseconds);
}

bool emulated_wait_idle(struct emulated_device *device, int endpoint, unsigned milliseconds)
{
        return emulated_wait_in_flight(device, endpoint, 0, milliseconds);
}

static bool is_counted(struct emulated_device *device, void *userdata)
{
        const struct wanted *wanted = userdata;

        return device->counts[wanted->call] >= wanted->count;
}

bool emulated_wait_count(struct emulated_device *device, const char *name, unsigned count,
                         unsigned milliseconds)
{
        struct wanted wanted = { .count = count };

        if (fault_find_call(name, &wanted.call, &wanted.endpoint) < 0)
                return false;
        return emulated_wait(device, is_counted, &wanted, milliseconds);
}

static bool is_closed(struct emulated_device *device, void *userdata)
{
        return TAILQ_EMPTY(&device->clients);
}

bool emulated_wait_closed(struct emulated_device *device, unsigned milliseconds)
{
        return emulated_wait(device, is_closed, NULL, milliseconds);
}

void emulated_report(struct emulated_device *device, FILE *file)
{
        const struct emulated_ops *ops = device->description.ops;

        emulated_lock(device);
        fprintf(file, "device=%s\n", device->description.port);
        fprintf(file, "plugged=%s\n", device->plugged ? "yes" : "no");
        fprintf(file, "configuration=%u\n", device->configuration ? device->configuration[5] : 0U);
        for (uint8_t i = 0; i < EMULATED_INTERFACES_MAX; i++) {
                const struct emulated_interface *state = &device->interfaces[i];

                if (!has_interface(device, i))
                        continue;
                fprintf(file, "interface.%u.driver=%s\n", i, state->driver ? state->driver : "");
                fprintf(file, "interface.%u.claimed=%s\n", i, state->claimed_by ? "yes" : "no");
                fprintf(file, "interface.%u.alt=%u\n", i, state->alt);
        }
        for (enum usbfs_call call = 0; call < USBFS_CALL_COUNT; call++)
                fprintf(file, "count.%s=%u\n", fault_call_name(call), device->counts[call]);
        fprintf(file, "clients.open=%zu\n", count_clients(device));
        fprintf(file, "urbs.submitted=%u\n", device->counts[CALL_URB]);
        fprintf(file, "urbs.in_flight=%zu\n", count_in_flight(device, EMULATED_ALL_ENDPOINTS));
        fprintf(file, "urbs.abandoned=%zu\n", device->abandoned);
        if (ops->report)
                ops->report(device, file);
        emulated_unlock(device);
}
