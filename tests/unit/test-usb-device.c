/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A device is opened, taken from its drivers, reset, and given back, whatever goes wrong on the
 * way. Configurations and alt settings are in test-usb-device-configuration.c.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "unit/usb-device-bed.h"

static void knows_the_facts_before_it_is_claimed(void **state)
{
        const struct usb_device_facts *facts;
        struct device_bed bed;

        open_bed(&bed, "id=0abc:0def,speed=super");
        facts = usb_device_facts(bed.device);
        assert_int_equal(facts->speed, LIBUSB_SPEED_SUPER);
        assert_int_equal(facts->class_code, 0xff);
        assert_int_equal(facts->subclass, 0);
        assert_int_equal(facts->protocol, 0);
        assert_int_equal(facts->vendor, 0x0abc);
        assert_int_equal(facts->product, 0x0def);
        assert_int_equal(facts->version_bcd, 0x0123);
        assert_drivers(&bed, 1);

        /* What was not taken is not given back. */
        assert_int_equal(usb_device_release(bed.device), 0);
        close_bed(&bed);
        assert_int_equal(reported(&bed, "resets"), 0);
}

static void opens_by_its_place_on_the_bus(void **state)
{
        static const struct {
                const char *options;
                uint8_t bus, address;
                int want;
        } cases[] = {
                { "bus=3,address=9", 3, 9, 0 },
                { "bus=3,address=9", 3, 8, -ENODEV },
                { "bus=3,address=9", 9, 3, -ENODEV },
                { "bus=3,address=9,fail=open:ACCESS", 3, 9, -EACCES },
                { "bus=3,address=9,fail=get_device_list:NO_MEM", 3, 9, -ENOMEM },
                { "bus=3,address=9,fail=get_device_descriptor:IO", 3, 9, -EIO },
        };

        for (size_t i = 0; i < ELEMENTS(cases); i++) {
                struct usb_device *device = NULL;
                struct usb_bed bed;

                usb_bed_open(&bed, cases[i].options);
                assert_int_equal(usb_device_open_address(&device, bed.loop, bed.base, cases[i].bus,
                                                         cases[i].address, 4096, &device_events,
                                                         NULL),
                                 cases[i].want);
                assert_int_equal(!device, cases[i].want != 0);
                usb_device_free(device);
                usb_bed_close(&bed);
        }
}

static void tells_why_it_cannot_be_opened(void **state)
{
        static const struct {
                const char *options;
                int want;
        } cases[] = {
                { "fail=wrap_sys_device:NO_DEVICE", -ENODEV },
                { "fail=wrap_sys_device:ACCESS", -EACCES },
                { "fail=wrap_sys_device:NO_MEM", -ENOMEM },
                { "fail=get_device_descriptor:NO_DEVICE", -ENODEV },
        };

        for (size_t i = 0; i < ELEMENTS(cases); i++) {
                struct usb_device *device = NULL;
                struct usb_bed bed;

                usb_bed_open(&bed, cases[i].options);
                assert_int_equal(usb_device_open_fd(&device, bed.loop, bed.base, 0, 4096,
                                                    &device_events, NULL),
                                 cases[i].want);
                assert_null(device);
                usb_bed_close(&bed);
        }
}

static void a_claim_detaches_the_drivers_and_resets(void **state)
{
        struct device_bed bed;

        open_claimed(&bed, "");
        assert_drivers(&bed, 0);
        assert_claimable(&bed, 0, LIBUSB_ERROR_BUSY);
        assert_claimable(&bed, 1, LIBUSB_ERROR_BUSY);
        assert_int_equal(usb_device_layout(bed.device)->configuration, 1);
        assert_int_equal(usb_device_layout(bed.device)->interface_count, 2);
        assert_int_equal(endpoint_type(&bed, 0x81), USB_ENDPOINT_BULK);
        assert_int_equal(endpoint_type(&bed, 0x86), USB_ENDPOINT_NONE);

        assert_int_equal(usb_device_release(bed.device), 0);
        assert_drivers(&bed, 1);
        assert_int_equal(usb_device_release(bed.device), 0);
        close_bed(&bed);
        assert_int_equal(reported(&bed, "resets"), 2);
        assert_int_equal(reported(&bed, "claimed-interfaces"), 0);
        assert_int_equal(reported(&bed, "set-configuration-calls"), 0);
}

static void a_device_without_drivers_is_given_back_without(void **state)
{
        struct device_bed bed;

        open_claimed(&bed, "kernel-driver=no");
        assert_int_equal(usb_device_release(bed.device), 0);
        assert_drivers(&bed, 0);
        assert_claimable(&bed, 0, 0);
        assert_claimable(&bed, 1, 0);
        close_bed(&bed);
}

static void a_busy_second_interface_gives_the_first_one_back(void **state)
{
        struct device_bed bed;

        open_bed(&bed, "");
        assert_int_equal(libusb_detach_kernel_driver(bed.other, 1), 0);
        assert_int_equal(libusb_claim_interface(bed.other, 1), 0);
        assert_int_equal(usb_device_claim(bed.device), -EBUSY);
        assert_int_equal(libusb_kernel_driver_active(bed.other, 0), 1);
        assert_int_equal(libusb_kernel_driver_active(bed.other, 1), 0);
        assert_int_equal(usb_device_release(bed.device), 0);

        /* Once the other program has left it works. */
        assert_int_equal(libusb_release_interface(bed.other, 1), 0);
        assert_int_equal(usb_device_claim(bed.device), 0);
        assert_int_equal(usb_device_release(bed.device), 0);
        assert_drivers(&bed, 1);
        close_bed(&bed);
        assert_int_equal(reported(&bed, "resets"), 2);
}

static void a_failed_claim_leaves_the_drivers_attached(void **state)
{
        static const struct {
                const char *options;
                int want;
        } cases[] = {
                { "fail=claim_interface:BUSY@1", -EBUSY },
                { "fail=claim_interface:BUSY@2", -EBUSY },
                { "fail=claim_interface:ACCESS@2", -EACCES },
                { "fail=claim_interface:OTHER@2", -EIO },
                { "fail=get_active_config_descriptor:IO@2", -EIO },
        };

        for (size_t i = 0; i < ELEMENTS(cases); i++) {
                struct device_bed bed;

                open_bed(&bed, cases[i].options);
                assert_int_equal(usb_device_claim(bed.device), cases[i].want);
                assert_drivers(&bed, 1);
                assert_false(usb_device_is_gone(bed.device));
                assert_int_equal(usb_device_release(bed.device), 0);
                close_bed(&bed);
                assert_int_equal(reported(&bed, "claimed-interfaces"), 0);
                assert_int_equal(reported(&bed, "resets"), 0);
        }
}

static void a_library_that_cannot_detach_still_claims_what_is_free(void **state)
{
        struct device_bed bed;

        open_bed(&bed, "kernel-driver=no,fail=set_auto_detach_kernel_driver:NOT_SUPPORTED");
        assert_int_equal(usb_device_claim(bed.device), 0);
        assert_int_equal(usb_device_release(bed.device), 0);
        close_bed(&bed);
}

static void a_reset_is_real_only_after_something_was_done(void **state)
{
        struct device_bed bed;

        open_claimed(&bed, ""); /* 1 */
        assert_int_equal(usb_device_reset(bed.device), 0);
        usb_device_touch(bed.device);
        assert_int_equal(usb_device_reset(bed.device), 0); /* 2 */
        assert_int_equal(usb_device_reset(bed.device), 0);
        assert_int_equal(usb_device_clear_halt(bed.device, 0x88), 0);
        assert_int_equal(usb_device_reset(bed.device), 0); /* 3 */
        assert_int_equal(usb_device_set_alt(bed.device, 1, 1), 0);
        assert_int_equal(usb_device_reset(bed.device), 0); /* 4 */
        assert_int_equal(usb_device_set_alt(bed.device, 1, 9), -ENOENT);
        assert_int_equal(usb_device_reset(bed.device), 0);
        assert_int_equal(usb_device_set_configuration(bed.device, 2), 0);
        assert_int_equal(usb_device_reset(bed.device), 0); /* 5 */
        close_bed(&bed);
        assert_int_equal(reported(&bed, "resets"), 5);
}

static void some_devices_are_never_reset(void **state)
{
        static const struct {
                const char *options;
                uint64_t want;
        } cases[] = {
                { "id=1210:001c", 0 }, { "id=2798:0001", 0 }, { "id=1210:0001", 3 },
                { "id=2798:001c", 3 }, { "id=001c:1210", 3 },
        };

        for (size_t i = 0; i < ELEMENTS(cases); i++) {
                struct device_bed bed;

                open_claimed(&bed, cases[i].options);
                usb_device_touch(bed.device);
                assert_int_equal(usb_device_reset(bed.device), 0);
                assert_int_equal(usb_device_release(bed.device), 0);
                assert_drivers(&bed, 1);
                close_bed(&bed);
                assert_int_equal(reported(&bed, "resets"), cases[i].want);
        }
}

static void a_device_that_takes_no_reset_is_claimed_all_the_same(void **state)
{
        struct device_bed bed;

        open_claimed(&bed, "fail=reset_device:IO");
        assert_int_equal(usb_device_reset(bed.device), -EIO);
        assert_false(usb_device_is_gone(bed.device));
        /* Its drivers come back; what went wrong is told. */
        assert_int_equal(usb_device_release(bed.device), -EIO);
        assert_drivers(&bed, 1);
        close_bed(&bed);
}

static void a_device_that_comes_back_as_another_one_is_lost(void **state)
{
        struct device_bed bed;

        open_bed(&bed, "fail=reset_device:NOT_FOUND@1");
        assert_int_equal(usb_device_claim(bed.device), -ESTALE);
        assert_true(usb_device_is_gone(bed.device));
        assert_int_equal(usb_device_release(bed.device), 0);
        close_bed(&bed);

        open_claimed(&bed, "fail=reset_device:NOT_FOUND@2");
        usb_device_touch(bed.device);
        assert_int_equal(usb_device_reset(bed.device), -ENODEV);
        assert_true(usb_device_is_gone(bed.device));
        assert_int_equal(usb_device_release(bed.device), 0);
        close_bed(&bed);
}

static void release_tells_the_first_error_and_goes_on(void **state)
{
        static const struct {
                const char *options;
                bool other_configuration;
                int want;
        } cases[] = {
                { "fail=attach_kernel_driver:IO@1", false, -EIO },
                { "fail=attach_kernel_driver:NOT_FOUND", false, 0 },
                { "fail=attach_kernel_driver:NOT_SUPPORTED", false, 0 },
                { "fail=attach_kernel_driver:BUSY", false, 0 },
                { "fail=attach_kernel_driver:NO_DEVICE", false, 0 },
                { "fail=set_configuration:IO@2", true, -EIO },
                { "fail=reset_device:TIMEOUT@2,fail=attach_kernel_driver:IO@1", false, -ETIMEDOUT },
        };

        for (size_t i = 0; i < ELEMENTS(cases); i++) {
                struct device_bed bed;

                open_claimed(&bed, cases[i].options);
                if (cases[i].other_configuration)
                        assert_int_equal(usb_device_set_configuration(bed.device, 2), 0);
                assert_int_equal(usb_device_release(bed.device), cases[i].want);
                if (strstr(cases[i].options, "@1"))
                        assert_int_equal(libusb_kernel_driver_active(bed.other, 1), 1);
                close_bed(&bed);
                assert_int_equal(reported(&bed, "claimed-interfaces"), 0);
        }
}

static void a_gone_device_is_no_error_to_release(void **state)
{
        struct usb_transfer *t;
        struct device_bed bed;

        open_claimed(&bed, "unplug-after=0");
        t = usb_transfer_new(usb_device_transfers(bed.device), 64);
        assert_non_null(t);
        t->type = USB_ENDPOINT_BULK;
        t->endpoint = 0x81;
        t->length = 64;
        assert_int_equal(usb_transfer_submit(t), 0);
        assert_int_equal(bed.gone, 1);
        usb_transfer_abandon(t);

        /* The loss of the descriptor tells, too. */
        RUN_UNTIL(bed.usb.base, bed.gone == 2);
        assert_true(usb_device_is_gone(bed.device));
        assert_int_equal(usb_device_release(bed.device), 0);
        close_bed(&bed);

        /* Or release itself is what notices. */
        open_claimed(&bed, "fail=reset_device:NO_DEVICE@2,fail=attach_kernel_driver:NO_DEVICE");
        assert_int_equal(usb_device_release(bed.device), 0);
        assert_true(usb_device_is_gone(bed.device));
        close_bed(&bed);
}

static void closing_tells_nobody(void **state)
{
        struct device_bed bed;

        open_claimed(&bed, "");
        libusb_close(bed.other);
        bed.other = NULL;
        close_bed(&bed);
        assert_int_equal(bed.gone, 0);
}

int main(void)
{
        static const struct CMUnitTest tests[] = {
                cmocka_unit_test(knows_the_facts_before_it_is_claimed),
                cmocka_unit_test(opens_by_its_place_on_the_bus),
                cmocka_unit_test(tells_why_it_cannot_be_opened),
                cmocka_unit_test(a_claim_detaches_the_drivers_and_resets),
                cmocka_unit_test(a_device_without_drivers_is_given_back_without),
                cmocka_unit_test(a_busy_second_interface_gives_the_first_one_back),
                cmocka_unit_test(a_failed_claim_leaves_the_drivers_attached),
                cmocka_unit_test(a_library_that_cannot_detach_still_claims_what_is_free),
                cmocka_unit_test(a_reset_is_real_only_after_something_was_done),
                cmocka_unit_test(some_devices_are_never_reset),
                cmocka_unit_test(a_device_that_takes_no_reset_is_claimed_all_the_same),
                cmocka_unit_test(a_device_that_comes_back_as_another_one_is_lost),
                cmocka_unit_test(release_tells_the_first_error_and_goes_on),
                cmocka_unit_test(a_gone_device_is_no_error_to_release),
                cmocka_unit_test(closing_tells_nobody),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
