/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What there is, as the other files and the bus see it; how it begins and ends.
 *
 * A device's phase says who has it. Whatever happens is taken in at once, and decided by decide.c
 * from the verdict of the policy and the table of outcomes; only answers to people, and the end of
 * guests that are no longer configured, wait for the next turn of the loop.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <utlist.h>

#include "daemon/hold.h"
#include "daemon/manager-private.h"
#include "util/cleanup.h"
#include "util/log.h"

static void write_record(struct manager *m, struct entry *e)
{
        const struct device *d = &e->device;
        struct record record = {
                .bus = d->info.bus,
                .address = d->info.address,
                .vendor = d->info.facts.vendor,
                .product = d->info.facts.product,
                .is_taken = d->redirection || e->returner,
                .configuration = e->configuration,
                .is_inhibited = d->is_inhibited,
                .is_held = d->is_held,
        };
        int r;

        strcpy(record.port, device_id(d));
        if (d->intent == INTENT_BY_HAND) {
                strcpy(record.by_hand, d->guest);
                record.is_forced = d->is_forced;
        }
        if (!memcmp(&record, &e->record, sizeof(record)))
                return;

        r = record_write(m->settings.runtime_directory, &record);
        if (r < 0)
                log_error("%s: cannot be remembered below %s: %s", device_id(d),
                          m->settings.runtime_directory, strerror(-r));
        else
                e->record = record;
}

void manager_changed(struct manager *m, struct entry *e)
{
        if (!m->is_starting)
                write_record(m, e);
        if (m->observer.device_changed)
                m->observer.device_changed(m->userdata, &e->device);
        manager_wake(m);
}

void manager_wake(struct manager *m)
{
        event_active(m->work, 0, 0);
}

size_t manager_n_busy(const struct manager *m)
{
        const struct device *d;
        size_t n = 0;

        DL_FOREACH (m->devices, d)
                n += d->phase != DEVICE_IS_IDLE && d->phase != DEVICE_IS_FAILED;
        return n;
}

static void on_work(evutil_socket_t fd, short what, void *userdata)
{
        struct manager *m = userdata;

        manager_serve_limit(m);
        hold_turn(m);
        manager_answer_detaches(m);
        manager_sleep_turn(m);
        manager_drop_guests(m);
        if (m->settings.on_changed)
                m->settings.on_changed(m->settings.userdata);
}

int manager_new(struct manager **ret, struct event_base *base, const struct manager_config *config,
                struct error *ret_error)
{
        CLEANUP(manager_freep) struct manager *m = NULL;
        int r;

        m = calloc(1, sizeof(*m));
        if (!m)
                return error_set(ret_error, ERROR_FAILED, "out of memory");

        m->base = base;
        m->settings = *config;
        m->is_starting = true;
        m->work = event_new(base, -1, 0, on_work, m);

        if (!m->work || hold_new(m) < 0 || manager_watch_guards(m, config->guard_scope) < 0)
                return error_set(ret_error, ERROR_FAILED, "out of memory");
        r = manager_load(m, ret_error);
        if (r < 0)
                return r;

        *ret = TAKE(m);
        return 0;
}

void manager_observe(struct manager *m, const struct manager_observer *observer, void *userdata)
{
        m->observer = observer ? *observer : (struct manager_observer){ 0 };
        m->userdata = userdata;
}

void manager_free_entry(struct entry *e)
{
        waiting_end(&e->device.waiting);
        manager_cancel_start(e);
        worker_free(e->returner);
        if (e->timer)
                event_free(e->timer);
        free(e);
}

struct manager *manager_free(struct manager *m)
{
        struct redirection *r, *next_session;
        struct request *request, *next_request;
        struct device *d, *next_device;

        if (!m)
                return NULL;

        DL_FOREACH_SAFE (m->requests, request, next_request) {
                DL_DELETE(m->requests, request);
                if (request->timer)
                        event_free(request->timer);
                free(request);
        }
        DL_FOREACH_SAFE (m->sessions, r, next_session)
                manager_free_session(r);
        DL_FOREACH_SAFE (m->devices, d, next_device) {
                DL_DELETE(m->devices, d);
                manager_free_entry(entry_of(d));
        }
        for (size_t i = 0; i < m->n_guests; i++)
                guest_free(m->guests[i].guest);
        free(m->guests);
        manager_leave_guards(m);
        hotplug_free(m->hotplug);
        hold_free(m);
        if (m->work)
                event_free(m->work);
        config_free(m->config);
        free(m);
        return NULL;
}

void manager_leave(struct manager *m)
{
        struct redirection *r;

        DL_FOREACH (m->sessions, r)
                worker_leave(r->worker);
}

void manager_stop(struct manager *m)
{
        struct redirection *r;

        m->is_stopping = true;
        DL_FOREACH (m->sessions, r)
                manager_end_session(r, CAUSE_DISCONNECTED);
        manager_wake(m);
}

bool manager_holds_any(const struct manager *m)
{
        const struct device *d;

        DL_FOREACH (m->devices, d)
                if (d->is_held)
                        return true;
        return false;
}

bool manager_has_returned_all(const struct manager *m)
{
        const struct device *d;

        DL_FOREACH (m->devices, d)
                if (d->is_held || is_in_return(CONTAINER_OF(d, const struct entry, device)))
                        return false;
        return !m->sessions;
}

void manager_adopt_hub(struct manager *m, int fd)
{
        hold_adopt(m, fd);
}

struct device *manager_devices(const struct manager *m)
{
        return m->devices;
}

struct redirection *manager_sessions(const struct manager *m)
{
        return m->sessions;
}

const struct config *manager_config(const struct manager *m)
{
        return m->config;
}

bool manager_is_paused(const struct manager *m)
{
        return m->is_paused;
}

bool manager_is_disabled(const struct manager *m)
{
        return m->is_disabled;
}

int manager_set_paused(struct manager *m, bool paused, struct error *ret_error)
{
        struct device *d;

        if (m->is_disabled && !paused)
                return error_set(ret_error, ERROR_PAUSED,
                                 "usbredird.disable is on the kernel's command line: no rule acts "
                                 "until this machine is booted without it; attach by hand");
        if (m->is_paused == paused)
                return 0;

        m->is_paused = paused;
        manager_remember_paused(m);
        log_notice(paused ? "paused: rules redirect nothing by themselves" : "resumed");
        DL_FOREACH (m->devices, d)
                if (paused && d->phase == DEVICE_IS_WAITING && d->intent == INTENT_AUTOMATIC)
                        manager_rest(m, entry_of(d), DEVICE_IS_IDLE);
        if (m->observer.paused_changed)
                m->observer.paused_changed(m->userdata);
        manager_wake(m);
        if (!paused)
                manager_judge_all(m, OCCASION_START);
        return 0;
}
