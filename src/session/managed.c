/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The event loop runs twice: until the order has come, with nothing but the control socket; then
 * with the session on it. In between come the steps of main.c, in its order: what needs files, the
 * sandbox, the device. The sandbox is closed before anything of the device or the guest is read.
 *
 * However the daemon goes (END, end of file, bytes that are no message), the device is returned
 * before we exit; the last message leaves after the device's node is closed, so that whoever is
 * told can open it.
 */
#include "session/managed.h"

#include <errno.h>
#include <event2/event.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "session/control.h"
#include "session/recover.h"
#include "session/sandbox.h"
#include "session/session.h"
#include "session/setup.h"
#include "session/transport.h"
#include "session/unit.h"
#include "session/watchdog.h"
#include "util/cleanup.h"
#include "util/log.h"
#include "util/macro.h"

/* For a daemon that is being restarted, with a full socket. */
#define LAST_WORDS_MS 5000

struct managed {
        const struct options *options;
        struct event_base *base;
        struct event *signals, *readable, *writable;
        struct watchdog *watchdog;
        char unit[CONTROL_UNIT_SIZE];
        int signal_fd;
        struct control_fds fds; /* of the order */

        struct usb_loop *loop;
        struct transport *tls;   /* until the session has it */
        struct session *session; /* of a CONTROL_REDIRECT */

        bool has_order;
        struct control_order order;
        bool status_is_due, description_is_due; /* the socket was full */

        bool is_over;
        struct control_ended ended;
};

static void PRINTF(4, 5)
        end(struct managed *m, enum session_reason reason, bool returned, const char *format, ...)
{
        va_list arguments;

        event_base_loopbreak(m->base);
        if (m->is_over)
                return;

        m->is_over = true;
        m->ended.reason = reason;
        m->ended.returned = returned;
        va_start(arguments, format);
        vsnprintf(m->ended.message, sizeof(m->ended.message), format, arguments);
        va_end(arguments);
        /* A session has said so itself. */
        if (!m->session)
                log_write(reason == REASON_ASKED ? LOG_LEVEL_INFO : LOG_LEVEL_ERROR, "%s: %s",
                          session_reason_string(reason), m->ended.message);
}

/* It ends before the session has begun, or without one: the device is as we have found it. -EIO. */
static int PRINTF(3, 4) fail(struct managed *m, enum session_reason reason, const char *format, ...)
{
        char text[sizeof(m->ended.message)];
        va_list arguments;

        va_start(arguments, format);
        vsnprintf(text, sizeof(text), format, arguments);
        va_end(arguments);
        end(m, reason, !m->has_order || m->order.purpose == CONTROL_REDIRECT, "%s", text);
        return -EIO;
}

/* Asks for the end from outside. */
static void quit(struct managed *m, enum session_reason reason, const char *why)
{
        if (m->session)
                session_end(m->session, reason, "%s", why);
        else
                fail(m, reason, "%s", why);
}

static void fill_status(const struct managed *m, struct control_status *ret)
{
        const struct session *s = m->session;

        *ret = (struct control_status){ .pid = (uint32_t)getpid(),
                                        .usbfs_memory = m->order.usbfs_memory };
        strcpy(ret->unit, m->unit);
        if (!s)
                return;

        ret->link_state = s->link_state;
        ret->device_state = s->device_state;
        ret->is_silent = s->is_silent;
        ret->peer_caps = link_peer_caps(s->link);
        ret->bytes_received = link_counters(s->link)->bytes_received;
        ret->bytes_sent = link_counters(s->link)->bytes_sent;
        ret->packets_received = link_counters(s->link)->packets_received;
        ret->packets_dropped = s->packets_dropped;
        ret->packets_sent = link_counters(s->link)->packets_sent;
        snprintf(ret->peer_version, sizeof(ret->peer_version), "%s", link_peer_version(s->link));
}

/*
 * Sends what is due, now: the daemon must know that the guest is there before the device is taken.
 * Of several states that a full socket held up, the last one goes.
 */
static void flush(struct managed *m)
{
        struct control_message message;
        int r = 0;

        if (m->status_is_due) {
                message.type = CONTROL_STATUS;
                fill_status(m, &message.status);
                r = control_send(m->options->control_fd, &message, NULL, 0);
                m->status_is_due = r == -EAGAIN;
        }
        if (m->description_is_due && r == 0) {
                message.type = CONTROL_DESCRIPTION;
                message.order = m->order;
                r = control_send(m->options->control_fd, &message, NULL, 0);
                m->description_is_due = r == -EAGAIN;
        }

        /* Any other error is told by reading, too. */
        if (r == -EAGAIN)
                event_add(m->writable, NULL);
}

static void on_writable(evutil_socket_t fd, short what, void *userdata)
{
        flush(userdata);
}

/* While the session is made, its caller tells. */
static void on_changed(void *userdata)
{
        struct managed *m = userdata;

        m->status_is_due = true;
        if (m->session)
                flush(m);
}

static void on_signal(evutil_socket_t fd, short what, void *userdata)
{
        struct signalfd_siginfo info;

        if (read(fd, &info, sizeof(info)) == sizeof(info))
                quit(userdata, REASON_ASKED, strsignal((int)info.ssi_signo));
}

static void set_memory(struct managed *m, uint32_t bytes)
{
        m->order.usbfs_memory = bytes;
        if (m->session && m->session->device)
                usb_transfers_set_memory(usb_device_transfers(m->session->device), bytes);
}

/* What the daemon says while there is no order, or one is carried out. */
static void on_message(struct managed *m, const struct control_message *message)
{
        if (m->has_order == (message->type == CONTROL_START) && message->type != CONTROL_END) {
                quit(m, REASON_FAILURE,
                     m->has_order ? "the daemon has sent a second order"
                                  : "the daemon has sent no order");
                return;
        }

        switch (message->type) {
        case CONTROL_START:
                m->has_order = true;
                m->order = message->order;
                event_base_loopbreak(m->base);
                break;
        case CONTROL_END: quit(m, REASON_ASKED, "by the daemon"); break;
        case CONTROL_DESCRIBE:
                m->status_is_due = m->description_is_due = true;
                flush(m);
                break;
        case CONTROL_MEMORY: set_memory(m, message->memory.usbfs_memory); break;
        case CONTROL_STATUS:
        case CONTROL_DESCRIPTION:
        case CONTROL_ENDED: break; /* ours */
        }
}

static void on_readable(evutil_socket_t fd, short what, void *userdata)
{
        CLEANUP(control_fds_close) struct control_fds fds = CONTROL_NO_FDS;
        struct control_message message;
        struct managed *m = userdata;
        int r;

        r = control_receive(fd, CONTROL_DAEMON, &message, &fds);
        if (r == -EAGAIN || r == -ENOMSG)
                return;
        if (r < 0) {
                event_del(m->readable);
                if (r == -EPIPE)
                        quit(m, REASON_ASKED, "the daemon has stopped");
                else
                        quit(m, REASON_FAILURE, "the daemon has sent what is no message");
                return;
        }

        if (message.type == CONTROL_START && !m->has_order) {
                m->fds = fds;
                fds = (struct control_fds)CONTROL_NO_FDS;
        }
        on_message(m, &message);
}

static int open_loop(struct managed *m)
{
        int r;

        r = m->signal_fd = setup_signals();
        if (r < 0)
                return r;

        m->base = event_base_new();
        if (!m->base)
                return -ENOMEM;

        m->signals = event_new(m->base, m->signal_fd, EV_READ | EV_PERSIST, on_signal, m);
        m->readable =
                event_new(m->base, m->options->control_fd, EV_READ | EV_PERSIST, on_readable, m);
        m->writable = event_new(m->base, m->options->control_fd, EV_WRITE, on_writable, m);
        if (!m->signals || !m->readable || !m->writable)
                return -ENOMEM;
        if (event_add(m->signals, NULL) < 0 || event_add(m->readable, NULL) < 0)
                return -EIO;

        return watchdog_new(&m->watchdog, m->base);
}

/* The session's own way, from hello to the device's return. */
static void redirect(struct managed *m)
{
        const struct control_order *order = &m->order;
        const struct session_config config = {
                .device_fd = m->fds.node,
                .bus = order->bus,
                .address = order->address,
                .usbfs_memory = order->usbfs_memory,
                .trace = m->options->trace,
                .is_never_reset = order->flags & CONTROL_NO_RESET,
                .configuration = order->configuration,
                .vendor = order->vendor,
                .product = order->product,
                .greeting_sec = order->greeting_sec,
                .user_timeout_sec = order->user_timeout_sec,
                .tls = TAKE(m->tls),
                .on_changed = on_changed,
                .userdata = m,
        };
        enum session_reason reason;
        int r;

        r = session_new(&m->session, &config, m->base, m->loop, TAKE_FD(m->fds.guest), &reason);
        if (r < 0) {
                fail(m, reason, "%s", strerror(-r));
                return;
        }

        flush(m);
        event_base_dispatch(m->base);
        end(m, m->session->reason, m->session->is_intact, "%s", m->session->end_text);
}

/* What became of a device that a dead session had. */
static void recover(struct managed *m)
{
        int r;

        m->status_is_due = true;
        flush(m);
        r = recover_device(&m->order, m->fds.node, m->base, m->loop);

        switch (-r) {
        case 0:
                end(m, REASON_ASKED, true,
                    m->order.purpose == CONTROL_HOLD ? "the host's drivers have left the device"
                                                     : "the device is the host's again");
                break;
        case ENODEV: end(m, REASON_DEVICE_LOST, true, "there is nothing to return"); break;
        case ENXIO: fail(m, REASON_NOT_FOUND, "another one has its place"); break;
        default: fail(m, session_reason_of_device(r), "%s", strerror(-r)); break;
        }
}

/* All that needs names, files and privileges; the end is told if it cannot be done. */
static int prepare(struct managed *m)
{
        const struct control_order *order = &m->order;
        const bool by_path = order->flags & CONTROL_NODE_BY_PATH;
        enum session_reason reason = REASON_ASKED;
        char message[256] = "out of memory";
        int r;

        log_set_level((enum log_level)order->log_level);
        log_set_object(order->port);

        if (by_path && m->options->sandbox)
                reason = setup_open_node(order->bus, order->address, &m->fds.node, message,
                                         sizeof(message));
        if (reason != REASON_ASKED)
                return fail(m, reason, "%s", message);

        r = usb_loop_new(&m->loop, m->base, by_path && !m->options->sandbox);
        if (r < 0)
                return fail(m, REASON_FAILURE, "cannot start libusb: %s", strerror(-r));

        if (setup_tls(order, &m->fds, &m->tls, message, sizeof(message)) < 0)
                return fail(m, REASON_TLS_FAILED, "%s", message);

        r = setup_close_sandbox(m->options);
        return r < 0 ? fail(m, REASON_FAILURE, "cannot close the sandbox: %s", strerror(-r)) : 0;
}

/* The device first: the daemon may give it to others when it has read our last words. */
static void clear(struct managed *m)
{
        m->session = session_free(m->session);
        m->tls = transport_free(m->tls);
        m->loop = usb_loop_free(m->loop);
        control_fds_close(&m->fds);
}

static bool say_last_words(struct managed *m)
{
        const struct control_message message = { .type = CONTROL_ENDED, .ended = m->ended };
        struct pollfd socket = { .fd = m->options->control_fd, .events = POLLOUT };
        int r;

        r = control_send(socket.fd, &message, NULL, 0);
        if (r == -EAGAIN && poll(&socket, 1, LAST_WORDS_MS) == 1)
                r = control_send(socket.fd, &message, NULL, 0);

        return r == 0;
}

static void free_loop(struct managed *m)
{
        struct event *events[] = { m->signals, m->readable, m->writable };

        for (size_t i = 0; i < ELEMENTS(events); i++)
                if (events[i])
                        event_free(events[i]);
        watchdog_free(m->watchdog);
        if (m->base)
                event_base_free(m->base);
        close_fd(m->signal_fd);
}

enum session_reason managed_run(const struct options *options)
{
        struct managed m = { .options = options, .signal_fd = -1, .fds = CONTROL_NO_FDS };
        enum session_reason reason;
        int r;

        if (!control_is_socket(options->control_fd)) {
                log_error("--control=fd:%i is no SOCK_SEQPACKET socket: the daemon passes one",
                          options->control_fd);
                return REASON_USAGE;
        }

        unit_get(m.unit);
        r = open_loop(&m);
        if (r < 0) {
                log_error("cannot start: %s", strerror(-r));
                free_loop(&m);
                return REASON_FAILURE;
        }

        /* While it waits. What fails is told when the sandbox is closed. */
        if (options->sandbox)
                sandbox_prepare();

        event_base_dispatch(m.base);
        if (m.has_order && !m.is_over && prepare(&m) == 0)
                (m.order.purpose == CONTROL_REDIRECT ? redirect : recover)(&m);
        clear(&m);
        reason = say_last_words(&m) ? REASON_ASKED : (enum session_reason)m.ended.reason;
        free_loop(&m);
        return reason;
}
