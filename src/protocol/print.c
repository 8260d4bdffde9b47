/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Any packet as one line of text, for traces: the fields under their names in the table, values
 * that have a name by it. Whatever a peer sent, the line is printable ASCII and terminated.
 */
#include <stdarg.h>
#include <stdio.h>

#include "protocol/descriptor.h"
#include "protocol/packet.h"
#include "util/macro.h"

/* A text that is being written into a fixed place. */
struct output {
        char *text;
        size_t size, length;
};

static void PRINTF(2, 3) print(struct output *out, const char *format, ...)
{
        va_list arguments;
        int n;

        if (out->length + 1 >= out->size)
                return;

        va_start(arguments, format);
        n = vsnprintf(out->text + out->length, out->size - out->length, format, arguments);
        va_end(arguments);
        if (n > 0)
                out->length = MIN(out->length + (size_t)n, out->size - 1);
}

static void print_value(struct output *out, enum field_kind kind, uint32_t value)
{
        const char *name = NULL;

        switch (kind) {
        case KIND_status: name = packet_status_string(value); break;
        case KIND_speed: name = packet_speed_string(value); break;
        case KIND_endpoint_type: name = packet_endpoint_type_string(value); break;
        case KIND_x8:
        case KIND_endpoint: print(out, "0x%02x", value); return;
        case KIND_x16: print(out, "0x%04x", value); return;
        case KIND_x32: print(out, "0x%08x", value); return;
        case KIND_u8:
        case KIND_u16:
        case KIND_u32:
        case KIND_text: break;
        }

        if (name)
                print(out, "%s", name);
        else
                print(out, "%u", value);
}

/* An array as [1 2 0*30]: equal neighbours are counted. */
static void print_array(struct output *out, const struct field *field, const struct packet *packet)
{
        for (size_t i = 0, run; i < field->count; i += run) {
                uint32_t value = field_load(field, packet, i);

                for (run = 1;
                     i + run < field->count && field_load(field, packet, i + run) == value;)
                        run++;

                print(out, i ? " " : "[");
                print_value(out, field->kind, value);
                if (run > 1)
                        print(out, "*%zu", run);
        }

        print(out, "]");
}

static void print_text(struct output *out, const struct field *field, const struct packet *packet)
{
        print(out, "\"");
        for (size_t i = 0; i < field->count; i++) {
                unsigned char c = (unsigned char)field_load(field, packet, i);

                if (!c)
                        break;
                print(out, c >= 0x20 && c < 0x7f && c != '"' && c != '\\' ? "%c" : "\\x%02x", c);
        }
        print(out, "\"");
}

void packet_print(char *text, size_t size, const struct packet *packet, uint32_t both)
{
        struct output out = { text, size, 0 };

        if (size == 0)
                return;

        text[0] = '\0';
        print(&out, "%s id=%llu", descriptors[packet->type].name, (unsigned long long)packet->id);

        for (const struct field *f = descriptors[packet->type].fields; f->name; f++) {
                if (!field_is_present(f, both))
                        continue;

                print(&out, " %s=", f->name);
                if (f->kind == KIND_text)
                        print_text(&out, f, packet);
                else if (f->count)
                        print_array(&out, f, packet);
                else
                        print_value(&out, f->kind, field_load(f, packet, 0));
        }
}
