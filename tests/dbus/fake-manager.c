/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Everything happens at once, but answers come from the event loop, as the real manager's do.
 */
#include "dbus/fake-manager.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <utlist.h>

#include "dbus/fake-private.h"
#include "dbus/fake-worker.h"

struct fake_waiting {
        manager_attached attached;
        manager_detached detached;
        struct redirection *session;
        void *userdata;
        struct fake_waiting *prev, *next;
};

static void on_answer(evutil_socket_t fd, short what, void *userdata)
{
        struct manager *m = userdata;
        struct fake_waiting *w;

        while ((w = m->waiting)) {
                DL_DELETE(m->waiting, w);
                if (w->attached)
                        w->attached(w->userdata, m->fails ? NULL : w->session, m->fails);
                else
                        w->detached(w->userdata, m->fails);
                free(w);
        }
}

void fake_answer(struct manager *m)
{
        event_active(m->answer, 0, 0);
}

static void answer_later(struct manager *m, manager_attached attached, manager_detached detached,
                         struct redirection *session, void *userdata)
{
        struct fake_waiting *w = calloc(1, sizeof(*w));

        NEED(w);
        *w = (struct fake_waiting){ attached, detached, session, userdata, NULL, NULL };
        DL_APPEND(m->waiting, w);
        if (!m->holds_answers)
                fake_answer(m);
}

static void note(struct manager *m, const char *format, ...) PRINTF(2, 3);
static void note(struct manager *m, const char *format, ...)
{
        va_list arguments;

        va_start(arguments, format);
        vsnprintf(m->asked, sizeof(m->asked), format, arguments);
        va_end(arguments);
        m->n_asked++;
}

static int refuse(struct manager *m, struct error *ret_error)
{
        if (!m->refuses)
                return 0;

        *ret_error = *m->refuses;
        return -EINVAL;
}

struct manager *fake_new(struct event_base *base)
{
        struct manager *m = calloc(1, sizeof(*m));

        NEED(m);
        m->base = base;
        m->answer = event_new(base, -1, 0, on_answer, m);
        NEED(m->answer);
        fake_set_rules(m, "");
        return m;
}

struct manager *fake_free(struct manager *m)
{
        struct fake_waiting *w, *next;

        if (!m)
                return NULL;

        while (m->sessions)
                fake_end(m, m->sessions, REASON_ASKED, "");
        while (m->devices)
                fake_unplug(m, m->devices);
        while (m->n_guests > 0)
                fake_remove_guest(m, m->guests[0]);
        DL_FOREACH_SAFE (m->waiting, w, next)
                free(w);
        fake_clear_config(m);
        event_free(m->answer);
        free(m);

        return NULL;
}

struct device *fake_plug(struct manager *m, const char *port, uint16_t vendor, uint16_t product,
                         const char *serial)
{
        struct device *d = calloc(1, sizeof(*d));
        struct facts *facts;

        NEED(d);
        facts = &d->info.facts;
        facts->vendor = vendor;
        facts->product = product;
        facts->version_bcd = 0x0100;
        NEED(facts_set_port(facts, port) == 0);
        NEED(facts_set_serial(facts, serial) == 0);
        NEED(facts_set_path(facts, "pci-0000:00:14.0-usb-0:1") == 0);
        NEED(facts_add_interface(facts, 0x08, 0x06, 0x50) == 0);
        d->info.bus = 1;
        d->info.address = 5;
        d->info.is_settled = true;
        snprintf(d->info.speed, sizeof(d->info.speed), "high");
        snprintf(d->info.vendor, sizeof(d->info.vendor), "SanDisk");
        snprintf(d->info.product, sizeof(d->info.product), "Ultra");
        policy_verdict(m->config.policy, facts, &d->verdict);
        DL_APPEND(m->devices, d);
        TELL(m, device_added, d);
        return d;
}

void fake_unplug(struct manager *m, struct device *d)
{
        if (d->redirection)
                fake_end(m, d->redirection, REASON_DEVICE_LOST, "");
        waiting_end(&d->waiting);
        TELL(m, device_removed, d);
        DL_DELETE(m->devices, d);
        free(d);
}

void fake_change(struct manager *m, struct device *d, enum device_phase phase)
{
        d->phase = phase;
        TELL(m, device_changed, d);
}

struct redirection *fake_start(struct manager *m, struct device *d, struct guest *g)
{
        struct redirection *r = calloc(1, sizeof(*r));

        NEED(r);
        *r = (struct redirection){
                .number = ++m->last_number,
                .device = d,
                .channel = guest_channels(g),
                .worker = fake_worker_new(),
                .since_usec = 1700000000000000,
        };
        NEED(r->worker);
        DL_APPEND(m->sessions, r);
        d->redirection = r;
        fake_set_channel(g, 0, CHANNEL_OCCUPIED);
        TELL(m, session_added, r);
        fake_change(m, d, DEVICE_IS_STARTING);
        return r;
}

void fake_set_session(struct manager *m, struct redirection *r, enum redirection_state state)
{
        r->state = state;
        TELL(m, session_changed, r);
}

void fake_end(struct manager *m, struct redirection *r, enum session_reason reason,
              const char *message)
{
        struct fake_waiting *w;

        DL_FOREACH (m->waiting, w)
                if (w->session == r)
                        w->session = NULL;
        TELL(m, session_ended, r, reason, message);
        DL_DELETE(m->sessions, r);
        fake_set_channel(channel_guest(r->channel), 0, CHANNEL_IDLE);
        if (r->device) {
                r->device->redirection = NULL;
                fake_change(m, r->device, DEVICE_IS_IDLE);
        }
        fake_worker_free(r->worker);
        free(r);
}

void manager_observe(struct manager *m, const struct manager_observer *observer, void *userdata)
{
        m->observer = observer ? *observer : (struct manager_observer){ 0 };
        m->userdata = userdata;
}

struct device *manager_devices(const struct manager *m)
{
        return m->devices;
}

struct redirection *manager_sessions(const struct manager *m)
{
        return m->sessions;
}

const struct config *manager_config(const struct manager *m)
{
        return &m->config;
}

bool manager_is_paused(const struct manager *m)
{
        return m->is_paused;
}

int manager_find_device(struct manager *m, const char *text, struct device **ret,
                        struct error *ret_error)
{
        struct device *d;

        DL_FOREACH (m->devices, d)
                if (!strcmp(device_id(d), text)) {
                        *ret = d;
                        return 0;
                }

        return error_set(ret_error, ERROR_NO_SUCH_DEVICE, "There is no device \"%s\".", text);
}

void manager_sleep(struct manager *m, void (*ready)(void *userdata), void *userdata)
{
        note(m, "sleep");
        m->on_asleep = ready;
        m->asleep_userdata = userdata;
}

void manager_awake(struct manager *m)
{
        if (m->on_asleep)
                note(m, "awake");
        m->on_asleep = NULL;
}

int manager_attach(struct manager *m, struct device *d, const char *guest,
                   const struct attach_options *options, manager_attached done, void *userdata,
                   struct error *ret_error)
{
        struct redirection *r = NULL;
        struct guest *g = m->n_guests > 0 ? m->guests[0] : NULL;

        note(m, "attach %s %s%s%s%s", device_id(d), guest, options->wait ? " wait" : "",
             options->hold ? " hold" : "", options->force ? " force" : "");
        if (refuse(m, ret_error) < 0 ||
            ((*guest || !g) && manager_find_guest(m, guest, &g, ret_error) < 0))
                return -EINVAL;

        if (!m->fails) {
                if (d->redirection)
                        fake_end(m, d->redirection, REASON_ASKED, "");
                r = fake_start(m, d, g);
                r->is_by_hand = true;
        }
        answer_later(m, done, NULL, r, userdata);
        return 0;
}

int manager_detach(struct manager *m, struct device *d, manager_detached done, void *userdata,
                   struct error *ret_error)
{
        note(m, "detach %s", device_id(d));
        if (refuse(m, ret_error) < 0)
                return -EINVAL;

        if (d->redirection && !m->fails)
                fake_end(m, d->redirection, REASON_ASKED, "");
        answer_later(m, NULL, done, NULL, userdata);
        return 0;
}

void manager_detach_all(struct manager *m, manager_detached done, void *userdata)
{
        note(m, "detach-all");
        while (m->sessions)
                fake_end(m, m->sessions, REASON_ASKED, "");
        answer_later(m, NULL, done, NULL, userdata);
}

int manager_describe(struct manager *m, struct redirection *r, manager_attached done,
                     void *userdata, struct error *ret_error)
{
        note(m, "describe %u", r->number);
        if (refuse(m, ret_error) < 0)
                return -EINVAL;

        answer_later(m, done, NULL, r, userdata);
        return 0;
}

void manager_forget(struct manager *m, void *userdata)
{
        struct fake_waiting *w, *next;

        DL_FOREACH_SAFE (m->waiting, w, next) {
                if (w->userdata != userdata)
                        continue;
                DL_DELETE(m->waiting, w);
                free(w);
                m->n_forgotten++;
        }
}

int manager_reload(struct manager *m, struct error *ret_error)
{
        note(m, "reload");
        if (refuse(m, ret_error) < 0)
                return -EINVAL;

        TELL(m, configuration_changed);
        return 0;
}

int manager_add_rule(struct manager *m, const char *file, uint32_t before, const char *rule,
                     struct error *ret_error)
{
        note(m, "add-rule \"%s\" %u %s", file, before, rule);
        return refuse(m, ret_error);
}

int manager_remove_rule(struct manager *m, const char *file, uint32_t line, const char *text,
                        struct error *ret_error)
{
        note(m, "remove-rule \"%s\" %u %s", file, line, text);
        return refuse(m, ret_error);
}

bool manager_is_disabled(const struct manager *m)
{
        return false;
}

int manager_set_paused(struct manager *m, bool paused, struct error *ret_error)
{
        note(m, paused ? "pause" : "resume");
        if (refuse(m, ret_error) < 0)
                return -EINVAL;

        m->is_paused = paused;
        TELL(m, paused_changed);
        return 0;
}

bool manager_may_go_to(const struct manager *m, const struct device *d, const char *guest)
{
        return d->verdict.kind == VERDICT_ALLOWED && guests_have(d->verdict.guest, guest);
}

const char *manager_guests_named(const struct manager *m, const struct device *d,
                                 const char **ret_source)
{
        if (d->verdict.guest)
                return d->verdict.guest;

        *ret_source = "DefaultGuest";
        return m->config.default_guest[0] ? m->config.default_guest : NULL;
}

const char *manager_guest_for(const struct manager *m, const struct device *d)
{
        if (d->verdict.guest)
                return d->verdict.guest;

        return m->config.default_guest[0] ? m->config.default_guest : NULL;
}
