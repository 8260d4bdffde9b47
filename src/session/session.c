/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A session's life. Everything that happens (a packet, a completion, an unplug, a signal, the end
 * of the link) is noted at once and acted on in on_work(), one step after another:
 *
 *      guest's hello seen      claim the device, offer it
 *      a request deferred      run it when its endpoints are quiet
 *      session_end()           cancel, say goodbye, wait for what is in flight, give back, leave
 *      session_next_device()   the same, but for the last step
 *
 * Each wait on the way out has a deadline; none keeps the device from being returned.
 */
#include "session/session.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>

#include "session/streams.h"
#include "session/transport.h"
#include "util/cleanup.h"
#include "util/log.h"
#include "util/macro.h"

/*
 * Packets that may become due beside those that the link's marks count: an answer for each transfer
 * in use, and the few that one request or the end of the session brings.
 */
#define ANSWERS_MAX (USB_POOL_TRANSFERS_MAX + 16)

DEFINE_CLEANUP(struct session, session_free)

void session_tell(struct session *s)
{
        if (s->config.on_changed)
                s->config.on_changed(s->config.userdata);
}

void session_set_link_state(struct session *s, enum link_state state, const char *why)
{
        if (!link_state_may_follow(s->link_state, state))
                log_error("link: step %s -> %s is not foreseen", link_state_string(s->link_state),
                          link_state_string(state));

        log_debug("link: %s -> %s (%s)", link_state_string(s->link_state), link_state_string(state),
                  why);
        s->link_state = state;
        session_tell(s);
}

void session_set_device_state(struct session *s, enum device_state state, const char *why)
{
        if (!device_state_may_follow(s->device_state, state) ||
            !states_may_pair(s->link_state, state))
                log_error("device: step %s -> %s with link %s is not foreseen",
                          device_state_string(s->device_state), device_state_string(state),
                          link_state_string(s->link_state));

        log_debug("device: %s -> %s (%s)", device_state_string(s->device_state),
                  device_state_string(state), why);
        s->device_state = state;
        session_tell(s);
}

void session_wake(struct session *s)
{
        event_active(s->work, 0, 0);
}

void session_send(struct session *s, const struct packet *packet)
{
        link_send(s->link, packet, NULL, 0, NULL);
}

void session_set_deadline(struct session *s, time_t seconds)
{
        struct timeval delay = { .tv_sec = seconds };

        s->is_overdue = false;
        event_add(s->timer, &delay);
}

void session_clear_deadline(struct session *s)
{
        s->is_overdue = false;
        event_del(s->timer);
}

/*
 * A guest that leaves, or a device that is unplugged, is worth a line, not an alarm. A guest that
 * leaves without a hello may do so again and again, and is the daemon's to tell of.
 */
static enum log_level level_of(const struct session *s, enum session_reason reason)
{
        if (reason == REASON_ASKED)
                return LOG_LEVEL_INFO;
        if (s->config.on_changed && s->device_state == DEVICE_NONE &&
            (reason == REASON_GUEST_LEFT || reason == REASON_LINK_LOST))
                return LOG_LEVEL_DEBUG;
        if (reason == REASON_GUEST_LEFT || reason == REASON_DEVICE_LOST)
                return LOG_LEVEL_NOTICE;

        return LOG_LEVEL_ERROR;
}

void session_end(struct session *s, enum session_reason reason, const char *format, ...)
{
        va_list arguments;

        if (s->is_ending || (s->has_next && session_may_go_on(reason)))
                return;

        va_start(arguments, format);
        vsnprintf(s->end_text, sizeof(s->end_text), format, arguments);
        va_end(arguments);

        s->is_ending = true;
        s->reason = reason;
        session_clear_deadline(s);
        log_write(level_of(s, reason), "%s: %s", session_reason_string(reason), s->end_text);
        session_wake(s);
}

void session_wait(struct session *s)
{
        session_set_deadline(s, SESSION_DRAIN_SEC);
        session_wake(s);
}

void session_greeted(struct session *s)
{
        session_clear_deadline(s);
        s->is_silent = false;
        session_set_link_state(s, LINK_UP, "hello seen");
        session_wake(s);
}

void session_acknowledged(struct session *s)
{
        s->ack_is_due = false;
        if (s->device_state == DEVICE_DISCONNECTING) {
                session_clear_deadline(s);
                session_set_device_state(s, DEVICE_DRAINING, "acknowledged");
        }
        session_wake(s);
}

static void offer(struct session *s)
{
        const struct usb_device_facts *facts = usb_device_facts(s->device);
        int r;

        session_judge(s);
        if (s->is_ending)
                return;

        r = usb_device_claim(s->device);
        if (r < 0) {
                session_end(s, session_reason_of_device(r), "cannot claim it: %s",
                            r == -E2BIG ? "more than 32 interfaces" : strerror(-r));
                return;
        }
        s->is_intact = false;
        session_set_device_state(s, DEVICE_CLAIMED, "the guest is there");

        /* It may have changed since it was opened. */
        session_judge(s);
        if (s->is_ending)
                return;

        session_send_infos(s);
        session_send_connect(s);
        log_info("device %04x:%04x is offered to the guest", facts->vendor, facts->product);
        session_set_device_state(s, DEVICE_OFFERED, "infos and device_connect sent");
}

/* Runs a deferred request once nothing is in flight where it reaches, or the wait was long. */
static void run_deferred(struct session *s)
{
        struct deferred *d = &s->deferred;
        size_t in_flight;

        in_flight = usb_transfers_in_flight(usb_device_transfers(s->device), d->endpoints);
        if (in_flight > 0 && !s->is_overdue)
                return;
        if (in_flight > 0)
                log_warning("%zu cancelled transfers have not come back in %i s; going on",
                            in_flight, SESSION_DRAIN_SEC);

        session_clear_deadline(s);
        d->is_set = false;
        d->run(s, &d->packet);
        link_hold(s->link, false);
}

static bool may_offer(const struct session *s)
{
        return !s->is_ending && !s->has_next && !s->ack_is_due && s->link_state == LINK_UP &&
               s->device_state == DEVICE_NONE;
}

static void on_work(evutil_socket_t fd, short what, void *userdata)
{
        struct session *s = userdata;

        if (may_offer(s))
                offer(s);
        if (!s->is_ending && s->deferred.is_set)
                run_deferred(s);
        session_streams_restart(s);
        if (s->is_ending || s->has_next)
                session_leave(s);
}

static void on_timer(evutil_socket_t fd, short what, void *userdata)
{
        struct session *s = userdata;

        s->is_overdue = true;
        if (!s->is_ending)
                session_wait_for_hello(s);
        session_wake(s);
}

static void on_complete(void *userdata, struct usb_transfer *transfer)
{
        session_answer(userdata, transfer);
}

static void on_reaped(void *userdata)
{
        session_wake(userdata);
}

static void on_gone(void *userdata)
{
        session_end(userdata, REASON_DEVICE_LOST, "unplugged");
}

static const struct usb_transfer_events device_events = {
        .on_complete = on_complete,
        .on_reaped = on_reaped,
        .on_gone = on_gone,
};

static int open_device(struct session *s)
{
        const struct session_config *config = &s->config;
        const struct usb_device_facts *facts;
        int r;

        if (config->device_fd >= 0)
                r = usb_device_open_fd(&s->device, s->loop, s->base, config->device_fd,
                                       config->usbfs_memory, &device_events, s);
        else
                r = usb_device_open_address(&s->device, s->loop, s->base, config->bus,
                                            config->address, config->usbfs_memory, &device_events,
                                            s);
        if (r < 0)
                return r;

        /* Another device may have got its place meanwhile. */
        facts = usb_device_facts(s->device);
        if ((config->vendor != 0 || config->product != 0) &&
            (config->vendor != facts->vendor || config->product != facts->product))
                return -ENODEV;
        if (facts->class_code == LIBUSB_CLASS_HUB) {
                log_error("a hub is never redirected: choose a device that is plugged into it");
                return -ENOTSUP;
        }
        if (config->is_never_reset)
                usb_device_never_reset(s->device);
        usb_device_use_configuration(s->device, config->configuration);

        return 0;
}

int session_open_device(struct session *s, enum session_reason *ret_reason)
{
        int r = open_device(s);

        switch (-r) {
        case 0: break;
        case ENODEV: *ret_reason = REASON_NOT_FOUND; break;
        case ENOTSUP: *ret_reason = REASON_USAGE; break;
        default: *ret_reason = session_reason_of_device(r); break;
        }

        return r;
}

int session_new(struct session **ret, const struct session_config *config, struct event_base *base,
                struct usb_loop *loop, int socket_fd, enum session_reason *ret_reason)
{
        CLEANUP(session_freep) struct session *s = NULL;
        CLEANUP(transport_freep) struct transport *tls = config->tls;
        CLEANUP(close_fdp) int fd = socket_fd;
        int r;

        *ret_reason = REASON_FAILURE;

        s = calloc(1, sizeof(*s));
        if (!s)
                return -ENOMEM;

        s->base = base;
        s->loop = loop;
        s->config = *config;
        s->config.greeting_sec = config->greeting_sec ?: SESSION_GREETING_SEC;
        s->is_intact = true;
        s->work = event_new(base, -1, 0, on_work, s);
        s->timer = event_new(base, -1, 0, on_timer, s);
        if (!s->work || !s->timer)
                return -ENOMEM;

        r = session_open_device(s, ret_reason);
        if (r < 0)
                return r;

        r = link_new(&s->link, base, fd, ROLE_HOST, PACKAGE_STRING, SESSION_CAPS, ANSWERS_MAX,
                     &session_link_events, s);
        if (r < 0)
                return r;

        TAKE_FD(fd);
        link_set_trace(s->link, config->trace);
        r = link_watch_peer(s->link, base, config->user_timeout_sec);
        if (r < 0)
                return r;

        session_begin_link(s, TAKE(tls));
        *ret = TAKE(s);
        return 0;
}

struct session *session_free(struct session *s)
{
        if (!s)
                return NULL;

        /* The link first: it holds transfers of the device. */
        link_free(s->link);
        if (s->device)
                session_streams_stop(s, USB_ENDPOINTS_ALL, false);
        usb_device_free(s->device);
        plain_clear(&s->filter);
        if (s->work)
                event_free(s->work);
        if (s->timer)
                event_free(s->timer);
        free(s);
        return NULL;
}
