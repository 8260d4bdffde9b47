/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Configurations and alt settings of a device that is ours: chosen, refused, lied about.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "unit/usb-device-bed.h"

static void alt_settings_move_the_endpoints(void **state)
{
        struct device_bed bed;

        open_claimed(&bed, "");
        assert_int_equal(usb_device_set_alt(bed.device, 1, 2), 0);
        assert_int_equal(interface_of(&bed, 1)->alt, 2);
        assert_int_equal(endpoint_type(&bed, 0x86), USB_ENDPOINT_ISO);
        assert_int_equal(usb_layout_endpoint(usb_device_layout(bed.device), 0x07)->max_packet_size,
                         3072);
        assert_int_equal(usb_layout_endpoints_of(usb_device_layout(bed.device), 1),
                         1u << 7 | 1u << 22);
        assert_int_equal(usb_layout_endpoints_of(usb_device_layout(bed.device), 2), 0);
        /* Interface 0 does not own endpoint 0. */
        assert_int_equal(usb_layout_endpoints_of(usb_device_layout(bed.device), 0),
                         1u << 2 | 1u << 5 | 1u << 17 | 1u << 19 | 1u << 20 | 1u << 24 | 1u << 25 |
                                 1u << 26);
        assert_int_equal(usb_device_set_alt(bed.device, 1, 0), 0);
        assert_int_equal(endpoint_type(&bed, 0x86), USB_ENDPOINT_NONE);
        close_bed(&bed);
        assert_int_equal(reported(&bed, "set-alt-setting-calls"), 2);
}

static void a_failed_alt_setting_leaves_the_layout_as_it_was(void **state)
{
        static const struct {
                const char *options;
                uint8_t interface, alt;
                int want;
                uint64_t calls;
        } cases[] = {
                { "", 1, 3, -ENOENT, 0 },
                { "", 2, 0, -ENOENT, 0 },
                { "", 255, 255, -ENOENT, 0 },
                { "fail=set_interface_alt_setting:IO", 1, 1, -EIO, 0 },
                { "fail=set_interface_alt_setting:PIPE", 1, 1, -EPIPE, 0 },
                { "fail=set_interface_alt_setting:NO_DEVICE", 1, 1, -ENODEV, 0 },
                { "fail=get_active_config_descriptor:IO@4", 1, 1, -EIO, 0 },
        };

        for (size_t i = 0; i < ELEMENTS(cases); i++) {
                struct usb_layout before;
                struct device_bed bed;

                open_claimed(&bed, cases[i].options);
                before = *usb_device_layout(bed.device);
                assert_int_equal(usb_device_set_alt(bed.device, cases[i].interface, cases[i].alt),
                                 cases[i].want);
                assert_memory_equal(usb_device_layout(bed.device), &before, sizeof(before));
                assert_int_equal(usb_device_is_gone(bed.device), cases[i].want == -ENODEV);
                close_bed(&bed);
                assert_int_equal(reported(&bed, "set-alt-setting-calls"), cases[i].calls);
        }
}

static void another_configuration_is_claimed_without_its_drivers(void **state)
{
        struct device_bed bed;

        open_claimed(&bed, "");
        assert_int_equal(usb_device_set_alt(bed.device, 1, 1), 0);
        assert_int_equal(usb_device_set_configuration(bed.device, 2), 0);
        assert_int_equal(configuration(&bed), 2);
        assert_int_equal(usb_device_layout(bed.device)->configuration, 2);
        assert_int_equal(usb_device_layout(bed.device)->interface_count, 1);
        assert_int_equal(endpoint_type(&bed, 0x83), USB_ENDPOINT_NONE);
        assert_int_equal(libusb_kernel_driver_active(bed.other, 0), 0);
        assert_claimable(&bed, 0, LIBUSB_ERROR_BUSY);

        /* The one it had comes back; the kernel binds its drivers by itself. */
        assert_int_equal(usb_device_release(bed.device), 0);
        assert_int_equal(configuration(&bed), 1);
        assert_drivers(&bed, 1);
        close_bed(&bed);
        assert_int_equal(reported(&bed, "set-configuration-calls"), 2);
        assert_int_equal(reported(&bed, "claimed-interfaces"), 0);
}

static void a_device_may_be_unconfigured_and_come_back(void **state)
{
        struct device_bed bed;

        open_claimed(&bed, "");
        assert_int_equal(usb_device_set_configuration(bed.device, 0), 0);
        assert_int_equal(configuration(&bed), 0);
        assert_int_equal(usb_device_layout(bed.device)->configuration, 0);
        assert_int_equal(usb_device_layout(bed.device)->interface_count, 0);
        assert_int_equal(usb_device_set_alt(bed.device, 0, 0), -ENOENT);
        assert_int_equal(usb_device_release(bed.device), 0);
        assert_int_equal(configuration(&bed), 1);
        close_bed(&bed);
}

/* Of two configurations nobody knows which one it would have been. */
static void an_unconfigured_device_is_left_unconfigured(void **state)
{
        struct device_bed bed;

        open_claimed(&bed, "configuration=0");
        assert_int_equal(usb_device_layout(bed.device)->configuration, 0);
        assert_int_equal(usb_device_set_configuration(bed.device, 1), 0);
        assert_int_equal(usb_device_layout(bed.device)->interface_count, 2);
        assert_int_equal(usb_device_release(bed.device), 0);
        assert_int_equal(configuration(&bed), 0);
        close_bed(&bed);
}

/* The daemon knows: its port is claimed, so the kernel has not configured it. */
static void an_unconfigured_device_gets_the_usual_configuration(void **state)
{
        struct device_bed bed;

        open_bed(&bed, "configuration=0");
        usb_device_use_configuration(bed.device, 1);
        assert_int_equal(usb_device_claim(bed.device), 0);
        assert_int_equal(usb_device_layout(bed.device)->configuration, 1);
        assert_int_equal(usb_device_layout(bed.device)->interface_count, 2);
        assert_int_equal(usb_device_release(bed.device), 0);
        assert_int_equal(configuration(&bed), 1);
        close_bed(&bed);
        assert_int_equal(reported(&bed, "set-configuration-calls"), 1);
}

/* The first time did not work; what was there at first still counts. */
static void what_was_there_at_first_is_restored_by_a_later_release(void **state)
{
        struct device_bed bed;

        open_claimed(&bed, "fail=set_configuration:IO@2");
        assert_int_equal(usb_device_set_configuration(bed.device, 2), 0);
        assert_int_equal(usb_device_release(bed.device), -EIO);
        assert_int_equal(configuration(&bed), 2);
        assert_int_equal(libusb_kernel_driver_active(bed.other, 0), 1);

        assert_int_equal(usb_device_claim(bed.device), 0);
        assert_int_equal(usb_device_release(bed.device), 0);
        assert_int_equal(configuration(&bed), 1);
        assert_drivers(&bed, 1);
        close_bed(&bed);
}

static void the_same_configuration_resets_the_alt_settings(void **state)
{
        struct device_bed bed;

        open_claimed(&bed, "");
        assert_int_equal(usb_device_set_alt(bed.device, 1, 2), 0);
        assert_int_equal(usb_device_set_configuration(bed.device, 1), 0);
        assert_int_equal(interface_of(&bed, 1)->alt, 0);
        assert_int_equal(endpoint_type(&bed, 0x86), USB_ENDPOINT_NONE);
        assert_claimable(&bed, 1, LIBUSB_ERROR_BUSY);
        close_bed(&bed);
        assert_int_equal(reported(&bed, "set-configuration-calls"), 0);
        assert_int_equal(reported(&bed, "set-alt-setting-calls"), 2);
}

static void a_configuration_that_fails_leaves_the_old_one_claimed(void **state)
{
        static const struct {
                const char *options;
                uint8_t in;
                int want;
        } cases[] = {
                { "", 3, -ENOENT },
                { "fail=set_configuration:IO@1", 2, -EIO },
                { "fail=set_configuration:BUSY@1", 0, -EBUSY },
        };

        for (size_t i = 0; i < ELEMENTS(cases); i++) {
                struct device_bed bed;

                open_claimed(&bed, cases[i].options);
                assert_int_equal(usb_device_set_alt(bed.device, 1, 1), 0);
                assert_int_equal(usb_device_set_configuration(bed.device, cases[i].in),
                                 cases[i].want);
                assert_int_equal(usb_device_layout(bed.device)->configuration, 1);
                /* Releasing an interface has put it into its first alt setting. */
                assert_int_equal(interface_of(&bed, 1)->alt, 0);
                assert_claimable(&bed, 0, LIBUSB_ERROR_BUSY);
                assert_claimable(&bed, 1, LIBUSB_ERROR_BUSY);
                assert_drivers(&bed, 0);
                assert_int_equal(usb_device_release(bed.device), 0);
                assert_drivers(&bed, 1);
                close_bed(&bed);
        }
}

/* The drivers that the new configuration has got do not keep the old one from coming back. */
static void a_configuration_that_cannot_be_claimed_loses_the_device(void **state)
{
        struct device_bed bed;

        open_claimed(&bed, "configuration=2,fail=claim_interface:BUSY@4");
        assert_int_equal(usb_device_set_configuration(bed.device, 1), -ENODEV);
        assert_claimable(&bed, 0, 0);
        assert_int_equal(usb_device_release(bed.device), 0);
        assert_int_equal(configuration(&bed), 2);
        close_bed(&bed);
        assert_int_equal(reported(&bed, "claimed-interfaces"), 0);
}

/* Whatever the descriptors say, the device is claimed and returned, or refused, and nothing leaks.
 */
static void lives_with_lies_in_the_descriptors(void **state)
{
        static const struct {
                const char *name;
                int want;
                uint8_t interfaces;
                bool hides_interfaces;
        } cases[] = {
                { "none", 0, 2 },
                { "null-interfaces", 0, 0, true },
                { "null-altsettings", 0, 0, true },
                { "no-altsettings", 0, 0, true },
                { "null-endpoints", 0, 2 },
                { "zeroed-endpoints", 0, 2 },
                { "duplicate-interfaces", 0, 1 },
                { "duplicate-endpoints", 0, 3 },
                { "many-interfaces", -E2BIG, 0 },
                { "high-interfaces", -EINVAL, 2 },
                { "odd-altsettings", 0, 2 },
                { "reserved-bits", 0, 2 },
                { "packet-zero", 0, 2 },
                { "packet-max", 0, 2 },
                { "interval-zero", 0, 2 },
        };

        for (size_t i = 0; i < ELEMENTS(cases); i++) {
                const struct usb_layout *layout;
                struct device_bed bed;
                char options[64];
                int r;

                snprintf(options, sizeof(options), "hostile-descriptors=%s", cases[i].name);
                open_bed(&bed, options);
                r = usb_device_claim(bed.device);
                layout = usb_device_layout(bed.device);
                if (r != cases[i].want || layout->interface_count != cases[i].interfaces)
                        fail_msg("%s: %i, %u interfaces", cases[i].name, r,
                                 layout->interface_count);

                for (unsigned n = 0; r == 0 && n < 256; n++) {
                        usb_device_set_alt(bed.device, 1, (uint8_t)n);
                        usb_device_set_alt(bed.device, 0, (uint8_t)n);
                }
                /* Interfaces that were not seen keep their drivers, and those the configuration. */
                if (r == 0)
                        assert_int_equal(usb_device_set_configuration(bed.device, 2),
                                         cases[i].hides_interfaces ? -EBUSY : 0);
                assert_int_equal(usb_device_release(bed.device), 0);
                if (cases[i].interfaces > 0)
                        assert_int_equal(libusb_kernel_driver_active(bed.other, 0),
                                         strcmp(cases[i].name, "high-interfaces") != 0);
                close_bed(&bed);
                assert_int_equal(reported(&bed, "claimed-interfaces"), 0);
                assert_int_equal(reported(&bed, "configuration"), 1);
        }
}

int main(void)
{
        static const struct CMUnitTest tests[] = {
                cmocka_unit_test(alt_settings_move_the_endpoints),
                cmocka_unit_test(a_failed_alt_setting_leaves_the_layout_as_it_was),
                cmocka_unit_test(another_configuration_is_claimed_without_its_drivers),
                cmocka_unit_test(a_device_may_be_unconfigured_and_come_back),
                cmocka_unit_test(an_unconfigured_device_is_left_unconfigured),
                cmocka_unit_test(an_unconfigured_device_gets_the_usual_configuration),
                cmocka_unit_test(what_was_there_at_first_is_restored_by_a_later_release),
                cmocka_unit_test(the_same_configuration_resets_the_alt_settings),
                cmocka_unit_test(a_configuration_that_fails_leaves_the_old_one_claimed),
                cmocka_unit_test(a_configuration_that_cannot_be_claimed_loses_the_device),
                cmocka_unit_test(lives_with_lies_in_the_descriptors),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
