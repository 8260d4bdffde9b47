/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A guest's queue: by the order of each device's waiting, so that one that comes back to it after
 * its connection was lost stands where it stood.
 */
#include <utlist.h>

#include "daemon/guest-private.h"

struct waiter *guest_first_unserved(const struct guest *g)
{
        uint64_t now = channel_now_msec();
        struct waiter *w;

        DL_FOREACH (g->queue, w)
                if (!w->channel && waiter_held_until(w, now) == 0)
                        break;
        return w;
}

static uint64_t order_of(const struct waiter *w)
{
        return w->waiting ? w->waiting->order : 0;
}

/* Those that come now are mostly the last. */
static void insert(struct guest *g, struct waiter *w)
{
        struct waiter *before = g->queue ? g->queue->prev : NULL;

        while (before && order_of(before) > order_of(w))
                before = before == g->queue ? NULL : before->prev;
        if (before)
                DL_APPEND_ELEM(g->queue, before, w);
        else
                DL_PREPEND(g->queue, w);
}

void waiter_take_out(struct waiter *w)
{
        DL_DELETE(w->guest->queue, w);
        *w = (struct waiter){ .waiting = w->waiting };
}

void guest_enqueue(struct guest *g, struct waiter *w, bool at_once)
{
        struct channel *c;

        *w = (struct waiter){ .guest = g, .waiting = w->waiting };
        insert(g, w);
        if (at_once)
                DL_FOREACH (g->channels, c)
                        channel_reset(c);
        guest_wake(g);
}

void guest_dequeue(struct waiter *w)
{
        struct guest *g = w->guest;

        if (!g)
                return;

        if (w->channel)
                channel_cancel(w->channel);
        waiter_take_out(w);
        guest_wake(g);
}
