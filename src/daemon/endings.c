/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * How sessions end. A device stays recorded as taken until it is known to be the host's again: if a
 * process dies without a word, another one is started to return its device.
 */
#include <stdio.h>
#include <string.h>
#include <utlist.h>

#include "daemon/hold.h"
#include "daemon/manager-private.h"
#include "util/log.h"

/* What a process needs that only returns a device. */
#define RETURN_MEMORY (256u << 10)

static enum error_kind error_of(enum session_reason reason)
{
        if (reason == REASON_TLS_FAILED)
                return ERROR_TLS_FAILED;

        switch (outcome_cause(reason)) {
        case CAUSE_REJECTED: return ERROR_GUEST_REJECTED;
        case CAUSE_UNAVAILABLE:
        case CAUSE_GUARDED: return ERROR_IN_USE;
        case CAUSE_UNPLUGGED:
        case CAUSE_LOST_IN_RESET: return ERROR_DEVICE_LOST;
        case CAUSE_GUEST_GONE: return ERROR_CONNECT_FAILED;
        case CAUSE_CRASHED:
        case CAUSE_DETACHED:
        case CAUSE_DENIED:
        case CAUSE_SILENT:
        case CAUSE_DISCONNECTED:
        case CAUSE_ASLEEP:
        case CAUSES: break;
        }

        return ERROR_FAILED;
}

/* What is to happen to a device whose session is over. */
static void settle_device(struct manager *m, struct entry *e, enum cause cause, bool by_hand,
                          bool returned, const struct error *error)
{
        enum next next = outcome_next(cause, by_hand);

        if (manager_find_attach(m, e)) {
                manager_answer_attach(m, e, NULL, error);
                next = cause == CAUSE_DETACHED ? next : NEXT_END;
        }
        if (cause != CAUSE_DETACHED)
                manager_set_error(e, "%s", error->text);
        if (returned)
                manager_go_on(m, e, next);
        else
                manager_return_device(m, e, next);
}

struct comebacks manager_session_comebacks(const struct running *s)
{
        uint64_t lasted = clock_usec(CLOCK_MONOTONIC) - s->begun_usec;

        return lasted > OUTCOME_CRASHES_SEC * USEC_PER_SEC ? (struct comebacks){} : s->comebacks;
}

static bool is_link_loss(enum cause cause)
{
        return cause == CAUSE_GUEST_GONE || cause == CAUSE_REJECTED || cause == CAUSE_SILENT;
}

/* What it ended for, as a sentence; in the log too. */
static void tell_end(const struct redirection *r, enum cause cause, enum session_reason reason,
                     const char *message, struct error *ret_error)
{
        struct guest *g = r->channel ? channel_guest(r->channel) : NULL;

        if (cause == CAUSE_SILENT && g)
                error_set(ret_error, ERROR_CONNECT_FAILED,
                          "guest '%s' has said nothing for %u s over %s: is it paused, or does "
                          "another connection have that channel?",
                          guest_name(g), guest_config(g)->greeting_sec, channel_text(r->channel));
        else
                error_set(ret_error, error_of(reason), "%s%s%s", session_reason_string(reason),
                          *message ? ": " : "", message);
        log_write(is_link_loss(cause) && g ? guest_attempt_level(g) : LOG_LEVEL_INFO,
                  "session %u has ended: %s", r->number, ret_error->text);
}

void manager_on_session_end(void *userdata, enum session_reason reason, const char *message,
                            bool returned)
{
        struct running *s = userdata;
        struct redirection *r = &s->shown;
        struct manager *m = s->manager;
        struct device *d = r->device;
        enum cause cause = s->has_cause ? s->cause : outcome_cause(reason);
        struct comebacks comebacks = manager_session_comebacks(s);
        bool by_hand = r->is_by_hand;
        uint32_t number = r->number;
        char place[FACTS_PORT_MAX + 1];
        struct error error;

        strcpy(place, s->place);
        tell_end(r, cause, reason, message, &error);
        if (s->is_adopting)
                m->n_adopting--; /* it has never told what it does */
        manager_answer_describes(m, r, &error);
        if (m->observer.session_ended && r->channel)
                m->observer.session_ended(m->userdata, r, reason, message);
        if (r->channel)
                channel_release(r->channel, is_link_loss(cause) ? CHANNEL_LOST : CHANNEL_FREE,
                                error.text);
        if (d)
                d->redirection = NULL;
        manager_free_session(r);
        manager_share_memory(m);

        if (d) {
                entry_of(d)->comebacks = comebacks;
                settle_device(m, entry_of(d), cause, by_hand, returned, &error);
        } else if (reason == REASON_RESET_LOST) {
                manager_device_came_back(m, number, place, comebacks);
        }
        manager_wake(m);
        if (m->is_starting && m->n_adopting == 0)
                manager_begin(m);
}

void manager_end_session(struct redirection *r, enum cause cause)
{
        struct running *s = running_of(r);
        bool is_known = s->has_cause;

        if (is_known && r->device)
                return;

        if (!is_known) {
                s->has_cause = true;
                s->cause = cause;
        }
        if (!r->device || !hold_before_return(s->manager, entry_of(r->device)))
                worker_end(r->worker);
        if (!is_known)
                manager_set_session_state(s, REDIRECTION_ENDING);
}

static void on_return_end(void *userdata, enum session_reason reason, const char *message,
                          bool returned)
{
        struct entry *e = userdata;
        struct manager *m = e->manager;
        bool is_hold = worker_order(e->returner)->purpose == CONTROL_HOLD;
        enum occasion occasion = e->occasion_after_return;

        e->occasion_after_return = OCCASION_NONE;
        if (returned) {
                log_info("%s: %s", device_id(&e->device),
                         is_hold ? "the host's drivers have left it" : "returned to the host");
        } else {
                manager_set_error(e, "could not be %s the host's drivers: %s: %s",
                                  is_hold ? "taken from" : "returned to",
                                  session_reason_string(reason), message);
                log_error("%s: %s", device_id(&e->device), e->device.last_error);
        }
        e->returner = worker_free(e->returner); /* and the message */
        manager_go_on(m, e, e->after_return);
        if (occasion != OCCASION_NONE)
                manager_judge(m, e, occasion);
}

static void on_return_status(void *userdata)
{
}

static void on_return_stuck(void *userdata)
{
        struct entry *e = userdata;

        e->device.phase = DEVICE_IS_STUCK;
        manager_changed(e->manager, e);
}

static const struct worker_events return_events = {
        .on_status = on_return_status,
        .on_described = on_return_status,
        .on_end = on_return_end,
        .on_stuck = on_return_stuck,
};

void manager_begin_return(struct manager *m, struct entry *e, enum control_purpose purpose,
                          enum next after)
{
        struct control_fds fds = CONTROL_NO_FDS;
        struct control_order order;
        struct error error;

        manager_fill_order(m, e, &order);
        order.purpose = purpose;
        order.number = ++m->last_number;
        order.usbfs_memory = RETURN_MEMORY;
        e->after_return = after;
        e->device.phase = DEVICE_IS_RETURNING;
        if (worker_start(&e->returner, m->base, m->settings.launcher, &order, &fds, &return_events,
                         e, &error) < 0) {
                log_error("%s: not %s the host's drivers: %s", device_id(&e->device),
                          purpose == CONTROL_HOLD ? "taken from" : "returned to", error.text);
                manager_go_on(m, e, after);
                return;
        }
        manager_changed(m, e);
}

void manager_return_device(struct manager *m, struct entry *e, enum next after)
{
        if (e->asked != ASKED_RELEASE) {
                manager_begin_return(m, e, CONTROL_RETURN, after);
                return;
        }

        e->after_return = after; /* begun when the port is released */
        e->device.phase = DEVICE_IS_RETURNING;
        manager_changed(m, e);
}
