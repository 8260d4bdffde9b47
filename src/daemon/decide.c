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

#include "daemon/candidates.h"
#include "daemon/hold.h"
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

void manager_begin_wait(struct manager *m, struct entry *e, const struct candidates *c,
                        enum intent intent, unsigned how)
{
        struct device *d = &e->device;
        bool is_one = c->n == 1 || how & WAITING_FORMER;

        manager_answer_detaches(m); /* it may have been the host's for a moment */
        event_del(e->timer);
        e->is_over_limit = false;
        e->was_given = false;
        manager_take_turn(m, e);
        manager_cancel_start(e);
        if (m->is_asleep) {
                waiting_end(&d->waiting); /* it waits for the machine first */
        } else if (waiting_begin(&d->waiting, c->guests, c->n, how) < 0) {
                manager_set_error(e, "out of memory");
                manager_rest(m, e, DEVICE_IS_FAILED);
                return;
        }

        d->intent = intent;
        strcpy(d->guest, is_one ? guest_name(c->guests[0]) : "");
        d->phase = DEVICE_IS_WAITING;
        manager_changed(m, e);
}

void manager_rest(struct manager *m, struct entry *e, enum device_phase phase)
{
        struct device *d = &e->device;

        event_del(e->timer);
        e->was_given = false;
        waiting_end(&d->waiting);
        d->waiting.order = 0;
        manager_cancel_start(e);
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
        case OCCASION_UNGUARDED: return true;
        }

        return false;
}

bool manager_is_automatic(const struct device *d)
{
        return d->verdict.kind == VERDICT_ALLOWED && d->verdict.automatic && d->info.is_settled &&
               !d->info.refusal[0];
}

void manager_begin_by_rule(struct manager *m, struct entry *e)
{
        struct candidates candidates;
        struct error error;

        if (manager_is_over_limit(m, e))
                return;
        e->is_over_limit = false;
        if (candidates_find(&candidates, m, &e->device, &error) < 0) {
                manager_set_error(e, "%s", error.text);
                log_warning("%s: not redirected: %s", device_id(&e->device), error.text);
                manager_changed(m, e);
                return;
        }

        if (manager_hold_back(m, e))
                return;

        log_info("%s: to be redirected to guest '%s' by %s", device_id(&e->device),
                 manager_guest_for(m, &e->device), e->device.rule);
        e->device.last_error[0] = '\0';
        manager_begin_wait(m, e, &candidates, INTENT_AUTOMATIC, 0);
}

static bool waits_for(const struct device *d, const struct candidates *c)
{
        for (size_t i = 0; i < c->n; i++)
                if (!waiting_is_at(&d->waiting, c->guests[i]))
                        return false;
        return waiting_count(&d->waiting) == c->n;
}

/* It waits for the guests that the rules name now; in its turn. */
static void judge_waiting(struct manager *m, struct entry *e)
{
        struct device *d = &e->device;
        struct candidates candidates;
        struct error error;

        if (!manager_is_automatic(d)) {
                log_info("%s: no longer to be redirected: the rules have changed", device_id(d));
                manager_rest(m, e, DEVICE_IS_IDLE);
        } else if (waiting_is_anywhere(&d->waiting)) {
                if (candidates_find(&candidates, m, d, &error) < 0) {
                        manager_set_error(e, "%s", error.text);
                        manager_rest(m, e, DEVICE_IS_IDLE);
                } else if (!waits_for(d, &candidates)) {
                        manager_begin_wait(m, e, &candidates, INTENT_AUTOMATIC, 0);
                }
        }
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
                if (d->intent == INTENT_AUTOMATIC)
                        judge_waiting(m, e);
                return;
        case DEVICE_IS_IDLE:
        case DEVICE_IS_FAILED: break;
        }

        if (!hold_device(m, e, occasion) && d->phase == DEVICE_IS_IDLE && manager_is_automatic(d) &&
            !d->is_inhibited && !d->is_rejected && !m->is_paused && !m->is_asleep &&
            rule_acts(d, occasion))
                manager_begin_by_rule(m, e);
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

void manager_go_back(struct manager *m, struct entry *e, enum intent intent, const char *guest,
                     unsigned how)
{
        struct device *d = &e->device;
        struct guest *former = manager_guest_by_name(m, guest);
        struct candidates candidates = { .guests = { former }, .n = former ? 1 : 0 };
        struct error error;
        int r = 0;

        if (intent == INTENT_AUTOMATIC)
                r = candidates_find(&candidates, m, d, &error);
        else if (!former)
                r = error_set(&error, ERROR_NO_SUCH_GUEST, "guest '%s' is no longer configured",
                              guest);
        if (r < 0) {
                manager_set_error(e, "%s", error.text);
                manager_rest(m, e, DEVICE_IS_IDLE);
                return;
        }

        if (candidates_have(&candidates, former)) {
                candidates_prefer(&candidates, former);
                how |= WAITING_FORMER;
        }
        manager_begin_wait(m, e, &candidates, intent, how);
}

void manager_reconnect(struct manager *m, struct entry *e, bool at_once)
{
        struct device *d = &e->device;
        bool by_rule = d->intent == INTENT_AUTOMATIC;

        if (m->is_stopping || (by_rule && (m->is_paused || !manager_is_automatic(d))))
                manager_rest(m, e, DEVICE_IS_IDLE);
        else
                manager_go_back(m, e, d->intent, d->guest, at_once ? WAITING_AT_ONCE : 0);
}

/* Its guest says nothing: whoever has a channel that has not failed is as good. */
static void go_elsewhere(struct manager *m, struct entry *e)
{
        struct candidates candidates;
        struct error error;

        if (m->is_stopping || m->is_paused || !manager_is_automatic(&e->device) ||
            candidates_find(&candidates, m, &e->device, &error) < 0) {
                manager_rest(m, e, DEVICE_IS_IDLE);
                return;
        }

        candidates_prefer_idle(&candidates);
        manager_begin_wait(m, e, &candidates, INTENT_AUTOMATIC, 0);
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
        struct memory *memory;

        if (next != NEXT_RETRY)
                e->tries = 0;

        switch (next) {
        case NEXT_END: manager_rest(m, e, DEVICE_IS_IDLE); return;
        case NEXT_RECONNECT: manager_reconnect(m, e, false); return;
        case NEXT_ELSEWHERE: go_elsewhere(m, e); return;
        case NEXT_AWAKE: manager_reconnect(m, e, true); return; /* in no queue while it sleeps */
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
                memory = manager_remember(m, e);
                memory->lost_until_usec = memory->until_usec;
                manager_rest(m, e, DEVICE_IS_IDLE);
                set_timer(e, OUTCOME_RETURN_SEC);
                return;
        case NEXT_CHANGE:
                if (e->was_given)
                        manager_remember(m, e)->if_lost = true;
                manager_rest(m, e, DEVICE_IS_IDLE);
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
