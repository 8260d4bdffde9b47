/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A guest has a copy of its configuration, and takes a new one whole or, without memory, not at
 * all.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <utlist.h>

#include "daemon/guest-private.h"
#include "util/log.h"

static struct channel *find_channel(const struct guest *g, const char *text)
{
        struct channel *c;

        DL_FOREACH (g->channels, c)
                if (!strcmp(c->config.text, text) && !c->is_accepted)
                        break;
        return c;
}

static void free_spares(struct channel *spares)
{
        struct channel *c, *next;

        DL_FOREACH_SAFE (spares, c, next)
                free(c);
}

/* As many channels as there could be new ones, so that nothing can fail afterwards. */
static int make_spares(struct channel **ret, struct guest *g, const struct guest_config *config)
{
        struct channel *spares = NULL, *c;

        for (size_t i = 0; i < config->n_channels; i++) {
                if (channel_new(&c, g, &config->channels[i]) < 0) {
                        free_spares(spares);
                        return -ENOMEM;
                }
                DL_APPEND(spares, c);
        }

        *ret = spares;
        return 0;
}

/* Those that are configured, in that order, and behind them those that will leave. */
static void replace_channels(struct guest *g, struct channel **spares)
{
        struct channel *now = NULL, *c, *next;

        for (size_t i = 0; i < g->config.n_channels; i++) {
                c = find_channel(g, g->config.channels[i].text);
                if (c) {
                        DL_DELETE(g->channels, c);
                        c->is_leaving = false;
                        if (!channel_is_occupied(c))
                                channel_reset(c);
                        /* Whether its sockets may be used, the new configuration may say. */
                        if (c->config.listens && c->config.address.kind == ADDRESS_FD)
                                channel_listen_again(c);
                } else {
                        c = *spares;
                        DL_DELETE(*spares, c);
                }
                c->config = g->config.channels[i];
                DL_APPEND(now, c);
        }

        /* Of those that leave, what listens before what was accepted there. */
        DL_FOREACH_SAFE (g->channels, c, next) {
                c->is_leaving = true;
                if (!channel_is_occupied(c) && !c->is_accepted)
                        channel_free(c);
        }
        DL_FOREACH_SAFE (g->channels, c, next)
                if (!channel_is_occupied(c) && !c->origin)
                        channel_free(c);
        DL_CONCAT(now, g->channels);
        g->channels = now;
}

static bool is_same(const struct guest_config *a, const struct guest_config *b)
{
        return a->source && b->source && !strcmp(a->source, b->source) && !strcmp(a->file, b->file);
}

/* Nothing is new: only what was given up is tried again. */
static void retry_failed(struct guest *g)
{
        struct channel *c;
        bool has_failed = false;

        DL_FOREACH (g->channels, c)
                if (c->state == CHANNEL_FAILED) {
                        channel_reset(c);
                        has_failed = true;
                }
        if (has_failed)
                guest_wake(g);
}

int guest_set_config(struct guest *g, const struct guest_config *config)
{
        struct channel *spares = NULL;
        struct guest_config copy;
        int r;

        if (is_same(&g->config, config)) {
                retry_failed(g);
                return 0;
        }

        r = guest_config_copy(&copy, config);
        if (r < 0)
                return r;
        r = make_spares(&spares, g, config);
        if (r < 0) {
                guest_config_clear(&copy);
                return r;
        }

        if (guest_config_is_exposed(&copy) && !guest_config_is_exposed(&g->config))
                log_warning("guest %s: what goes through the network can be read and changed "
                            "there: it has no [TLS] in %s",
                            copy.name, copy.file);
        guest_config_clear(&g->config);
        g->config = copy;
        replace_channels(g, &spares);
        free_spares(spares);
        guest_wake(g);
        return 0;
}
