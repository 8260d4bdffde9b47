/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What changes the device, and what is about the device as a whole.
 */
#include <string.h>

#include "testguest/commands.h"
#include "testguest/parse.h"
#include "testguest/print.h"

/* Sends what has no answer. */
static enum tool_exit tell(struct tool *t, const struct packet *packet,
                           struct usb_guest_buffer *data, size_t size)
{
        int r = usb_guest_send(t->guest, packet, data, size);

        return r < 0 ? tool_not_sent(t, packet, r) : TOOL_DONE;
}

/* A reset has no answer: what is asked behind it has, when it is done. */
enum tool_exit command_reset(struct tool *t, char **arguments)
{
        struct packet reset = { .type = PACKET_reset };
        struct packet ask = { .type = PACKET_get_configuration };
        enum tool_exit result = tell(t, &reset, NULL, 0);

        return result == TOOL_DONE ? tool_ask(t, &ask, NULL) : result;
}

static enum tool_exit parse_byte(struct tool *t, const char *text, uint8_t *ret)
{
        uint64_t value;

        if (parse_number(text, 0, UINT8_MAX, &value) < 0)
                return tool_fail(t, TOOL_USAGE, "'%s': expected a number from 0 to 255", text);

        *ret = (uint8_t)value;
        return TOOL_DONE;
}

enum tool_exit command_configuration(struct tool *t, char **arguments)
{
        struct packet packet = { .type = PACKET_get_configuration }, answer;
        enum tool_exit result = TOOL_DONE;
        json_t *out;

        if (arguments[0]) {
                packet.type = PACKET_set_configuration;
                result = parse_byte(t, arguments[0], &packet.set_configuration.configuration);
        }
        if (result == TOOL_DONE)
                result = tool_ask(t, &packet, &answer);
        if (result != TOOL_DONE)
                return result;

        out = print_new("configuration");
        print_set_status(out, t->status);
        print_set_number(out, "configuration", answer.configuration_status.configuration);
        print_result(t, out);
        return TOOL_DONE;
}

enum tool_exit command_alt(struct tool *t, char **arguments)
{
        struct packet packet = { .type = PACKET_get_alt_setting }, answer;
        uint8_t interface = 0, alt = 0;
        enum tool_exit result;
        json_t *out;

        result = parse_byte(t, arguments[0], &interface);
        if (result == TOOL_DONE && arguments[1])
                result = parse_byte(t, arguments[1], &alt);
        if (result != TOOL_DONE)
                return result;

        packet.get_alt_setting.interface = interface;
        if (arguments[1]) {
                packet.type = PACKET_set_alt_setting;
                packet.set_alt_setting = (struct packet_set_alt_setting){ interface, alt };
        }
        result = tool_ask(t, &packet, &answer);
        if (result != TOOL_DONE)
                return result;

        out = print_new("alt");
        print_set_status(out, t->status);
        print_set_number(out, "interface", answer.alt_setting_status.interface);
        print_set_number(out, "alt", answer.alt_setting_status.alt);
        print_result(t, out);
        return TOOL_DONE;
}

static enum tool_exit ask_streams(struct tool *t, const char *command, const struct packet *packet)
{
        struct packet answer;
        enum tool_exit result = tool_ask(t, packet, &answer);
        json_t *out;

        if (result != TOOL_DONE)
                return result;

        out = print_new(command);
        print_set_status(out, t->status);
        print_set_hex(out, "endpoints", answer.bulk_streams_status.endpoints, 8);
        print_set_number(out, "streams", answer.bulk_streams_status.no_streams);
        print_result(t, out);
        return TOOL_DONE;
}

static enum tool_exit no_endpoints(struct tool *t, const char *text)
{
        return tool_fail(t, TOOL_USAGE, "'%s': expected endpoints parted by commas", text);
}

enum tool_exit command_alloc_streams(struct tool *t, char **arguments)
{
        struct packet packet = { .type = PACKET_alloc_bulk_streams };
        uint64_t n;

        if (parse_endpoints(arguments[0], &packet.alloc_bulk_streams.endpoints) < 0)
                return no_endpoints(t, arguments[0]);
        if (parse_number(arguments[1], 0, UINT32_MAX, &n) < 0)
                return tool_fail(t, TOOL_USAGE, "'%s': expected a number of streams", arguments[1]);

        packet.alloc_bulk_streams.no_streams = (uint32_t)n;
        return ask_streams(t, "alloc-streams", &packet);
}

enum tool_exit command_free_streams(struct tool *t, char **arguments)
{
        struct packet packet = { .type = PACKET_free_bulk_streams };

        if (parse_endpoints(arguments[0], &packet.free_bulk_streams.endpoints) < 0)
                return no_endpoints(t, arguments[0]);

        return ask_streams(t, "free-streams", &packet);
}

enum tool_exit command_filter(struct tool *t, char **arguments)
{
        struct packet packet = { .type = PACKET_filter_filter };
        size_t size = strlen(arguments[0]) + 1;
        struct usb_guest_buffer *data = usb_guest_buffer(t->guest, size);

        if (!data)
                return tool_fail(t, TOOL_FAILED, "out of memory");

        memcpy(data->bytes, arguments[0], size);
        return tell(t, &packet, data, size);
}

/* Until the device is taken away, at most so many seconds; 0: however long that takes. */
static enum tool_exit wait_for_end(struct tool *t, unsigned seconds)
{
        unsigned disconnects = t->disconnects;

        tool_set_deadline(t, seconds);
        while (usb_guest_device(t->guest)->is_connected && t->disconnects == disconnects)
                if (!tool_turn(t))
                        return t->disconnects == disconnects ? tool_why(t) : TOOL_DONE;

        return TOOL_DONE;
}

enum tool_exit command_reject(struct tool *t, char **arguments)
{
        struct packet packet = { .type = PACKET_filter_reject };
        enum tool_exit result = tell(t, &packet, NULL, 0);

        return result == TOOL_DONE ? wait_for_end(t, t->options->timeout) : result;
}

enum tool_exit command_wait(struct tool *t, char **arguments)
{
        return wait_for_end(t, 0);
}
