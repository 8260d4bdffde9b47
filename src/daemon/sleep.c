/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The machine goes to sleep, and wakes up. Connections do not survive that for long, and a device
 * may come back from it as new: so sessions are ended as they should be, while guests can be told.
 * Their devices wait, in no queue, until the machine is awake; then they go where they were, and
 * rules act as at a start.
 */
#include <utlist.h>

#include "daemon/manager-private.h"
#include "util/log.h"

static bool is_done(const struct manager *m)
{
        const struct device *d;

        DL_FOREACH (m->devices, d)
                if (is_in_return(CONTAINER_OF(d, const struct entry, device)))
                        return false;
        return !m->sessions;
}

void manager_sleep(struct manager *m, void (*ready)(void *userdata), void *userdata)
{
        struct redirection *r;
        struct device *d;

        if (m->is_asleep)
                return;

        log_notice("the machine goes to sleep: devices are returned");
        m->is_asleep = true;
        m->on_asleep = ready;
        m->asleep_userdata = userdata;
        DL_FOREACH (m->devices, d)
                waiting_end(&d->waiting);
        DL_FOREACH (m->sessions, r)
                manager_end_session(r, CAUSE_ASLEEP);
        manager_wake(m);
}

void manager_sleep_turn(struct manager *m)
{
        void (*ready)(void *userdata) = m->on_asleep;

        if (!ready || !is_done(m))
                return;
        m->on_asleep = NULL;
        ready(m->asleep_userdata);
}

void manager_awake(struct manager *m)
{
        struct device *d;

        if (!m->is_asleep)
                return;

        log_notice("the machine is awake");
        m->is_asleep = false;
        m->on_asleep = NULL;
        DL_FOREACH (m->devices, d)
                if (d->phase == DEVICE_IS_WAITING && !waiting_is_anywhere(&d->waiting) &&
                    !event_pending(entry_of(d)->timer, EV_TIMEOUT, NULL))
                        manager_reconnect(m, entry_of(d), true);
        manager_judge_all(m, OCCASION_START);
}
