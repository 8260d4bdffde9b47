/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The link to a guest: what goes out, what comes up, when it does not, and how it ends. How it
 * ends, and who owns payloads, is in test-session-link-end.c.
 */
#include "config.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "unit/capture.h"
#include "unit/link-answers.h"

static void says_hello_at_once_and_nothing_else(void **state)
{
        static const uint8_t want[HELLO_SIZE] = { 0, 0, 0, 0,   68,  0,   0,   0,          0,
                                                  0, 0, 0, 'u', 'n', 'i', 't', [76] = 0xff };
        struct link_bed *bed = link_bed_new(AF_UNIX);
        uint8_t hello[HELLO_SIZE];

        assert_int_equal(link_queued(bed->link), HELLO_SIZE);
        guest_read(bed, hello, sizeof(hello));
        assert_memory_equal(hello, want, sizeof(want));
        assert_true(guest_is_quiet(bed));
        assert_int_equal(link_queued(bed->link), 0);
        assert_int_equal(link_peer_caps(bed->link), 0);
        assert_int_equal(bed->n_packets, 0);
        link_bed_free(bed);
}

static void hands_packets_up_in_order(void **state)
{
        struct packet out = { .type = PACKET_control_packet,
                              .id = 9,
                              .control_packet = { .request = 5, .length = 3 } };
        struct link_bed *bed = link_bed_new(AF_UNIX);

        guest_hello(bed);
        RUN_UNTIL(bed->base, bed->n_packets == 1);
        assert_int_equal(bed->last.type, PACKET_hello);
        assert_int_equal(link_peer_caps(bed->link), BED_CAPS);

        guest_request(bed, PACKET_get_configuration, UINT64_MAX);
        RUN_UNTIL(bed->base, bed->n_packets == 2);
        assert_int_equal(bed->last.type, PACKET_get_configuration);
        assert_true(bed->last.id == UINT64_MAX);

        guest_request(bed, PACKET_reset, 0);
        guest_send(bed, &out, "usb", 3);
        RUN_UNTIL(bed->base, bed->n_packets == 4);
        assert_int_equal(bed->last.id, 9);
        assert_int_equal(bed->last.control_packet.request, 5);
        assert_int_equal(bed->last_payload_size, 3);
        assert_memory_equal(bed->last_payload, "usb", 3);
        assert_null(bed->last_owner);
        assert_int_equal(bed->ends, 0);
        link_bed_free(bed);
}

static void takes_packets_byte_by_byte(void **state)
{
        struct packet packet = request(PACKET_get_configuration, 77);
        struct link_bed *bed = link_bed_new_up(AF_UNIX);
        uint8_t bytes[PACKET_PREFIX_MAX];
        size_t n = encode(bytes, &packet, NULL, 0);

        for (size_t i = 0; i < n; i++) {
                assert_int_equal(bed->n_packets, 0);
                guest_write(bed, bytes + i, 1);
                run_ready(bed->base);
        }
        assert_int_equal(bed->n_packets, 1);
        assert_int_equal(bed->last.id, 77);
        link_bed_free(bed);
}

/* Not while a guest that does not read leaves some of it with us. */
static void tells_when_all_that_was_queued_is_written(void **state)
{
        struct link_bed *bed = link_bed_new_up(AF_UNIX);

        run_ready(bed->base);
        bed->flushes = 0;
        for (uint64_t id = 0; id < 64; id++)
                answer(bed, id, sizeof(answer_data));
        run_ready(bed->base);
        assert_true(link_queued(bed->link) > 0);
        assert_int_equal(bed->flushes, 0);

        for (uint64_t id = 0; id < 64; id++)
                assert_answer(bed, id, sizeof(answer_data));
        RUN_UNTIL(bed->base, bed->flushes > 0);
        assert_int_equal(link_queued(bed->link), 0);
        link_bed_free(bed);
}

static void more_than_one_write_takes_stays_in_order(void **state)
{
        static const int types[] = { AF_UNIX, AF_INET };

        for (size_t i = 0; i < sizeof(answer_data); i++)
                answer_data[i] = (uint8_t)(i * 7 ^ i >> 8);
        for (size_t i = 0; i < ELEMENTS(types); i++) {
                struct link_bed *bed = link_bed_new_up(types[i]);

                for (uint32_t id = 0; id < 200; id++)
                        answer(bed, id, 300 + id * 100);
                for (uint32_t id = 0; id < 200; id++)
                        assert_answer(bed, id, 300 + id * 100);
                assert_true(guest_is_quiet(bed));
                assert_int_equal(link_queued(bed->link), 0);
                link_bed_free(bed);
        }
}

static void answer_64k(struct link_bed *bed, struct parsed *parsed)
{
        answer(bed, parsed->packet->id, 65536);
}

/* 64 answers of 64 KiB are the mark; what the kernel takes of them makes no difference yet. */
static void stops_reading_at_4_mib_and_goes_on_at_1_mib(void **state)
{
        struct link_bed *bed = link_bed_new_up(AF_UNIX);
        bool above = false, at_low = false;

        bed->on_packet = answer_64k;
        for (uint64_t id = 0; id < 200; id++)
                guest_request(bed, PACKET_get_configuration, id);
        RUN_UNTIL(bed->base, bed->n_packets > 0);
        run_ready(bed->base);
        assert_int_equal(bed->n_packets, LINK_HIGH_BYTES / 65536);
        assert_true(link_queued(bed->link) > LINK_LOW_BYTES);

        for (uint64_t id = 0; id < 200; id++) {
                size_t before = bed->n_packets;

                assert_answer(bed, id, 65536);
                run_ready(bed->base);
                if (bed->n_packets > before)
                        at_low = true;
                else if (link_queued(bed->link) > LINK_LOW_BYTES)
                        above = true;
                else
                        assert_int_equal(bed->n_packets, 200);
                assert_true(link_queued(bed->link) < LINK_HIGH_BYTES + 65536 + 100);
        }
        assert_true(above && at_low);
        assert_int_equal(bed->n_packets, 200);
        assert_int_equal(bed->ends, 0);
        link_bed_free(bed);
}

static void answer_small(struct link_bed *bed, struct parsed *parsed)
{
        struct packet packet = request(PACKET_configuration_status, parsed->packet->id);

        link_send(bed->link, &packet, NULL, 0, NULL);
}

static void stops_reading_at_1024_packets(void **state)
{
        struct link_bed *bed = link_bed_new_up(AF_UNIX);
        uint8_t requests[1499 * 16], answers[18];
        struct packet packet;
        size_t size = 0;

        /* The guest has not read this: the kernel takes nothing more. */
        answer(bed, 0, sizeof(answer_data));
        run_ready(bed->base);
        assert_true(link_queued(bed->link) > 0);

        bed->on_packet = answer_small;
        for (uint64_t id = 1; id < 1500; id++) {
                packet = request(PACKET_get_configuration, id);
                size += encode(requests + size, &packet, NULL, 0);
        }
        guest_write(bed, requests, size);
        run_ready(bed->base);
        assert_int_equal(bed->n_packets, LINK_HIGH_PACKETS - 1);

        assert_answer(bed, 0, sizeof(answer_data));
        for (uint64_t id = 1; id < 1500; id++) {
                guest_read(bed, answers, sizeof(answers));
                assert_int_equal(answers[8] | answers[9] << 8, id);
        }
        assert_int_equal(bed->n_packets, 1499);
        assert_int_equal(bed->ends, 0);
        link_bed_free(bed);
}

static void hold_third(struct link_bed *bed, struct parsed *parsed)
{
        if (parsed->packet->id == 3)
                link_hold(bed->link, true);
}

static void takes_nothing_while_held(void **state)
{
        struct link_bed *bed = link_bed_new_up(AF_UNIX);

        bed->on_packet = hold_third;
        for (uint64_t id = 1; id < 6; id++)
                guest_request(bed, PACKET_get_configuration, id);
        RUN_UNTIL(bed->base, bed->n_packets == 3);
        run_ready(bed->base);
        assert_int_equal(bed->n_packets, 3);

        /* What is sent goes out all the same. */
        answer(bed, 1, 300);
        assert_answer(bed, 1, 300);
        assert_int_equal(bed->n_packets, 3);

        /* No byte comes any more: the rest has been read already. */
        link_hold(bed->link, false);
        assert_int_equal(bed->n_packets, 3);
        RUN_UNTIL(bed->base, bed->n_packets == 5);
        link_bed_free(bed);
}

static void bytes_that_came_while_held_are_read_afterwards(void **state)
{
        struct link_bed *bed = link_bed_new_up(AF_UNIX);

        link_hold(bed->link, true);
        link_hold(bed->link, true);
        guest_request(bed, PACKET_get_configuration, 1);
        run_ready(bed->base);
        assert_int_equal(bed->n_packets, 0);
        link_hold(bed->link, false);
        RUN_UNTIL(bed->base, bed->n_packets == 1);
        link_bed_free(bed);
}

static void sends_what_may_not_be_sent_never(void **state)
{
        static const struct {
                bool up;
                struct packet packet;
                int detail;
        } cases[] = {
                { false, { .type = PACKET_device_disconnect }, ENOTCONN },
                { true, { .type = PACKET_hello }, PACKET_FAULT_SECOND_HELLO },
                { true, { .type = PACKET_reset }, PACKET_FAULT_SENDER },
                { true,
                  { .type = PACKET_interface_info, .interface_info.interface_count = 33 },
                  PACKET_FAULT_INTERFACES },
        };

        for (size_t i = 0; i < ELEMENTS(cases); i++) {
                struct link_bed *bed =
                        cases[i].up ? link_bed_new_up(AF_UNIX) : link_bed_new(AF_UNIX);
                struct capture err;

                capture_begin(&err, STDERR_FILENO);
                link_send(bed->link, &cases[i].packet, NULL, 0, NULL);
                capture_end(&err);
                assert_non_null(strstr(err.text, " is not sent: "));
                assert_int_equal(bed->ends, 1);
                assert_int_equal(bed->end, LINK_END_BUG);
                assert_int_equal(bed->detail, cases[i].detail);
                link_bed_free(bed);
        }
}

static void has_room_for_the_marks_and_the_answers(void **state)
{
        struct link_bed *bed = link_bed_new_up(AF_UNIX);
        struct packet packet = request(PACKET_configuration_status, 1);
        struct capture err;

        for (size_t i = 0; i < LINK_PACKETS + BED_ANSWERS; i++)
                link_send(bed->link, &packet, NULL, 0, NULL);
        assert_int_equal(bed->ends, 0);
        capture_begin(&err, STDERR_FILENO);
        link_send(bed->link, &packet, NULL, 0, NULL);
        capture_end(&err);
        assert_int_equal(bed->end, LINK_END_BUG);
        assert_int_equal(bed->detail, ENOBUFS);
        link_bed_free(bed);
}

static void traces_both_directions(void **state)
{
        struct link_bed *bed = link_bed_new_up(AF_UNIX);
        struct capture err;

        capture_begin(&err, STDERR_FILENO);
        link_set_trace(bed->link, true);
        guest_request(bed, PACKET_get_configuration, 7);
        RUN_UNTIL(bed->base, bed->n_packets == 1);
        answer(bed, 8, 300);
        link_set_trace(bed->link, false);
        answer(bed, 9, 300);
        capture_end(&err);
        assert_non_null(strstr(err.text, ": < get_configuration id=7\n"));
        assert_non_null(strstr(err.text, ": > bulk_packet id=8 "));
        assert_non_null(strstr(err.text, " + 300 bytes\n"));
        assert_null(strstr(err.text, "id=9"));
        link_bed_free(bed);
}

int main(void)
{
        static const struct CMUnitTest tests[] = {
                cmocka_unit_test(says_hello_at_once_and_nothing_else),
                cmocka_unit_test(hands_packets_up_in_order),
                cmocka_unit_test(takes_packets_byte_by_byte),
                cmocka_unit_test(tells_when_all_that_was_queued_is_written),
                cmocka_unit_test(more_than_one_write_takes_stays_in_order),
                cmocka_unit_test(stops_reading_at_4_mib_and_goes_on_at_1_mib),
                cmocka_unit_test(stops_reading_at_1024_packets),
                cmocka_unit_test(takes_nothing_while_held),
                cmocka_unit_test(bytes_that_came_while_held_are_read_afterwards),
                cmocka_unit_test(sends_what_may_not_be_sent_never),
                cmocka_unit_test(has_room_for_the_marks_and_the_answers),
                cmocka_unit_test(traces_both_directions),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
