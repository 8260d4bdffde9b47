/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Compared with the original library: the bytes both make of a packet, what both read from bytes,
 * and what both refuse, for every pair of capability sets and both senders. Another run:
 * EQUALITY_SEED=number.
 */
#include "unit/test.h"

#include "unit/conversation.h"
#include "unit/differences.h"
#include "unit/wire.h"

#define SEED 0x65717561

/* Which addresses were in a packet that was compared. */
static bool endpoints_seen[PACKET_TYPES][256];

/*
 * Makes one thing wrong with a packet, perhaps. Returns whether upstream's functions can still be
 * asked to send it.
 */
static bool spoil(uint64_t *seed, struct packet *packet, uint8_t *payload, size_t *size)
{
        bool has_data = packet_payload_kind(packet->type) == PAYLOAD_TRANSFER;
        uint32_t length = packet_transfer_length(packet), past = random_u32(seed) % 2;
        uint8_t endpoint = 0;

        packet_endpoint(packet, &endpoint);
        switch (random_u32(seed) % 7) {
        case 0: set_endpoint(packet, endpoint ^ 0x80); return true;
        case 1: packet_set_transfer_length(packet, length + 1); return true;
        case 2: packet_set_transfer_length(packet, length + 0x10000); return true;
        case 3: /* at a limit, or past it */
                packet_set_transfer_length(packet, TRANSFER_SIZE_MAX + past);
                if (packet->type == PACKET_interface_info)
                        packet->interface_info.interface_count = USBREDIR_INTERFACES + past;
                if (packet->type == PACKET_start_bulk_receiving)
                        packet->start_bulk_receiving.bytes_per_transfer = TRANSFER_SIZE_MAX + past;
                return true;
        case 4: payload[(*size)++] = 'A'; return has_data;
        case 5: payload[0] = 'x'; return has_data;
        default: *size -= *size > 0; return has_data;
        }
}

/* Changes what was said last: another type, a longer or a shorter packet, any byte. */
static void spoil_bytes(uint64_t *seed, struct conversation *c)
{
        static const uint8_t more[8];
        struct utterance *u = &c->list[c->count - 1];
        uint8_t *bytes = c->bytes.data + u->begin;
        size_t header = packet_header_size(get_le32(bytes), c->both), size = u->end - u->begin;
        uint32_t random = random_u32(seed), n = 1 + random_u32(seed) % sizeof(more);

        switch (random % 4) {
        case 0: put_le32(bytes, 1 + random_u32(seed) % (PACKET_TYPES + 20)); break;
        case 1:
                put_le32(bytes + 4, get_le32(bytes + 4) + n);
                stream_append(&c->bytes, more, n);
                size += n;
                break;
        case 2:
                n = MIN(n, (uint32_t)(size - header));
                put_le32(bytes + 4, get_le32(bytes + 4) - n);
                size -= n;
                break;
        case 3:
                if (size > header)
                        bytes[header + random_u32(seed) % (size - header)] ^= 1u << random % 8;
                break;
        }
        conversation_spoil(c, u->begin + size);
}

/* A filter as upstream writes it, in bytes with the terminator. */
static size_t random_filter(uint64_t *seed, uint8_t *text)
{
        size_t rules = 1 + random_u32(seed) % 4, n = 0;

        for (size_t i = 0; i < rules; i++) {
                uint32_t random = random_u32(seed);

                n += (size_t)sprintf((char *)text + n, "%s0x%02x,-1,0x%04x,-1,%u", i ? "|" : "",
                                     random & 0xff, random >> 8 & 0xffff, random >> 31);
        }
        return n + 1;
}

/* Often none, mostly short, now and then more than 16 bits can say. */
static size_t random_payload_size(uint64_t *seed)
{
        uint32_t choice = random_u32(seed) % 4096;

        return choice == 0 ? 70000 : choice < 1024 ? 0 : random_u32(seed) % 300;
}

/* A packet that the sender may send, or that only its peer may. */
static void any_packet(uint64_t *seed, unsigned type, const struct wire *w, struct packet *packet,
                       uint8_t *payload, size_t *size)
{
        size_t wanted = random_payload_size(seed);

        if (!random_packet(seed, type, w->sender, w->both, wanted, packet, size))
                random_packet(seed, type, other_role(w->sender), w->both, wanted, packet, size);
        random_bytes(seed, &packet->id, sizeof(packet->id));
        random_bytes(seed, payload, *size);
        if (type == PACKET_filter_filter)
                *size = random_filter(seed, payload);
}

/* Upstream has no id for some; it sends 0. */
static struct packet as_sent(const struct packet *packet)
{
        struct packet p = *packet;

        if (upstream_has_no_id(p.type))
                p.id = 0;
        return p;
}

static void say(struct conversation *c, const struct packet *packet, const uint8_t *payload,
                size_t size)
{
        uint8_t endpoint;

        if (packet_endpoint(packet, &endpoint) >= 0)
                endpoints_seen[packet->type][endpoint] = true;
        conversation_say(c, packet, payload, size);
}

/* Each packet is sent by both; then it is said, as it should be and otherwise. */
static void converse(struct wire *w, struct conversation *c, uint64_t *seed)
{
        static uint8_t payload[80000];

        for (unsigned type = next_packet(0); type < PACKET_TYPES; type = next_packet(type)) {
                struct packet packet, sent;
                size_t size;

                any_packet(seed, type, w, &packet, payload, &size);
                sent = as_sent(&packet);
                wire_send(w, &sent, payload, size);
                say(c, &packet, payload, size);

                if (spoil(seed, &packet, payload, &size)) {
                        sent = as_sent(&packet);
                        wire_send(w, &sent, payload, size);
                }
                say(c, &packet, payload, size);
                if (random_u32(seed) % 4 == 0)
                        spoil_bytes(seed, c);
        }
}

/* How a conversation ends: with bytes behind which each may go on elsewhere, or do nothing. */
static void end(struct conversation *c, uint64_t *seed)
{
        static const uint32_t lengths[] = { PACKET_LENGTH_MAX + 1, 0x7fffffff, 0x80000000,
                                            0xffffffff };
        struct packet packet = { PACKET_bulk_packet, 1, .bulk_packet = { 0x81 } };
        static const uint8_t caps[CAPS_WORD];
        size_t header = packet_header_size(packet.type, c->both), size;
        uint32_t length = lengths[random_u32(seed) % ELEMENTS(lengths)];

        /* The longest that is right is seldom: upstream takes memory for it at once. */
        if (random_u32(seed) % 512 == 0)
                length = PACKET_LENGTH_MAX;

        switch (random_u32(seed) % 4) {
        case 0: return;
        case 1: /* too long a packet, or just not */
                conversation_say(c, &packet, NULL, 0);
                put_le32(c->bytes.data + c->list[c->count - 1].begin + 4, length);
                conversation_spoil(c, c->list[c->count - 1].begin + header);
                return;
        case 2: /* cut off */
                random_packet(seed, PACKET_bulk_packet, c->sender, c->both, 0, &packet, &size);
                conversation_say(c, &packet, NULL, 0);
                conversation_spoil(c, c->bytes.size - 1 - random_u32(seed) % 8);
                return;
        case 3: conversation_say(c, &(struct packet){ PACKET_hello }, caps, sizeof(caps)); return;
        }
}

/* Mostly a hello like the sender's own; others have more or fewer capabilities, or are none. */
static void begin(struct conversation *c, const struct wire *w, uint64_t *seed, bool *ret_good)
{
        struct packet hello = { PACKET_hello, 0, .hello = { WIRE_VERSION } };
        uint8_t words[4 * CAPS_WORD];
        size_t size = CAPS_WORD;

        *ret_good = true;
        random_bytes(seed, words, sizeof(words));
        caps_put(words, w->caps);

        switch (random_u32(seed) % 64) {
        case 0: return;
        case 1: random_bytes(seed, hello.hello.version, sizeof(hello.hello.version)); break;
        case 2: size = random_u32(seed) % 5 * CAPS_WORD; break;
        case 3: random_bytes(seed, words, CAPS_WORD); break;
        case 4:
                size = random_u32(seed) % sizeof(words);
                *ret_good = size % CAPS_WORD == 0;
                break;
        case 5:
                *ret_good = false;
                conversation_say(c, &hello, words, size);
                c->bytes.data[4] = (uint8_t)(random_u32(seed) % USBREDIR_VERSION_SIZE);
                conversation_spoil(c, 12 + (size_t)c->bytes.data[4]);
                return;
        }
        conversation_say(c, &hello, words, size);
}

static void compare_pair(enum role sender, uint32_t caps, uint32_t peer_caps, uint64_t *seed)
{
        static struct conversation c;
        static struct wire w;
        struct upstream *receiver = upstream_new(other_role(sender), peer_caps, WIRE_VERSION);
        bool good;

        wire_open(&w, sender, caps, peer_caps);
        wire_greet(&w, receiver);
        conversation_start(&c, sender, w.peer_caps);
        begin(&c, &w, seed, &good);
        if (good) {
                converse(&w, &c, seed);
                if (c.list[0].packet.type == PACKET_hello)
                        end(&c, seed);
        }
        conversation_compare(&c, receiver, seed);

        wire_close(&w);
        upstream_free(receiver);
}

static uint64_t seed_of_run(void)
{
        const char *text = getenv("EQUALITY_SEED");
        uint64_t seed = text ? strtoull(text, NULL, 0) : 0;

        if (seed == 0)
                seed = SEED;
        printf("EQUALITY_SEED=0x%llx\n", (unsigned long long)seed);
        return seed;
}

static void all_packets_are_equal_for_all_pairs_of_capabilities(void **state)
{
        uint64_t seed = seed_of_run();
        unsigned pairs = 0;

        for (enum role sender = ROLE_HOST; sender <= ROLE_GUEST; sender++)
                for (uint32_t caps = 0; caps <= CAP_ALL; caps++)
                        for (uint32_t peer_caps = 0; peer_caps <= CAP_ALL; peer_caps++, pairs++)
                                compare_pair(sender, caps, peer_caps, &seed);
        printf("pairs of capabilities, each with all packets: %u\n", pairs);

        for (unsigned type = 0; type < PACKET_TYPES; type = next_packet(type)) {
                struct packet packet = { (enum packet_type)type };
                uint8_t endpoint;

                assert_true(wire_sent[type] > 1000);
                for (size_t i = 0; packet_endpoint(&packet, &endpoint) >= 0 && i < 256; i++)
                        assert_true(endpoints_seen[type][i]);
        }
}

static void only_upstream_sends_before_the_hello_of_the_peer(void **state)
{
        static uint8_t payload[80000];
        uint64_t seed = SEED;
        struct wire w = { 0 };

        for (enum role sender = ROLE_HOST; sender <= ROLE_GUEST; sender++)
                for (unsigned type = next_packet(0); type < PACKET_TYPES;
                     type = next_packet(type)) {
                        struct packet packet;
                        size_t size;

                        if (type == PACKET_device_disconnect_ack)
                                continue;
                        wire_open(&w, sender, CAP_ALL, CAP_ALL);
                        any_packet(&seed, type, &w, &packet, payload, &size);
                        wire_send(&w, &packet, payload, size);
                        wire_close(&w);
                }
        stream_clear(&w.bytes);
}

/* A transfer of that size is offered to both guests, with its data or in part. */
static void compare_long_transfer(size_t size)
{
        static const uint8_t zeros[1024 * 1024];
        struct packet packet = { PACKET_bulk_packet, 1, .bulk_packet = { 0x81 } };
        struct upstream *u = upstream_new(ROLE_GUEST, CAP_ALL, WIRE_VERSION);
        uint8_t prefix[PACKET_PREFIX_MAX], hello[HELLO_SIZE];
        enum packet_fault fault = PACKET_FAULT_NONE;
        enum parser_result r;
        struct parsed parsed;
        struct parser *p;
        size_t n;

        packet_set_transfer_length(&packet, (uint32_t)size);
        n = packet_put(prefix, &packet, size, CAP_ALL);

        assert_int_equal(parser_new(&p, ROLE_GUEST, CAP_ALL, NULL, NULL, NULL), 0);
        feed_hello(p, CAP_ALL);
        feed(p, prefix, n);
        r = parser_next(p, &parsed, &fault);
        assert_true(r == PARSER_FAULT || parsed.payload_size == size);
        parser_free(p);

        upstream_feed(u, hello, hello_bytes(hello, CAP_ALL));
        assert_int_equal(upstream_next(u), PARSER_PACKET);
        upstream_feed(u, prefix, n);
        for (size_t done = 0, part; (r = upstream_next(u)) == PARSER_MORE; done += part) {
                part = MIN(sizeof(zeros), size - done);
                assert_true(part > 0);
                upstream_feed(u, zeros, part);
        }
        differences_judge(DEED_TAKE, packet.type, fault,
                          r == PARSER_PACKET ? VERDICT_GOOD : VERDICT_BAD, u->message);
        assert_int_equal(fault, size > TRANSFER_SIZE_MAX ? PACKET_FAULT_TRANSFER_LIMIT : 0);
        upstream_free(u);
}

static void the_longest_transfers_are_equal(void **state)
{
        compare_long_transfer(TRANSFER_SIZE_MAX);
        compare_long_transfer(TRANSFER_SIZE_MAX + 1);
}

static void all_differences_were_seen(void **state)
{
        differences_report();
}

int main(void)
{
        static const struct CMUnitTest tests[] = {
                cmocka_unit_test(all_packets_are_equal_for_all_pairs_of_capabilities),
                cmocka_unit_test(only_upstream_sends_before_the_hello_of_the_peer),
                cmocka_unit_test(the_longest_transfers_are_equal),
                cmocka_unit_test(all_differences_were_seen),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
