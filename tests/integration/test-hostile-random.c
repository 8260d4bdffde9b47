/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Guests of chance, each repeatable by its seed: bytes without sense behind a good hello, packets
 * that are right but for a few bits, and packets that are right in an order that is not. The first
 * two end the session or do not; the third must get one answer for each request.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "integration/bed.h"
#include "protocol/parser.h"
#include "sanitized.h"
#include "util/bytes.h"
#include "util/macro.h"

#define SEEDS(n) (IS_SANITIZED ? (n) / 4 : (n))

/* The device's request that is not answered within the 5 s that all control requests have. */
#define VENDOR_NAK 5

static uint64_t seed_state;

static void set_seed(uint64_t seed)
{
        seed_state = (seed + 1) * UINT64_C(0x9e3779b97f4a7c15);
}

/* xorshift64*: the same numbers everywhere. */
static uint32_t random_below(uint32_t limit)
{
        seed_state ^= seed_state >> 12;
        seed_state ^= seed_state << 25;
        seed_state ^= seed_state >> 27;
        return (uint32_t)((seed_state * UINT64_C(2685821657736338717)) >> 33) % limit;
}

/* Devices to go with it: as they are, and as bad as the guest. */
static const char *const devices[] = {
        "",
        "random=1",
        "memory=100000",
        "cancel=late,latency-us=50",
        "speed=super",
        "fail=submit_transfer:NO_MEM@3x5",
        "complete=0x81:STALL@2x3,complete=0x02:ERROR@2",
};

static const uint32_t capabilities[] = { CAP_ALL, 0, CAP_64BIT_IDS,
                                         CAP_ALL & ~CAP_DEVICE_DISCONNECT_ACK };

/* Shares of usbfs memory: for all, for little at a time, for pieces of two packets. */
static const size_t shares[] = { 14u * 1024 * 1024, 20000, 4096 };

static void open_by_seed(struct bed *b, uint32_t seed)
{
        set_seed(seed);
        bed_open_memory(b, devices[seed % ELEMENTS(devices)],
                        capabilities[seed / ELEMENTS(devices) % ELEMENTS(capabilities)],
                        shares[seed % ELEMENTS(shares)]);
        guest_greet(&b->guest);
}

/* Sends the bytes in pieces, with time for the session in between. */
static void send_in_pieces(struct bed *b, const uint8_t *bytes, size_t size)
{
        while (size > 0 && !b->is_over) {
                size_t n = MIN(size, (size_t)1 + random_below(2000));

                if (!guest_send_bytes(&b->guest, bytes, n))
                        return;
                bytes += n;
                size -= n;
                bed_poll(b);
                while (guest_poll(&b->guest)) {
                }
        }
}

/* Whatever the guest sent: the end has one of these reasons, and the device is back. */
static void close_by_seed(struct bed *b, uint32_t seed)
{
        enum session_reason reason = bed_close(b);

        if (reason != REASON_PROTOCOL && reason != REASON_GUEST_LEFT &&
            reason != REASON_LINK_LOST && reason != REASON_GUEST_REJECTED)
                fail_msg("seed %u: %s", seed, session_reason_string(reason));
        report_assert_returned(&b->report, 1);
}

static void survives_bytes_without_sense(void **state)
{
        for (uint32_t seed = 0; seed < SEEDS(2000); seed++) {
                uint8_t bytes[4096];
                struct bed b;

                open_by_seed(&b, seed);
                for (size_t i = 0; i < sizeof(bytes); i++)
                        bytes[i] = (uint8_t)random_below(256);
                send_in_pieces(&b, bytes, 1 + random_below(sizeof(bytes)));
                close_by_seed(&b, seed);
        }
}

/* Headers whose types and lengths are near to what may be: they reach further in. */
static void survives_headers_that_are_almost_right(void **state)
{
        static const uint32_t lengths[] = { 0,  1,  2,  3,  4,   5,    8,    10,
                                            11, 12, 14, 64, 100, 5000, 40000 };

        for (uint32_t seed = 0; seed < SEEDS(2000); seed++) {
                static uint8_t bytes[200000];
                size_t size = 0;
                struct bed b;

                open_by_seed(&b, seed);
                for (unsigned i = 1 + random_below(20); i > 0 && size < 150000; i--) {
                        uint32_t type = random_below(4) ? random_below(28) : 100 + random_below(5);
                        uint32_t length = lengths[random_below(ELEMENTS(lengths))];
                        struct packet_header header = { .type = type, .length = length };
                        uint32_t both = parser_both(b.guest.parser);

                        /* Half of them such that the header alone is no reason to end. */
                        if (random_below(2) &&
                            packet_verify_header(&header, ROLE_GUEST, both) != PACKET_FAULT_NONE)
                                continue;
                        put_le32(bytes + size, type);
                        put_le32(bytes + size + 4, length);
                        size += 8;
                        for (uint32_t n = length + (both & CAP_64BIT_IDS ? 8 : 4); n > 0; n--)
                                bytes[size++] = (uint8_t)(random_below(3) ? 0 : random_below(256));
                }
                send_in_pieces(&b, bytes, size);
                close_by_seed(&b, seed);
        }
}

/* A packet that a guest may send, of any kind that leaves the session alive. */
static size_t random_packet(struct packet *packet)
{
        static const enum packet_type types[] = {
                PACKET_reset,
                PACKET_set_configuration,
                PACKET_get_configuration,
                PACKET_set_alt_setting,
                PACKET_get_alt_setting,
                PACKET_start_iso_stream,
                PACKET_stop_iso_stream,
                PACKET_start_interrupt_receiving,
                PACKET_stop_interrupt_receiving,
                PACKET_start_bulk_receiving,
                PACKET_stop_bulk_receiving,
                PACKET_cancel_data_packet,
                PACKET_device_disconnect_ack,
                PACKET_iso_packet,
                PACKET_control_packet,
                PACKET_bulk_packet,
                PACKET_bulk_packet,
                PACKET_bulk_packet,
                PACKET_interrupt_packet,
        };
        static const uint8_t endpoints[] = { 0x81, 0x02, 0x83, 0x84, 0x05, 0x86,
                                             0x07, 0x88, 0x89, 0x8a, 0x80, 0x00 };
        static const uint16_t lengths[] = { 0, 1, 8, 64, 300, 512, 4096, 33000 };
        uint8_t endpoint = endpoints[random_below(ELEMENTS(endpoints))];
        uint16_t length = lengths[random_below(ELEMENTS(lengths))];
        uint8_t request = (uint8_t)random_below(13);

        *packet = (struct packet){ .type = types[random_below(ELEMENTS(types))] };
        switch ((unsigned)packet->type) {
        case PACKET_set_configuration:
                packet->set_configuration.configuration = (uint8_t)random_below(4);
                return 0;
        case PACKET_set_alt_setting:
        case PACKET_get_alt_setting:
                packet->set_alt_setting.interface = (uint8_t)random_below(3);
                packet->set_alt_setting.alt = (uint8_t)random_below(4);
                return 0;
        case PACKET_start_interrupt_receiving:
        case PACKET_stop_interrupt_receiving:
                packet->start_interrupt_receiving.endpoint = endpoint | 0x80;
                return 0;
        case PACKET_start_iso_stream:
        case PACKET_stop_iso_stream:
                packet->start_iso_stream =
                        (struct packet_start_iso_stream){ endpoint, (uint8_t)random_below(34),
                                                          (uint8_t)random_below(18) };
                return 0;
        case PACKET_start_bulk_receiving:
                packet->start_bulk_receiving = (struct packet_start_bulk_receiving){
                        0, lengths[random_below(ELEMENTS(lengths))], endpoint | 0x80,
                        (uint8_t)random_below(18)
                };
                return 0;
        case PACKET_stop_bulk_receiving:
                packet->stop_bulk_receiving.endpoint = endpoint | 0x80;
                return 0;
        case PACKET_control_packet:
                packet->control_packet = (struct packet_control_packet){
                        .endpoint = endpoint & 0x80,
                        .request = request == VENDOR_NAK ? 6 : request,
                        .requesttype = (uint8_t)((endpoint & 0x80) | random_below(4) << 5 |
                                                 random_below(4)),
                        .value = (uint16_t)(random_below(4) << 8),
                        .index = endpoints[random_below(ELEMENTS(endpoints))],
                };
                length = MIN(length, (uint16_t)4096);
                break;
        case PACKET_bulk_packet: packet->bulk_packet.endpoint = endpoint; break;
        case PACKET_iso_packet: packet->iso_packet.endpoint = endpoint &= 0x0f; break;
        case PACKET_interrupt_packet: packet->interrupt_packet.endpoint = endpoint &= 0x0f; break;
        default: return 0;
        }
        packet_set_transfer_length(packet, length);
        return endpoint & 0x80 ? 0 : length;
}

/* Those that are owed an answer. */
static bool wants_answer(enum packet_type type)
{
        return type != PACKET_reset && type != PACKET_cancel_data_packet &&
               type != PACKET_device_disconnect_ack && type != PACKET_iso_packet;
}

#define PACKETS 60

/* Infos, and what streams bring. */
static bool is_unasked(const struct packet *packet, const bool *wanted)
{
        switch ((unsigned)packet->type) {
        case PACKET_interface_info:
        case PACKET_ep_info: return true;
        case PACKET_interrupt_packet: return packet->interrupt_packet.endpoint & 0x80;
        case PACKET_interrupt_receiving_status:
        case PACKET_bulk_receiving_status: return packet->id == 0;
        case PACKET_iso_stream_status: return packet->id > PACKETS || !wanted[packet->id];
        case PACKET_iso_packet:
        case PACKET_buffered_bulk_packet: return true;
        default: return false;
        }
}

/* Takes what has come. */
static void count_answers(struct bed *b, const bool *wanted, uint8_t *answers, uint32_t seed)
{
        while (guest_poll(&b->guest)) {
                uint64_t id = b->guest.packet->id;

                if (is_unasked(b->guest.packet, wanted))
                        continue;
                if (id < 1 || id > PACKETS || !wanted[id] || answers[id]++)
                        fail_msg("seed %u: unexpected %s for id %llu", seed,
                                 packet_type_string(b->guest.packet->type), (unsigned long long)id);
        }
}

/* Waits for the answers that are still owed. */
static void expect_answers(struct bed *b, const bool *wanted, uint8_t *answers, uint32_t seed)
{
        time_t end = time(NULL) + GUEST_DEADLINE_SEC;

        for (uint64_t id = 1; id <= PACKETS; id++)
                while (wanted[id] && !answers[id]) {
                        if (b->is_over || time(NULL) > end)
                                fail_msg("seed %u: id %llu has no answer", seed,
                                         (unsigned long long)id);
                        bed_turn(b);
                        count_answers(b, wanted, answers, seed);
                }
}

static void survives_packets_with_flipped_bits(void **state)
{
        static const uint8_t payload[65536];

        for (uint32_t seed = 0; seed < SEEDS(2000); seed++) {
                static uint8_t bytes[20 * (65536 + PACKET_PREFIX_MAX)];
                size_t size = 0;
                struct bed b;

                open_by_seed(&b, seed);
                for (unsigned i = 1 + random_below(20); i > 0; i--) {
                        struct packet packet;
                        size_t n = random_packet(&packet);

                        packet.id = i;
                        size += guest_encode(&b.guest, &packet, payload, n, bytes + size);
                }
                for (unsigned i = 1 + random_below(3); i > 0; i--)
                        bytes[random_below((uint32_t)size)] ^= (uint8_t)(1u << random_below(8));
                send_in_pieces(&b, bytes, size);
                close_by_seed(&b, seed);
        }
}

static void answers_each_request_in_any_order(void **state)
{
        static const uint8_t payload[65536];
        size_t requests = 0;

        for (uint32_t seed = 0; seed < SEEDS(3000); seed++) {
                bool wanted[PACKETS + 1] = { false };
                uint8_t answers[PACKETS + 1] = { 0 };
                struct bed b;

                open_by_seed(&b, seed);
                for (uint64_t id = 1; id <= PACKETS; id++) {
                        struct packet packet;
                        size_t size = random_packet(&packet);

                        /* It could not be answered. */
                        if (packet_needs(packet.type) & ~b.guest.caps)
                                continue;
                        packet.id = packet.type == PACKET_cancel_data_packet
                                            ? 1 + random_below((uint32_t)id)
                                            : id;
                        wanted[id] = wants_answer(packet.type);
                        requests += wanted[id];
                        guest_send(&b.guest, &packet, payload, size);
                        if (random_below(4) == 0)
                                bed_step(&b);
                        if (random_below(4) == 0)
                                count_answers(&b, wanted, answers, seed);
                }

                /* What the device never answers is cancelled. */
                for (uint64_t id = 1; id <= PACKETS; id++)
                        guest_cancel(&b.guest, id);
                expect_answers(&b, wanted, answers, seed);
                close_by_seed(&b, seed);
        }
        print_message("  %zu requests\n", requests);
}

int main(void)
{
        static const struct CMUnitTest tests[] = {
                cmocka_unit_test(survives_bytes_without_sense),
                cmocka_unit_test(survives_headers_that_are_almost_right),
                cmocka_unit_test(survives_packets_with_flipped_bits),
                cmocka_unit_test(answers_each_request_in_any_order),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
