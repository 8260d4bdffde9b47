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

static struct entry *find_entry(const struct manager *m, const char *port)
{
        struct device *d;

        DL_FOREACH(m->devices, d)
                if (!strcmp(device_id(d), port))
                        return entry_of(d);
        return NULL;
}

static bool is_automatic(const struct device *d)
{
        return d->info.is_settled && d->verdict.kind == VERDICT_ALLOWED && d->verdict.automatic;
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

/* The device had a guest when it was taken away. */
static bool go_back(struct manager *m, struct entry *e)
{
        struct memory memory;
        struct guest *g;

        if (!e->device.info.is_settled ||
            !memory_recall(&m->memories, &e->device.info, manager_now_usec(), &memory))
                return false;

        g = manager_guest_by_name(m, memory.guest);
        if (!g || !manager_may_go_to(m, &e->device, memory.guest) ||
            (memory.intent == INTENT_AUTOMATIC && (m->is_paused || !is_automatic(&e->device))))
                return false;

        log_info("%s: is back, and goes to guest '%s' again", device_id(&e->device), memory.guest);
        manager_begin_wait(m, e, g, memory.intent, false);
        return true;
}

void manager_device_came_back(struct manager *m, uint32_t number)
{
        memory_confirm(&m->memories, number,
                       manager_now_usec() + OUTCOME_RETURN_SEC * UINT64_C(1000000));
        for (struct device *d = m->devices; d; d = d->next)
                if (d->phase == DEVICE_IS_IDLE && go_back(m, entry_of(d)))
                        return;
}

static void on_device(void *userdata, const struct device_info *info)
{
        struct manager *m = userdata;
        struct entry *e = find_entry(m, info->facts.port);
        bool was_automatic = e && is_automatic(&e->device);
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

static void remember(struct manager *m, const struct device *d)
{
        struct memory *memory;

        if (d->intent == INTENT_AUTOMATIC) {
                memory_keep(&m->memories, d);
        } else if (d->intent == INTENT_BY_HAND && d->redirection) {
                memory = memory_keep(&m->memories, d);
                memory->if_lost_by = d->redirection->number;
                memory->until_usec =
                        manager_now_usec() + OUTCOME_RETURN_SEC * UINT64_C(1000000);
        }
}

static void on_removed(void *userdata, const char *port)
{
        struct manager *m = userdata;
        struct entry *e = find_entry(m, port);
        struct redirection *r;
        struct error error;

        if (!e)
                return;

        r = e->device.redirection;
        log_info("%s: unplugged", port);
        remember(m, &e->device);
        error_set(&error, ERROR_DEVICE_LOST, "%s was unplugged", port);
        manager_answer_attach(m, e, NULL, &error);
        if (r) {
                r->device = NULL;
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
