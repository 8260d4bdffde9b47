/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Found anew whenever they are wanted: rules, properties and guests may have changed.
 */
#include "daemon/candidates.h"

#include <stdio.h>
#include <string.h>

#include "daemon/manager-private.h"

const char *manager_guests_named(const struct manager *m, const struct device *d,
                                 const char **ret_source)
{
        const char *property;

        if (d->verdict.guest && strcmp(d->verdict.guest, "*") != 0)
                return d->verdict.guest;

        property = facts_property(&d->info.facts, "USBREDIR_GUEST");
        if (property && guests_are_valid(property)) {
                *ret_source = "USBREDIR_GUEST";
                return property;
        }
        if (m->config->default_guest[0]) {
                *ret_source = "DefaultGuest";
                return m->config->default_guest;
        }

        return d->verdict.guest;
}

static void add(struct candidates *c, struct guest *g)
{
        if (g && c->n < CONFIG_GUESTS_MAX)
                c->guests[c->n++] = g;
}

/* The manager's are sorted by name. */
static void add_all(struct candidates *c, const struct manager *m)
{
        for (size_t i = 0; i < m->n_guests; i++)
                if (!m->guests[i].is_leaving)
                        add(c, m->guests[i].guest);
}

static void add_list(struct candidates *c, const struct manager *m, const char *list)
{
        char name[GUEST_NAME_MAX + 1];

        while (*list) {
                size_t length = strcspn(list, ",");

                snprintf(name, sizeof(name), "%.*s", (int)length, list);
                add(c, manager_guest_by_name(m, name));
                list += length + (list[length] == ',');
        }
}

int candidates_find(struct candidates *ret, const struct manager *m, const struct device *d,
                    struct error *ret_error)
{
        const char *source, *named = manager_guests_named(m, d, &source);

        ret->n = 0;
        if (!named)
                return error_set(ret_error, ERROR_NO_SUCH_GUEST,
                                 "which guest? Neither a rule (guest=) nor udev (USBREDIR_GUEST) "
                                 "nor DefaultGuest= in usbredird.conf names one for %s",
                                 device_id(d));

        if (!strcmp(named, "*"))
                add_all(ret, m);
        else
                add_list(ret, m, named);
        if (ret->n > 0)
                return 0;
        if (strcspn(named, ",*") < strlen(named))
                return error_set(ret_error, ERROR_NO_SUCH_GUEST,
                                 "none of the guests '%s' is configured: add one of them in "
                                 "guests.d, and reload",
                                 named);

        return error_set(ret_error, ERROR_NO_SUCH_GUEST,
                         "guest '%s' is not configured: add guests.d/%s.conf, and reload", named,
                         named);
}

bool candidates_have(const struct candidates *c, const struct guest *g)
{
        for (size_t i = 0; i < c->n; i++)
                if (c->guests[i] == g)
                        return true;
        return false;
}

void candidates_prefer(struct candidates *c, const struct guest *g)
{
        for (size_t i = 0; i < c->n; i++)
                if (c->guests[i] == g) {
                        struct guest *former = c->guests[i];

                        memmove(&c->guests[1], &c->guests[0], i * sizeof(c->guests[0]));
                        c->guests[0] = former;
                        return;
                }
}

void candidates_prefer_idle(struct candidates *c)
{
        struct candidates others = { .n = 0 };
        size_t n = 0;

        for (size_t i = 0; i < c->n; i++)
                if (guest_has_idle_channel(c->guests[i], 0))
                        c->guests[n++] = c->guests[i];
                else
                        add(&others, c->guests[i]);
        memcpy(&c->guests[n], others.guests, others.n * sizeof(others.guests[0]));
}

int candidates_drop_full(struct candidates *c, struct error *ret_error)
{
        const char *first = guest_name(c->guests[0]);
        bool is_one = c->n == 1;
        size_t n = 0;

        for (size_t i = 0; i < c->n; i++)
                if (guest_has_free_channel(c->guests[i]))
                        c->guests[n++] = c->guests[i];
        c->n = n;
        if (n > 0)
                return 0;

        if (is_one && guest_state(c->guests[0]) == GUEST_LISTENING)
                return error_set(ret_error, ERROR_NO_FREE_CHANNEL,
                                 "guest '%s' has not dialled in: start it, or wait (option 'wait')",
                                 first);
        return error_set(ret_error, ERROR_NO_FREE_CHANNEL,
                         "guest '%s'%s has no free channel: detach a device, or wait (option "
                         "'wait')",
                         first, is_one ? "" : ", like the others that it may go to,");
}

bool manager_is_candidate(const struct manager *m, const struct device *d, const struct guest *g)
{
        struct candidates candidates;
        struct error error;

        return candidates_find(&candidates, m, d, &error) == 0 && candidates_have(&candidates, g);
}

const char *manager_guest_for(const struct manager *m, const struct device *d)
{
        struct candidates candidates;
        const char *source;
        struct error error;

        return candidates_find(&candidates, m, d, &error) < 0 ? NULL
                                                              : manager_guests_named(m, d, &source);
}
