/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Time on the fake: timeouts, latency, and the paced interrupt and iso endpoints.
 */
#include <endian.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "fake-libusb/bed.h"
#include "util/macro.h"

#define BULK LIBUSB_TRANSFER_TYPE_BULK
#define INTR LIBUSB_TRANSFER_TYPE_INTERRUPT

static void timeout_ends_a_transfer_with_and_without_timerfd(void **state)
{
        static const char *const options[] = { "", "timeouts=caller", "latency-us=60000000" };
        static const uint8_t endpoints[] = { 0x83, 0x83, 0x81 };
        struct libusb_transfer *t;
        struct timeval left;
        struct bed bed;
        int count;

        for (size_t i = 0; i < ELEMENTS(options); i++) {
                count = 0;
                bed_open_claimed(&bed, options[i]);
                t = bed_transfer(&bed, BULK, endpoints[i], 512, &count);
                t->timeout = 5;
                assert_int_equal(libusb_get_next_timeout(bed.context, &left), 0);
                assert_int_equal(libusb_submit_transfer(t), 0);
                assert_int_equal(libusb_pollfds_handle_timeouts(bed.context), i != 1);
                assert_int_equal(libusb_get_next_timeout(bed.context, &left), i == 1);
                if (i == 1)
                        assert_true(left.tv_sec == 0 && left.tv_usec <= 5000);
                bed_wait(&bed, &count, 1);
                assert_int_equal(t->status, LIBUSB_TRANSFER_TIMED_OUT);
                libusb_free_transfer(t);
                bed_close(&bed);
        }
}

static uint64_t number_of(const uint8_t *packet)
{
        return packet[0] | (uint64_t)packet[1] << 8 | (uint64_t)packet[2] << 16;
}

static uint64_t due_of(const uint8_t *packet)
{
        uint64_t due;

        memcpy(&due, packet + 8, sizeof(due));
        return le64toh(due);
}

static void interrupt_packets_are_numbered_and_paced(void **state)
{
        struct libusb_transfer *t[4];
        uint64_t first = 0;
        struct bed bed;
        int count = 0;

        bed_open_claimed(&bed, "rate=2000");
        for (size_t i = 0; i < ELEMENTS(t); i++) {
                t[i] = bed_transfer(&bed, INTR, 0x84, 512, &count);
                assert_int_equal(libusb_submit_transfer(t[i]), 0);
        }
        for (uint64_t n = 0; n < 100; n++) {
                bed_wait(&bed, &count, (int)n + 1);
                assert_int_equal(t[n % 4]->actual_length, 64);
                assert_int_equal(number_of(t[n % 4]->buffer), n);
                first = n ? first : due_of(t[0]->buffer);
                /* Exactly half a millisecond apart, as long as the test itself kept up. */
                if (n < 4)
                        assert_int_equal(due_of(t[n % 4]->buffer), first + n * 500000);
                if (n < 96)
                        assert_int_equal(libusb_submit_transfer(t[n % 4]), 0);
        }
        assert_true(due_of(t[3]->buffer) >= first + 99 * 500000);
        for (size_t i = 0; i < ELEMENTS(t); i++)
                libusb_free_transfer(t[i]);
        bed_close(&bed);
        assert_int_equal(bed_reported(&bed, "completed"), 100);
}

static void iso_packets_are_numbered(void **state)
{
        struct libusb_transfer *in, *out;
        struct bed bed;

        bed_open_claimed(&bed, "rate=8000");
        in = bed_iso(&bed, 0x86, 8, 1024, NULL);
        out = bed_iso(&bed, 0x07, 8, 100, NULL);
        for (uint64_t n = 0; n < 16; n += 8) {
                assert_int_equal(bed_run(&bed, in), LIBUSB_TRANSFER_COMPLETED);
                for (unsigned int i = 0; i < 8; i++) {
                        assert_int_equal(in->iso_packet_desc[i].status, LIBUSB_TRANSFER_COMPLETED);
                        assert_int_equal(in->iso_packet_desc[i].actual_length, 1024);
                        assert_int_equal(number_of(libusb_get_iso_packet_buffer(in, i)), n + i);
                        libusb_get_iso_packet_buffer(out, i)[0] = (unsigned char)(n + i);
                }
                out->buffer[100] += n == 8;
                assert_int_equal(bed_run(&bed, out), LIBUSB_TRANSFER_COMPLETED);
        }
        in->iso_packet_desc[0].length = 1025;
        assert_int_equal(libusb_submit_transfer(in), LIBUSB_ERROR_INVALID_PARAM);
        libusb_free_transfer(in);
        libusb_free_transfer(out);
        bed_close(&bed);
        assert_int_equal(bed_reported(&bed, "sequence-gaps"), 2);
        assert_int_equal(bed_reported(&bed, "bytes-in"), 16384);
        assert_int_equal(bed_reported(&bed, "bytes-out"), 1600);
}

static void latency_delays_completion(void **state)
{
        struct libusb_transfer *t;
        struct timespec before, after;
        struct bed bed;

        bed_open_claimed(&bed, "latency-us=20000");
        t = bed_transfer(&bed, BULK, 0x81, 512, NULL);
        clock_gettime(CLOCK_MONOTONIC, &before);
        assert_int_equal(bed_run(&bed, t), LIBUSB_TRANSFER_COMPLETED);
        clock_gettime(CLOCK_MONOTONIC, &after);
        assert_true((after.tv_sec - before.tv_sec) * 1000000000 + after.tv_nsec - before.tv_nsec >=
                    20000000);
        libusb_free_transfer(t);
        bed_close(&bed);
}

int main(void)
{
        static const struct CMUnitTest tests[] = {
                cmocka_unit_test(timeout_ends_a_transfer_with_and_without_timerfd),
                cmocka_unit_test(interrupt_packets_are_numbered_and_paced),
                cmocka_unit_test(iso_packets_are_numbered),
                cmocka_unit_test(latency_delays_completion),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
