/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The event loop runs one turn after the other, until what a command waits for is there: so
 * commands are written from top to bottom.
 */
#include "testguest/tool.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "session/dial.h"
#include "util/cleanup.h"
#include "util/log.h"

enum tool_exit tool_fail(const struct tool *t, enum tool_exit result, const char *format, ...)
{
        char text[512];
        va_list arguments;

        va_start(arguments, format);
        vsnprintf(text, sizeof(text), format, arguments);
        va_end(arguments);
        log_error("%s%s", t->place, text);
        return result;
}

static void on_alarm(evutil_socket_t fd, short what, void *userdata)
{
        ((struct tool *)userdata)->is_late = true;
}

void tool_set_deadline(struct tool *t, unsigned seconds)
{
        struct timeval deadline = { .tv_sec = (time_t)seconds };

        t->is_late = false;
        if (seconds > 0)
                event_add(t->alarm, &deadline);
        else
                event_del(t->alarm);
}

bool tool_turn(struct tool *t)
{
        if (!t->is_over && !t->is_late)
                event_base_loop(t->base, EVLOOP_ONCE);

        return !t->is_over && !t->is_late;
}

enum tool_exit tool_why(const struct tool *t)
{
        /* The end of the link has been told when it came. */
        if (t->is_over)
                return TOOL_OVER;

        return tool_fail(t, TOOL_LATE, "nothing came within %u s; --timeout changes that",
                         t->options->timeout);
}

enum tool_exit tool_not_sent(const struct tool *t, const struct packet *packet, int error)
{
        const char *name = packet_type_string(packet->type);

        switch (error) {
        case -ENOTCONN: return TOOL_OVER;
        case -ENODEV: return tool_fail(t, TOOL_GONE, "%s: there is no device", name);
        case -EOPNOTSUPP:
                return tool_fail(t, TOOL_FAILED, "%s: the host has no capability for it", name);
        case -EMSGSIZE:
                return tool_fail(t, TOOL_FAILED,
                                 "%s: longer than the host can say; it has no "
                                 "capability for more than 65535 bytes",
                                 name);
        case -EINVAL:
                return tool_fail(t, TOOL_FAILED, "%s: not for an endpoint of this direction", name);
        default: return tool_fail(t, TOOL_FAILED, "%s: %s", name, strerror(-error));
        }
}

static void on_hello(void *userdata)
{
        struct tool *t = userdata;
        const struct link *link = usb_guest_link(t->guest);

        log_debug("the host is \"%s\", capabilities 0x%x", link_peer_version(link),
                  link_peer_caps(link));
}

static void on_connect(void *userdata)
{
        struct tool *t = userdata;
        const struct packet_device_connect *connect = &usb_guest_device(t->guest)->connect;

        log_debug("device %04x:%04x", connect->vendor_id, connect->product_id);
}

static void on_disconnect(void *userdata)
{
        struct tool *t = userdata;

        t->disconnects++;
        log_debug("the device is gone");
}

static void on_data(void *userdata, struct parsed *parsed)
{
        struct tool *t = userdata;

        if (t->receiver)
                t->on_data(t->receiver, parsed);
}

static void on_stream(void *userdata, const struct packet *packet)
{
        struct tool *t = userdata;
        uint8_t endpoint = 0;

        packet_endpoint(packet, &endpoint);
        log_debug("the host has stopped the stream of endpoint 0x%02x", endpoint);
        if (t->receiver)
                t->on_stream(t->receiver, packet);
}

static void on_end(void *userdata, enum link_end end, int detail)
{
        struct tool *t = userdata;

        t->is_over = true;
        switch (end) {
        case LINK_END_CLOSED: log_error("%sthe host has closed the connection", t->place); break;
        case LINK_END_CUT:
                log_error("%sthe host has closed the connection inside a packet", t->place);
                break;
        case LINK_END_ERROR:
                log_error("%sthe connection is lost: %s", t->place, strerror(detail));
                break;
        case LINK_END_FAULT:
                log_error("%sthe host has broken the protocol: %s", t->place,
                          packet_fault_string((enum packet_fault)detail));
                break;
        case LINK_END_BUG:
        case LINK_END_TLS: log_error("%sthe connection has failed", t->place); break;
        }
}

static const struct usb_guest_events events = { .on_hello = on_hello,
                                                .on_connect = on_connect,
                                                .on_disconnect = on_disconnect,
                                                .on_data = on_data,
                                                .on_stream = on_stream,
                                                .on_end = on_end };

enum tool_exit tool_open(struct tool *t, const struct options *options)
{
        struct usb_guest_config config = { .version = "usbredir-testguest " PACKAGE_VERSION,
                                           .caps = options->caps,
                                           .filter = options->filter,
                                           .trace = options->trace };
        CLEANUP(close_fdp) int fd = -1;
        char message[512] = "";
        int r;

        *t = (struct tool){ .options = options, .base = event_base_new() };
        t->alarm = t->base ? event_new(t->base, -1, 0, on_alarm, t) : NULL;
        if (!t->alarm)
                return tool_fail(t, TOOL_FAILED, "out of memory");

        r = (options->listen ? dial_accept : dial_connect)(&options->address, -1, &fd, message,
                                                           sizeof(message));
        if (r < 0)
                return tool_fail(t, TOOL_NO_HOST, "%s", message);

        r = usb_guest_new(&t->guest, t->base, fd, &config, &events, t);
        if (r < 0)
                return tool_fail(t, TOOL_FAILED, "cannot talk to the host: %s", strerror(-r));

        TAKE_FD(fd);
        return TOOL_DONE;
}

enum tool_exit tool_wait_for_device(struct tool *t)
{
        tool_set_deadline(t, t->options->timeout);
        while (!usb_guest_device(t->guest)->is_connected)
                if (!tool_turn(t))
                        return t->is_over ? tool_why(t)
                                          : tool_fail(t, TOOL_GONE,
                                                      "the host has offered no device within %u s; "
                                                      "--timeout changes that",
                                                      t->options->timeout);

        return TOOL_DONE;
}

void tool_close(struct tool *t)
{
        usb_guest_free(t->guest);
        if (t->alarm)
                event_free(t->alarm);
        if (t->base)
                event_base_free(t->base);
}
