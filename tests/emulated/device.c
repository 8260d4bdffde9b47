/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The device as a test sees it: locking, waiting, asking, the report. One lock for everything, and
 * one condition that is signalled at each unlocking: whoever waits looks again. Unlocking is also
 * where URBs move on and where the node becomes ready for reaping, so nothing else has to think of
 * it.
 */
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "emulated/descriptor.h"
#include "emulated/kernel.h"
#include "emulated/urb.h"

int emulated_device_new(struct emulated_device **ret,
                        const struct emulated_description *description)
{
        struct emulated_device *device;
        pthread_condattr_t attributes;

        device = calloc(1, sizeof(*device));
        if (!device)
                return -ENOMEM;
        device->description = *description;
        device->configuration = description->configurations[0];
        TAILQ_INIT(&device->clients);
        TAILQ_INIT(&device->in_flight);
        TAILQ_INIT(&device->faults);
        pthread_mutex_init(&device->lock, NULL);
        pthread_condattr_init(&attributes);
        pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
        pthread_cond_init(&device->changed, &attributes);
        pthread_condattr_destroy(&attributes);

        *ret = device;
        return 0;
}

struct emulated_device *emulated_device_free(struct emulated_device *device)
{
        struct emulated_fault *fault;

        if (!device)
                return NULL;
        while ((fault = TAILQ_FIRST(&device->faults))) {
                TAILQ_REMOVE(&device->faults, fault, link);
                free(fault);
        }
        pthread_cond_destroy(&device->changed);
        pthread_mutex_destroy(&device->lock);
        free(device);
        return NULL;
}

const struct emulated_description *emulated_description(const struct emulated_device *device)
{
        return &device->description;
}

const char *emulated_string(const struct emulated_device *device, uint8_t index)
{
        return index > 0 && index < EMULATED_STRINGS_MAX ? device->description.strings[index]
                                                         : NULL;
}

void emulated_watch(struct emulated_device *device,
                    void (*on_event)(void *userdata, const char *text), void *userdata)
{
        emulated_lock(device);
        device->on_event = on_event;
        device->event_userdata = userdata;
        emulated_unlock(device);
}

void device_event(struct emulated_device *device, const char *format, ...)
{
        char text[256];
        va_list args;

        if (!device->on_event)
                return;
        va_start(args, format);
        vsnprintf(text, sizeof(text), format, args);
        va_end(args);
        device->on_event(device->event_userdata, text);
}

void emulated_lock(struct emulated_device *device)
{
        pthread_mutex_lock(&device->lock);
}

void emulated_unlock(struct emulated_device *device)
{
        struct emulated_client *client;
        bool reapable = false;

        urb_run(device);
        TAILQ_FOREACH(client, &device->clients, link)
        reapable = reapable || !TAILQ_EMPTY(&client->completed);
        if (device->hooks)
                device->hooks->on_reapable(device->hooks_userdata, reapable);
        pthread_cond_broadcast(&device->changed);
        pthread_mutex_unlock(&device->lock);
}

void emulated_unplug(struct emulated_device *device)
{
        emulated_lock(device);
        if (device->plugged) {
                device_event(device, "unplugged");
                device->plugged = false;
                urb_kill_all(device, -ESHUTDOWN);
                if (device->hooks)
                        device->hooks->on_unplug(device->hooks_userdata);
                for (unsigned i = 0; i < EMULATED_INTERFACES_MAX; i++)
                        device->interfaces[i] = (struct emulated_interface){ 0 };
        }
        emulated_unlock(device);
}

bool emulated_wait(struct emulated_device *device,
                   bool (*is_so)(struct emulated_device *device, void *userdata), void *userdata,
                   unsigned milliseconds)
{
        struct timespec deadline;
        bool result;

        clock_gettime(CLOCK_MONOTONIC, &deadline);
        deadline.tv_sec += milliseconds / 1000;
        deadline.tv_nsec += milliseconds % 1000 * 1000000L;
        if (deadline.tv_nsec >= 1000000000L) {
                deadline.tv_sec++;
                deadline.tv_nsec -= 1000000000L;
        }

        emulated_lock(device);
        while (!(result = is_so(device, userdata)))
                if (pthread_cond_timedwait(&device->changed, &device->lock, &deadline) != 0)
                        break;
        emulated_unlock(device);
        return result;
}
