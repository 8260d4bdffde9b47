/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * How a link ends, and who owns the payloads meanwhile: each owner goes back exactly once, on every
 * path.
 */
#include "config.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>

#include <cmocka.h>

#include "unit/capture.h"
#include "unit/link-bed.h"

/* A payload that goes straight into memory of ours. */
#define LARGE 100000

static uint8_t large[LARGE];

static void wait_for_end(struct link_bed *bed, enum link_end end, int detail)
{
        RUN_UNTIL(bed->base, bed->ends > 0);
        run_ready(bed->base);
        assert_int_equal(bed->ends, 1);
        assert_int_equal(bed->end, end);
        assert_int_equal(bed->detail, detail);
}

static void tells_how_it_ended(void **state)
{
        static const uint8_t unknown[16] = { 99 }, half[16] = { PACKET_get_configuration };
        static const uint8_t reset[12] = { PACKET_reset };
        static const uint8_t filter[17] = { PACKET_filter_filter, 0, 0, 0, 1, [16] = 'x' };
        static const struct {
                const char *name;
                bool up;
                const uint8_t *bytes;
                size_t size;
                enum link_end want;
                int detail;
        } cases[] = {
                { "before its hello", false, NULL, 0, LINK_END_CLOSED, 0 },
                { "after it", true, NULL, 0, LINK_END_CLOSED, 0 },
                { "after a packet", true, half, 16, LINK_END_CLOSED, 0 },
                { "inside a hello", false, half, 5, LINK_END_CUT, 0 },
                { "one byte into a packet", true, half, 1, LINK_END_CUT, 0 },
                { "one byte before its end", true, half, 15, LINK_END_CUT, 0 },
                { "unknown packet", true, unknown, 16, LINK_END_FAULT, PACKET_FAULT_UNKNOWN_TYPE },
                { "no hello", false, reset, 12, LINK_END_FAULT, PACKET_FAULT_NOT_HELLO },
                { "bad payload", true, filter, 17, LINK_END_FAULT, PACKET_FAULT_NO_TERMINATOR },
        };

        for (size_t i = 0; i < ELEMENTS(cases); i++) {
                struct link_bed *bed =
                        cases[i].up ? link_bed_new_up(AF_UNIX) : link_bed_new(AF_UNIX);
                uint8_t hello[HELLO_SIZE];

                if (!cases[i].up)
                        guest_read(bed, hello, sizeof(hello));
                guest_write(bed, cases[i].bytes, cases[i].size);
                if (cases[i].want != LINK_END_FAULT)
                        guest_close(bed);
                RUN_UNTIL(bed->base, bed->ends > 0);
                if (bed->end != cases[i].want || bed->detail != cases[i].detail)
                        fail_msg("%s: %i, %i", cases[i].name, bed->end, bed->detail);
                wait_for_end(bed, cases[i].want, cases[i].detail);
                link_bed_free(bed);
        }
}

/* A unix socket that is closed with bytes unread resets; TCP is told to. */
static void a_reset_is_an_error_of_the_socket(void **state)
{
        struct linger now = { .l_onoff = 1 };
        struct link_bed *bed = link_bed_new(AF_UNIX);

        RUN_UNTIL(bed->base, link_queued(bed->link) == 0);
        guest_close(bed);
        wait_for_end(bed, LINK_END_ERROR, ECONNRESET);
        link_bed_free(bed);

        bed = link_bed_new_up(AF_INET);
        setsockopt(bed->guest, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
        guest_close(bed);
        wait_for_end(bed, LINK_END_ERROR, ECONNRESET);
        link_bed_free(bed);
}

/* No signal, and one end only, whichever of the write and the read sees it first. */
static void writing_to_a_guest_that_has_left_ends_once(void **state)
{
        struct packet packet = request(PACKET_configuration_status, 1);
        struct link_bed *bed = link_bed_new_up(AF_UNIX);

        guest_close(bed);
        link_send(bed->link, &packet, NULL, 0, NULL);
        RUN_UNTIL(bed->base, bed->ends > 0);
        run_ready(bed->base);
        assert_int_equal(bed->ends, 1);
        assert_true(bed->end == LINK_END_CLOSED || bed->detail == EPIPE);
        link_bed_free(bed);
}

/*
 * One edge tells of the data and of the end: whoever stops at a read that was not full never sees
 * the end. The sizes are around those of a read.
 */
static void data_and_end_of_file_that_come_together_are_read_to_the_end(void **state)
{
        static const int types[] = { AF_UNIX, AF_INET };
        static const uint32_t sizes[] = { 0, 1, 1000, 31000, 60000 };

        for (size_t i = 0; i < ELEMENTS(types); i++)
                for (size_t j = 0; j < ELEMENTS(sizes); j++) {
                        struct link_bed *bed = link_bed_new_up(types[i]);
                        struct packet packet = bulk(0x02, 1, sizes[j]);

                        guest_send(bed, &packet, large, sizes[j]);
                        guest_send(bed, &packet, large, sizes[j]);
                        guest_request(bed, PACKET_get_configuration, 2);
                        assert_int_equal(bed->n_packets, 0);
                        guest_close(bed);
                        wait_for_end(bed, LINK_END_CLOSED, 0);
                        assert_int_equal(bed->n_packets, 3);
                        assert_int_equal(bed->last.id, 2);
                        link_bed_free(bed);
                }
}

/* Its last packet and the reset that its unread bytes cause make one edge, which looks like others.
 */
static void a_guest_that_leaves_bytes_unread_is_missed(void **state)
{
        struct link_bed *bed = link_bed_new_up(AF_UNIX);
        struct packet packet = request(PACKET_configuration_status, 1);

        link_send(bed->link, &packet, NULL, 0, NULL);
        run_ready(bed->base);
        guest_request(bed, PACKET_get_configuration, 2);
        guest_close(bed);
        wait_for_end(bed, LINK_END_ERROR, ECONNRESET);
        assert_int_equal(bed->n_packets, 1);
        link_bed_free(bed);
}

static void an_end_while_held_comes_after_the_packets(void **state)
{
        static const int types[] = { AF_UNIX, AF_INET };

        for (size_t i = 0; i < ELEMENTS(types); i++) {
                struct link_bed *bed = link_bed_new_up(types[i]);

                link_hold(bed->link, true);
                guest_request(bed, PACKET_get_configuration, 1);
                run_ready(bed->base);
                guest_request(bed, PACKET_get_configuration, 2);
                guest_close(bed);
                run_ready(bed->base);
                assert_int_equal(bed->n_packets, 0);
                assert_int_equal(bed->ends, 0);
                link_hold(bed->link, false);
                wait_for_end(bed, LINK_END_CLOSED, 0);
                assert_int_equal(bed->n_packets, 2);
                link_bed_free(bed);
        }
}

static void shut_says_nothing_any_more(void **state)
{
        struct link_bed *bed = link_bed_new_up(AF_UNIX);
        struct packet packet = request(PACKET_configuration_status, 1);
        uint8_t byte;

        guest_request(bed, PACKET_get_configuration, 1);
        link_send(bed->link, &packet, NULL, 0, NULL);
        link_shut(bed->link);
        link_shut(bed->link);
        assert_int_equal(link_queued(bed->link), 0);
        link_hold(bed->link, true);
        link_hold(bed->link, false);
        run_ready(bed->base);
        assert_int_equal(bed->n_packets, 0);
        assert_int_equal(bed->ends, 0);
        assert_int_equal(recv(bed->guest, &byte, 1, 0), 0);
        link_bed_free(bed);
}

static void a_socket_that_cannot_be_watched_stays_the_callers(void **state)
{
        static const struct link_events events = { on_bed_packet, on_bed_end, on_bed_payload_new,
                                                   on_bed_payload_free };
        struct event_base *base = event_base_new();
        int file = memfd_create("file", MFD_CLOEXEC);
        struct link *link = NULL;
        struct capture err;
        int r;

        capture_begin(&err, STDERR_FILENO); /* libevent warns */
        r = link_new(&link, base, file, "unit", BED_CAPS, 1, &events, NULL);
        capture_end(&err);
        assert_int_equal(r, -EIO);
        assert_null(link);
        assert_int_equal(close(file), 0);
        event_base_free(base);
}

/* All but the last byte of a bulk OUT of LARGE bytes, so that it goes into the bed's owner. */
static void send_most_of_a_large_payload(struct link_bed *bed)
{
        static uint8_t bytes[PACKET_PREFIX_MAX + LARGE];
        struct packet packet = bulk(0x02, 5, LARGE);
        size_t n;

        for (size_t i = 0; i < LARGE; i++)
                large[i] = (uint8_t)(i * 7 ^ i >> 8);
        n = encode(bytes, &packet, large, LARGE);
        guest_write(bed, bytes, n - LARGE + 1000);
        RUN_UNTIL(bed->base, bed->owner.given == 1 || bed->no_memory);
        run_ready(bed->base);
        guest_write(bed, bytes + n - LARGE + 1000, LARGE - 1001);
        run_ready(bed->base);
        assert_int_equal(bed->n_packets, bed->no_memory);
}

static void send_the_last_byte(struct link_bed *bed)
{
        guest_write(bed, large + LARGE - 1, 1);
}

static void large_payloads_land_in_the_memory_given(void **state)
{
        static const int types[] = { AF_UNIX, AF_INET };

        for (size_t i = 0; i < ELEMENTS(types); i++) {
                struct link_bed *bed = link_bed_new_up(types[i]);

                send_most_of_a_large_payload(bed);
                assert_memory_equal(bed->owner.data, large, LARGE - 1);
                send_the_last_byte(bed);
                RUN_UNTIL(bed->base, bed->n_packets == 1);
                assert_ptr_equal(bed->last_owner, &bed->owner);
                assert_int_equal(bed->last_payload_size, LARGE);
                assert_memory_equal(bed->owner.data, large, LARGE);
                /* Nobody took it. */
                assert_int_equal(bed->owner.taken_back, 1);
                guest_request(bed, PACKET_get_configuration, 6);
                RUN_UNTIL(bed->base, bed->n_packets == 2);
                assert_int_equal(bed->last.id, 6);
                link_bed_free(bed);
        }
}

static void without_memory_the_payload_is_lost_and_the_stream_goes_on(void **state)
{
        struct link_bed *bed = link_bed_new_up(AF_UNIX);

        bed->no_memory = true;
        send_most_of_a_large_payload(bed);
        assert_true(bed->last_lost);
        assert_int_equal(bed->last.id, 5);
        send_the_last_byte(bed);
        guest_request(bed, PACKET_get_configuration, 6);
        RUN_UNTIL(bed->base, bed->n_packets == 2);
        assert_int_equal(bed->last.id, 6);
        assert_false(bed->last_lost);
        assert_int_equal(bed->owner.taken_back, 0);
        link_bed_free(bed);
}

static void take_owner(struct link_bed *bed, struct parsed *parsed)
{
        parsed->owner = NULL;
}

static void an_owner_that_was_taken_is_not_given_back(void **state)
{
        struct link_bed *bed = link_bed_new_up(AF_UNIX);

        bed->on_packet = take_owner;
        send_most_of_a_large_payload(bed);
        send_the_last_byte(bed);
        RUN_UNTIL(bed->base, bed->n_packets == 1);
        run_ready(bed->base);
        assert_ptr_equal(bed->last_owner, &bed->owner);
        link_free(bed->link);
        bed->link = NULL;
        assert_int_equal(bed->owner.taken_back, 0);
        link_bed_free(bed);
}

/* Ends inside the payload: its memory goes back when the link is freed. */
static void the_owner_of_half_a_payload_goes_back(void **state)
{
        struct link_bed *bed = link_bed_new_up(AF_UNIX);

        send_most_of_a_large_payload(bed);
        guest_close(bed);
        wait_for_end(bed, LINK_END_CUT, 0);
        link_free(bed->link);
        bed->link = NULL;
        assert_int_equal(bed->owner.taken_back, 1);
        link_bed_free(bed);
}

static void an_owner_that_is_sent_goes_back_once(void **state)
{
        enum { WRITTEN, COPIED, REFUSED, AFTER_THE_END, AFTER_SHUT, QUEUED, CUT_OFF, PATHS };

        for (int path = 0; path < PATHS; path++) {
                struct link_bed *bed = link_bed_new_up(AF_UNIX);
                uint32_t length = path == COPIED ? WRITER_COPY_MAX : sizeof(bed->owner.data);
                struct packet packet = bulk(path == REFUSED ? 0x02 : 0x81, 5, length);
                uint8_t *bytes = malloc(PACKET_PREFIX_MAX + length);
                struct capture err;

                assert_non_null(bytes);
                if (path == AFTER_SHUT)
                        link_shut(bed->link);
                if (path == AFTER_THE_END) {
                        guest_close(bed);
                        wait_for_end(bed, LINK_END_CLOSED, 0);
                }

                capture_begin(&err, STDERR_FILENO); /* a packet that is refused is told of */
                link_send(bed->link, &packet, bed->owner.data, length, &bed->owner);
                capture_end(&err);
                assert_int_equal(bed->owner.taken_back, path != WRITTEN && path < QUEUED);
                switch (path) {
                case WRITTEN:
                        /* The last byte is still to be written while its owner is kept. */
                        guest_read(bed, bytes, 18 + 8 + length);
                        RUN_UNTIL(bed->base, bed->owner.taken_back == 1);
                        break;
                case CUT_OFF:
                        guest_read(bed, bytes, 100);
                        guest_close(bed);
                        RUN_UNTIL(bed->base, bed->ends == 1);
                        break;
                }
                link_free(bed->link);
                bed->link = NULL;
                assert_int_equal(bed->owner.taken_back, 1);
                free(bytes);
                link_bed_free(bed);
        }
}

int main(void)
{
        static const struct CMUnitTest tests[] = {
                cmocka_unit_test(tells_how_it_ended),
                cmocka_unit_test(a_reset_is_an_error_of_the_socket),
                cmocka_unit_test(writing_to_a_guest_that_has_left_ends_once),
                cmocka_unit_test(data_and_end_of_file_that_come_together_are_read_to_the_end),
                cmocka_unit_test(a_guest_that_leaves_bytes_unread_is_missed),
                cmocka_unit_test(an_end_while_held_comes_after_the_packets),
                cmocka_unit_test(shut_says_nothing_any_more),
                cmocka_unit_test(a_socket_that_cannot_be_watched_stays_the_callers),
                cmocka_unit_test(large_payloads_land_in_the_memory_given),
                cmocka_unit_test(without_memory_the_payload_is_lost_and_the_stream_goes_on),
                cmocka_unit_test(an_owner_that_was_taken_is_not_given_back),
                cmocka_unit_test(the_owner_of_half_a_payload_goes_back),
                cmocka_unit_test(an_owner_that_is_sent_goes_back_once),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
