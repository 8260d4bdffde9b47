/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Single transfers, and many of the same.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "testguest/commands.h"
#include "testguest/parse.h"
#include "testguest/print.h"
#include "util/cleanup.h"

/* More than fits in a day's transfers. */
#define COUNT_MAX UINT64_C(1000000000000)

static enum tool_exit no_endpoint(const struct tool *t, const char *text)
{
        return tool_fail(t, TOOL_USAGE, "'%s': expected an endpoint, such as 0x81 or 2", text);
}

static enum tool_exit no_count(const struct tool *t, const char *text)
{
        return tool_fail(t, TOOL_USAGE, "'%s': expected a number from 1 on", text);
}

static enum tool_exit no_memory(const struct tool *t)
{
        return tool_fail(t, TOOL_FAILED, "out of memory");
}

/* Runs a batch, prints what it has done, and frees it. */
static enum tool_exit run(struct tool *t, const char *command, uint8_t endpoint, struct batch *b)
{
        enum tool_exit result = batch_run(t, b);
        json_t *out;

        if (result == TOOL_DONE) {
                out = print_new(command);
                print_set_hex(out, "endpoint", endpoint, 2);
                print_set_status(out, t->status);
                batch_set_rates(b, out);
                if (b->received)
                        print_set_bytes(out, "data", b->received, b->bytes);
                print_result(t, out);
        }

        batch_clear(b);
        return result;
}

/* The numbers of "control": each as wide as its field. */
static enum tool_exit parse_setup(struct tool *t, char **arguments,
                                  struct packet_control_packet *ret)
{
        static const struct {
                const char *name;
                uint64_t max;
        } fields[] = { { "TYPE", 0xff },
                       { "REQUEST", 0xff },
                       { "VALUE", 0xffff },
                       { "INDEX", 0xffff },
                       { "LENGTH", 0xffff } };
        uint64_t values[ELEMENTS(fields)];

        for (size_t i = 0; i < ELEMENTS(fields); i++)
                if (parse_number(arguments[i], 0, fields[i].max, &values[i]) < 0)
                        return tool_fail(t, TOOL_USAGE, "control: %s '%s': expected 0 to 0x%x",
                                         fields[i].name, arguments[i], (unsigned)fields[i].max);

        *ret = (struct packet_control_packet){ .endpoint = (uint8_t)(values[0] & 0x80),
                                               .requesttype = (uint8_t)values[0],
                                               .request = (uint8_t)values[1],
                                               .value = (uint16_t)values[2],
                                               .index = (uint16_t)values[3],
                                               .length = (uint16_t)values[4] };
        return TOOL_DONE;
}

enum tool_exit command_control(struct tool *t, char **arguments)
{
        struct batch b = { .packet.type = PACKET_control_packet, .count = 1 };
        struct packet_control_packet *control = &b.packet.control_packet;
        const char *hex = arguments[5] ?: "";
        enum tool_exit result;
        size_t size = 0;
        bool is_in;

        result = parse_setup(t, arguments, control);
        if (result != TOOL_DONE)
                return result;

        is_in = control->endpoint & 0x80;
        b.data = is_in ? NULL : usb_guest_buffer(t->guest, control->length);
        if (!is_in && !b.data)
                return no_memory(t);
        if ((is_in && *hex) ||
            (!is_in && parse_hex(hex, b.data->bytes, control->length, &size) < 0) ||
            (!is_in && size != control->length)) {
                batch_clear(&b);
                return tool_fail(t, TOOL_USAGE,
                                 is_in ? "control: a request IN has no data"
                                       : "control: '%s': expected %u bytes, two digits for each",
                                 hex, control->length);
        }

        return run(t, "control", control->endpoint, &b);
}

enum tool_exit command_read(struct tool *t, char **arguments)
{
        struct batch b = { .packet.type = PACKET_bulk_packet,
                           .count = 1,
                           .depth = t->options->transfers };
        uint64_t length;
        uint8_t endpoint;

        if (parse_endpoint(arguments[0], &endpoint) < 0 || !(endpoint & 0x80))
                return tool_fail(t, TOOL_USAGE, "'%s': expected an endpoint IN, such as 0x81",
                                 arguments[0]);
        if (parse_number(arguments[1], 0, TRANSFER_SIZE_MAX, &length) < 0)
                return tool_fail(t, TOOL_USAGE, "'%s': expected 0 to %u bytes", arguments[1],
                                 TRANSFER_SIZE_MAX);
        if (arguments[2] && parse_number(arguments[2], 1, COUNT_MAX, &b.count) < 0)
                return no_count(t, arguments[2]);

        b.packet.bulk_packet.endpoint = endpoint;
        b.packet.bulk_packet.stream_id = t->options->stream;
        packet_set_transfer_length(&b.packet, (uint32_t)length);
        return run(t, "read", endpoint, &b);
}

/* The contents of a file of at most max bytes. */
static enum tool_exit read_file(struct tool *t, const char *path, size_t max,
                                struct usb_guest_buffer **ret, size_t *ret_size)
{
        struct usb_guest_buffer *b = NULL;
        FILE *file = fopen(path, "re");
        long size = -1;
        bool is_read;

        if (file && fseek(file, 0, SEEK_END) == 0)
                size = ftell(file);
        if (size >= 0 && (unsigned long)size <= max) {
                rewind(file);
                b = usb_guest_buffer(t->guest, (size_t)size);
        }
        is_read = b && fread(b->bytes, 1, (size_t)size, file) == (size_t)size;
        if (file)
                fclose(file);
        if (!is_read) {
                usb_guest_buffer_unref(b);
                return tool_fail(t, TOOL_USAGE,
                                 "write: '%s': not a file of at most %zu bytes that "
                                 "can be read",
                                 path, max);
        }

        *ret = b;
        *ret_size = (size_t)size;
        return TOOL_DONE;
}

static enum tool_exit get_data(struct tool *t, const char *text, size_t max,
                               struct usb_guest_buffer **ret, size_t *ret_size)
{
        struct usb_guest_buffer *b;

        if (text[0] == '@')
                return read_file(t, text + 1, max, ret, ret_size);

        b = usb_guest_buffer(t->guest, MIN(strlen(text), max));
        if (!b)
                return no_memory(t);
        if (parse_hex(text, b->bytes, max, ret_size) < 0) {
                usb_guest_buffer_unref(b);
                return tool_fail(
                        t, TOOL_USAGE,
                        "write: '%.64s': expected up to %zu bytes, two digits for each, or "
                        "@FILE",
                        text, max);
        }

        *ret = b;
        return TOOL_DONE;
}

enum tool_exit command_write(struct tool *t, char **arguments)
{
        const struct packet_ep_info *endpoints = &usb_guest_device(t->guest)->endpoints;
        struct batch b = { .packet.type = PACKET_bulk_packet,
                           .count = 1,
                           .depth = t->options->transfers };
        enum tool_exit result;
        uint8_t endpoint;
        bool is_interrupt;
        size_t size = 0;

        if (parse_endpoint(arguments[0], &endpoint) < 0 || endpoint & 0x80)
                return tool_fail(t, TOOL_USAGE, "'%s': expected an endpoint OUT, such as 2",
                                 arguments[0]);
        if (arguments[2] && parse_number(arguments[2], 1, COUNT_MAX, &b.count) < 0)
                return no_count(t, arguments[2]);

        is_interrupt = endpoints->type[endpoint_index(endpoint)] == ENDPOINT_interrupt;
        result = get_data(t, arguments[1], is_interrupt ? UINT16_MAX : TRANSFER_SIZE_MAX, &b.data,
                          &size);
        if (result != TOOL_DONE)
                return result;

        if (is_interrupt) {
                b.packet.type = PACKET_interrupt_packet;
                b.packet.interrupt_packet.endpoint = endpoint;
        } else {
                b.packet.bulk_packet.endpoint = endpoint;
                b.packet.bulk_packet.stream_id = t->options->stream;
        }
        packet_set_transfer_length(&b.packet, (uint32_t)size);
        return run(t, "write", endpoint, &b);
}

enum tool_exit command_cancel(struct tool *t, char **arguments)
{
        struct batch b = { .packet.type = PACKET_bulk_packet, .count = 1, .cancel_at = 1 };
        uint64_t length;
        uint8_t endpoint;

        if (parse_endpoint(arguments[0], &endpoint) < 0 || !(endpoint & 0x80))
                return no_endpoint(t, arguments[0]);
        if (parse_number(arguments[1], 0, TRANSFER_SIZE_MAX, &length) < 0)
                return tool_fail(t, TOOL_USAGE, "'%s': expected 0 to %u bytes", arguments[1],
                                 TRANSFER_SIZE_MAX);

        b.packet.bulk_packet.endpoint = endpoint;
        b.packet.bulk_packet.stream_id = t->options->stream;
        packet_set_transfer_length(&b.packet, (uint32_t)length);
        return run(t, "cancel", endpoint, &b);
}
