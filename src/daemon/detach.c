/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Detach, and its answer, which comes when the device is the host's. Who asks for all waits for
 * those that were not the host's then: what a rule redirects meanwhile is another matter.
 */
#include <utlist.h>

#include "daemon/manager-private.h"
#include "util/log.h"

/* Has a guest it, or might it have it without a further word? */
static bool is_busy(const struct entry *e)
{
        const struct device *d = &e->device;

        return (d->phase != DEVICE_IS_IDLE && d->phase != DEVICE_IS_FAILED) || d->is_held ||
               e->is_over_limit || e->guarding.is_wanted;
}

static bool is_stuck(const struct entry *e)
{
        return e->device.phase == DEVICE_IS_STUCK;
}

static int refuse_stuck(const struct entry *e, struct error *ret_error)
{
        return error_set(ret_error, ERROR_IN_USE,
                         "%s is stuck in a session that cannot be ended: unplug it",
                         device_id(&e->device));
}

static void detach(struct manager *m, struct entry *e)
{
        struct device *d = &e->device;
        struct error error;

        error_set(&error, ERROR_FAILED, "%s was detached before it was attached", device_id(d));
        manager_answer_attach(m, e, NULL, &error);
        /* Known before it is returned: what is the host's is shown to its desktops. */
        d->is_inhibited |= d->is_held || d->intent == INTENT_AUTOMATIC;
        e->is_over_limit = e->guarding.is_wanted = false;

        if (d->redirection)
                manager_end_session(d->redirection, CAUSE_DETACHED);
        else if (is_in_return(e))
                e->after_return = outcome_next(CAUSE_DETACHED, d->intent == INTENT_BY_HAND);
        else
                manager_go_on(m, e, outcome_next(CAUSE_DETACHED, d->intent == INTENT_BY_HAND));
}

int manager_detach(struct manager *m, struct device *d, manager_detached done, void *userdata,
                   struct error *ret_error)
{
        struct entry *e = entry_of(d);
        struct request *request;

        if (!is_busy(e))
                return error_set(ret_error, ERROR_NOT_ATTACHED, "%s is not attached", device_id(d));
        if (is_stuck(e))
                return refuse_stuck(e, ret_error);

        request = manager_add_request(m, e, userdata);
        if (!request)
                return error_set(ret_error, ERROR_FAILED, "out of memory");
        request->detached = done;
        log_info("%s: to be detached, as asked", device_id(d));
        detach(m, e);
        manager_wake(m);
        return 0;
}

void manager_detach_all(struct manager *m, manager_detached done, void *userdata)
{
        struct request *all = manager_add_request(m, NULL, userdata), *one;
        struct error error;

        if (!all) {
                error_set(&error, ERROR_FAILED, "out of memory");
                done(userdata, &error);
                return;
        }
        all->detached = done;
        for (struct device *d = m->devices; d; d = d->next) {
                struct entry *e = entry_of(d);

                if (!is_busy(e) || is_stuck(e))
                        continue;
                one = manager_add_request(m, e, userdata);
                if (one)
                        one->all = all; /* else it is not waited for */
                detach(m, e);
        }
        manager_wake(m);
}

static bool is_done(const struct manager *m, const struct request *request)
{
        const struct request *other;

        if (request->entry)
                return !is_busy(request->entry) || is_stuck(request->entry);

        DL_FOREACH (m->requests, other)
                if (other->all == request)
                        return false;
        return true;
}

static void answer(struct manager *m, struct request *request)
{
        manager_detached detached = request->detached;
        void *userdata = request->userdata;
        bool has_failed = request->entry && is_stuck(request->entry);
        struct error error;

        if (has_failed)
                refuse_stuck(request->entry, &error);
        manager_free_request(request);
        detached(userdata, has_failed ? &error : NULL);
}

void manager_answer_detaches(struct manager *m)
{
        struct request *request, *next;

        DL_FOREACH_SAFE (m->requests, request, next)
                if (request->all && is_done(m, request))
                        manager_free_request(request);
        DL_FOREACH_SAFE (m->requests, request, next)
                if (request->detached && is_done(m, request))
                        answer(m, request);
}
