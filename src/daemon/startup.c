/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What a former daemon left: sessions that go on, records of devices, devices that a dead session
 * had. All of it is known before anything new is begun.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <utlist.h>

#include "daemon/hold.h"
#include "daemon/kernel-option.h"
#include "daemon/manager-private.h"
#include "util/cleanup.h"
#include "util/log.h"

/* A session of a former daemon has told what it does. */
void manager_on_session_described(void *userdata)
{
        struct running *s = userdata;
        struct redirection *r = &s->shown;
        struct manager *m = s->manager;
        const struct control_order *order = worker_order(r->worker);
        struct guest *g = manager_guest_by_name(m, order->guest);
        struct entry *e = manager_find_entry(m, order->port);
        struct device *d = NULL;

        s->is_adopting = false;
        m->n_adopting--;
        r->number = order->number;
        r->since_usec = order->since_usec;
        r->is_by_hand = order->flags & CONTROL_BY_HAND;
        m->last_number = MAX(m->last_number, r->number);
        r->channel = g ? guest_occupy(g, order->channel) : NULL;

        /* Our own record has to say so, too: sessions are not trusted. */
        if (e && e->record.is_taken && e->device.info.bus == order->bus &&
            e->device.info.address == order->address && !e->device.redirection)
                d = &e->device;
        if (d) {
                strcpy(s->place, d->info.place);
                r->device = d;
                d->redirection = r;
                d->intent = r->is_by_hand ? INTENT_BY_HAND : INTENT_AUTOMATIC;
                snprintf(d->guest, sizeof(d->guest), "%.*s", GUEST_NAME_MAX, order->guest);
        }

        if (m->observer.session_added && r->channel)
                m->observer.session_added(m->userdata, r);
        log_info("%s: session %u to guest '%s' goes on", order->port, r->number, order->guest);
        if (r->device && r->channel)
                manager_on_session_status(s);
        else
                manager_end_session(r, g ? CAUSE_UNPLUGGED : CAUSE_DISCONNECTED);
        if (m->is_starting && m->n_adopting == 0)
                manager_begin(m);
}

static int adopt(struct manager *m, int fd)
{
        struct running *s = manager_add_session(m);
        int r;

        if (!s) {
                close_fd(fd);
                return -ENOMEM;
        }

        r = worker_adopt(&s->shown.worker, m->base, fd, &manager_session_events, s);
        if (r < 0) {
                manager_free_session(&s->shown);
                return r;
        }

        s->is_adopting = true;
        m->n_adopting++;
        return 0;
}

static void on_record(void *userdata, const struct record *record)
{
        struct manager *m = userdata;
        struct entry *e = manager_find_entry(m, record->port);
        struct device *d = e ? &e->device : NULL;

        if (!d || d->info.bus != record->bus || d->info.address != record->address ||
            d->info.facts.vendor != record->vendor || d->info.facts.product != record->product) {
                /* Another device, or none: what was said of the old one is void. */
                record_remove(m->settings.runtime_directory, record->port);
                return;
        }

        e->record = *record;
        e->configuration = record->configuration;
        d->is_inhibited = record->is_inhibited;
        d->is_held = record->is_held;
        d->hold = record->is_held && record->by_hand[0];
        d->is_forced = record->is_forced;
        if (record->by_hand[0]) {
                d->intent = INTENT_BY_HAND;
                strcpy(d->guest, record->by_hand);
        }
}

static void begin_device(struct manager *m, struct entry *e)
{
        struct device *d = &e->device;
        enum next next = d->intent == INTENT_BY_HAND ? NEXT_RECONNECT : NEXT_END;

        e->is_judged = d->info.is_settled;
        if (d->redirection) {
                manager_changed(m, e);
        } else if (e->record.is_taken) {
                log_notice("%s: its session died while there was no daemon", device_id(d));
                e->occasion_after_return = next == NEXT_END ? OCCASION_START : OCCASION_NONE;
                manager_return_device(m, e, next);
        } else if (next == NEXT_RECONNECT) {
                manager_go_on(m, e, next);
        } else {
                manager_judge(m, e, OCCASION_START);
        }
}

void manager_begin(struct manager *m)
{
        m->is_starting = false;
        hold_begin(m);
        manager_look_soon(m);
        for (struct device *d = m->devices; d; d = d->next)
                begin_device(m, entry_of(d));
        manager_share_memory(m);
        manager_prepare(m);
        if (m->settings.on_started)
                m->settings.on_started(m->settings.userdata);
}

static bool paused_path(const struct manager *m, char *path, size_t size)
{
        return (size_t)snprintf(path, size, "%s/paused", m->settings.runtime_directory) < size;
}

void manager_remember_paused(const struct manager *m)
{
        CLEANUP(close_fdp) int fd = -1;
        char path[1024];

        if (!paused_path(m, path, sizeof(path)))
                return;
        if (!m->is_paused) {
                unlink(path);
                return;
        }
        fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
        if (fd < 0)
                log_error("%s: %s: a restart would resume", path, strerror(errno));
}

int manager_start(struct manager *m, const int *fds, size_t n_fds)
{
        char path[1024];
        int r;

        m->is_disabled = kernel_option_disables(m->guards.scope->proc);
        m->is_paused =
                m->is_disabled || (paused_path(m, path, sizeof(path)) && access(path, F_OK) == 0);
        if (m->is_disabled)
                log_notice("usbredird.disable is on the kernel's command line: no rule acts");
        r = hotplug_new(&m->hotplug, m->base, &manager_hotplug_events, m);
        if (r < 0)
                log_error("cannot watch udev: %s", strerror(-r));
        if (r == 0) {
                r = record_read_all(m->settings.runtime_directory, on_record, m);
                if (r < 0)
                        log_error("cannot use %s: %s", m->settings.runtime_directory, strerror(-r));
        }

        for (size_t i = 0; i < n_fds; i++)
                if (r < 0)
                        close_fd(fds[i]);
                else if (adopt(m, fds[i]) < 0)
                        log_error("a session cannot be adopted, and ends");
        if (r == 0 && m->n_adopting == 0)
                manager_begin(m);

        return r;
}
