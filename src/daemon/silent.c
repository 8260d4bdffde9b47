/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Guests that say nothing. A connection that is accepted and stays silent is one to a virtual
 * machine that is paused, or to a channel that another connection has. A device that a rule has
 * given there goes on to another channel, or another guest, as soon as one is free that has not
 * failed; the channel it leaves counts as one that has, and is not tried before its delay is over.
 * Where there is none it stays: a virtual machine that is paused answers when it goes on.
 *
 * So no device goes back and forth between two channels that are silent: the one that it left has
 * failed. One device moves at a time: two would go for the same channel. Whoever was attached by
 * hand stays where a person said.
 */
#include <utlist.h>

#include "daemon/manager-private.h"
#include "util/log.h"

static bool is_moving(const struct manager *m)
{
        struct redirection *r;

        DL_FOREACH (m->sessions, r)
                if (running_of(r)->has_cause && running_of(r)->cause == CAUSE_SILENT)
                        return true;
        return false;
}

static bool is_silent(const struct redirection *r)
{
        return r->state == REDIRECTION_SILENT && !running_of((struct redirection *)r)->has_cause &&
               r->channel && r->device && r->device->intent == INTENT_AUTOMATIC &&
               manager_is_automatic(r->device);
}

/* A guest with a channel for it. */
static const struct guest *find_other(const struct manager *m, const struct redirection *r)
{
        struct candidates candidates;
        struct error error;

        if (candidates_find(&candidates, m, r->device, &error) < 0)
                return NULL;
        for (size_t i = 0; i < candidates.n; i++) {
                const struct guest *g = candidates.guests[i];

                if (guest_has_idle_channel(g, g == channel_guest(r->channel)))
                        return g;
        }

        return NULL;
}

void manager_leave_silent(struct manager *m)
{
        struct redirection *r;

        if (m->is_stopping || m->is_paused || is_moving(m))
                return;

        DL_FOREACH (m->sessions, r) {
                const struct guest *other = is_silent(r) ? find_other(m, r) : NULL;

                if (!other)
                        continue;
                log_notice("%s: guest '%s' says nothing over %s: on to guest '%s'",
                           device_id(r->device), guest_name(channel_guest(r->channel)),
                           channel_text(r->channel), guest_name(other));
                manager_end_session(r, CAUSE_SILENT);
                return;
        }
}
