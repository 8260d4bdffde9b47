/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Sessions: begun when a channel is connected, and followed by what their processes tell. A device
 * is recorded as taken before a process may take it.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <utlist.h>

#include "daemon/manager-private.h"
#include "daemon/tls-files.h"
#include "util/cleanup.h"
#include "util/log.h"

#define USBFS_MEMORY_FILE "/sys/module/usbcore/parameters/usbfs_memory_mb"

/* The kernel's default, what is left to other programs, and the least that is of use. */
#define USBFS_DEFAULT_MB 16
#define USBFS_RESERVE_MB 2
#define USBFS_SHARE_MIN  (256u << 10)
#define USBFS_SHARE_MAX  (1024u << 20)

/* With four, at most an eighth of the memory is nobody's. */
#define USBFS_SHARE_BITS 4

/* All of usbfs's memory that is ours to share, in bytes. The kernel spells "no limit" 0. */
static uint64_t usbfs_memory(void)
{
        unsigned megabytes = USBFS_DEFAULT_MB;
        FILE *file = fopen(USBFS_MEMORY_FILE, "re");

        if (file) {
                if (fscanf(file, "%u", &megabytes) != 1)
                        megabytes = USBFS_DEFAULT_MB;
                fclose(file);
        }
        if (megabytes == 0)
                return UINT64_MAX;

        return megabytes > USBFS_RESERVE_MB ? (uint64_t)(megabytes - USBFS_RESERVE_MB) << 20
                                            : USBFS_SHARE_MIN;
}

/* Down to its first bits: where there are many sessions, not each that comes changes all shares. */
static uint64_t round_down(uint64_t share)
{
        unsigned digits = share > 0 ? 64 - (unsigned)__builtin_clzll(share) : 0;
        unsigned shift = digits > USBFS_SHARE_BITS ? digits - USBFS_SHARE_BITS : 0;

        return share >> shift << shift;
}

static uint32_t share_for(size_t sessions)
{
        uint64_t share = round_down(usbfs_memory() / MAX(sessions, (size_t)1));

        return (uint32_t)MAX(MIN(share, (uint64_t)USBFS_SHARE_MAX), (uint64_t)USBFS_SHARE_MIN);
}

void manager_share_memory(struct manager *m)
{
        struct redirection *r;
        uint32_t share;
        int n;

        DL_COUNT(m->sessions, r, n);
        share = share_for((size_t)n);
        DL_FOREACH (m->sessions, r)
                if (worker_order(r->worker)->usbfs_memory != share)
                        worker_set_memory(r->worker, share);
}

void manager_prepare(struct manager *m)
{
        if (m->n_guests > 0)
                launcher_prepare(m->settings.launcher);
}

struct running *manager_add_session(struct manager *m)
{
        struct running *s = calloc(1, sizeof(*s));

        if (!s)
                return NULL;
        s->manager = m;
        s->begun_usec = clock_usec(CLOCK_MONOTONIC);
        DL_APPEND(m->sessions, &s->shown);
        return s;
}

void manager_free_session(struct redirection *r)
{
        struct running *s = running_of(r);

        DL_DELETE(s->manager->sessions, r);
        worker_free(r->worker);
        free(s);
}

void manager_fill_order(const struct manager *m, const struct entry *e, struct control_order *order)
{
        const struct device_info *info = &e->device.info;

        *order = (struct control_order){
                .vendor = info->facts.vendor,
                .product = info->facts.product,
                .bus = info->bus,
                .address = info->address,
                .configuration = e->configuration,
                .log_level = (uint32_t)m->config->log_level,
                .since_usec = clock_usec(CLOCK_REALTIME),
        };
        snprintf(order->port, sizeof(order->port), "%s", info->facts.port);
}

static size_t count_sessions(const struct manager *m)
{
        const struct redirection *r;
        size_t n = 0;

        DL_COUNT(m->sessions, r, n);
        return n;
}

static int start_worker(struct manager *m, struct entry *e, struct running *s, int fd,
                        struct error *ret_error)
{
        CLEANUP(control_fds_close) struct control_fds fds = CONTROL_NO_FDS;
        struct guest *g = channel_guest(s->shown.channel);
        const struct tls_config *tls = &guest_config(g)->tls;
        struct control_order order;
        int r;

        fds.guest = fd;
        r = tls_open_files(fds.files, tls, ret_error);
        if (r < 0)
                return r;

        manager_fill_order(m, e, &order);
        order.purpose = CONTROL_REDIRECT;
        order.number = s->shown.number;
        order.flags = (s->shown.is_by_hand ? CONTROL_BY_HAND : 0) |
                      (e->device.verdict.reset ? 0 : CONTROL_NO_RESET) |
                      (channel_config(s->shown.channel)->listens ? CONTROL_ACCEPTED : 0);
        order.greeting_sec = guest_config(g)->greeting_sec;
        order.user_timeout_sec = guest_config(g)->user_timeout_sec;
        order.usbfs_memory = share_for(count_sessions(m));
        snprintf(order.guest, sizeof(order.guest), "%s", guest_name(g));
        snprintf(order.channel, sizeof(order.channel), "%s", channel_text(s->shown.channel));
        tls_fill_order(&order, tls, channel_config(s->shown.channel));
        s->shown.since_usec = order.since_usec;
        return worker_start(&s->shown.worker, m->base, m->settings.launcher, &order, &fds,
                            &manager_session_events, s, ret_error);
}

/* The device node or a TLS file could not be opened, or no process be had. */
static void on_start_failed(struct manager *m, struct entry *e, int error,
                            const struct error *reason)
{
        bool is_tls = reason->kind == ERROR_TLS_FAILED;
        enum cause cause = CAUSE_CRASHED;
        struct error answer;
        enum next next;

        if (is_tls)
                cause = CAUSE_GUEST_GONE;
        else if (error == -EACCES || error == -EPERM || error == -EBUSY)
                cause = CAUSE_UNAVAILABLE;
        else if (error == -ENODEV || error == -ENOENT)
                cause = CAUSE_UNPLUGGED;

        /* A guest is tried again and again: what is known is not told again. */
        if (!is_tls || strcmp(e->device.last_error, reason->text) != 0)
                log_error("%s: no session: %s", device_id(&e->device), reason->text);
        manager_set_error(e, "%s", reason->text);
        next = outcome_next(cause, e->device.intent == INTENT_BY_HAND);
        if (manager_find_attach(m, e))
                next = NEXT_END; /* who has asked is told, as of a connection that failed */
        error_set(&answer, is_tls ? ERROR_TLS_FAILED : ERROR_FAILED, "%s", reason->text);
        manager_answer_attach(m, e, NULL, &answer);
        manager_go_on(m, e, next);
}

static bool is_first_of(const struct manager *m, const struct guest *g)
{
        const struct redirection *r;

        DL_FOREACH (m->sessions, r)
                if (r->channel && channel_guest(r->channel) == g)
                        return false;
        return true;
}

/* The guest is there, as it was not before: what waits for that may begin. */
static void on_guest_up(void *userdata, struct guest *g)
{
        struct manager *m = userdata;

        for (struct device *d = m->devices; d; d = d->next)
                if (manager_is_candidate(m, d, g)) {
                        d->is_rejected = false;
                        manager_judge(m, entry_of(d), OCCASION_START);
                }
}

void manager_begin_session(struct manager *m, struct entry *e, struct channel *channel, int fd)
{
        struct guest *g = channel_guest(channel);
        struct device *d = &e->device;
        bool is_first = is_first_of(m, g);
        struct running *s = manager_add_session(m);
        struct error error = { .kind = ERROR_FAILED, .text = "out of memory" };
        int r = -ENOMEM;

        waiting_end(&d->waiting);
        strcpy(d->guest, guest_name(g));
        if (s) {
                strcpy(s->place, d->info.place);
                s->shown.number = ++m->last_number;
                s->shown.device = d;
                s->comebacks = e->comebacks;
                s->shown.channel = channel;
                s->shown.is_by_hand = d->intent == INTENT_BY_HAND;
                d->redirection = &s->shown;
                e->configuration = d->info.configuration ?: d->info.usual_configuration;
                manager_changed(m, e); /* recorded as taken, before it is */
                r = start_worker(m, e, s, fd, &error);
        } else {
                close_fd(fd);
        }
        if (r < 0) {
                d->redirection = NULL;
                if (s)
                        manager_free_session(&s->shown);
                channel_release(channel,
                                error.kind == ERROR_TLS_FAILED ? CHANNEL_LOST : CHANNEL_FREE,
                                error.text);
                on_start_failed(m, e, r, &error);
                return;
        }

        log_write(guest_attempt_level(g), "%s: session %u to guest '%s' over %s", device_id(d),
                  s->shown.number, guest_name(g), channel_text(channel));
        d->phase = DEVICE_IS_STARTING;
        if (m->observer.session_added)
                m->observer.session_added(m->userdata, &s->shown);
        manager_changed(m, e);
        manager_answer_attach(m, e, &s->shown, NULL);
        manager_share_memory(m);
        if (is_first)
                on_guest_up(m, g);
}

static void on_connected(void *userdata, struct channel *channel, struct waiter *waiter, int fd)
{
        struct device *d = device_of_waiter(waiter);

        manager_start_device(userdata, entry_of(d), channel, fd);
}

static void on_connect_failed(void *userdata, struct waiter *waiter, const struct error *error)
{
        struct device *d = device_of_waiter(waiter);
        struct entry *e = entry_of(d);
        struct manager *m = userdata;

        manager_set_error(e, "%s", error->text);
        if (manager_find_attach(m, e) && waiting_has_failed(&d->waiting)) {
                manager_answer_attach(m, e, NULL, error);
                manager_rest(m, e, DEVICE_IS_IDLE);
        } else {
                manager_changed(m, e);
        }
}

static void on_guest_changed(void *userdata, struct guest *g)
{
        struct manager *m = userdata;

        if (m->observer.guest_changed)
                m->observer.guest_changed(m->userdata, g);
        manager_leave_silent(m);
}

const struct guest_events manager_guest_events = {
        .on_connected = on_connected,
        .on_failed = on_connect_failed,
        .on_dialled_in = on_guest_up,
        .on_changed = on_guest_changed,
};

static enum redirection_state state_of(const struct control_status *status)
{
        switch ((enum device_state)status->device_state) {
        case DEVICE_OFFERED: return REDIRECTION_OFFERED;
        case DEVICE_FORWARDING: return REDIRECTION_FORWARDING;
        case DEVICE_DISCONNECTING:
        case DEVICE_DRAINING:
        case DEVICE_RETURNED: return REDIRECTION_ENDING;
        case DEVICE_NONE:
        case DEVICE_CLAIMED:
        case DEVICE_STATES: break;
        }

        if (status->link_state == LINK_GREETING)
                return status->is_silent ? REDIRECTION_SILENT : REDIRECTION_GREETING;

        return status->link_state == LINK_UP ? REDIRECTION_GREETING : REDIRECTION_STARTING;
}

static enum device_phase phase_of(enum redirection_state state)
{
        switch (state) {
        case REDIRECTION_STARTING:
        case REDIRECTION_GREETING:
        case REDIRECTION_SILENT: return DEVICE_IS_STARTING;
        case REDIRECTION_OFFERED:
        case REDIRECTION_FORWARDING: return DEVICE_IS_REDIRECTED;
        case REDIRECTION_ENDING: return DEVICE_IS_RETURNING;
        case REDIRECTION_STUCK: return DEVICE_IS_STUCK;
        }

        return DEVICE_IS_STARTING;
}

void manager_set_session_state(struct running *s, enum redirection_state state)
{
        struct redirection *r = &s->shown;
        struct manager *m = s->manager;
        struct device *d = r->device;

        if (r->state != state)
                log_debug("session %u: %s -> %s", r->number, redirection_state_name(r->state),
                          redirection_state_name(state));
        r->state = state;
        if (m->observer.session_changed)
                m->observer.session_changed(m->userdata, r);
        if (!d)
                return;

        if (d->phase != phase_of(state)) {
                d->phase = phase_of(state);
                if (d->phase == DEVICE_IS_REDIRECTED) {
                        log_notice("%s: guest '%s' has it", device_id(d), d->guest);
                        d->last_error[0] = '\0';
                        entry_of(d)->tries = 0;
                        entry_of(d)->was_given = true;
                        manager_prepare(m); /* its own start is over, and not held up */
                }
                manager_changed(m, entry_of(d));
        }
        if (state == REDIRECTION_FORWARDING)
                manager_answer_attach(m, entry_of(d), r, NULL);
}

void manager_on_session_status(void *userdata)
{
        struct running *s = userdata;
        const struct control_status *status = worker_status(s->shown.worker);

        if (s->shown.channel && status->link_state == LINK_UP)
                channel_set_greeted(s->shown.channel);
        else if (s->shown.channel && status->is_silent)
                channel_set_silent(s->shown.channel);

        manager_answer_describes(s->manager, &s->shown, NULL);
        if (s->shown.state != REDIRECTION_STUCK)
                manager_set_session_state(s, s->has_cause ? REDIRECTION_ENDING : state_of(status));
}

static void on_session_stuck(void *userdata)
{
        struct running *s = userdata;

        log_error("session %u cannot be ended; going on without it", s->shown.number);
        manager_set_session_state(s, REDIRECTION_STUCK);
}

const struct worker_events manager_session_events = {
        .on_status = manager_on_session_status,
        .on_described = manager_on_session_described,
        .on_end = manager_on_session_end,
        .on_stuck = on_session_stuck,
};
