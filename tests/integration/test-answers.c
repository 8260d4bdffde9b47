/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * One answer for every request, and none for what was no request: cancels, ids used twice, devices
 * that cancel late or never, and memory that runs out at every place where it is asked for.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "integration/bed.h"
#include "util/macro.h"

/* Endpoints of the fake device, and its request that is never answered. */
enum { BULK_IN = 0x81, BULK_OUT = 0x02, NAK_IN = 0x83, VENDOR_NAK = 5 };

static void expect_status(struct guest *g, enum packet_type type, uint64_t id, uint8_t status)
{
        guest_expect_id(g, type, id);
        assert_int_equal(guest_status(g->packet), status);
        assert_int_equal(packet_transfer_length(g->packet), g->payload_size);
}

static void answers_a_cancelled_request_at_once(void **state)
{
        static const char *const options[] = { "", "cancel=late,latency-us=20000",
                                               "cancel=normal" };

        for (size_t i = 0; i < ELEMENTS(options); i++) {
                struct bed b;
                uint64_t id;

                bed_open_greeted(&b, options[i]);
                id = guest_bulk(&b.guest, NAK_IN, 512, NULL);
                guest_expect_quiet(&b.guest);
                guest_cancel(&b.guest, id);
                expect_status(&b.guest, PACKET_bulk_packet, id, STATUS_cancelled);
                guest_expect_quiet(&b.guest);
                bed_close_returned(&b, REASON_GUEST_LEFT);
        }
}

static void answers_a_cancelled_control_request_as_it_was_asked(void **state)
{
        struct bed b;
        uint64_t id;

        bed_open_greeted(&b, "");
        id = guest_control(&b.guest, 0xc0, VENDOR_NAK, 0x1234, 0x5678, 99, NULL);
        guest_cancel(&b.guest, id);
        expect_status(&b.guest, PACKET_control_packet, id, STATUS_cancelled);
        assert_int_equal(b.guest.packet->control_packet.request, VENDOR_NAK);
        assert_int_equal(b.guest.packet->control_packet.requesttype, 0xc0);
        assert_int_equal(b.guest.packet->control_packet.value, 0x1234);
        assert_int_equal(b.guest.packet->control_packet.index, 0x5678);
        guest_expect_quiet(&b.guest);
        bed_close_returned(&b, REASON_GUEST_LEFT);
}

/* What completes in spite of the cancel has been answered already. */
static void swallows_what_completes_after_its_cancel(void **state)
{
        struct bed b;
        uint64_t id;

        bed_open_greeted(&b, "cancel=late,latency-us=5000");
        for (size_t i = 0; i < 20; i++) {
                id = guest_bulk(&b.guest, BULK_IN, 512, NULL);
                guest_cancel(&b.guest, id);
                expect_status(&b.guest, PACKET_bulk_packet, id, STATUS_cancelled);
        }

        /* This one goes behind all of them, and is the next answer. */
        id = guest_bulk(&b.guest, BULK_IN, 512, NULL);
        expect_status(&b.guest, PACKET_bulk_packet, id, STATUS_success);
        bed_close_returned(&b, REASON_GUEST_LEFT);
        assert_int_equal(report_value(&b.report, "completed"), 21);
}

static void lets_the_id_be_used_again_after_the_cancel(void **state)
{
        struct bed b;
        uint64_t id;

        bed_open_greeted(&b, "cancel=late,latency-us=2000");
        for (size_t i = 0; i < 10; i++) {
                b.guest.last_id = 41;
                id = guest_bulk(&b.guest, BULK_IN, 512, NULL);
                guest_cancel(&b.guest, id);
                expect_status(&b.guest, PACKET_bulk_packet, 42, STATUS_cancelled);
        }
        b.guest.last_id = 41;
        id = guest_bulk(&b.guest, BULK_IN, 512, NULL);
        expect_status(&b.guest, PACKET_bulk_packet, 42, STATUS_success);
        bed_close_returned(&b, REASON_GUEST_LEFT);
}

static void says_nothing_to_a_cancel_of_an_unknown_id(void **state)
{
        struct bed b;
        uint64_t id;

        bed_open_greeted(&b, "");
        guest_cancel(&b.guest, 4711);
        guest_cancel(&b.guest, UINT64_MAX);
        guest_expect_quiet(&b.guest);

        id = guest_bulk(&b.guest, BULK_IN, 512, NULL);
        expect_status(&b.guest, PACKET_bulk_packet, id, STATUS_success);
        guest_cancel(&b.guest, id);
        guest_cancel(&b.guest, id);
        guest_expect_quiet(&b.guest);
        bed_close_returned(&b, REASON_GUEST_LEFT);
}

static void refuses_an_id_that_is_in_flight(void **state)
{
        static const uint8_t payload[40000];
        struct bed b;
        uint64_t id;

        bed_open_greeted(&b, "");
        id = guest_bulk(&b.guest, NAK_IN, 512, NULL);

        b.guest.last_id = id - 1;
        guest_bulk(&b.guest, BULK_IN, 512, NULL);
        expect_status(&b.guest, PACKET_bulk_packet, id, STATUS_inval);
        b.guest.last_id = id - 1;
        guest_bulk(&b.guest, BULK_OUT, sizeof(payload), payload);
        expect_status(&b.guest, PACKET_bulk_packet, id, STATUS_inval);
        b.guest.last_id = id - 1;
        guest_control(&b.guest, 0x80, 6, 0x0100, 0, 18, NULL);
        expect_status(&b.guest, PACKET_control_packet, id, STATUS_inval);

        guest_cancel(&b.guest, id);
        expect_status(&b.guest, PACKET_bulk_packet, id, STATUS_cancelled);
        guest_expect_quiet(&b.guest);
        bed_close_returned(&b, REASON_GUEST_LEFT);
        assert_int_equal(report_value(&b.report, "bytes-out"), 0);
}

static void changes_the_device_though_transfers_never_come_back(void **state)
{
        struct bed b;
        uint64_t id;

        bed_open_greeted(&b, "cancel=lost");
        guest_bulk(&b.guest, NAK_IN, 512, NULL);
        id = guest_set_alt(&b.guest, 0, 0);
        guest_expect(&b.guest, PACKET_bulk_packet);
        guest_expect_id(&b.guest, PACKET_alt_setting_status, id);
        guest_expect_quiet(&b.guest);
        bed_close_returned(&b, REASON_GUEST_LEFT);
}

static void answers_a_request_that_waits_when_the_session_ends(void **state)
{
        struct bed b;
        uint64_t id;

        /* The request waits for a transfer that completes later, in spite of its cancel. */
        bed_open_greeted(&b, "cancel=late,latency-us=200000");
        guest_bulk(&b.guest, BULK_IN, 512, NULL);
        id = guest_set_configuration(&b.guest, 2);
        guest_expect(&b.guest, PACKET_bulk_packet);
        bed_end(&b);

        guest_expect_id(&b.guest, PACKET_configuration_status, id);
        assert_int_equal(b.guest.packet->configuration_status.status, STATUS_ioerror);
        guest_expect(&b.guest, PACKET_device_disconnect);
        guest_send_bare(&b.guest, PACKET_device_disconnect_ack, 0);
        bed_close_returned(&b, REASON_ASKED);
}

static void refuses_what_comes_together_with_the_end(void **state)
{
        uint8_t bytes[256];
        struct bed b;
        size_t n;

        bed_open_greeted(&b, "");
        n = guest_encode(&b.guest, &(struct packet){ .type = PACKET_filter_reject }, NULL, 0,
                         bytes);
        n += guest_encode(&b.guest,
                          &(struct packet){ .type = PACKET_bulk_packet,
                                            .id = 1,
                                            .bulk_packet = { .endpoint = NAK_IN, .length = 8 } },
                          NULL, 0, bytes + n);
        n += guest_encode(&b.guest,
                          &(struct packet){ .type = PACKET_set_configuration,
                                            .id = 2,
                                            .set_configuration.configuration = 2 },
                          NULL, 0, bytes + n);
        guest_send_bytes(&b.guest, bytes, n);
        expect_status(&b.guest, PACKET_bulk_packet, 1, STATUS_ioerror);
        guest_expect_id(&b.guest, PACKET_configuration_status, 2);
        assert_int_equal(b.guest.packet->configuration_status.status, STATUS_ioerror);
        guest_expect(&b.guest, PACKET_device_disconnect);
        guest_send_bare(&b.guest, PACKET_device_disconnect_ack, 0);
        bed_close_returned(&b, REASON_GUEST_REJECTED);
}

static void writes_its_last_answers_to_a_slow_guest(void **state)
{
        const uint32_t length = 3 * 1024 * 1024;
        struct bed b;
        uint64_t id;

        bed_open_greeted(&b, "");
        id = guest_bulk(&b.guest, BULK_IN, length, NULL);
        while (link_queued(b.session->link) == 0)
                bed_turn(&b);
        bed_end(&b);
        guest_send_bare(&b.guest, PACKET_device_disconnect_ack, 0);
        for (int i = 0; i < 5; i++)
                bed_poll(&b);

        expect_status(&b.guest, PACKET_bulk_packet, id, STATUS_success);
        assert_int_equal(b.guest.payload_size, length);
        guest_expect(&b.guest, PACKET_device_disconnect);
        guest_expect_over(&b.guest);
        bed_close_returned(&b, REASON_ASKED);
}

static void frees_the_endpoint_of_a_cut_transfer_that_is_cancelled(void **state)
{
        struct bed b;
        uint64_t id;

        /* Its second piece waits for memory, behind a transfer that never ends. */
        bed_open_memory(&b, "fail=submit_transfer:NO_MEM@3x10", CAP_ALL, 20000);
        guest_greet(&b.guest);
        guest_bulk(&b.guest, NAK_IN, 512, NULL);
        id = guest_bulk(&b.guest, BULK_IN, 50000, NULL);
        for (int i = 0; i < 5; i++)
                bed_poll(&b);
        guest_cancel(&b.guest, id);
        expect_status(&b.guest, PACKET_bulk_packet, id, STATUS_cancelled);
        id = guest_bulk(&b.guest, BULK_IN, 512, NULL);
        expect_status(&b.guest, PACKET_bulk_packet, id, STATUS_success);
        bed_close_returned(&b, REASON_GUEST_LEFT);
}

/* Sends so many requests of each kind, receives all answers, and fails unless each came once. */
static void exchange(struct guest *g, unsigned rounds)
{
        static const uint8_t payload[70000];
        uint64_t first = g->last_id + 1, count;
        uint8_t seen[1024] = { 0 };

        for (unsigned i = 0; i < rounds; i++) {
                guest_bulk(g, BULK_IN, 60000, NULL);
                guest_bulk(g, BULK_OUT, 300, payload);
                guest_bulk(g, BULK_OUT, sizeof(payload), payload);
                guest_control(g, 0x80, 6, 0x0100, 0, 18, NULL);
                guest_interrupt_out(g, 0x05, 64, payload);
        }
        count = g->last_id + 1 - first;
        assert_in_range(count, 1, sizeof(seen));

        for (uint64_t i = 0; i < count; i++) {
                assert_true(guest_receive(g));
                assert_in_range(g->packet->id, first, first + count - 1);
                assert_int_equal(seen[g->packet->id - first]++, 0);
        }
        guest_expect_quiet(g);
}

static void answers_once_whatever_fails(void **state)
{
        static const char *const options[] = {
                "",
                "memory=200000",
                "memory=70000",
                "memory=1000",
                "fail=submit_transfer:NO_MEM",
                "fail=submit_transfer:NO_MEM@2",
                "fail=submit_transfer:NO_MEM@3x50",
                "fail=submit_transfer:IO@5x10",
                "random=1",
                "random=2,memory=100000",
                "random=3,cancel=late",
                "complete=0x81:STALL@2,complete=0x02:ERROR@3",
                "latency-us=300,memory=150000",
        };

        for (size_t i = 0; i < ELEMENTS(options); i++) {
                struct bed b;

                bed_open_greeted(&b, options[i]);
                exchange(&b.guest, 30);
                bed_close_returned(&b, REASON_GUEST_LEFT);
        }
}

static void answers_once_whichever_allocation_fails(void **state)
{
        for (unsigned n = 1; n <= 160; n++) {
                char options[64];
                struct bed b;

                snprintf(options, sizeof(options), "fail-alloc=%u,latency-us=200", n);
                bed_open_greeted(&b, options);
                exchange(&b.guest, 30);
                bed_close_returned(&b, REASON_GUEST_LEFT);
        }
}

static void refuses_what_is_more_than_a_session_may_hold(void **state)
{
        static uint8_t payload[1024 * 1024];
        struct bed b;
        uint64_t id;

        bed_open_greeted(&b, "");
        id = guest_bulk(&b.guest, NAK_IN, 64u * 1024 * 1024 + 1, NULL);
        expect_status(&b.guest, PACKET_bulk_packet, id, STATUS_ioerror);

        /* 64 MiB fit; then nothing does, in either direction. */
        for (size_t i = 0; i < 64; i++)
                guest_bulk(&b.guest, NAK_IN, sizeof(payload), NULL);
        id = guest_bulk(&b.guest, BULK_IN, 1, NULL);
        expect_status(&b.guest, PACKET_bulk_packet, id, STATUS_ioerror);
        id = guest_bulk(&b.guest, BULK_OUT, sizeof(payload), payload);
        expect_status(&b.guest, PACKET_bulk_packet, id, STATUS_ioerror);

        guest_cancel(&b.guest, id - 2);
        expect_status(&b.guest, PACKET_bulk_packet, id - 2, STATUS_cancelled);
        bed_close_returned(&b, REASON_GUEST_LEFT);
        assert_int_equal(report_value(&b.report, "bytes-out"), 0);
}

int main(void)
{
        static const struct CMUnitTest tests[] = {
                cmocka_unit_test(answers_a_cancelled_request_at_once),
                cmocka_unit_test(answers_a_cancelled_control_request_as_it_was_asked),
                cmocka_unit_test(swallows_what_completes_after_its_cancel),
                cmocka_unit_test(lets_the_id_be_used_again_after_the_cancel),
                cmocka_unit_test(says_nothing_to_a_cancel_of_an_unknown_id),
                cmocka_unit_test(refuses_an_id_that_is_in_flight),
                cmocka_unit_test(changes_the_device_though_transfers_never_come_back),
                cmocka_unit_test(answers_a_request_that_waits_when_the_session_ends),
                cmocka_unit_test(refuses_what_comes_together_with_the_end),
                cmocka_unit_test(writes_its_last_answers_to_a_slow_guest),
                cmocka_unit_test(frees_the_endpoint_of_a_cut_transfer_that_is_cancelled),
                cmocka_unit_test(answers_once_whatever_fails),
                cmocka_unit_test(answers_once_whichever_allocation_fails),
                cmocka_unit_test(refuses_what_is_more_than_a_session_may_hold),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
