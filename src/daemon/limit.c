/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * MaxSessions. A device that a rule is to redirect when as many are in use has its turn in order,
 * as one has that waits for a channel: nobody who comes later is served before it.
 */
#include "daemon/manager-private.h"
#include "util/log.h"

void manager_take_turn(struct manager *m, struct entry *e)
{
        if (e->device.waiting.order == 0)
                e->device.waiting.order = ++m->last_order;
}

/* The first of those that wait for the limit, or NULL. */
static struct entry *first_over_limit(const struct manager *m)
{
        struct entry *first = NULL;

        for (struct device *d = m->devices; d; d = d->next) {
                struct entry *e = entry_of(d);

                if (e->is_over_limit && (!first || d->waiting.order < first->device.waiting.order))
                        first = e;
        }
        return first;
}

bool manager_has_room(const struct manager *m)
{
        return manager_n_busy(m) < m->config->max_sessions;
}

bool manager_is_over_limit(struct manager *m, struct entry *e)
{
        const struct entry *first = first_over_limit(m);
        uint64_t order = e->device.waiting.order;

        if (manager_has_room(m) && (!first || (order > 0 && order <= first->device.waiting.order)))
                return false;
        if (e->is_over_limit)
                return true;

        manager_take_turn(m, e);
        e->is_over_limit = true;
        manager_set_error(e, "MaxSessions=%u are in use: it waits for its turn",
                          m->config->max_sessions);
        log_warning("%s: waits for its turn: MaxSessions=%u are in use", device_id(&e->device),
                    m->config->max_sessions);
        manager_changed(m, e);
        return true;
}

/* It has its turn, if that is still what is wanted. */
static void serve(struct manager *m, struct entry *e)
{
        struct device *d = &e->device;

        if (!m->is_paused && d->phase == DEVICE_IS_IDLE && manager_is_automatic(d) &&
            !d->is_inhibited && !d->is_rejected) {
                manager_begin_by_rule(m, e);
                return;
        }

        e->is_over_limit = false;
        d->waiting.order = 0;
        d->last_error[0] = '\0';
        manager_changed(m, e);
}

void manager_serve_limit(struct manager *m)
{
        struct entry *e;

        while (!m->is_starting && !m->is_stopping && manager_has_room(m) &&
               (e = first_over_limit(m)))
                serve(m, e);
}
