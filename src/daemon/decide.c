/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What is to be done with a device: the policy's verdict and the occasion begin it, the table of
 * outcomes goes on with it.
 *
 * A device that is waiting, redirected or on its way back is left to that; only a verdict that now
 * denies it ends what a rule has begun. What was asked by hand no rule touches.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/time.h>

#include "daemon/manager-private.h"
#include "util/cleanup.h"
#include "util/log.h"

void manager_set_error(struct entry *e, const char *format, ...)
{
        va_list arguments;

        va_start(arguments, format);
        vsnprintf(e->device.last_error, sizeof(e->device.last_error), format, arguments);
        va_end(arguments);
}

void manager_update_verdict(struct manager *m, struct device *d)
{
        const struct policy_entry *entry;

        policy_verdict(m->config->policy, &d->info.facts, &d->verdict);
        entry = d->verdict.kind == VERDICT_DENIED ? d->verdict.against : d->verdict.lead;
        if (entry)
                snprintf(d->rule, sizeof(d->rule), "%s:%u", entry->file, entry->line);
        else
                d->rule[0] = '\0';
}

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

int manager_choose_guest(const struct manager *m, const struct device *d, struct guest **ret,
                         struct error *ret_error)
{
        const char *source, *named = manager_guests_named(m, d, &source);
        struct guest *choice = NULL;

        if (!named)
                return error_set(ret_error, ERROR_NO_SUCH_GUEST,
                                 "which guest? Neither a rule (guest=) nor udev (USBREDIR_GUEST) "
                                 "nor DefaultGuest= in usbredird.conf names one for %s",
                                 device_id(d));

        for (size_t i = 0; i < m->n_guests; i++) {
                struct guest *g = m->guests[i].guest;

                if (m->guests[i].is_leaving || !guests_have(named, guest_name(g)))
                        continue;
                if (!choice || (!guest_has_free_channel(choice) && guest_has_free_channel(g)))
                        choice = g;
        }
        if (!choice)
                return error_set(ret_error, ERROR_NO_SUCH_GUEST,
                                 "guest '%s' is not configured: add guests.d/%s.conf, and reload",
                                 named, named);

        *ret = choice;
        return 0;
}

const char *manager_guest_for(const struct manager *m, const struct device *d)
{
        struct error error;
        struct guest *g;

        return manager_choose_guest(m, d, &g, &error) < 0 ? NULL : guest_name(g);
}

static bool rule_names(const struct policy_entry *entry, const char *guest)
{
        return entry && guests_have(entry->rule->values[KEY_GUEST], guest);
}

bool manager_may_go_to(const struct manager *m, const struct device *d, const char *guest)
{
        if (d->info.refusal[0] || !d->info.is_settled)
                return false;

        switch (d->verdict.kind) {
        case VERDICT_ALLOWED: return guests_have(d->verdict.guest, guest);
        case VERDICT_CONFLICT:
                return guests_have(d->verdict.guest, guest) ||
                       rule_names(d->verdict.against, guest);
        case VERDICT_DENIED:
        case VERDICT_NO_MATCH:
        case VERDICT_HUB: return false;
        }

        return false;
}

void manager_begin_wait(struct manager *m, struct entry *e, struct guest *g, enum intent intent,
                        bool at_once)
{
        struct device *d = &e->device;

        event_del(e->timer);
        guest_dequeue(&d->waiter);
        d->intent = intent;
        strcpy(d->guest, guest_name(g));
        d->phase = DEVICE_IS_WAITING;
        guest_enqueue(g, &d->waiter, at_once);
        manager_changed(m, e);
}

void manager_rest(struct manager *m, struct entry *e, enum device_phase phase)
{
        struct device *d = &e->device;

        event_del(e->timer);
        guest_dequeue(&d->waiter);
        d->intent = INTENT_NONE;
        d->guest[0] = '\0';
        d->phase = phase;
        manager_changed(m, e);
}

static bool rule_acts(const struct device *d, enum occasion occasion)
{
        switch (occasion) {
        case OCCASION_NONE: return false;
        case OCCASION_PLUG: return d->verdict.on & RULE_ON_PLUG;
        case OCCASION_START: return d->verdict.on & RULE_ON_START;
        }

        return false;
}

bool manager_is_automatic(const struct device *d)
{
        return d->verdict.kind == VERDICT_ALLOWED && d->verdict.automatic && d->info.is_settled &&
               !d->info.refusal[0];
}

/* A rule gives the device to its guest. */
static void begin_by_rule(struct manager *m, struct entry *e)
{
        struct error error;
        struct guest *g;

        e->is_over_limit = manager_n_busy(m) >= m->config->max_sessions;
        if (e->is_over_limit) {
                manager_set_error(e, "MaxSessions=%u are in use", m->config->max_sessions);
                log_warning("%s: not redirected: MaxSessions=%u are in use", device_id(&e->device),
                            m->config->max_sessions);
                manager_changed(m, e);
                return;
        }
        if (manager_choose_guest(m, &e->device, &g, &error) < 0) {
                manager_set_error(e, "%s", error.text);
                log_warning("%s: not redirected: %s", device_id(&e->device), error.text);
                manager_changed(m, e);
                return;
        }

        log_info("%s: to be redirected to guest '%s' by %s", device_id(&e->device), guest_name(g),
                 e->device.rule);
        e->device.last_error[0] = '\0';
        manager_begin_wait(m, e, g, INTENT_AUTOMATIC, false);
}

void manager_judge(struct manager *m, struct entry *e, enum occasion occasion)
{
        struct device *d = &e->device;

        if (m->is_starting || m->is_stopping)
                return;

        switch (d->phase) {
        case DEVICE_IS_STARTING:
        case DEVICE_IS_REDIRECTED:
                if (d->redirection && d->intent == INTENT_AUTOMATIC &&
                    d->verdict.kind != VERDICT_ALLOWED && d->verdict.kind != VERDICT_CONFLICT)
                        manager_end_session(d->redirection, CAUSE_DENIED);
                return;
        case DEVICE_IS_RETURNING:
        case DEVICE_IS_STUCK: return;
        case DEVICE_IS_WAITING:
                if (d->intent == INTENT_AUTOMATIC && !manager_is_automatic(d)) {
                        log_info("%s: no longer to be redirected: the rules have changed",
                                 device_id(d));
                        manager_rest(m, e, DEVICE_IS_IDLE);
                }
                return;
        case DEVICE_IS_IDLE:
        case DEVICE_IS_FAILED: break;
        }

        if (d->phase == DEVICE_IS_IDLE && manager_is_automatic(d) && !d->is_inhibited &&
            !d->is_rejected && !m->is_paused && rule_acts(d, occasion))
                begin_by_rule(m, e);
        else
                manager_changed(m, e);
}

void manager_judge_all(struct manager *m, enum occasion occasion)
{
        for (struct device *d = m->devices; d; d = d->next)
                manager_judge(m, entry_of(d), occasion);
}

static void set_timer(struct entry *e, time_t seconds)
{
        struct timeval delay = { .tv_sec = seconds };

        event_add(e->timer, &delay);
}

static void fail(struct manager *m, struct entry *e, const char *why)
{
        log_error("%s: given up: %s", device_id(&e->device), why);
        manager_rest(m, e, DEVICE_IS_FAILED);
}

void manager_reconnect(struct manager *m, struct entry *e, bool at_once)
{
        struct device *d = &e->device;
        bool by_rule = d->intent == INTENT_AUTOMATIC;
        struct guest *g = manager_guest_by_name(m, d->guest);
        struct error error;

        if (m->is_stopping || (by_rule && (m->is_paused || !manager_is_automatic(d)))) {
                manager_rest(m, e, DEVICE_IS_IDLE);
                return;
        }

        error_set(&error, ERROR_NO_SUCH_GUEST, "guest '%s' is no longer configured", d->guest);
        if (by_rule && (!g || !manager_may_go_to(m, d, d->guest)) &&
            manager_choose_guest(m, d, &g, &error) < 0)
                g = NULL;
        if (!g) {
                manager_set_error(e, "%s", error.text);
                manager_rest(m, e, DEVICE_IS_IDLE);
                return;
        }

        manager_begin_wait(m, e, g, d->intent, at_once);
}

/* Whether there were too many, with this one. */
static bool count_crash(struct entry *e)
{
        uint64_t now = clock_usec(CLOCK_MONOTONIC), oldest = e->crashes_usec[0];

        memmove(e->crashes_usec, e->crashes_usec + 1,
                (OUTCOME_CRASHES - 1) * sizeof(e->crashes_usec[0]));
        e->crashes_usec[OUTCOME_CRASHES - 1] = now;
        oldest = e->crashes_usec[0];
        return oldest > 0 && now - oldest < OUTCOME_CRASHES_SEC * USEC_PER_SEC;
}

void manager_go_on(struct manager *m, struct entry *e, enum next next)
{
        struct device *d = &e->device;

        if (next != NEXT_RETRY)
                e->tries = 0;

        switch (next) {
        case NEXT_END: manager_rest(m, e, DEVICE_IS_IDLE); return;
        case NEXT_RECONNECT: manager_reconnect(m, e, false); return;
        case NEXT_REJECTED:
                d->is_rejected = true;
                manager_rest(m, e, DEVICE_IS_IDLE);
                return;
        case NEXT_RETRY:
                if (e->tries >= OUTCOME_TRIES) {
                        e->tries = 0;
                        fail(m, e, d->last_error);
                        return;
                }
                d->phase = DEVICE_IS_WAITING;
                set_timer(e, OUTCOME_DELAY_SEC << e->tries++);
                manager_changed(m, e);
                return;
        case NEXT_RETURN:
                manager_remember(m, e, 0);
                manager_rest(m, e, DEVICE_IS_IDLE);
                set_timer(e, OUTCOME_RETURN_SEC);
                return;
        case NEXT_REPLUG:
                /* It will be removed presently; if not, that was a mistake. */
                d->phase = DEVICE_IS_WAITING;
                set_timer(e, OUTCOME_RETURN_SEC);
                manager_changed(m, e);
                return;
        case NEXT_RESTART:
                if (count_crash(e))
                        fail(m, e, "its session has failed too often");
                else
                        manager_reconnect(m, e, true);
                return;
        case NEXT_INHIBIT:
                d->is_inhibited = true;
                manager_rest(m, e, DEVICE_IS_IDLE);
                return;
        }
}
