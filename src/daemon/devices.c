/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Devices come, change and go as hotplug says. Facts may change under a session (a guest chooses
 * another configuration): they are taken over when they are whole again.
 */
#include <stdlib.h>
#include <string.h>
#include <utlist.h>

#include "daemon/manager-private.h"
#include "util/cleanup.h"
#include "util/log.h"

struct entry *manager_find_entry(const struct manager *m, const char *port)
{
        struct device *d;

        DL_FOREACH (m->devices, d)
                if (!strcmp(device_id(d), port))
                        return entry_of(d);
        return NULL;
}

/* A delay before the next try is over, or the time in which a device should have gone. */
static void on_timer(evutil_socket_t fd, short what, void *userdata)
{
        struct entry *e = userdata;
        struct device *d = &e->device;

        if (d->phase != DEVICE_IS_WAITING)
                manager_judge(e->manager, e, OCCASION_START);
        else if (!d->waiter.guest)
                manager_reconnect(e->manager, e, false);
}

static struct entry *add_entry(struct manager *m, const struct device_info *info)
{
        struct entry *e = calloc(1, sizeof(*e));

        if (!e)
                return NULL;
        e->timer = event_new(m->base, -1, 0, on_timer, e);
        if (!e->timer) {
                free(e);
                return NULL;
        }

        e->manager = m;
        e->device.info = *info;
        DL_APPEND(m->devices, &e->device);
        manager_update_verdict(m, &e->device);
        log_info("%s: %04x:%04x %s %s", device_id(&e->device), info->facts.vendor,
                 info->facts.product, info->vendor, info->product);
        if (m->observer.device_added)
                m->observer.device_added(m->userdata, &e->device);
        return e;
}

/* Whether that was too often: then it is given up. */
static bool count_losses(struct manager *m, struct entry *e, unsigned losses)
{
        e->losses = losses;
        if (losses < OUTCOME_LOSSES)
                return false;

        manager_set_error(e, "each reset makes it another device: give its rule reset=no");
        log_error("%s: given up: %s", device_id(&e->device), e->device.last_error);
        manager_rest(m, e, DEVICE_IS_FAILED);
        return true;
}

/* The device had a guest when it was taken away. */
static bool go_back(struct manager *m, struct entry *e)
{
        struct memory memory;
        struct guest *g;

        if (!e->device.info.is_settled ||
            !memory_recall(&m->memories, &e->device.info, clock_usec(CLOCK_MONOTONIC), &memory))
                return false;

        g = manager_guest_by_name(m, memory.guest);
        if (!g || !manager_may_go_to(m, &e->device, memory.guest) ||
            (memory.intent == INTENT_AUTOMATIC &&
             (m->is_paused || !manager_is_automatic(&e->device))))
                return false;
        if (count_losses(m, e, memory.losses))
                return true;

        log_info("%s: is back, and goes to guest '%s' again", device_id(&e->device), memory.guest);
        manager_begin_wait(m, e, g, memory.intent, false);
        return true;
}

void manager_device_came_back(struct manager *m, uint32_t number, const char *port, unsigned losses)
{
        struct entry *e = manager_find_entry(m, port);

        memory_confirm(&m->memories, number,
                       clock_usec(CLOCK_MONOTONIC) + OUTCOME_RETURN_SEC * USEC_PER_SEC);
        if (!e)
                return;
        if (e->device.phase == DEVICE_IS_WAITING)
                count_losses(m, e, losses);
        else if (e->device.phase == DEVICE_IS_IDLE)
                go_back(m, e);
}

static void on_device(void *userdata, const struct device_info *info)
{
        struct manager *m = userdata;
        struct entry *e = manager_find_entry(m, info->facts.port);
        bool was_automatic = e && manager_is_automatic(&e->device);
        struct device *d;

        if (!e) {
                e = add_entry(m, info);
                if (!e) {
                        log_error("%s: not taken in: out of memory", info->facts.port);
                        return;
                }
        } else if ((e->device.redirection || e->returner) &&
                   (!info->is_settled || info->facts.n_interfaces == 0)) {
                return; /* between two configurations */
        }

        d = &e->device;
        if (!memcmp(&d->info, info, sizeof(*info)) && e->is_judged)
                return;
        d->info = *info;
        manager_update_verdict(m, d);
        if (!info->is_settled || m->is_starting) {
                manager_changed(m, e);
                return;
        }

        if (!e->is_judged && d->phase == DEVICE_IS_IDLE && go_back(m, e))
                e->is_judged = true;
        else
                manager_judge(m, e, was_automatic && e->is_judged ? OCCASION_NONE : OCCASION_PLUG);
        e->is_judged = true;
}

void manager_remember(struct manager *m, const struct entry *e, uint32_t if_lost_by)
{
        struct memory *memory = memory_keep(&m->memories, &e->device);

        memory->losses = e->losses + 1;
        memory->if_lost_by = if_lost_by;
        memory->until_usec = clock_usec(CLOCK_MONOTONIC) + OUTCOME_RETURN_SEC * USEC_PER_SEC;
}

/* A rule's device may come back at any time; one attached by hand, only from a reset. */
static void remember_unplugged(struct manager *m, const struct entry *e)
{
        const struct device *d = &e->device;

        if (d->intent == INTENT_AUTOMATIC)
                memory_keep(&m->memories, d);
        else if (d->intent == INTENT_BY_HAND && d->redirection)
                manager_remember(m, e, d->redirection->number);
}

static void on_removed(void *userdata, const char *port)
{
        struct manager *m = userdata;
        struct entry *e = manager_find_entry(m, port);
        struct redirection *r;
        struct error error;

        if (!e)
                return;

        r = e->device.redirection;
        log_info("%s: unplugged", port);
        remember_unplugged(m, e);
        error_set(&error, ERROR_DEVICE_LOST, "%s was unplugged", port);
        manager_answer_attach(m, e, NULL, &error);
        if (r) {
                r->device = NULL;
                if (m->observer.session_changed)
                        m->observer.session_changed(m->userdata, r);
                manager_end_session(r, CAUSE_UNPLUGGED);
        }
        if (m->observer.device_removed)
                m->observer.device_removed(m->userdata, &e->device);
        record_remove(m->settings.runtime_directory, port);
        manager_forget_device(m, e);
        DL_DELETE(m->devices, &e->device);
        manager_free_entry(e);
}

const struct hotplug_events manager_hotplug_events = {
        .on_device = on_device,
        .on_removed = on_removed,
};
