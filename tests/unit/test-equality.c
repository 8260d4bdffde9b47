/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Compared with the original library: the bytes both make of a packet, what both read from them,
 * and what both refuse, for every capability set of the sender and many of the receiver. Where we
 * mean to differ, the table says why; it is complete, and no row of it is without use.
 */
#include "unit/test.h"

#include "unit/helpers.h"
#include "unit/upstream.h"

#define SEED    0x65717561
#define VERSION "equal"

/* What we do where upstream does the contrary. */
enum way { WE_REFUSE_TO_SEND, WE_SEND, WE_REFUSE_TO_TAKE, WE_TAKE };

#define NO_STREAMS "bulk streams are for those who announced them; upstream checks other needs only"

static struct difference {
        enum way way;
        enum packet_type type;
        enum packet_fault fault;
        const char *reason;
        unsigned seen;
} differences[] = {
        { WE_REFUSE_TO_SEND, PACKET_alloc_bulk_streams, PACKET_FAULT_NOT_CAPABLE, NO_STREAMS },
        { WE_REFUSE_TO_SEND, PACKET_free_bulk_streams, PACKET_FAULT_NOT_CAPABLE, NO_STREAMS },
        { WE_REFUSE_TO_SEND, PACKET_bulk_streams_status, PACKET_FAULT_NOT_CAPABLE, NO_STREAMS },
        { WE_REFUSE_TO_TAKE, PACKET_alloc_bulk_streams, PACKET_FAULT_NOT_CAPABLE, NO_STREAMS },
        { WE_REFUSE_TO_TAKE, PACKET_free_bulk_streams, PACKET_FAULT_NOT_CAPABLE, NO_STREAMS },
        { WE_REFUSE_TO_TAKE, PACKET_bulk_streams_status, PACKET_FAULT_NOT_CAPABLE, NO_STREAMS },
        { WE_REFUSE_TO_SEND, PACKET_bulk_packet, PACKET_FAULT_LENGTH,
          "a length over 65535 that the peer cannot read; upstream sends its low half" },
        { WE_REFUSE_TO_SEND, PACKET_bulk_packet, PACKET_FAULT_TRANSFER_LIMIT,
          "a length over the limit that the peer cannot read; upstream sends its low half" },
        { WE_TAKE, PACKET_filter_filter, PACKET_FAULT_NONE,
          "the parser does not read rules; upstream drops an unreadable filter" },
};

static unsigned read_back, refused_alike, sent_of[PACKET_TYPES];

/* Counts a difference that is in the table; fails for others. */
static void differ(enum way way, const struct packet *packet, enum packet_fault fault,
                   const char *message)
{
        static const char *const ways[] = { "we refuse to send", "only we send",
                                            "we refuse to take", "only we take" };

        for (size_t i = 0; i < ELEMENTS(differences); i++)
                if (differences[i].way == way && differences[i].type == packet->type &&
                    differences[i].fault == fault) {
                        differences[i].seen++;
                        return;
                }

        fail_msg("%s %s: %s; upstream: %s", ways[way], packet_type_string(packet->type),
                 packet_fault_string(fault), message);
}

/* A connection from a sender to a receiver, each in both implementations. */
struct wire {
        enum role sender;
        uint32_t caps, peer_caps, both;
        struct upstream *upstream_sender, *upstream_receiver;
        struct writer *writer;
        struct parser *parser;
        struct stream bytes; /* our writer's */
};

static void put_hello(struct wire *w)
{
        struct packet hello = { PACKET_hello, 0, .hello = { VERSION } };
        uint8_t words[CAPS_WORD];
        enum packet_fault fault;

        caps_put(words, w->caps);
        assert_int_equal(writer_put(w->writer, &hello, words, sizeof(words), NULL, &fault), 0);
        drain(w->writer, SIZE_MAX, &w->bytes);
}

/* Capabilities as the original library announces them: a guest always acknowledges. */
static uint32_t announced(enum role role, uint32_t caps)
{
        return caps_consistent(role == ROLE_GUEST ? caps | CAP_DEVICE_DISCONNECT_ACK : caps);
}

static void wire_open(struct wire *w, enum role sender, uint32_t caps, uint32_t peer_caps)
{
        enum packet_fault fault;
        struct parsed parsed;

        *w = (struct wire){
                .sender = sender,
                .caps = announced(sender, caps),
                .peer_caps = announced(other_role(sender), peer_caps),
        };
        w->both = caps_consistent(w->caps & w->peer_caps);
        w->upstream_sender = upstream_new(sender, caps, VERSION);
        w->upstream_receiver = upstream_new(other_role(sender), peer_caps, VERSION);
        assert_int_equal(writer_new(&w->writer, sender, w->caps, 2, NULL, NULL), 0);
        assert_int_equal(parser_new(&w->parser, other_role(sender), w->peer_caps, NULL, NULL, NULL),
                         0);

        /* The hellos are the first that must be equal. */
        put_hello(w);
        assert_int_equal(w->bytes.size, w->upstream_sender->output.size);
        assert_memory_equal(w->bytes.data, w->upstream_sender->output.data, w->bytes.size);
        writer_set_peer_caps(w->writer, w->peer_caps);

        feed(w->parser, w->upstream_sender->output.data, w->upstream_sender->output.size);
        assert_int_equal(parser_next(w->parser, &parsed, &fault), PARSER_PACKET);
        assert_string_equal(parsed.packet->hello.version, VERSION);
        assert_int_equal(parser_peer_caps(w->parser), w->caps);

        upstream_feed(w->upstream_sender, w->upstream_receiver->output.data,
                      w->upstream_receiver->output.size);
        upstream_feed(w->upstream_receiver, w->bytes.data, w->bytes.size);
        assert_int_equal(w->upstream_receiver->received, 1);
        assert_string_equal(w->upstream_receiver->packet.hello.version, VERSION);
        sent_of[PACKET_hello]++;
        read_back++;
}

static void wire_close(struct wire *w)
{
        upstream_free(w->upstream_sender);
        upstream_free(w->upstream_receiver);
        writer_free(w->writer);
        parser_free(w->parser);
        stream_clear(&w->bytes);
}

/* Both send; the bytes must be equal, or none. */
static void compare_sending(struct wire *w, const struct packet *packet, const uint8_t *payload,
                            size_t size)
{
        struct upstream *u = w->upstream_sender;
        enum packet_fault fault = PACKET_FAULT_NONE;
        int r;

        w->bytes.size = 0;
        r = writer_put(w->writer, packet, payload, size, NULL, &fault);
        drain(w->writer, SIZE_MAX, &w->bytes);

        if (packet->type == PACKET_device_disconnect_ack) {
                struct stream gone = { 0 };

                stream_append_packet(&gone, &(struct packet){ PACKET_device_disconnect }, NULL, 0,
                                     w->both);
                upstream_feed(u, gone.data, gone.size);
                stream_clear(&gone);
        } else {
                upstream_send(u, packet, payload, size);
        }

        if (r < 0 && u->output.size == 0)
                refused_alike++;
        else if (r < 0)
                differ(WE_REFUSE_TO_SEND, packet, fault, u->message);
        else if (u->output.size == 0)
                differ(WE_SEND, packet, fault, u->message);
        else if (u->output.size != w->bytes.size ||
                 memcmp(u->output.data, w->bytes.data, w->bytes.size) != 0)
                fail_msg("%s: other bytes, caps %02x and %02x", packet_type_string(packet->type),
                         w->caps, w->peer_caps);
        else
                sent_of[packet->type]++;
}

/* Both read the bytes; both must see the same packet, or none. */
static void compare_receiving(struct wire *w, const struct packet *packet, const uint8_t *payload,
                              size_t size)
{
        struct upstream *u = w->upstream_receiver;
        struct packet want = on_the_wire(packet, w->both);
        enum packet_fault fault = PACKET_FAULT_NONE;
        enum parser_result r;
        struct parsed parsed;

        w->bytes.size = 0;
        stream_append_packet(&w->bytes, packet, payload, size, w->both);
        upstream_feed(u, w->bytes.data, w->bytes.size);
        assert_int_equal(feed(w->parser, w->bytes.data, w->bytes.size), w->bytes.size);
        r = parser_next(w->parser, &parsed, &fault);

        if (r == PARSER_FAULT && u->received == 0) {
                refused_alike++;
        } else if (r == PARSER_FAULT) {
                differ(WE_REFUSE_TO_TAKE, packet, fault, u->message);
        } else if (u->received == 0) {
                differ(WE_TAKE, packet, fault, u->message);
        } else {
                /* Upstream leaves what was not on the wire as it was. */
                struct packet theirs = on_the_wire(&u->packet, w->both);

                if (packet_difference(parsed.packet, &want) || packet_difference(&theirs, &want))
                        fail_msg("%s: other fields, caps %02x and %02x",
                                 packet_type_string(packet->type), w->caps, w->peer_caps);
                assert_int_equal(parsed.payload_size, size);
                assert_int_equal(u->payload.size, size);
                if (size > 0) {
                        assert_memory_equal(parsed.payload, payload, size);
                        assert_memory_equal(u->payload.data, payload, size);
                }
                read_back++;
        }
        assert_int_equal(parser_next(w->parser, &parsed, &fault), PARSER_MORE);
}

/*
 * Makes one thing wrong with a packet, perhaps. Returns whether upstream's functions can still be
 * asked to send it.
 */
static bool spoil(uint64_t *seed, struct packet *packet, uint8_t *payload, size_t *size)
{
        bool has_data = packet_payload_kind(packet->type) == PAYLOAD_TRANSFER;
        uint32_t length = packet_transfer_length(packet);
        uint8_t endpoint = 0;

        packet_endpoint(packet, &endpoint);
        switch (random_u32(seed) % 7) {
        case 0: set_endpoint(packet, endpoint ^ 0x80); return true;
        case 1: packet_set_transfer_length(packet, length + 1); return true;
        case 2: packet_set_transfer_length(packet, length + 0x10000); return true;
        case 3:
                packet_set_transfer_length(packet, length + TRANSFER_SIZE_MAX + 1);
                if (packet->type == PACKET_interface_info)
                        packet->interface_info.interface_count += USBREDIR_INTERFACES;
                if (packet->type == PACKET_start_bulk_receiving)
                        packet->start_bulk_receiving.bytes_per_transfer += TRANSFER_SIZE_MAX;
                return true;
        case 4: payload[(*size)++] = 'A'; return has_data;
        case 5: payload[0] = 'x'; return has_data;
        default: *size -= *size > 0; return has_data;
        }
}

/* A filter as upstream writes it, in bytes with the terminator. */
static size_t random_filter(uint64_t *seed, uint8_t *text)
{
        size_t rules = 1 + random_u32(seed) % 4, n = 0;

        for (size_t i = 0; i < rules; i++)
                n += (size_t)sprintf((char *)text + n, "%s0x%02x,-1,0x%04x,-1,%u", i ? "|" : "",
                                     random_u32(seed) & 0xff, random_u32(seed) & 0xffff,
                                     random_u32(seed) & 1);
        return n + 1;
}

/* Often none, mostly short, now and then more than 16 bits can say. */
static size_t random_payload_size(uint64_t *seed)
{
        uint32_t choice = random_u32(seed) % 1024;

        return choice == 0 ? 70000 : choice < 256 ? 0 : random_u32(seed) % 400;
}

static bool has_no_id(enum packet_type type)
{
        return type <= PACKET_ep_info || type == PACKET_filter_reject ||
               type == PACKET_filter_filter || type == PACKET_device_disconnect_ack;
}

static void compare_all_packets(struct wire *w, uint64_t *seed)
{
        for (unsigned type = next_packet(0); type < PACKET_TYPES; type = next_packet(type)) {
                size_t size, wanted = random_payload_size(seed);
                struct packet packet;
                static uint8_t payload[80000];

                if (!random_packet(seed, type, w->sender, w->both, wanted, &packet, &size))
                        continue;
                if (has_no_id(packet.type))
                        packet.id = 0;
                random_bytes(seed, payload, size);
                if (type == PACKET_filter_filter)
                        size = random_filter(seed, payload);

                compare_sending(w, &packet, payload, size);
                compare_receiving(w, &packet, payload, size);
                if (spoil(seed, &packet, payload, &size))
                        compare_sending(w, &packet, payload, size);
                compare_receiving(w, &packet, payload, size);
        }
}

static void all_packets_are_equal_for_all_capabilities(void **state)
{
        static const uint8_t peers[] = {
                0x00, 0xff, 0x01, 0x02, 0x04, 0x08, 0x10, 0x20, 0x40, 0x80,
                0x11, 0xfe, 0xfd, 0xfb, 0xf7, 0xef, 0xdf, 0xbf, 0x7f, 0x38
        };
        static const size_t random_peers = 12;
        uint64_t seed = SEED;
        unsigned sent = 0;

        for (enum role sender = ROLE_HOST; sender <= ROLE_GUEST; sender++)
                for (uint32_t caps = 0; caps <= CAP_ALL; caps++)
                        for (size_t i = 0; i < ELEMENTS(peers) + random_peers; i++) {
                                struct wire w;

                                wire_open(&w, sender, caps,
                                          i < ELEMENTS(peers) ? peers[i]
                                                              : random_u32(&seed) & CAP_ALL);
                                compare_all_packets(&w, &seed);
                                wire_close(&w);
                        }

        for (unsigned type = 0; type < PACKET_TYPES; type = next_packet(type)) {
                assert_true(sent_of[type] > 100);
                sent += sent_of[type];
        }
        printf("equal to upstream: %u packets sent, %u received, %u refused by both\n", sent,
               read_back, refused_alike);
        for (size_t i = 0; i < ELEMENTS(differences); i++) {
                printf("differs %u times, %s: %s\n", differences[i].seen,
                       packet_type_string(differences[i].type), differences[i].reason);
                assert_true(differences[i].seen > 0);
        }
        assert_true(sent > 100000 && read_back > 100000 && refused_alike > 100000);
}

int main(void)
{
        static const struct CMUnitTest tests[] = {
                cmocka_unit_test(all_packets_are_equal_for_all_capabilities),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
