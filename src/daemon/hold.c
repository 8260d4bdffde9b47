/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A device is held by a claim of its port, made before it is plugged in where a rule names the
 * socket, else as soon as the device is judged; drivers that were faster are detached by a process.
 * Sessions take and return it as ever: on their return no driver comes, as long as the port is
 * ours. Giving back is a release of the port and a return, which configures the device too.
 *
 * Claims and releases are asked for, and answered later (claimer.h); until then is_held stays as it
 * was. A device that nobody has yet is begun after its claim; whoever is to return a device, a
 * session or a process, is told to after the release.
 *
 * Wanted and done are compared wherever either may have changed; a device in a claimed socket that
 * no rule wants to hold is given back like any other.
 */
#include "daemon/hold.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <utlist.h>

#include "daemon/claimer.h"
#include "daemon/sockets.h"
#include "daemon/unconfigured.h"
#include "util/cleanup.h"
#include "util/log.h"
#include "util/macro.h"

void hold_free(struct manager *m)
{
        m->claimer = claimer_free(m->claimer);
}

void hold_complete(struct manager *m, struct device_info *info)
{
        /* At the start its claim may be a former daemon's. */
        if (info->configuration == 0 &&
            (m->is_starting || claimer_knows(m->claimer, info->facts.port)))
                unconfigured_complete(info);
}

static bool is_wanted(const struct manager *m, const struct device *d)
{
        if (m->is_stopping || d->is_inhibited)
                return false;

        return (d->hold && d->intent == INTENT_BY_HAND) ||
               (d->verdict.hold && manager_is_automatic(d));
}

/* Has a driver of the host's one of its interfaces? */
static bool has_drivers(const struct device *d)
{
        CLEANUP(closedirp) DIR *directory = opendir(d->info.syspath);
        struct dirent *entry;
        char path[sizeof(d->info.syspath) + 300];

        while (directory && (entry = readdir(directory))) {
                snprintf(path, sizeof(path), "%s/%s/driver", d->info.syspath, entry->d_name);
                if (strchr(entry->d_name, ':') && access(path, F_OK) == 0)
                        return true;
        }

        return false;
}

/* It is in no queue until that is over, and then judged. */
static void set_out(struct manager *m, struct entry *e, enum occasion occasion)
{
        struct device *d = &e->device;

        event_del(e->timer);
        waiting_end(&d->waiting);
        manager_cancel_start(e);
        e->configuration = d->info.configuration ?: d->info.usual_configuration;
        e->occasion_after_return = occasion;
        e->after_return = d->intent == INTENT_NONE ? NEXT_END : NEXT_RECONNECT;
        d->phase = DEVICE_IS_RETURNING;
        manager_changed(m, e);
}

static bool is_with_host(const struct device *d)
{
        return d->phase == DEVICE_IS_IDLE || d->phase == DEVICE_IS_FAILED ||
               d->phase == DEVICE_IS_WAITING;
}

static void on_claimed(struct manager *m, struct entry *e, int error)
{
        struct device *d = &e->device;
        enum occasion occasion = e->occasion_after_claim;

        e->occasion_after_claim = OCCASION_NONE;
        if (error < 0) {
                e->hold_error = error;
                manager_set_error(e, "cannot be held: its port cannot be claimed: %s",
                                  strerror(-error));
                log_warning("%s: %s", device_id(d), d->last_error);
        } else {
                log_info("%s: held: no driver of the host gets it", device_id(d));
                d->is_held = true;
        }

        if (d->is_held && is_with_host(d) && is_wanted(m, d) && has_drivers(d)) {
                set_out(m, e, occasion);
                manager_begin_return(m, e, CONTROL_HOLD, e->after_return);
        } else {
                manager_changed(m, e);
                manager_judge(m, e, occasion);
        }
}

static void on_released(struct manager *m, struct entry *e)
{
        struct device *d = &e->device;

        log_info("%s: no longer held", device_id(d));
        d->is_held = false;
        hold_sockets_changed(m);
        manager_changed(m, e);
        if (d->redirection && running_of(d->redirection)->has_cause)
                worker_end(d->redirection->worker);
        else if (!d->redirection && !e->returner && d->phase == DEVICE_IS_RETURNING)
                manager_begin_return(m, e, CONTROL_RETURN, e->after_return);
}

/* In which nothing is: or what is there has come since, and is looked at in this turn. */
static void on_socket_answered(struct manager *m, const char *port, int error)
{
        if (error < 0 && !manager_find_entry(m, port))
                log_warning("%s: what is plugged in there is held only after drivers of the host "
                            "have met it: its port cannot be claimed: %s",
                            port, strerror(-error));
}

static void on_answer(void *userdata, const char *port, int error)
{
        struct manager *m = userdata;
        struct entry *e = manager_find_entry(m, port);
        enum asked asked = e ? e->asked : ASKED_NOTHING;

        if (e)
                e->asked = ASKED_NOTHING;
        switch (asked) {
        case ASKED_NOTHING: on_socket_answered(m, port, error); break;
        case ASKED_CLAIM: on_claimed(m, e, error); break;
        case ASKED_RELEASE: on_released(m, e); break;
        }
        manager_wake(m);
}

int hold_new(struct manager *m)
{
        m->sockets_changed = true;
        return claimer_new(&m->claimer, m->base, on_answer, m);
}

static void claim(struct manager *m, struct entry *e)
{
        int r = claimer_claim(m->claimer, device_id(&e->device));

        e->asked = r < 0 ? ASKED_NOTHING : ASKED_CLAIM;
        if (r < 0)
                on_claimed(m, e, r);
}

/* Without memory it is asked again in the next turn. */
static void release(struct manager *m, struct entry *e)
{
        if (claimer_release(m->claimer, device_id(&e->device)) == 0)
                e->asked = ASKED_RELEASE;
}

bool hold_device(struct manager *m, struct entry *e, enum occasion occasion)
{
        struct device *d = &e->device;

        if (!d->info.is_settled)
                return false;

        if (e->asked == ASKED_NOTHING && is_wanted(m, d)) {
                if (d->is_held || e->hold_error < 0)
                        return false;
                claim(m, e);
        } else if (e->asked == ASKED_NOTHING) {
                /* What is plugged into a claimed socket is held before anybody has looked at it. */
                d->is_held |= claimer_has(m->claimer, device_id(d));
                if (!d->is_held)
                        return false;
                release(m, e);
        }

        if (e->asked == ASKED_RELEASE)
                set_out(m, e, occasion);
        else if (e->occasion_after_claim == OCCASION_NONE)
                e->occasion_after_claim = occasion;
        return e->asked != ASKED_NOTHING;
}

bool hold_before_return(struct manager *m, struct entry *e)
{
        if (e->asked == ASKED_NOTHING && e->device.is_held && !is_wanted(m, &e->device))
                release(m, e);
        return e->asked == ASKED_RELEASE;
}

/* What a session has it takes and returns itself. */
static void look_at(struct manager *m, struct entry *e)
{
        struct device *d = &e->device;

        if (is_with_host(d)) {
                hold_device(m, e, OCCASION_NONE);
        } else if (d->phase == DEVICE_IS_STARTING || d->phase == DEVICE_IS_REDIRECTED) {
                hold_before_return(m, e);
                if (e->asked == ASKED_NOTHING && is_wanted(m, d) && !d->is_held &&
                    e->hold_error == 0)
                        claim(m, e);
        }
}

/* Does the rule hold whatever is plugged in there? */
static bool names_socket(const struct policy_entry *entry, const struct facts *socket)
{
        const struct rule *rule = entry->rule;
        static const enum key_id places[] = { KEY_PORT, KEY_PATH };
        bool has_place = false;

        if (entry->problem || !rule_holds(rule) || !rule_is_automatic(rule))
                return false;
        for (size_t i = 0; i < ELEMENTS(places); i++) {
                const char *value = rule->values[places[i]];

                if (value && !keys[places[i]].matches(value, socket))
                        return false;
                has_place |= value != NULL;
        }

        return has_place;
}

static bool is_socket_wanted(const struct manager *m, const char *port, const char *path)
{
        const struct policy *policy = m->config->policy;
        struct facts socket = { 0 };

        if (m->is_stopping || facts_set_port(&socket, port) < 0 ||
            facts_set_path(&socket, path) < 0)
                return false;
        for (size_t i = 0; i < policy_n_entries(policy); i++)
                if (names_socket(policy_get(policy, i), &socket))
                        return true;

        return false;
}

/* One with a device in it is the device's business. */
static void on_socket(void *userdata, const char *port, const char *path)
{
        struct manager *m = userdata;
        int r = 0;

        if (manager_find_entry(m, port))
                return;

        if (is_socket_wanted(m, port, path))
                r = claimer_claim(m->claimer, port);
        else if (claimer_knows(m->claimer, port))
                r = claimer_release(m->claimer, port);
        if (r < 0)
                on_socket_answered(m, port, r);
}

void hold_sockets_changed(struct manager *m)
{
        m->sockets_changed = true;
        manager_wake(m);
}

void hold_reloaded(struct manager *m)
{
        for (struct device *d = m->devices; d; d = d->next)
                entry_of(d)->hold_error = 0;
        hold_sockets_changed(m);
}

void hold_turn(struct manager *m)
{
        if (m->is_starting)
                return;

        for (struct device *d = m->devices; d; d = d->next)
                look_at(m, entry_of(d));
        if (!m->sockets_changed)
                return;

        m->sockets_changed = false;
        sockets_each(on_socket, m);
        claimer_tidy(m->claimer, m->has_former_claims);
        m->has_former_claims = false;
}

void hold_begin(struct manager *m)
{
        for (struct device *d = m->devices; d; d = d->next)
                if (d->is_held)
                        claim(m, entry_of(d));
        hold_sockets_changed(m);
}

void hold_adopt(struct manager *m, int fd)
{
        claimer_adopt(m->claimer, fd);
        m->has_former_claims = true;
}
