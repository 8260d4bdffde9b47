/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the companion of a SuperSpeed endpoint says: streams, and how much a service interval has.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "usb/layout.h"
#include "util/macro.h"

#define HIGH       LIBUSB_SPEED_HIGH
#define SUPER      LIBUSB_SPEED_SUPER
#define SUPER_PLUS LIBUSB_SPEED_SUPER_PLUS

/* The endpoint 0x81 of a device that has nothing else. */
static struct usb_endpoint read_endpoint(int speed, uint8_t attributes, uint16_t packet_size,
                                         const uint8_t *extra, int length)
{
        struct libusb_endpoint_descriptor e = { .bEndpointAddress = 0x81,
                                                .bmAttributes = attributes,
                                                .wMaxPacketSize = packet_size,
                                                .extra = length ? extra : NULL,
                                                .extra_length = length };
        struct libusb_interface_descriptor a = { .endpoint = &e, .bNumEndpoints = 1 };
        struct libusb_interface n = { .altsetting = &a, .num_altsetting = 1 };
        struct libusb_config_descriptor c = { .interface = &n, .bNumInterfaces = 1 };
        struct usb_layout layout;

        assert_int_equal(usb_layout_read(&layout, &c, speed), 0);
        return *usb_layout_endpoint(&layout, 0x81);
}

static void streams_come_from_the_companion_of_a_fast_bulk_endpoint(void **state)
{
        static const struct {
                const char *name;
                int speed;
                uint8_t attributes;
                int length;
                uint8_t extra[6];
                uint32_t want;
        } cases[] = {
                { "none", SUPER, 2, 6, { 6, 0x30, 0, 0, 0, 0 }, 0 },
                { "2^1", SUPER, 2, 6, { 6, 0x30, 0, 1, 0, 0 }, 2 },
                { "2^16", SUPER, 2, 6, { 6, 0x30, 0, 16, 0, 0 }, 65536 },
                { "2^17 is more than there can be", SUPER, 2, 6, { 6, 0x30, 0, 17, 0, 0 }, 0 },
                { "2^31", SUPER, 2, 6, { 6, 0x30, 0, 31, 0, 0 }, 0 },
                { "reserved bits", SUPER, 2, 6, { 6, 0x30, 0, 0xe4, 0, 0 }, 16 },
                { "SuperSpeed+", SUPER_PLUS, 2, 6, { 6, 0x30, 0, 4, 0, 0 }, 16 },
                { "high speed", HIGH, 2, 6, { 6, 0x30, 0, 4, 0, 0 }, 0 },
                { "interrupt", SUPER, 3, 6, { 6, 0x30, 0, 4, 0, 0 }, 0 },
                { "iso, where the bits are others", SUPER, 1, 6, { 6, 0x30, 0, 2, 0, 0 }, 0 },
                { "another descriptor", SUPER, 2, 6, { 6, 0x24, 0, 4, 0, 0 }, 0 },
                { "cut short", SUPER, 2, 4, { 6, 0x30, 0, 4 }, 0 },
                { "length of 0", SUPER, 2, 6, { 0, 0x30, 0, 4, 0, 0 }, 0 },
                { "no bytes", SUPER, 2, 0, { 0 }, 0 },
        };

        for (size_t i = 0; i < ELEMENTS(cases); i++) {
                struct usb_endpoint e = read_endpoint(cases[i].speed, cases[i].attributes, 1024,
                                                      cases[i].extra, cases[i].length);

                if (e.max_streams != cases[i].want)
                        fail_msg("%s: %u", cases[i].name, e.max_streams);
        }
}

static void an_iso_packet_is_what_a_service_interval_has(void **state)
{
        static const struct {
                const char *name;
                int speed;
                uint8_t attributes, burst, companion;
                uint16_t packet_size, want;
        } cases[] = {
                { "no burst", SUPER, 1, 0, 0, 1024, 1024 },
                { "a burst of 16", SUPER, 1, 15, 0, 1024, 16384 },
                { "3 bursts of 1", SUPER, 1, 0, 2, 1024, 3072 },
                { "3 bursts of 16", SUPER, 1, 15, 2, 1024, 49152 },
                { "3 bursts of 16 at SuperSpeed+", SUPER_PLUS, 1, 15, 2, 1024, 49152 },
                { "more than that, in another descriptor", SUPER_PLUS, 1, 15, 0x80, 1024, 65535 },
                { "more than 16 bits hold", SUPER, 1, 15, 2, 2047, 65535 },
                { "a burst that cannot be", SUPER, 1, 255, 0, 1024, 16384 },
                { "a reserved number of bursts", SUPER, 1, 1, 3, 1024, 2048 },
                { "synchronization bits", SUPER, 0x0d, 1, 1, 1024, 4096 },
                { "packets of no bytes", SUPER_PLUS, 1, 15, 0x82, 0, 0 },
                { "interrupt, where a short packet ends", SUPER, 3, 2, 0, 1024, 1024 },
                { "bulk", SUPER, 2, 15, 0, 1024, 1024 },
                { "a companion at high speed", HIGH, 1, 15, 2, 1024, 1024 },
        };

        for (size_t i = 0; i < ELEMENTS(cases); i++) {
                const uint8_t extra[] = { 6, 0x30, cases[i].burst, cases[i].companion, 0, 0 };
                struct usb_endpoint e = read_endpoint(cases[i].speed, cases[i].attributes,
                                                      cases[i].packet_size, extra, sizeof(extra));

                if (e.max_packet_size != cases[i].want)
                        fail_msg("%s: %u", cases[i].name, e.max_packet_size);
        }
}

static void an_alt_setting_takes_the_streams_of_the_one_before(void **state)
{
        static const uint8_t extra[] = { 6, 0x30, 0, 4, 0, 0 };
        static const struct libusb_endpoint_descriptor with = { .bEndpointAddress = 0x81,
                                                                .bmAttributes = 2,
                                                                .extra = extra,
                                                                .extra_length = sizeof(extra) },
                                                       without = { .bEndpointAddress = 0x81,
                                                                   .bmAttributes = 2 };
        static const struct libusb_interface_descriptor alts[] = {
                { .bAlternateSetting = 0, .endpoint = &with, .bNumEndpoints = 1 },
                { .bAlternateSetting = 1, .endpoint = &without, .bNumEndpoints = 1 },
                { .bAlternateSetting = 2 },
        };
        static const struct libusb_interface n = { alts, ELEMENTS(alts) };
        static const struct libusb_config_descriptor c = { .interface = &n, .bNumInterfaces = 1 };
        struct usb_layout layout;

        for (uint8_t alt = 1; alt <= 2; alt++) {
                assert_int_equal(usb_layout_read(&layout, &c, SUPER), 0);
                assert_int_equal(usb_layout_endpoint(&layout, 0x81)->max_streams, 16);
                assert_int_equal(usb_layout_endpoints_with_streams(&layout), UINT32_C(1) << 17);
                assert_int_equal(usb_layout_set_alt(&layout, &c, SUPER, 0, alt), 0);
                assert_int_equal(usb_layout_endpoint(&layout, 0x81)->max_streams, 0);
                assert_int_equal(usb_layout_endpoints_with_streams(&layout), 0);
        }
}

int main(void)
{
        static const struct CMUnitTest tests[] = {
                cmocka_unit_test(streams_come_from_the_companion_of_a_fast_bulk_endpoint),
                cmocka_unit_test(an_iso_packet_is_what_a_service_interval_has),
                cmocka_unit_test(an_alt_setting_takes_the_streams_of_the_one_before),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
