/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * When the guards (guard.h) are asked, and what follows. A device is looked at
 *
 *      before a rule begins, or Attach: the answer is there at once
 *      when its channel is connected, right before its session: then its disks are probed, too
 *      until the guest is there, and the session takes it: whenever the mounts change
 *
 * What a rule would redirect is wanted: it is looked at again, and goes on when no guard holds it
 * any more. What was asked by hand is refused, or over. The word "force", of a rule or of Attach,
 * makes a device exempt. The reason is kept in the device's guard, for everybody to see.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <string.h>
#include <sys/time.h>
#include <sys/vfs.h>
#include <unistd.h>
#include <utlist.h>

#include "daemon/manager-private.h"
#include "util/cleanup.h"
#include "util/log.h"

/* After a change that may concern a device: more come, as when a stick of partitions is mounted. */
#define LOOK_SOON_MSEC 100

/* Volumes and routes change without a word to us. */
#define LOOK_AGAIN_SEC 5

static bool is_exempt(const struct device *d)
{
        return d->verdict.force || (d->intent == INTENT_BY_HAND && d->is_forced);
}

/* Is it the host's, and might a guest have it? */
static bool is_concerned(const struct device *d)
{
        return (d->phase == DEVICE_IS_IDLE || d->phase == DEVICE_IS_FAILED ||
                d->phase == DEVICE_IS_WAITING || d->phase == DEVICE_IS_STARTING) &&
               d->info.is_settled && !d->info.refusal[0] &&
               (d->verdict.kind == VERDICT_ALLOWED || d->verdict.kind == VERDICT_CONFLICT);
}

/* Of two keyboards that go at the same time, none would be the last. */
static bool is_given(const void *userdata, const char *path)
{
        const struct manager *m = userdata;
        struct device *d;

        DL_FOREACH (m->devices, d)
                if ((d->redirection || entry_of(d)->guarding.channel) &&
                    guard_is_below(path, d->info.syspath))
                        return true;
        return false;
}

static void find_peers(const struct guest *g, struct guard_question *question)
{
        for (struct channel *c = g ? guest_channels(g) : NULL; c; c = channel_next(c)) {
                const struct channel_config *config = channel_config(c);

                if (config->address.kind == ADDRESS_TCP && !config->listens)
                        guard_add_host(question, config->address.host);
        }
}

/* Sets the device's guard, for that guest, which is connected at that socket; NULL, -1: none is. */
static bool check(struct manager *m, struct entry *e, const struct guest *g, int fd)
{
        struct guarding *guarding = &e->guarding;
        struct device *d = &e->device;
        struct guard_question question = { .is_given = is_given, .userdata = m };

        d->guard[0] = '\0';
        if (is_exempt(d))
                return false;

        find_peers(g, &question);
        if (fd >= 0) {
                size_t n = question.n;

                guard_add_peer(&question, fd);
                guarding->peer =
                        question.n > n ? question.addresses[n] : (struct sockaddr_storage){ 0 };
        } else if (guarding->is_wanted && guarding->peer.ss_family &&
                   question.n < GUARD_PEERS_MAX) {
                question.addresses[question.n++] = guarding->peer;
        }
        return guard_check(m->guards.scope, d->info.syspath, &question, d->guard);
}

static struct guest *guest_of(const struct manager *m, const struct device *d)
{
        const char *name = d->guest[0] ? d->guest : manager_guest_for(m, d);

        return name ? manager_guest_by_name(m, name) : NULL;
}

static void arm(struct manager *m, unsigned msec)
{
        struct timeval delay = { .tv_sec = msec / 1000,
                                 .tv_usec = (suseconds_t)(msec % 1000) * 1000 };

        event_add(m->guards.timer, &delay);
}

static void want(struct manager *m, struct entry *e)
{
        if (!e->guarding.is_wanted)
                log_warning("%s: not redirected by %s: %s", device_id(&e->device), e->device.rule,
                            e->device.guard);
        e->guarding.is_wanted = true;
        manager_changed(m, e);
}

bool manager_hold_back(struct manager *m, struct entry *e)
{
        e->guarding.is_wanted = false;
        if (!check(m, e, guest_of(m, &e->device), -1))
                return false;

        want(m, e);
        manager_look_soon(m); /* until it is so no more */
        return true;
}

static int refuse(const struct device *d, struct error *ret_error)
{
        return error_set(ret_error, ERROR_IN_USE,
                         "%s is needed by this machine: %s, or attach it with the option 'force'",
                         device_id(d), d->guard);
}

int manager_refuse_guarded(struct manager *m, struct entry *e, const struct guest *g, bool force,
                           struct error *ret_error)
{
        if (force || !check(m, e, g, -1))
                return 0;

        manager_look_soon(m);
        manager_changed(m, e);
        return refuse(&e->device, ret_error);
}

void manager_cancel_start(struct entry *e)
{
        struct guarding *guarding = &e->guarding;
        struct channel *channel = guarding->channel;

        guarding->probe = disk_probe_free(guarding->probe);
        guarding->channel = NULL;
        if (!channel)
                return;

        guarding->fd = close_fd(guarding->fd);
        channel_release(channel, CHANNEL_FREE, NULL);
}

bool manager_starts_at(const struct entry *e, const struct guest *g)
{
        return e->guarding.channel && channel_guest(e->guarding.channel) == g;
}

/* Its channel is connected, and is given back. */
static void refuse_start(struct manager *m, struct entry *e)
{
        struct device *d = &e->device;
        bool by_hand = d->intent == INTENT_BY_HAND;
        struct error error;

        refuse(d, &error);
        manager_cancel_start(e);
        manager_answer_attach(m, e, NULL, &error);
        if (by_hand) {
                log_warning("%s: not attached: %s", device_id(d), d->guard);
                manager_set_error(e, "%s", error.text);
        }
        manager_rest(m, e, DEVICE_IS_IDLE);
        if (!by_hand)
                want(m, e);
        manager_look_soon(m);
}

static void start(struct manager *m, struct entry *e)
{
        struct channel *channel = TAKE(e->guarding.channel);

        manager_begin_session(m, e, channel, TAKE_FD(e->guarding.fd));
}

/* What is in use stays so for a while. */
static void look_again(struct manager *m, struct entry *e)
{
        manager_changed(m, e);
        if (!m->guards.is_soon)
                arm(m, LOOK_AGAIN_SEC * 1000);
}

static void on_probed(void *userdata, const char *reason)
{
        struct entry *e = userdata;
        struct manager *m = e->manager;

        snprintf(e->device.guard, sizeof(e->device.guard), "%s", reason);
        e->guarding.is_probed_busy = *reason;
        e->guarding.probe = disk_probe_free(e->guarding.probe);
        if (!e->guarding.channel && *reason)
                look_again(m, e);
        else if (!e->guarding.channel)
                manager_look_soon(m);
        else if (*reason)
                refuse_start(m, e);
        else if (m->is_stopping)
                manager_rest(m, e, DEVICE_IS_IDLE);
        else
                start(m, e);
}

/* Are there disks? on_probed() has been called, or will be. */
static bool probe(struct manager *m, struct entry *e)
{
        const struct guard_scope *scope = m->guards.scope;
        char reason[GUARD_REASON_SIZE];
        char names[GUARD_DISKS_MAX][GUARD_NAME_SIZE];
        size_t n = guard_list_disks(scope, e->device.info.syspath, names);
        int r;

        if (n == 0)
                return false;

        r = disk_probe_new(&e->guarding.probe, m->base, scope, names, n, on_probed, e);
        if (r < 0) {
                snprintf(reason, sizeof(reason), "its disk %s cannot be probed (%s): try again",
                         names[0], strerror(-r));
                on_probed(e, reason);
        }
        return true;
}

void manager_start_device(struct manager *m, struct entry *e, struct channel *channel, int fd)
{
        struct guarding *guarding = &e->guarding;
        bool is_guarded = check(m, e, channel_guest(channel), fd);

        strcpy(e->device.guest, guest_name(channel_guest(channel)));
        guarding->channel = channel;
        guarding->fd = fd;
        guarding->is_probed_busy = false;
        if (is_guarded)
                refuse_start(m, e);
        else if (is_exempt(&e->device) || !probe(m, e))
                start(m, e);
}

/* The session has not taken it yet, or is about to: the device goes back, if it was taken. */
static void end_start(struct manager *m, struct entry *e)
{
        struct device *d = &e->device;

        log_warning("%s: its session is ended: %s", device_id(d), d->guard);
        e->guarding.is_wanted = d->intent == INTENT_AUTOMATIC;
        manager_end_session(d->redirection, CAUSE_GUARDED);
}

static void look(struct manager *m, struct entry *e)
{
        struct guarding *guarding = &e->guarding;
        char was[GUARD_REASON_SIZE];
        struct device *d = &e->device;
        bool is_guarded;

        if (guarding->probe)
                return;
        if (guarding->is_wanted && guarding->is_probed_busy) {
                guarding->is_probed_busy = false;
                if (probe(m, e))
                        return;
        }

        strcpy(was, d->guard);
        is_guarded = check(m, e, guest_of(m, d), -1);
        if (strcmp(was, d->guard) != 0)
                manager_changed(m, e);
        if (is_guarded && d->phase == DEVICE_IS_STARTING && d->redirection) {
                end_start(m, e);
        } else if (!is_guarded && guarding->is_wanted && d->phase == DEVICE_IS_IDLE) {
                log_info("%s: this machine does not need it any more", device_id(d));
                guarding->is_wanted = false;
                manager_judge(m, e, OCCASION_UNGUARDED);
        }
}

static void forget(struct manager *m, struct entry *e)
{
        e->guarding.is_wanted = e->guarding.is_probed_busy = false;
        if (!e->device.guard[0])
                return;

        e->device.guard[0] = '\0';
        manager_changed(m, e);
}

static void on_look(evutil_socket_t fd, short what, void *userdata)
{
        struct manager *m = userdata;
        bool is_any = false;

        m->guards.is_soon = false;
        if (m->is_starting || m->is_stopping)
                return;

        for (struct device *d = m->devices; d; d = d->next) {
                struct entry *e = entry_of(d);

                if (is_concerned(d))
                        look(m, e);
                else if (d->phase != DEVICE_IS_RETURNING)
                        forget(m, e);
                is_any = is_any || d->guard[0];
        }
        if (is_any && !m->guards.is_soon)
                arm(m, LOOK_AGAIN_SEC * 1000);
}

void manager_look_soon(struct manager *m)
{
        if (m->guards.is_soon)
                return;

        m->guards.is_soon = true;
        arm(m, LOOK_SOON_MSEC);
}

static void on_change(evutil_socket_t fd, short what, void *userdata)
{
        manager_look_soon(userdata);
}

/*
 * The kernel tells of changes by EPOLLERR, and always of text to be read: to wait for room to
 * write, of which it never tells, is to wait for the former alone. What only looks like /proc, as
 * in some containers, tells nothing.
 */
static void watch(struct manager *m, struct guard_file *file, const char *name)
{
        CLEANUP(close_fdp) int fd = -1;
        struct statfs status;
        char path[512];

        snprintf(path, sizeof(path), "%s/%s", m->guards.scope->proc, name);
        fd = open(path, O_RDONLY | O_CLOEXEC);
        if (fd < 0 || fstatfs(fd, &status) < 0 || status.f_type != PROC_SUPER_MAGIC)
                return;

        file->event = event_new(m->base, fd, EV_WRITE | EV_PERSIST, on_change, m);
        if (!file->event || event_add(file->event, NULL) < 0)
                log_warning("%s is not watched: guards are late", path);
        file->fd = TAKE_FD(fd);
}

int manager_watch_guards(struct manager *m, const struct guard_scope *scope)
{
        m->guards.scope = scope ? scope : &guard_here;
        m->guards.timer = event_new(m->base, -1, 0, on_look, m);
        if (!m->guards.timer)
                return -ENOMEM;

        watch(m, &m->guards.mounts, "self/mountinfo");
        watch(m, &m->guards.swaps, "swaps");
        return 0;
}

static void free_file(struct guard_file *file)
{
        if (!file->event)
                return;

        event_free(file->event);
        close_fd(file->fd);
}

void manager_leave_guards(struct manager *m)
{
        if (m->guards.timer)
                event_free(m->guards.timer);
        free_file(&m->guards.mounts);
        free_file(&m->guards.swaps);
}
