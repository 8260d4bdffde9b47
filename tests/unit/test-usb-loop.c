/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * libusb on an event loop: its callbacks and timeouts come by themselves, and the loss of a
 * descriptor is told.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "unit/usb-bed.h"
#include "util/macro.h"

static void on_count(struct libusb_transfer *transfer)
{
        ++*(int *)transfer->user_data;
}

static void on_removed(void *userdata)
{
        ++*(int *)userdata;
}

/* The bed's handle, with interface 0 claimed. */
static void claim(struct usb_bed *bed)
{
        assert_int_equal(libusb_wrap_sys_device(usb_loop_context(bed->loop), 0, &bed->fake.handle),
                         0);
        libusb_set_auto_detach_kernel_driver(bed->fake.handle, 1);
        assert_int_equal(libusb_claim_interface(bed->fake.handle, 0), 0);
}

static void unclaim(struct usb_bed *bed)
{
        libusb_close(bed->fake.handle);
        bed->fake.handle = NULL;
}

static void fails_as_libusb_does(void **state)
{
        static const struct {
                const char *options;
                int want;
        } cases[] = {
                { "fail=init:NO_MEM", -ENOMEM },
                { "fail=init:OTHER", -EIO },
                { "timeouts=caller", -ENOTSUP },
        };

        for (size_t i = 0; i < ELEMENTS(cases); i++) {
                struct event_base *base = event_base_new();
                struct usb_loop *loop = NULL;

                setenv("FAKE_LIBUSB", cases[i].options, 1);
                assert_int_equal(usb_loop_new(&loop, base, true), cases[i].want);
                assert_null(loop);
                event_base_free(base);
        }
        assert_null(usb_loop_free(NULL));
}

static void completions_and_timeouts_come_by_themselves(void **state)
{
        static const uint8_t endpoints[] = { 0x81, 0x83 };
        static const enum libusb_transfer_status want[] = { LIBUSB_TRANSFER_COMPLETED,
                                                            LIBUSB_TRANSFER_TIMED_OUT };
        struct libusb_transfer *t;
        uint8_t data[64];
        struct usb_bed bed;

        usb_bed_open(&bed, "");
        claim(&bed);
        t = libusb_alloc_transfer(0);
        for (size_t i = 0; i < ELEMENTS(endpoints); i++) {
                int count = 0;

                libusb_fill_bulk_transfer(t, bed.fake.handle, endpoints[i], data, sizeof(data),
                                          on_count, &count, 5);
                assert_int_equal(libusb_submit_transfer(t), 0);
                assert_int_equal(count, 0);
                RUN_UNTIL(bed.base, count == 1);
                assert_int_equal(t->status, want[i]);
        }
        libusb_free_transfer(t);
        unclaim(&bed);
        usb_bed_close(&bed);
}

static void tells_when_a_descriptor_goes(void **state)
{
        for (int watch = 0; watch < 2; watch++) {
                struct libusb_transfer *t;
                uint8_t data[64];
                struct usb_bed bed;
                int count = 0, removed = 0;

                usb_bed_open(&bed, "complete=0x81:NO_DEVICE");
                claim(&bed);
                usb_loop_watch_removed(bed.loop, on_removed, &removed);
                if (!watch)
                        usb_loop_watch_removed(bed.loop, NULL, NULL);
                t = libusb_alloc_transfer(0);
                libusb_fill_bulk_transfer(t, bed.fake.handle, 0x81, data, sizeof(data), on_count,
                                          &count, 0);
                assert_int_equal(libusb_submit_transfer(t), 0);
                RUN_UNTIL(bed.base, count == 1);
                run_ready(bed.base);
                assert_int_equal(removed, watch);
                libusb_free_transfer(t);
                unclaim(&bed);
                usb_bed_close(&bed);
                assert_int_equal(removed, watch);
        }
}

static ssize_t count_devices(struct usb_loop *loop)
{
        libusb_device **list;
        ssize_t n = libusb_get_device_list(usb_loop_context(loop), &list);

        libusb_free_device_list(list, 1);
        return n;
}

/* The option stays for the whole process, so this comes last. */
static void discovers_only_if_told_to(void **state)
{
        struct usb_bed bed;

        usb_bed_open(&bed, "");
        assert_int_equal(count_devices(bed.loop), 1);
        usb_loop_free(bed.loop);
        assert_int_equal(usb_loop_new(&bed.loop, bed.base, false), 0);
        assert_int_equal(count_devices(bed.loop), 0);
        usb_bed_close(&bed);
}

int main(void)
{
        static const struct CMUnitTest tests[] = {
                cmocka_unit_test(fails_as_libusb_does),
                cmocka_unit_test(completions_and_timeouts_come_by_themselves),
                cmocka_unit_test(tells_when_a_descriptor_goes),
                cmocka_unit_test(discovers_only_if_told_to),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
