/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What people ask: Attach and the numbers of sessions (for Detach see detach.c), and the answers,
 * which come when what was asked for has happened.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <utlist.h>

#include "daemon/manager-private.h"
#include "util/log.h"

/* How long a session may take to tell its numbers. */
#define DESCRIBE_SEC 5

void manager_free_request(struct request *request)
{
        DL_DELETE(request->manager->requests, request);
        if (request->timer)
                event_free(request->timer);
        free(request);
}

struct request *manager_add_request(struct manager *m, struct entry *e, void *userdata)
{
        struct request *request = calloc(1, sizeof(*request));

        if (!request)
                return NULL;
        request->manager = m;
        request->entry = e;
        request->userdata = userdata;
        DL_APPEND(m->requests, request);
        return request;
}

struct request *manager_find_attach(struct manager *m, const struct entry *e)
{
        struct request *request;

        DL_FOREACH (m->requests, request)
                if (request->entry == e && request->attached)
                        return request;
        return NULL;
}

/* With a session only: whoever waits for more goes on waiting until the guest has the device. */
void manager_answer_attach(struct manager *m, struct entry *e, struct redirection *r,
                           const struct error *error)
{
        struct request *request = manager_find_attach(m, e);
        manager_attached attached;
        void *userdata;

        if (!request || (r && request->wait && r->state != REDIRECTION_FORWARDING))
                return;

        attached = request->attached;
        userdata = request->userdata;
        manager_free_request(request);
        attached(userdata, r, error);
}

static const char *format_guest(const struct device *d, char *text, size_t size)
{
        snprintf(text, size, d->guest[0] ? "guest '%s'" : "its guests%s", d->guest);
        return text;
}

/* It took long. With a session its guest is slow, and may be paused; without, there is none. */
static void on_attach_timeout(evutil_socket_t fd, short what, void *userdata)
{
        struct request *request = userdata;
        struct manager *m = request->manager;
        struct entry *e = request->entry;
        char guest[GUEST_NAME_MAX + 16];
        struct error error;

        if (e->device.redirection) {
                request->wait = false;
                manager_answer_attach(m, e, e->device.redirection, NULL);
                return;
        }

        error_set(&error, request->wait ? ERROR_NO_FREE_CHANNEL : ERROR_CONNECT_FAILED,
                  "no channel of %s within %i s%s%s: see LastError and Channels of the guest",
                  format_guest(&e->device, guest, sizeof(guest)), ATTACH_SEC,
                  e->device.last_error[0] ? ": " : "", e->device.last_error);
        manager_answer_attach(m, e, NULL, &error);
        manager_rest(m, e, DEVICE_IS_IDLE);
}

/* Why the device cannot be given to anybody now. */
static int refuse_attach(struct manager *m, const struct device *d, struct error *ret_error)
{
        char guest[GUEST_NAME_MAX + 16];

        switch (d->phase) {
        case DEVICE_IS_STARTING:
        case DEVICE_IS_REDIRECTED:
                return error_set(ret_error, ERROR_ALREADY_ATTACHED,
                                 "%s is attached to guest '%s': detach it first", device_id(d),
                                 d->guest);
        case DEVICE_IS_RETURNING:
        case DEVICE_IS_STUCK:
                return error_set(ret_error, ERROR_IN_USE, "%s is %s: try again", device_id(d),
                                 d->phase == DEVICE_IS_STUCK ? "stuck in a session that cannot be "
                                                               "ended"
                                                             : "on its way back to the host");
        case DEVICE_IS_WAITING:
                if (d->intent == INTENT_BY_HAND)
                        return error_set(ret_error, ERROR_ALREADY_ATTACHED,
                                         "%s is being attached to %s: detach it first",
                                         device_id(d), format_guest(d, guest, sizeof(guest)));
                break;
        case DEVICE_IS_IDLE:
        case DEVICE_IS_FAILED: break;
        }

        if (d->phase != DEVICE_IS_WAITING && manager_n_busy(m) >= m->config->max_sessions)
                return error_set(ret_error, ERROR_LIMIT_REACHED,
                                 "MaxSessions=%u are in use: detach a device, or raise it in "
                                 "usbredird.conf",
                                 m->config->max_sessions);
        return 0;
}

static int refuse_by_policy(const struct manager *m, const struct device *d, const char *guest,
                            struct error *ret_error)
{
        if (manager_may_go_to(m, d, guest))
                return 0;
        if (d->info.refusal[0])
                return error_set(ret_error, ERROR_DENIED, "%s is never redirected: %s",
                                 device_id(d), d->info.refusal);
        if (!d->info.is_settled)
                return error_set(ret_error, ERROR_DENIED,
                                 "%s is not ready: udev or the kernel is still setting it up, or "
                                 "it is not authorized",
                                 device_id(d));

        switch (d->verdict.kind) {
        case VERDICT_HUB:
                return error_set(ret_error, ERROR_DENIED, "%s is a hub: hubs are never redirected",
                                 device_id(d));
        case VERDICT_NO_MATCH:
                return error_set(ret_error, ERROR_DENIED,
                                 "%s shows no class that a rule could judge", device_id(d));
        case VERDICT_ALLOWED:
        case VERDICT_CONFLICT:
                return error_set(ret_error, ERROR_DENIED,
                                 "%s may not go to guest '%s': %s names others", device_id(d),
                                 guest, d->rule);
        case VERDICT_DENIED: break;
        }

        return error_set(ret_error, ERROR_DENIED, "%s is denied by %s", device_id(d),
                         d->rule[0] ? d->rule : "the policy: no rule allows it");
}

int manager_attach(struct manager *m, struct device *d, const char *guest,
                   const struct attach_options *options, manager_attached done, void *userdata,
                   struct error *ret_error)
{
        struct timeval delay = { .tv_sec = ATTACH_SEC };
        struct entry *e = entry_of(d);
        struct candidates candidates;
        struct request *request;
        int r;

        if (m->is_starting)
                return error_set(ret_error, ERROR_FAILED, "usbredird is starting: try again");

        candidates.n = 1;
        r = *guest ? manager_find_guest(m, guest, &candidates.guests[0], ret_error)
                   : candidates_find(&candidates, m, d, ret_error);
        if (r == 0)
                r = refuse_by_policy(m, d, guest_name(candidates.guests[0]), ret_error);
        if (r == 0)
                r = refuse_attach(m, d, ret_error);
        if (r == 0)
                r = manager_refuse_guarded(m, e, candidates.guests[0], options->force, ret_error);
        if (r == 0 && !options->wait)
                r = candidates_drop_full(&candidates, ret_error);
        if (r < 0)
                return r;

        request = manager_add_request(m, e, userdata);
        if (request)
                request->timer = event_new(m->base, -1, 0, on_attach_timeout, request);
        if (!request || !request->timer) {
                if (request)
                        manager_free_request(request);
                return error_set(ret_error, ERROR_FAILED, "out of memory");
        }
        request->attached = done;
        request->wait = options->wait;
        event_add(request->timer, &delay);

        log_info("%s: to be attached to guest '%s'%s, as asked", device_id(d),
                 guest_name(candidates.guests[0]), candidates.n > 1 ? ", or others" : "");
        d->is_inhibited = false;
        d->is_rejected = false;
        d->hold = options->hold;
        d->is_forced = options->force;
        d->last_error[0] = '\0';
        manager_begin_wait(m, e, &candidates, INTENT_BY_HAND, WAITING_AT_ONCE);
        return 0;
}

void manager_answer_describes(struct manager *m, struct redirection *r, const struct error *error)
{
        struct request *request, *next;

        DL_FOREACH_SAFE (m->requests, request, next) {
                manager_attached done = request->attached;
                void *userdata = request->userdata;

                if (request->session != r)
                        continue;
                manager_free_request(request);
                done(userdata, error ? NULL : r, error);
        }
}

static void on_describe_timeout(evutil_socket_t fd, short what, void *userdata)
{
        struct request *request = userdata;
        struct error error;

        error_set(&error, ERROR_FAILED, "session %u has not answered within %i s",
                  request->session->number, DESCRIBE_SEC);
        manager_answer_describes(request->manager, request->session, &error);
}

int manager_describe(struct manager *m, struct redirection *r, manager_attached done,
                     void *userdata, struct error *ret_error)
{
        struct timeval delay = { .tv_sec = DESCRIBE_SEC };
        struct request *request;

        request = manager_add_request(m, NULL, userdata);
        if (request)
                request->timer = event_new(m->base, -1, 0, on_describe_timeout, request);
        if (!request || !request->timer) {
                if (request)
                        manager_free_request(request);
                return error_set(ret_error, ERROR_FAILED, "out of memory");
        }

        request->session = r;
        request->attached = done;
        event_add(request->timer, &delay);
        worker_describe(r->worker);
        return 0;
}

/* It is unplugged: whoever waits for its return has it. */
void manager_forget_device(struct manager *m, struct entry *e)
{
        struct request *request, *next;

        DL_FOREACH_SAFE (m->requests, request, next) {
                manager_detached detached = request->detached;
                void *userdata = request->userdata;

                if (request->entry != e)
                        continue;
                manager_free_request(request);
                if (detached)
                        detached(userdata, NULL);
        }
        manager_wake(m);
}

void manager_forget(struct manager *m, void *userdata)
{
        struct request *request, *next;

        DL_FOREACH_SAFE (m->requests, request, next)
                if (request->userdata == userdata)
                        manager_free_request(request);
}

int manager_connect_guest(struct manager *m, struct guest *g, struct error *ret_error)
{
        guest_connect(g);
        for (struct device *d = m->devices; d; d = d->next)
                if (manager_is_candidate(m, d, g))
                        manager_judge(m, entry_of(d), OCCASION_START);
        return 0;
}

void manager_disconnect_guest(struct manager *m, struct guest *g)
{
        struct redirection *r;

        guest_disconnect(g);
        for (struct device *d = m->devices; d; d = d->next)
                if (manager_starts_at(entry_of(d), g))
                        manager_reconnect(m, entry_of(d), false);
        DL_FOREACH (m->sessions, r)
                if (r->channel && channel_guest(r->channel) == g)
                        manager_end_session(r, CAUSE_DISCONNECTED);
}
