/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Transfers on the fake: what libusb's documentation promises of submitting, completing,
 * cancelling and waiting, and what each endpoint of the device does.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "fake-libusb/bed.h"
#include "util/macro.h"

#define BULK LIBUSB_TRANSFER_TYPE_BULK

static void is_not_the_real_library(void **state)
{
        assert_string_equal(libusb_get_version()->describe, "fake-libusb");
        assert_string_equal(libusb_error_name(LIBUSB_ERROR_BUSY), "LIBUSB_ERROR_BUSY");
        assert_string_equal(libusb_error_name(LIBUSB_TRANSFER_STALL), "LIBUSB_TRANSFER_STALL");
}

static void calls_back_only_while_events_are_handled(void **state)
{
        struct libusb_transfer *t;
        struct bed bed;
        int count = 0;

        bed_open_claimed(&bed, "");
        t = bed_transfer(&bed, BULK, 0x81, 512, &count);
        assert_false(bed_is_readable(&bed));
        assert_int_equal(libusb_submit_transfer(t), 0);
        assert_int_equal(count, 0);
        assert_true(bed_is_readable(&bed));
        bed_round(&bed);
        assert_int_equal(count, 1);
        assert_int_equal(t->status, LIBUSB_TRANSFER_COMPLETED);
        assert_int_equal(t->actual_length, 512);
        assert_false(bed_is_readable(&bed));
        bed_round(&bed);
        assert_int_equal(count, 1);
        libusb_free_transfer(t);
        bed_close(&bed);
        assert_int_equal(bed_reported(&bed, "submitted"), 1);
        assert_int_equal(bed_reported(&bed, "completed"), 1);
        assert_int_equal(bed_reported(&bed, "leaked-transfers"), 0);
        assert_int_equal(bed_reported(&bed, "misuse"), 0);
}

static void bulk_in_is_one_running_pattern(void **state)
{
        static const int lengths[] = { 1, 512, 0, 65536, 65535, 200000, 31 };
        struct libusb_transfer *t;
        uint64_t offset = 0;
        struct bed bed;

        bed_open_claimed(&bed, "");
        for (size_t i = 0; i < ELEMENTS(lengths); i++) {
                t = bed_transfer(&bed, BULK, 0x81, lengths[i], NULL);
                assert_int_equal(bed_run(&bed, t), LIBUSB_TRANSFER_COMPLETED);
                assert_int_equal(t->actual_length, lengths[i]);
                for (int k = 0; k < lengths[i]; k++)
                        assert_int_equal(t->buffer[k], bed_pattern(offset++));
                libusb_free_transfer(t);
        }
        bed_close(&bed);
        assert_int_equal(bed_reported(&bed, "bytes-in"), offset);
}

static void bulk_out_is_compared_with_the_pattern(void **state)
{
        struct libusb_transfer *t;
        uint64_t offset = 0;
        struct bed bed;

        bed_open_claimed(&bed, "");
        t = bed_transfer(&bed, BULK, 0x02, 40000, NULL);
        for (int round = 0; round < 4; round++) {
                for (int k = 0; k < t->length; k++)
                        t->buffer[k] = bed_pattern(offset++);
                t->buffer[39999] ^= round == 2;
                assert_int_equal(bed_run(&bed, t), LIBUSB_TRANSFER_COMPLETED);
                assert_int_equal(t->actual_length, 40000);
        }
        libusb_free_transfer(t);
        bed_close(&bed);
        assert_int_equal(bed_reported(&bed, "bytes-out"), 160000);
        assert_int_equal(bed_reported(&bed, "pattern-mismatches"), 1);
}

static void nak_ends_only_by_cancel_and_later(void **state)
{
        struct libusb_transfer *t;
        struct bed bed;
        int count = 0;

        bed_open_claimed(&bed, "");
        t = bed_transfer(&bed, BULK, 0x83, 512, &count);
        assert_int_equal(libusb_cancel_transfer(t), LIBUSB_ERROR_NOT_FOUND);
        assert_int_equal(libusb_submit_transfer(t), 0);
        assert_int_equal(libusb_submit_transfer(t), LIBUSB_ERROR_BUSY);
        assert_false(bed_is_readable(&bed));
        bed_round(&bed);
        assert_int_equal(count, 0);
        assert_int_equal(libusb_cancel_transfer(t), 0);
        assert_int_equal(libusb_cancel_transfer(t), LIBUSB_ERROR_NOT_FOUND);
        assert_int_equal(count, 0);
        assert_true(bed_is_readable(&bed));
        bed_round(&bed);
        assert_int_equal(count, 1);
        assert_int_equal(t->status, LIBUSB_TRANSFER_CANCELLED);
        assert_int_equal(t->actual_length, 0);
        assert_int_equal(libusb_cancel_transfer(t), LIBUSB_ERROR_NOT_FOUND);
        libusb_free_transfer(t);
        bed_close(&bed);
        assert_int_equal(bed_reported(&bed, "cancelled"), 1);
}

static void cancel_can_come_too_late_or_get_lost(void **state)
{
        struct libusb_transfer *t;
        struct bed bed;
        int count = 0;

        bed_open_claimed(&bed, "cancel=late");
        t = bed_transfer(&bed, BULK, 0x81, 512, &count);
        assert_int_equal(libusb_submit_transfer(t), 0);
        assert_int_equal(libusb_cancel_transfer(t), LIBUSB_ERROR_NOT_FOUND);
        bed_wait(&bed, &count, 1);
        assert_int_equal(t->status, LIBUSB_TRANSFER_COMPLETED);
        libusb_free_transfer(t);
        bed_close(&bed);

        count = 0;
        bed_open_claimed(&bed, "cancel=lost");
        t = bed_transfer(&bed, BULK, 0x81, 512, &count);
        assert_int_equal(libusb_submit_transfer(t), 0);
        assert_int_equal(libusb_cancel_transfer(t), 0);
        bed_round(&bed);
        assert_int_equal(count, 0);
        libusb_free_transfer(t);
        bed_close(&bed);
        assert_int_equal(bed_reported(&bed, "misuse"), 1);
}

static void stalls_until_the_halt_is_cleared(void **state)
{
        struct libusb_transfer *t;
        struct bed bed;

        bed_open_claimed(&bed, "complete=0x81:STALL@2");
        t = bed_transfer(&bed, BULK, 0x88, 512, NULL);
        assert_int_equal(bed_run(&bed, t), LIBUSB_TRANSFER_STALL);
        assert_int_equal(bed_run(&bed, t), LIBUSB_TRANSFER_STALL);
        assert_int_equal(libusb_clear_halt(bed.handle, 0x88), 0);
        assert_int_equal(bed_run(&bed, t), LIBUSB_TRANSFER_COMPLETED);
        assert_int_equal(libusb_reset_device(bed.handle), 0);
        assert_int_equal(bed_run(&bed, t), LIBUSB_TRANSFER_STALL);

        t->endpoint = 0x81;
        assert_int_equal(bed_run(&bed, t), LIBUSB_TRANSFER_COMPLETED);
        assert_int_equal(bed_run(&bed, t), LIBUSB_TRANSFER_STALL);
        assert_int_equal(bed_run(&bed, t), LIBUSB_TRANSFER_STALL);
        assert_int_equal(libusb_clear_halt(bed.handle, 0x81), 0);
        assert_int_equal(bed_run(&bed, t), LIBUSB_TRANSFER_COMPLETED);
        assert_int_equal(libusb_clear_halt(bed.handle, 0x8f), LIBUSB_ERROR_NOT_FOUND);
        libusb_free_transfer(t);
        bed_close(&bed);
        assert_int_equal(bed_reported(&bed, "halts-cleared"), 2);
}

static void babbles_and_reads_short(void **state)
{
        struct libusb_transfer *t;
        struct bed bed;

        bed_open_claimed(&bed, "");
        t = bed_transfer(&bed, BULK, 0x89, 512, NULL);
        assert_int_equal(bed_run(&bed, t), LIBUSB_TRANSFER_OVERFLOW);
        assert_int_equal(t->actual_length, 512);
        t->endpoint = 0x8a;
        assert_int_equal(bed_run(&bed, t), LIBUSB_TRANSFER_COMPLETED);
        assert_int_equal(t->actual_length, 256);
        t->flags |= LIBUSB_TRANSFER_SHORT_NOT_OK;
        assert_int_equal(bed_run(&bed, t), LIBUSB_TRANSFER_ERROR);
        assert_int_equal(t->actual_length, 256);
        libusb_free_transfer(t);
        bed_close(&bed);
}

static void control_endpoint_answers(void **state)
{
        unsigned char data[4096], text[64];
        struct bed bed;

        bed_open(&bed, "id=0abc:0def");
        assert_int_equal(libusb_control_transfer(bed.handle, 0xc0, 1, 0, 0, data, 4096, 1000),
                         4096);
        for (size_t i = 0; i < sizeof(data); i++)
                assert_int_equal(data[i], bed_pattern(i));
        assert_int_equal(libusb_control_transfer(bed.handle, 0x40, 2, 0, 0, (void *)"usb", 3, 1000),
                         3);
        assert_int_equal(libusb_control_transfer(bed.handle, 0xc0, 3, 0, 0, data, 64, 1000), 3);
        assert_memory_equal(data, "usb", 3);
        assert_int_equal(libusb_control_transfer(bed.handle, 0xc0, 4, 0, 0, data, 64, 1000),
                         LIBUSB_ERROR_PIPE);
        assert_int_equal(libusb_control_transfer(bed.handle, 0xc0, 5, 0, 0, data, 64, 5),
                         LIBUSB_ERROR_TIMEOUT);
        assert_int_equal(libusb_get_descriptor(bed.handle, LIBUSB_DT_DEVICE, 0, data, 255), 18);
        assert_memory_equal(data + 8, "\xbc\x0a\xef\x0d", 4);
        assert_int_equal(libusb_get_descriptor(bed.handle, LIBUSB_DT_CONFIG, 0, data, 9), 9);
        assert_int_equal(libusb_get_descriptor(bed.handle, LIBUSB_DT_CONFIG, 0, data, 255),
                         data[2]);
        assert_int_equal(libusb_get_string_descriptor_ascii(bed.handle, 1, text, sizeof(text)), 11);
        assert_string_equal((char *)text, "fake-libusb");
        assert_int_equal(libusb_control_transfer(bed.handle, 0xc0, 1, 0, 0, data, 4097, 1000),
                         LIBUSB_ERROR_INVALID_PARAM);
        bed_close(&bed);
        assert_int_equal(bed_reported(&bed, "leaked-transfers"), 0);
}

static int recursive_result;

static void on_resubmit(struct libusb_transfer *transfer)
{
        int *count = transfer->user_data;
        struct timeval zero = { 0 };

        recursive_result = libusb_handle_events_timeout(NULL, &zero);
        if (++*count < 3)
                assert_int_equal(libusb_submit_transfer(transfer), 0);
}

static void callback_may_resubmit_and_not_recurse(void **state)
{
        struct libusb_transfer *t;
        struct bed bed = { 0 };
        int count = 0;

        setenv("FAKE_LIBUSB", "", 1);
        assert_int_equal(libusb_init(NULL), 0);
        assert_int_equal(libusb_wrap_sys_device(NULL, 0, &bed.handle), 0);
        libusb_set_auto_detach_kernel_driver(bed.handle, 1);
        assert_int_equal(libusb_claim_interface(bed.handle, 0), 0);
        t = bed_transfer(&bed, BULK, 0x81, 512, &count);
        t->callback = on_resubmit;
        assert_int_equal(libusb_submit_transfer(t), 0);
        for (int round = 1; round <= 3; round++) {
                bed_round(&bed);
                assert_int_equal(count, round);
                assert_int_equal(bed_is_readable(&bed), round < 3);
                assert_int_equal(recursive_result, LIBUSB_ERROR_BUSY);
        }
        libusb_free_transfer(t);
        libusb_close(bed.handle);
        libusb_exit(NULL);
}

static void flags_free_transfer_and_buffer(void **state)
{
        struct libusb_transfer *t;
        struct bed bed;
        int count = 0;

        bed_open_claimed(&bed, "");
        t = bed_transfer(&bed, BULK, 0x81, 512, &count);
        t->flags = LIBUSB_TRANSFER_FREE_BUFFER | LIBUSB_TRANSFER_FREE_TRANSFER;
        assert_int_equal(libusb_submit_transfer(t), 0);
        bed_wait(&bed, &count, 1);
        bed_close(&bed);
        assert_int_equal(bed_reported(&bed, "leaked-transfers"), 0);
}

static void random_is_repeatable_and_completes_everything(void **state)
{
        struct libusb_transfer *t[32];
        uint64_t bytes[2], failed[2];
        struct bed bed;
        int count, submitted;

        for (int run = 0; run < 2; run++) {
                bed_open_claimed(&bed, "random=7");
                for (size_t i = 0; i < ELEMENTS(t); i++)
                        t[i] = bed_transfer(&bed, BULK, 0x81, 512, &count);
                for (int round = 0; round < 20; round++) {
                        count = submitted = 0;
                        libusb_clear_halt(bed.handle, 0x81);
                        for (size_t i = 0; i < ELEMENTS(t); i++)
                                submitted += libusb_submit_transfer(t[i]) == 0;
                        bed_wait(&bed, &count, submitted);
                }
                for (size_t i = 0; i < ELEMENTS(t); i++)
                        libusb_free_transfer(t[i]);
                bed_close(&bed);
                bytes[run] = bed_reported(&bed, "bytes-in");
                failed[run] = bed_reported(&bed, "failed");
        }
        assert_int_equal(bytes[0], bytes[1]);
        assert_int_equal(failed[0], failed[1]);
        assert_true(failed[0] > 0);
}

int main(void)
{
        static const struct CMUnitTest tests[] = {
                cmocka_unit_test(is_not_the_real_library),
                cmocka_unit_test(calls_back_only_while_events_are_handled),
                cmocka_unit_test(bulk_in_is_one_running_pattern),
                cmocka_unit_test(bulk_out_is_compared_with_the_pattern),
                cmocka_unit_test(nak_ends_only_by_cancel_and_later),
                cmocka_unit_test(cancel_can_come_too_late_or_get_lost),
                cmocka_unit_test(stalls_until_the_halt_is_cleared),
                cmocka_unit_test(babbles_and_reads_short),
                cmocka_unit_test(control_endpoint_answers),
                cmocka_unit_test(callback_may_resubmit_and_not_recurse),
                cmocka_unit_test(flags_free_transfer_and_buffer),
                cmocka_unit_test(random_is_repeatable_and_completes_everything),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
