/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Guests, their channels and their queues, which a test sets as it wants them.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <utlist.h>

#include "dbus/fake-manager.h"
#include "util/macro.h"

#define CHANNELS 2

struct channel {
        struct guest *guest;
        struct channel *next;
        enum channel_state state;
        char text[CHANNEL_TEXT_SIZE];
};

struct guest {
        struct manager *manager;
        struct guest_config config;
        enum guest_state state;
        struct channel_config address; /* of the first channel */
        struct channel channels[CHANNELS];
        struct waiter *queue;
        uint64_t retry_at_usec;
        char last_error[64];
};

static int compare(const void *a, const void *b)
{
        return strcmp(guest_name(*(struct guest *const *)a), guest_name(*(struct guest *const *)b));
}

struct guest *fake_add_guest(struct manager *m, const char *name)
{
        struct guest *g = calloc(1, sizeof(*g));

        if (!g || m->n_guests == ELEMENTS(m->guests))
                abort();

        g->manager = m;
        snprintf(g->config.name, sizeof(g->config.name), "%s", name);
        g->config.description = strdup("a guest");
        g->address.address.kind = ADDRESS_TCP;
        snprintf(g->address.address.host, sizeof(g->address.address.host), "%s", name);
        g->config.channels = &g->address;
        g->config.n_channels = 1;
        for (size_t i = 0; i < CHANNELS; i++) {
                g->channels[i].guest = g;
                snprintf(g->channels[i].text, sizeof(g->channels[i].text), "tcp:%s:%zu", name,
                         4000 + i);
                g->channels[i].next = i + 1 < CHANNELS ? &g->channels[i + 1] : NULL;
        }
        m->guests[m->n_guests++] = g;
        qsort(m->guests, m->n_guests, sizeof(m->guests[0]), compare);
        if (m->observer.guest_added)
                m->observer.guest_added(m->userdata, g);
        return g;
}

void fake_remove_guest(struct manager *m, struct guest *g)
{
        size_t i = 0;

        while (g->queue)
                guest_dequeue(g->queue);
        if (m->observer.guest_removed)
                m->observer.guest_removed(m->userdata, g);
        while (m->guests[i] != g)
                i++;
        memmove(&m->guests[i], &m->guests[i + 1], (--m->n_guests - i) * sizeof(m->guests[0]));
        free(g->config.description);
        free(g);
}

static void changed(struct guest *g)
{
        if (g->manager->observer.guest_changed)
                g->manager->observer.guest_changed(g->manager->userdata, g);
}

void fake_set_guest(struct guest *g, enum guest_state state, const char *last_error,
                    uint64_t retry_at_usec)
{
        g->state = state;
        g->retry_at_usec = retry_at_usec;
        snprintf(g->last_error, sizeof(g->last_error), "%s", last_error);
        changed(g);
}

void fake_set_channel(struct guest *g, size_t index, enum channel_state state)
{
        g->channels[index].state = state;
        changed(g);
}

void fake_queue(struct guest *g, struct device *d, struct channel *connecting)
{
        struct waiter *w = calloc(1, sizeof(*w));

        if (!w || d->waiting.places)
                abort();

        *w = (struct waiter){ .guest = g, .channel = connecting, .waiting = &d->waiting };
        d->waiting.places = w;
        d->waiting.n = 1;
        DL_APPEND(g->queue, w);
        changed(g);
}

void guest_dequeue(struct waiter *w)
{
        struct guest *g = w->guest;

        if (!g)
                return;

        DL_DELETE(g->queue, w);
        *w->waiting = (struct waiting){ 0 };
        free(w);
        changed(g);
}

void waiting_end(struct waiting *w)
{
        if (w->n > 0)
                guest_dequeue(w->places);
}

size_t manager_n_guests(const struct manager *m)
{
        return m->n_guests;
}

struct guest *manager_guest(const struct manager *m, size_t index)
{
        return m->guests[index];
}

int manager_find_guest(struct manager *m, const char *name, struct guest **ret,
                       struct error *ret_error)
{
        for (size_t i = 0; i < m->n_guests; i++)
                if (!strcmp(m->guests[i]->config.name, name)) {
                        *ret = m->guests[i];
                        return 0;
                }

        return error_set(ret_error, ERROR_NO_SUCH_GUEST, "There is no guest \"%s\".", name);
}

int manager_connect_guest(struct manager *m, struct guest *g, struct error *ret_error)
{
        snprintf(m->asked, sizeof(m->asked), "connect %s", g->config.name);
        m->n_asked++;
        if (m->refuses) {
                *ret_error = *m->refuses;
                return -EINVAL;
        }
        fake_set_guest(g, GUEST_CONNECTING, "", 0);
        return 0;
}

void manager_disconnect_guest(struct manager *m, struct guest *g)
{
        snprintf(m->asked, sizeof(m->asked), "disconnect %s", g->config.name);
        m->n_asked++;
        fake_set_guest(g, GUEST_DISCONNECTED, "", 0);
}

const char *guest_name(const struct guest *g)
{
        return g->config.name;
}

const struct guest_config *guest_config(const struct guest *g)
{
        return &g->config;
}

enum guest_state guest_state(const struct guest *g)
{
        return g->state;
}

const char *guest_last_error(const struct guest *g)
{
        return g->last_error;
}

uint64_t guest_retry_at_usec(const struct guest *g)
{
        return g->retry_at_usec;
}

const struct waiter *guest_queue(const struct guest *g)
{
        return g->queue;
}

struct guest *channel_guest(const struct channel *c)
{
        return c->guest;
}

struct channel *guest_channels(const struct guest *g)
{
        return (struct channel *)&g->channels[0];
}

struct channel *channel_next(const struct channel *c)
{
        return c->next;
}

const char *channel_text(const struct channel *c)
{
        return c->text;
}

enum channel_state channel_state(const struct channel *c)
{
        return c->state;
}
