/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A device is held by a claim of its port, made before it is plugged in where a rule names the
 * socket, else as soon as the device is judged; drivers that were faster are detached by a process.
 * Sessions take and return it as ever: on their return no driver comes, as long as the port is
 * ours. Giving back is a release of the port and a return, which configures the device too.
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

#include "daemon/port-claims.h"
#include "daemon/sockets.h"
#include "daemon/unconfigured.h"
#include "util/cleanup.h"
#include "util/log.h"
#include "util/macro.h"

int hold_new(struct manager *m)
{
        m->sockets_changed = true;
        return port_claims_new(&m->claims);
}

void hold_free(struct manager *m)
{
        m->claims = port_claims_free(m->claims);
}

void hold_complete(struct manager *m, struct device_info *info)
{
        /* At the start its claim may be a former daemon's. */
        if (info->configuration == 0 &&
            (m->is_starting || port_claims_has(m->claims, info->facts.port)))
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

static bool claim(struct manager *m, struct entry *e)
{
        struct device *d = &e->device;
        int r;

        r = port_claims_claim(m->claims, device_id(d));
        if (r < 0) {
                e->hold_error = r;
                manager_set_error(e, "cannot be held: its port cannot be claimed: %s",
                                  strerror(-r));
                log_warning("%s: %s", device_id(d), d->last_error);
                manager_changed(m, e);
                return false;
        }

        log_info("%s: held: no driver of the host gets it", device_id(d));
        d->is_held = true;
        manager_changed(m, e);
        return true;
}

static void release(struct manager *m, struct entry *e)
{
        port_claims_release(m->claims, device_id(&e->device));
        log_info("%s: no longer held", device_id(&e->device));
        e->device.is_held = false;
        hold_sockets_changed(m);
        manager_changed(m, e);
}

/* A process sees to it; the device is judged when it is done. */
static void start(struct manager *m, struct entry *e, enum control_purpose purpose,
                  enum occasion occasion)
{
        struct device *d = &e->device;

        event_del(e->timer);
        waiting_end(&d->waiting);
        e->configuration = d->info.configuration ?: d->info.usual_configuration;
        e->occasion_after_return = occasion;
        manager_begin_return(m, e, purpose, d->intent == INTENT_NONE ? NEXT_END : NEXT_RECONNECT);
}

bool hold_device(struct manager *m, struct entry *e, enum occasion occasion)
{
        struct device *d = &e->device;

        if (!d->info.is_settled)
                return false;

        if (is_wanted(m, d)) {
                if (d->is_held || e->hold_error < 0 || !claim(m, e) || !has_drivers(d))
                        return false;
                start(m, e, CONTROL_HOLD, occasion);
                return true;
        }

        /* What is plugged into a claimed socket is held before anybody has looked at it. */
        if (!d->is_held && !port_claims_has(m->claims, device_id(d)))
                return false;
        release(m, e);
        start(m, e, CONTROL_RETURN, occasion);
        return true;
}

void hold_before_return(struct manager *m, struct entry *e)
{
        if (e->device.is_held && !is_wanted(m, &e->device))
                release(m, e);
}

/* What a session has it takes and returns itself. */
static void look_at(struct manager *m, struct entry *e)
{
        struct device *d = &e->device;

        switch (d->phase) {
        case DEVICE_IS_IDLE:
        case DEVICE_IS_FAILED:
        case DEVICE_IS_WAITING: hold_device(m, e, OCCASION_NONE); return;
        case DEVICE_IS_STARTING:
        case DEVICE_IS_REDIRECTED:
                hold_before_return(m, e);
                if (is_wanted(m, d) && !d->is_held && e->hold_error == 0)
                        claim(m, e);
                return;
        case DEVICE_IS_RETURNING:
        case DEVICE_IS_STUCK: return;
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
        int r;

        if (manager_find_entry(m, port))
                return;
        if (!is_socket_wanted(m, port, path)) {
                port_claims_release(m->claims, port);
                return;
        }

        r = port_claims_claim(m->claims, port);
        if (r < 0)
                log_warning("%s: what is plugged in there is held only after drivers of the host "
                            "have met it: its port cannot be claimed: %s",
                            port, strerror(-r));
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
        port_claims_tidy(m->claims, m->has_former_claims);
        m->has_former_claims = false;
}

void hold_begin(struct manager *m)
{
        for (struct device *d = m->devices; d; d = d->next) {
                int r = d->is_held ? port_claims_claim(m->claims, device_id(d)) : 0;

                if (r < 0)
                        log_warning("%s: its port could not be claimed again: %s", device_id(d),
                                    strerror(-r));
        }
        hold_sockets_changed(m);
}

void hold_adopt(struct manager *m, int fd)
{
        m->has_former_claims |= port_claims_adopt(m->claims, fd) == 0;
}
