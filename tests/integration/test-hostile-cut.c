/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A conversation that asks for everything a guest may ask, cut at every byte: the guest is gone
 * there, or closes only its sending side there, or lives on and sends byte by byte. Wherever the
 * cut is, the device goes back.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include <cmocka.h>

#include "integration/bed.h"
#include "protocol/parser.h"
#include "util/macro.h"

/* All requests, small; data longer than the parser's buffer is cut elsewhere. */
/* Its interrupt endpoint has little to say while the conversation lasts. */
#define DEVICE "rate=1"

/* What every packet carries is a filter that allows the device. */
#define FILTER "-1,-1,-1,-1,1"

static const struct {
        struct packet packet;
        size_t size;
} conversation[] = {
        { { .type = PACKET_reset }, 0 },
        { { .type = PACKET_get_configuration, .id = 1 }, 0 },
        { { .type = PACKET_filter_filter }, sizeof(FILTER) },
        { { .type = PACKET_control_packet,
            .id = 2,
            .control_packet = { .endpoint = 0x80,
                                .request = 6,
                                .requesttype = 0x80,
                                .value = 0x0100,
                                .length = 18 } },
          0 },
        { { .type = PACKET_bulk_packet,
            .id = 3,
            .bulk_packet = { .endpoint = 0x83, .length = 512 } },
          0 },
        { { .type = PACKET_bulk_packet,
            .id = 4,
            .bulk_packet = { .endpoint = 0x81, .length = 512 } },
          0 },
        { { .type = PACKET_bulk_packet,
            .id = 5,
            .bulk_packet = { .endpoint = 0x02, .length = 40 } },
          40 },
        { { .type = PACKET_interrupt_packet,
            .id = 6,
            .interrupt_packet = { .endpoint = 0x05, .length = 16 } },
          16 },
        { { .type = PACKET_control_packet,
            .id = 7,
            .control_packet = { .request = 2, .requesttype = 0x40, .length = 20 } },
          20 },
        { { .type = PACKET_cancel_data_packet, .id = 3 }, 0 },
        { { .type = PACKET_bulk_packet,
            .id = 8,
            .bulk_packet = { .endpoint = 0x83, .length = 512 } },
          0 },
        { { .type = PACKET_set_alt_setting, .id = 9, .set_alt_setting = { 1, 1 } }, 0 },
        { { .type = PACKET_get_alt_setting, .id = 10, .get_alt_setting.interface = 1 }, 0 },
        { { .type = PACKET_start_iso_stream, .start_iso_stream = { 0x86, 8, 2 } }, 0 },
        { { .type = PACKET_stop_iso_stream, .stop_iso_stream.endpoint = 0x86 }, 0 },
        { { .type = PACKET_iso_packet, .iso_packet = { .endpoint = 0x07, .length = 8 } }, 8 },
        { { .type = PACKET_start_interrupt_receiving, .start_interrupt_receiving.endpoint = 0x84 },
          0 },
        { { .type = PACKET_stop_interrupt_receiving, .stop_interrupt_receiving.endpoint = 0x84 },
          0 },
        { { .type = PACKET_device_disconnect_ack }, 0 },
        { { .type = PACKET_bulk_packet,
            .id = 11,
            .bulk_packet = { .endpoint = 0x81, .length = 300 } },
          0 },
        { { .type = PACKET_set_configuration, .id = 12, .set_configuration.configuration = 2 }, 0 },
        { { .type = PACKET_bulk_packet,
            .id = 13,
            .bulk_packet = { .endpoint = 0x81, .length = 300 } },
          0 },
};

/* How many packets answer it; the infos come twice, with the alt setting and the configuration. */
#define ANSWERS 22

struct recording {
        uint8_t bytes[4096];
        size_t size, hello;
        bool ends[4096]; /* is the end of a packet */
};

/* The bytes of the conversation, by a guest whose ids have 32 bits: the same before and after. */
static void record(struct recording *r)
{
        static const uint8_t payload[64] = FILTER;
        struct packet hello = { .type = PACKET_hello };
        struct bed b;

        *r = (struct recording){ 0 };
        bed_open(&b, DEVICE, CAP_DEVICE_DISCONNECT_ACK);
        r->size = r->hello =
                guest_encode(&b.guest, &hello, (const uint8_t[4]){ b.guest.caps }, 4, r->bytes);
        r->ends[0] = r->ends[r->size] = true;
        for (size_t i = 0; i < ELEMENTS(conversation); i++) {
                r->size += guest_encode(&b.guest, &conversation[i].packet, payload,
                                        conversation[i].size, r->bytes + r->size);
                r->ends[r->size] = true;
        }
        guest_expect(&b.guest, PACKET_hello);
        bed_close_returned(&b, REASON_GUEST_LEFT);
}

/* Says hello and waits for the offer, so that the rest is served and not refused. */
static void begin(struct bed *b, const struct recording *r)
{
        bed_open(b, DEVICE, CAP_DEVICE_DISCONNECT_ACK);
        guest_send_bytes(&b->guest, r->bytes, r->hello);
        guest_expect_later(&b->guest, PACKET_device_connect);
}

static void gives_the_device_back_wherever_the_guest_is_gone(void **state)
{
        struct recording r;

        record(&r);
        for (size_t n = 0; n <= r.size; n++) {
                enum session_reason reason;
                struct bed b;

                if (n < r.hello)
                        bed_open(&b, DEVICE, CAP_DEVICE_DISCONNECT_ACK);
                else
                        begin(&b, &r);
                guest_send_bytes(&b.guest, r.bytes + (n < r.hello ? 0 : r.hello),
                                 n < r.hello ? n : n - r.hello);
                reason = bed_close(&b);
                assert_true(reason == REASON_GUEST_LEFT || reason == REASON_LINK_LOST);
                report_assert_returned(&b.report, 1);
        }
        print_message("  %zu bytes\n", r.size);
}

/* With all that was answered read, the end of file says whether it cut a packet. */
static void tells_a_cut_packet_from_an_orderly_end(void **state)
{
        struct recording r;

        record(&r);
        for (size_t n = 0; n <= r.size; n++) {
                struct bed b;

                if (n < r.hello)
                        bed_open(&b, DEVICE, CAP_DEVICE_DISCONNECT_ACK);
                else
                        begin(&b, &r);
                guest_send_bytes(&b.guest, r.bytes + (n < r.hello ? 0 : r.hello),
                                 n < r.hello ? n : n - r.hello);
                assert_int_equal(shutdown(b.guest.fd, SHUT_WR), 0);
                guest_expect_over(&b.guest);
                bed_close_returned(&b, r.ends[n] ? REASON_GUEST_LEFT : REASON_LINK_LOST);
        }
}

static void gives_the_device_back_wherever_the_guest_is_gone_after_its_answers(void **state)
{
        struct recording r;

        /* The device has had its time: the requests before the cut are done. */
        record(&r);
        for (size_t n = r.hello; n <= r.size; n++) {
                struct bed b;

                begin(&b, &r);
                guest_send_bytes(&b.guest, r.bytes + r.hello, n - r.hello);
                for (int i = 0; i < 3; i++) {
                        bed_poll(&b);
                        while (guest_poll(&b.guest)) {
                        }
                }
                bed_close_returned(&b, r.ends[n] ? REASON_GUEST_LEFT : REASON_LINK_LOST);
        }
}

static void serves_a_guest_that_sends_byte_by_byte(void **state)
{
        struct recording r;
        struct bed b;

        record(&r);
        begin(&b, &r);
        for (size_t n = r.hello; n < r.size; n++) {
                assert_int_equal(guest_send_some(&b.guest, r.bytes + n, 1), 1);
                bed_poll(&b);
        }
        for (size_t i = 0; i < ANSWERS; i++)
                do
                        assert_true(guest_receive(&b.guest));
                while (b.guest.packet->type == PACKET_iso_packet ||
                       (b.guest.packet->type == PACKET_interrupt_packet &&
                        b.guest.packet->interrupt_packet.endpoint & 0x80));
        assert_int_equal(b.guest.packet->id, 13);
        assert_int_equal(guest_status(b.guest.packet), STATUS_success);
        bed_close_returned(&b, REASON_GUEST_LEFT);
        print_message("  %zu bytes, one at a time: %u answers\n", r.size - r.hello, ANSWERS);
}

/* A long OUT transfer, cut within its data: on its way into a transfer that is never submitted. */
static void frees_a_transfer_whose_data_never_comes_whole(void **state)
{
        static const uint32_t lengths[] = { 32768, 65536, 131072, 1024 * 1024, 16 * 1024 * 1024 };
        static const size_t sent[] = { 0, 1, 100, 32767, 70000, 140000 };
        static uint8_t payload[140000];

        for (size_t i = 0; i < ELEMENTS(lengths); i++)
                for (size_t j = 0; j < ELEMENTS(sent); j++) {
                        struct packet packet = { .type = PACKET_bulk_packet, .id = 1 };
                        uint8_t bytes[PACKET_PREFIX_MAX];
                        struct bed b;
                        size_t n;

                        bed_open_greeted(&b, "");
                        packet.bulk_packet.endpoint = 0x02;
                        packet_set_transfer_length(&packet, lengths[i]);
                        n = packet_put(bytes, &packet, lengths[i], parser_both(b.guest.parser));
                        guest_send_bytes(&b.guest, bytes, n);
                        guest_send_bytes(&b.guest, payload, MIN(sent[j], (size_t)lengths[i] - 1));
                        for (int k = 0; k < 3; k++)
                                bed_poll(&b);
                        bed_close_returned(&b, REASON_LINK_LOST);
                        assert_int_equal(report_value(&b.report, "bytes-out"), 0);
                }
}

int main(void)
{
        static const struct CMUnitTest tests[] = {
                cmocka_unit_test(gives_the_device_back_wherever_the_guest_is_gone),
                cmocka_unit_test(tells_a_cut_packet_from_an_orderly_end),
                cmocka_unit_test(
                        gives_the_device_back_wherever_the_guest_is_gone_after_its_answers),
                cmocka_unit_test(serves_a_guest_that_sends_byte_by_byte),
                cmocka_unit_test(frees_a_transfer_whose_data_never_comes_whole),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
