/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The places are one array, in the order in which the guests are wanted: those before a place are
 * the ones that may hold it. A place that is left stays in the array, without a guest.
 */
#include "daemon/waiting.h"

#include <errno.h>
#include <stdlib.h>

#include "daemon/guest-private.h"
#include "util/macro.h"

static void enter(struct waiting *w, struct waiter *place, struct guest *g, unsigned how)
{
        uint64_t hold_ms = 0;

        if (how & WAITING_FORMER && place == w->places)
                hold_ms = (uint64_t)WAITING_FORMER_SEC * g->second_ms;
        else if (how & WAITING_AT_ONCE ? guest_has_free_channel(g) : guest_has_idle_channel(g, 0))
                hold_ms = (uint64_t)WAITING_HOLD_MS * g->second_ms / 1000;

        place->waiting = w;
        guest_enqueue(g, place, how & WAITING_AT_ONCE);
        if (hold_ms > 0)
                place->holds_until_msec = channel_now_msec() + hold_ms;
}

int waiting_begin(struct waiting *w, struct guest *const *guests, size_t n, unsigned how)
{
        waiting_end(w);
        w->places = calloc(n, sizeof(*w->places));
        if (!w->places)
                return -ENOMEM;

        w->n = n;
        for (size_t i = 0; i < n; i++)
                enter(w, &w->places[i], guests[i], how);
        return 0;
}

void waiting_end(struct waiting *w)
{
        for (size_t i = 0; i < w->n; i++)
                guest_dequeue(&w->places[i]);
        free(w->places);
        w->places = NULL;
        w->n = 0;
}

void waiting_leave(struct waiting *w, const struct guest *g)
{
        for (size_t i = 0; i < w->n; i++)
                if (w->places[i].guest == g) {
                        waiter_give_way(&w->places[i]);
                        guest_dequeue(&w->places[i]);
                }
}

bool waiting_is_anywhere(const struct waiting *w)
{
        return waiting_count(w) > 0;
}

size_t waiting_count(const struct waiting *w)
{
        size_t n = 0;

        for (size_t i = 0; i < w->n; i++)
                n += w->places[i].guest != NULL;
        return n;
}

bool waiting_is_at(const struct waiting *w, const struct guest *g)
{
        for (size_t i = 0; i < w->n; i++)
                if (w->places[i].guest == g)
                        return true;
        return false;
}

bool waiting_has_failed(const struct waiting *w)
{
        for (size_t i = 0; i < w->n; i++)
                if (w->places[i].guest && !w->places[i].has_failed)
                        return false;
        return true;
}

uint64_t waiter_held_until(const struct waiter *w, uint64_t now_msec)
{
        uint64_t until = 0;

        if (!w->waiting || w->channel)
                return 0;

        for (const struct waiter *other = w->waiting->places; other < w; other++)
                if (other->guest && !other->guest->is_disconnected)
                        until = MAX(until, other->holds_until_msec);
        return until > now_msec ? until : 0;
}

void waiter_give_way(struct waiter *w)
{
        const struct waiting *all = w->waiting;

        w->holds_until_msec = 0;
        for (struct waiter *other = w + 1; all && other < all->places + all->n; other++)
                if (other->guest)
                        guest_wake(other->guest);
}
