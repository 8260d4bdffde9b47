/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The guests there are, after the configuration. One that is no longer configured is left alone by
 * all, its sessions are ended, and it goes with the last of them.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <utlist.h>

#include "daemon/manager-private.h"

static struct host_guest *find_place(const struct manager *m, const char *name)
{
        for (size_t i = 0; i < m->n_guests; i++)
                if (!strcmp(guest_name(m->guests[i].guest), name))
                        return &m->guests[i];
        return NULL;
}

struct guest *manager_guest_by_name(const struct manager *m, const char *name)
{
        struct host_guest *place = find_place(m, name);

        return place && !place->is_leaving ? place->guest : NULL;
}

static int compare_places(const void *a, const void *b)
{
        const struct host_guest *left = a, *right = b;

        return strcmp(guest_name(left->guest), guest_name(right->guest));
}

static int add_guest(struct manager *m, const struct guest_config *config)
{
        struct host_guest *places;
        struct guest *g;
        int r;

        places = reallocarray(m->guests, m->n_guests + 1, sizeof(*places));
        if (!places)
                return -ENOMEM;
        m->guests = places;
        r = guest_new(&g, m->base, config, &manager_guest_events, m);
        if (r < 0)
                return r;

        places[m->n_guests++] = (struct host_guest){ .guest = g };
        qsort(places, m->n_guests, sizeof(*places), compare_places);
        if (m->observer.guest_added)
                m->observer.guest_added(m->userdata, g);
        return 0;
}

static void remove_guest(struct manager *m, struct host_guest *place)
{
        struct redirection *r;
        struct device *d;

        place->is_leaving = true;
        DL_FOREACH (m->devices, d) {
                if (manager_starts_at(entry_of(d), place->guest))
                        manager_reconnect(m, entry_of(d), false);
                if (!waiting_is_at(&d->waiting, place->guest))
                        continue;
                waiting_leave(&d->waiting, place->guest);
                if (waiting_is_anywhere(&d->waiting))
                        continue;
                manager_set_error(entry_of(d), "guest '%s' is no longer configured",
                                  guest_name(place->guest));
                manager_rest(m, entry_of(d), DEVICE_IS_IDLE);
        }
        DL_FOREACH (m->sessions, r)
                if (r->channel && channel_guest(r->channel) == place->guest)
                        manager_end_session(r, CAUSE_DISCONNECTED);
        manager_wake(m);
}

int manager_update_guests(struct manager *m)
{
        const struct config *config = m->config;
        int r = 0;

        for (size_t i = 0; i < m->n_guests; i++)
                if (!config_find_guest(config, guest_name(m->guests[i].guest)))
                        remove_guest(m, &m->guests[i]);

        for (size_t i = 0; r == 0 && i < config->n_guests; i++) {
                struct host_guest *place = find_place(m, config->guests[i].name);

                if (!place) {
                        r = add_guest(m, &config->guests[i]);
                } else {
                        place->is_leaving = false;
                        r = guest_set_config(place->guest, &config->guests[i]);
                }
        }

        return r;
}

static bool guest_is_used(const struct manager *m, const struct guest *g)
{
        const struct redirection *r;

        DL_FOREACH (m->sessions, r)
                if (r->channel && channel_guest(r->channel) == g)
                        return true;
        return false;
}

void manager_drop_guests(struct manager *m)
{
        for (size_t i = 0; i < m->n_guests;) {
                struct host_guest *place = &m->guests[i];

                if (!place->is_leaving || guest_is_used(m, place->guest)) {
                        i++;
                        continue;
                }
                if (m->observer.guest_removed)
                        m->observer.guest_removed(m->userdata, place->guest);
                guest_free(place->guest);
                memmove(place, place + 1, (--m->n_guests - i) * sizeof(*place));
        }
}

size_t manager_n_guests(const struct manager *m)
{
        return m->n_guests;
}

struct guest *manager_guest(const struct manager *m, size_t index)
{
        return m->guests[index].guest;
}
