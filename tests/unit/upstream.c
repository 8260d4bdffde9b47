/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Its functions differ by packet in four ways: with an id or without, with fields or without. The
 * shapes below say which is which; all else follows from the table of the wire, whose names are
 * the protocol's and so the same on both sides.
 */
#include "unit/upstream.h"

#include <usbredirfilter.h>
#include <usbredirparser.h>

#define SHAPES(S)                                                                                  \
        S(FIELDS, device_connect)                                                                  \
        S(NOTHING, device_disconnect)                                                              \
        S(NOTHING, reset)                                                                          \
        S(FIELDS, interface_info)                                                                  \
        S(FIELDS, ep_info)                                                                         \
        S(ID_FIELDS, set_configuration)                                                            \
        S(ID, get_configuration)                                                                   \
        S(ID_FIELDS, configuration_status)                                                         \
        S(ID_FIELDS, set_alt_setting)                                                              \
        S(ID_FIELDS, get_alt_setting)                                                              \
        S(ID_FIELDS, alt_setting_status)                                                           \
        S(ID_FIELDS, start_iso_stream)                                                             \
        S(ID_FIELDS, stop_iso_stream)                                                              \
        S(ID_FIELDS, iso_stream_status)                                                            \
        S(ID_FIELDS, start_interrupt_receiving)                                                    \
        S(ID_FIELDS, stop_interrupt_receiving)                                                     \
        S(ID_FIELDS, interrupt_receiving_status)                                                   \
        S(ID_FIELDS, alloc_bulk_streams)                                                           \
        S(ID_FIELDS, free_bulk_streams)                                                            \
        S(ID_FIELDS, bulk_streams_status)                                                          \
        S(ID, cancel_data_packet)                                                                  \
        S(NOTHING, filter_reject)                                                                  \
        S(ID_FIELDS, start_bulk_receiving)                                                         \
        S(ID_FIELDS, stop_bulk_receiving)                                                          \
        S(ID_FIELDS, bulk_receiving_status)                                                        \
        S(DATA, control_packet)                                                                    \
        S(DATA, bulk_packet)                                                                       \
        S(DATA, iso_packet)                                                                        \
        S(DATA, interrupt_packet)                                                                  \
        S(DATA, buffered_bulk_packet)

#define THEIRS(name) struct usb_redir_##name##_header

/* Fields, theirs from ours and back. */
#define GIVE_FIELD(packet, kind, field, needs)        theirs->field = ours->field;
#define TAKE_FIELD(packet, kind, field, needs)        ours->field = theirs->field;
#define GIVE_ARRAY(packet, kind, field, count, needs) EACH(count, theirs->field[i] = ours->field[i])
#define TAKE_ARRAY(packet, kind, field, count, needs) EACH(count, ours->field[i] = theirs->field[i])
#define EACH(count, statement)                                                                     \
        for (size_t i = 0; i < (count); i++)                                                       \
                statement;

#define CONVERT(name)                                                                              \
        static void give_##name(THEIRS(name) * theirs, const struct packet_##name *ours)           \
        {                                                                                          \
                FIELDS_##name(GIVE_FIELD, GIVE_ARRAY, name)                                        \
        }                                                                                          \
        static void take_##name(struct packet_##name *ours, const THEIRS(name) * theirs)           \
        {                                                                                          \
                FIELDS_##name(TAKE_FIELD, TAKE_ARRAY, name)                                        \
        }

static void received(struct upstream *u, enum packet_type type, uint64_t id)
{
        u->received = true;
        memset(&u->packet, 0, sizeof(u->packet));
        u->packet.type = type;
        u->packet.id = id;
        u->payload.size = 0;
}

/* A callback for each packet, by its shape. */
#define ON_NOTHING(name)                                                                           \
        static void on_##name(void *u)                                                             \
        {                                                                                          \
                received(u, PACKET_##name, 0);                                                     \
        }
#define ON_ID(name)                                                                                \
        static void on_##name(void *u, uint64_t id)                                                \
        {                                                                                          \
                received(u, PACKET_##name, id);                                                    \
        }
#define ON_FIELDS(name)                                                                            \
        CONVERT(name)                                                                              \
        static void on_##name(void *u, THEIRS(name) * fields)                                      \
        {                                                                                          \
                received(u, PACKET_##name, 0);                                                     \
                take_##name(&((struct upstream *)u)->packet.name, fields);                         \
        }
#define ON_ID_FIELDS(name)                                                                         \
        CONVERT(name)                                                                              \
        static void on_##name(void *u, uint64_t id, THEIRS(name) * fields)                         \
        {                                                                                          \
                received(u, PACKET_##name, id);                                                    \
                take_##name(&((struct upstream *)u)->packet.name, fields);                         \
        }
#define ON_DATA(name)                                                                              \
        CONVERT(name)                                                                              \
        static void on_##name(void *userdata, uint64_t id, THEIRS(name) * fields, uint8_t * data,  \
                              int size)                                                            \
        {                                                                                          \
                struct upstream *u = userdata;                                                     \
                                                                                                   \
                received(u, PACKET_##name, id);                                                    \
                take_##name(&u->packet.name, fields);                                              \
                stream_append(&u->payload, data, (size_t)size);                                    \
                usbredirparser_free_packet_data(u->parser, data);                                  \
        }
#define ON(shape, name) ON_##shape(name)
SHAPES(ON)

static void on_hello(void *userdata, struct usb_redir_hello_header *hello)
{
        struct upstream *u = userdata;

        received(u, PACKET_hello, 0);
        memcpy(u->packet.hello.version, hello->version, sizeof(hello->version));
}

static void on_device_disconnect_ack(void *u)
{
        received(u, PACKET_device_disconnect_ack, 0);
}

static void on_filter_filter(void *userdata, struct usbredirfilter_rule *rules, int count)
{
        struct upstream *u = userdata;
        char *text = usbredirfilter_rules_to_string(rules, count, ",", "|");

        CHECKED(text);
        received(u, PACKET_filter_filter, 0);
        stream_append(&u->payload, text, strlen(text) + 1);
        free(text);
        free(rules);
}

static void on_log(void *userdata, int level, const char *message)
{
        struct upstream *u = userdata;

        snprintf(u->message, sizeof(u->message), "%s", message);
}

static int on_read(void *userdata, uint8_t *data, int size)
{
        struct upstream *u = userdata;
        /* One packet at a time: behind it there seems to be nothing. */
        size_t n = u->received ? 0 : MIN((size_t)size, u->input_size);

        memcpy(data, u->input, n);
        u->input += n;
        u->input_size -= n;
        u->at += n;
        return (int)n;
}

static int on_write(void *userdata, uint8_t *data, int size)
{
        stream_append(&((struct upstream *)userdata)->output, data, (size_t)size);
        return size;
}

struct upstream *upstream_new(enum role role, uint32_t caps, const char *version)
{
        struct upstream *u = calloc(1, sizeof(*u));
        uint32_t words[USB_REDIR_CAPS_SIZE] = { 0 };

        CHECKED(u);
        u->parser = usbredirparser_create();
        CHECKED(u->parser);
        u->parser->priv = u;
        u->parser->log_func = on_log;
        u->parser->read_func = on_read;
        u->parser->write_func = on_write;
#define SET_CALLBACK(shape, name) u->parser->name##_func = on_##name;
        SHAPES(SET_CALLBACK)
        SET_CALLBACK(, hello)
        SET_CALLBACK(, filter_filter)
        SET_CALLBACK(, device_disconnect_ack)

        for (int cap = 0; cap < 8; cap++)
                if (caps & 1u << cap)
                        usbredirparser_caps_set_cap(words, cap);
        usbredirparser_init(u->parser, version, words, USB_REDIR_CAPS_SIZE,
                            role == ROLE_HOST ? usbredirparser_fl_usb_host : 0);
        CHECKED(usbredirparser_do_write(u->parser) == 0);
        return u;
}

struct upstream *upstream_free(struct upstream *u)
{
        if (!u)
                return NULL;

        usbredirparser_destroy(u->parser);
        stream_clear(&u->output);
        stream_clear(&u->payload);
        free(u);
        return NULL;
}

static void send_filter(struct upstream *u, const uint8_t *text)
{
        struct usbredirfilter_rule *rules;
        int count;

        CHECKED(usbredirfilter_string_to_rules((const char *)text, ",", "|", &rules, &count) == 0);
        usbredirparser_send_filter_filter(u->parser, rules, count);
        free(rules);
}

void upstream_send(struct upstream *u, const struct packet *packet, const uint8_t *payload,
                   size_t size)
{
        uint8_t *data = size > 0 ? (uint8_t *)payload : NULL; /* a pointer counts as data */

        u->output.size = 0;
        u->message[0] = '\0';

#define SEND_NOTHING(name) usbredirparser_send_##name(u->parser);
#define SEND_ID(name)      usbredirparser_send_##name(u->parser, packet->id);
#define SEND_FIELDS(name)                                                                          \
        THEIRS(name) fields;                                                                       \
        give_##name(&fields, &packet->name);                                                       \
        usbredirparser_send_##name(u->parser, &fields);
#define SEND_ID_FIELDS(name)                                                                       \
        THEIRS(name) fields;                                                                       \
        give_##name(&fields, &packet->name);                                                       \
        usbredirparser_send_##name(u->parser, packet->id, &fields);
#define SEND_DATA(name)                                                                            \
        THEIRS(name) fields;                                                                       \
        give_##name(&fields, &packet->name);                                                       \
        usbredirparser_send_##name(u->parser, packet->id, &fields, data, (int)size);
#define SEND(shape, name)                                                                          \
        case PACKET_##name: {                                                                      \
                SEND_##shape(name)                                                                 \
        } break;

        switch ((unsigned)packet->type) {
                SHAPES(SEND)
        case PACKET_filter_filter: send_filter(u, payload); break;
        default: CHECKED(!"a packet to send");
        }

        CHECKED(usbredirparser_do_write(u->parser) == 0);
}

bool upstream_has_no_id(uint32_t type)
{
        switch (type) {
#define NO_ID_NOTHING(name) case PACKET_##name:
#define NO_ID_FIELDS(name)  case PACKET_##name:
#define NO_ID_ID(name)
#define NO_ID_ID_FIELDS(name)
#define NO_ID_DATA(name)
#define NO_ID(shape, name) NO_ID_##shape(name)
                SHAPES(NO_ID)
        case PACKET_hello:
        case PACKET_filter_filter:
        case PACKET_device_disconnect_ack: return true;
        }

        return false;
}

void upstream_feed(struct upstream *u, const uint8_t *bytes, size_t size)
{
        CHECKED(u->input_size == 0);
        u->input = bytes;
        u->input_size = size;
        u->output.size = 0;
}

enum parser_result upstream_next(struct upstream *u)
{
        int r;

        u->received = false;
        u->message[0] = '\0';
        r = usbredirparser_do_read(u->parser);
        CHECKED(usbredirparser_do_write(u->parser) == 0);
        if (r == usbredirparser_read_parse_error)
                return PARSER_FAULT;

        CHECKED(r == 0);
        return u->received ? PARSER_PACKET : PARSER_MORE;
}

uint32_t upstream_peer_caps(const struct upstream *u)
{
        uint32_t caps = 0;

        for (int cap = 0; cap < 8; cap++)
                if (usbredirparser_peer_has_cap(u->parser, cap))
                        caps |= 1u << cap;
        return caps;
}

size_t upstream_filter_text(const uint8_t *text, struct stream *ret)
{
        struct usbredirfilter_rule *rules = NULL;
        char *written = NULL;
        int count;

        ret->size = 0;
        if (usbredirfilter_string_to_rules((const char *)text, ",", "|", &rules, &count) == 0)
                written = usbredirfilter_rules_to_string(rules, count, ",", "|");
        if (written)
                stream_append(ret, written, strlen(written) + 1);
        free(written);
        free(rules);
        return ret->size;
}
