/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Descriptors made by hand, as libusb might hand them on from a device that lies. What SuperSpeed
 * adds to them is in test-usb-layout-fast.c.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "usb/layout.h"
#include "util/macro.h"

#define HIGH  LIBUSB_SPEED_HIGH
#define SUPER LIBUSB_SPEED_SUPER

/* Address, bmAttributes, wMaxPacketSize, bInterval. */
#define ENDPOINT(a, t, s, i)                                                                       \
        {                                                                                          \
                .bEndpointAddress = (a), .bmAttributes = (t), .wMaxPacketSize = (s),               \
                .bInterval = (i)                                                                   \
        }

/* One alt setting with the endpoints of an array. */
#define ALT(n, a, array)                                                                           \
        {                                                                                          \
                .bInterfaceNumber = (n), .bAlternateSetting = (a), .endpoint = (array),            \
                .bNumEndpoints = ELEMENTS(array)                                                   \
        }

#define INTERFACE(array)                                                                           \
        {                                                                                          \
                .altsetting = (array), .num_altsetting = ELEMENTS(array)                           \
        }

#define CONFIG(array)                                                                              \
        {                                                                                          \
                .bConfigurationValue = 5, .interface = (array), .bNumInterfaces = ELEMENTS(array)  \
        }

static const struct usb_endpoint *at(const struct usb_layout *layout, uint8_t address)
{
        return usb_layout_endpoint(layout, address);
}

/* Endpoint 0 twice, and nothing else. */
static void assert_no_endpoints(const struct usb_layout *layout)
{
        for (size_t i = 0; i < USB_ENDPOINTS_MAX; i++)
                assert_int_equal(layout->endpoints[i].type,
                                 i % 16 ? USB_ENDPOINT_NONE : USB_ENDPOINT_CONTROL);
}

static void a_device_without_configuration_has_endpoint_0_only(void **state)
{
        struct usb_layout layout;

        memset(&layout, 0xee, sizeof(layout));
        assert_int_equal(usb_layout_read(&layout, NULL, HIGH), 0);
        assert_int_equal(layout.configuration, 0);
        assert_int_equal(layout.interface_count, 0);
        assert_no_endpoints(&layout);
}

static void takes_interfaces_and_endpoints_as_they_are(void **state)
{
        static const struct libusb_endpoint_descriptor ends[] = { ENDPOINT(0x81, 2, 512, 0),
                                                                  ENDPOINT(0x01, 3, 64, 9),
                                                                  ENDPOINT(0x8f, 1, 1023, 4) };
        static const struct libusb_interface_descriptor alts[] = { { .bInterfaceNumber = 3,
                                                                     .bInterfaceClass = 8,
                                                                     .bInterfaceSubClass = 6,
                                                                     .bInterfaceProtocol = 80,
                                                                     .endpoint = ends,
                                                                     .bNumEndpoints = 3 } };
        static const struct libusb_interface interfaces[] = { INTERFACE(alts) };
        static const struct libusb_config_descriptor c = CONFIG(interfaces);
        struct usb_layout layout;

        assert_int_equal(usb_layout_read(&layout, &c, HIGH), 0);
        assert_int_equal(layout.configuration, 5);
        assert_int_equal(layout.interface_count, 1);
        assert_int_equal(layout.interfaces[0].number, 3);
        assert_int_equal(layout.interfaces[0].alt, 0);
        assert_int_equal(layout.interfaces[0].class_code, 8);
        assert_int_equal(layout.interfaces[0].subclass, 6);
        assert_int_equal(layout.interfaces[0].protocol, 80);

        assert_int_equal(at(&layout, 0x81)->type, USB_ENDPOINT_BULK);
        assert_int_equal(at(&layout, 0x81)->interface, 3);
        assert_int_equal(at(&layout, 0x81)->max_packet_size, 512);
        assert_int_equal(at(&layout, 0x01)->type, USB_ENDPOINT_INTERRUPT);
        assert_int_equal(at(&layout, 0x01)->interval, 9);
        assert_ptr_equal(at(&layout, 0x8f), &layout.endpoints[31]);
        assert_int_equal(at(&layout, 0x8f)->type, USB_ENDPOINT_ISO);
        assert_int_equal(at(&layout, 0x02)->type, USB_ENDPOINT_NONE);
        assert_ptr_equal(at(&layout, 0x80), &layout.endpoints[16]);
        assert_int_equal(at(&layout, 0x80)->type, USB_ENDPOINT_CONTROL);
}

static void leaves_out_what_has_nothing_behind_its_pointer(void **state)
{
        static const struct libusb_endpoint_descriptor ends[] = { ENDPOINT(0x81, 2, 512, 0) };
        static const struct libusb_interface_descriptor good[] = { ALT(2, 0, ends) };
        static const struct libusb_interface_descriptor hollow[] = { { .bInterfaceNumber = 1,
                                                                       .bNumEndpoints = 30 } };
        static const struct libusb_interface interfaces[] = {
                { .altsetting = NULL, .num_altsetting = 3 },
                { .altsetting = good, .num_altsetting = 0 },
                { .altsetting = good, .num_altsetting = -1 },
                INTERFACE(hollow),
                INTERFACE(good),
        };
        static const struct libusb_config_descriptor c = CONFIG(interfaces),
                                                     none = { .bNumInterfaces = 7 };
        struct usb_layout layout;

        assert_int_equal(usb_layout_read(&layout, &c, HIGH), 0);
        assert_int_equal(layout.interface_count, 2);
        assert_int_equal(layout.interfaces[0].number, 1);
        assert_int_equal(layout.interfaces[1].number, 2);
        assert_int_equal(at(&layout, 0x81)->interface, 2);
        assert_int_equal(usb_layout_set_alt(&layout, &c, HIGH, 0, 0), -ENOENT);
        assert_int_equal(usb_layout_set_alt(&layout, &c, HIGH, 1, 0), 0);

        assert_int_equal(usb_layout_read(&layout, &none, HIGH), 0);
        assert_int_equal(layout.interface_count, 0);
        assert_no_endpoints(&layout);
        assert_int_equal(usb_layout_set_alt(&layout, &none, HIGH, 0, 0), -ENOENT);
}

static void leaves_out_an_interface_whose_number_was_there(void **state)
{
        static const struct libusb_endpoint_descriptor first[] = { ENDPOINT(0x81, 2, 512, 0) };
        static const struct libusb_endpoint_descriptor second[] = { ENDPOINT(0x82, 2, 512, 0) };
        static const struct libusb_interface_descriptor one[] = { ALT(4, 0, first) },
                                                        other[] = { ALT(4, 0, second) };
        static const struct libusb_interface interfaces[] = { INTERFACE(one), INTERFACE(other) };
        static const struct libusb_config_descriptor c = CONFIG(interfaces);
        struct usb_layout layout;

        assert_int_equal(usb_layout_read(&layout, &c, HIGH), 0);
        assert_int_equal(layout.interface_count, 1);
        assert_int_equal(at(&layout, 0x81)->type, USB_ENDPOINT_BULK);
        assert_int_equal(at(&layout, 0x82)->type, USB_ENDPOINT_NONE);
}

static void leaves_out_an_endpoint_that_belongs_to_two_interfaces(void **state)
{
        static const struct libusb_endpoint_descriptor first[] = { ENDPOINT(0x81, 2, 512, 0),
                                                                   ENDPOINT(0x81, 3, 8, 1) };
        static const struct libusb_endpoint_descriptor second[] = { ENDPOINT(0x81, 3, 64, 7),
                                                                    ENDPOINT(0x82, 3, 64, 7) };
        static const struct libusb_interface_descriptor one[] = { ALT(0, 0, first) },
                                                        other[] = { ALT(1, 0, second) };
        static const struct libusb_interface interfaces[] = { INTERFACE(one), INTERFACE(other) };
        static const struct libusb_config_descriptor c = CONFIG(interfaces);
        struct usb_layout layout;

        assert_int_equal(usb_layout_read(&layout, &c, HIGH), 0);
        assert_int_equal(at(&layout, 0x81)->type, USB_ENDPOINT_BULK);
        assert_int_equal(at(&layout, 0x81)->interface, 0);
        assert_int_equal(at(&layout, 0x81)->max_packet_size, 512);
        assert_int_equal(at(&layout, 0x82)->interface, 1);

        /* Nor does it move when the second one is set anew. */
        assert_int_equal(usb_layout_set_alt(&layout, &c, HIGH, 1, 0), 0);
        assert_int_equal(at(&layout, 0x81)->interface, 0);
}

static void leaves_out_addresses_that_cannot_be(void **state)
{
        static const struct libusb_endpoint_descriptor ends[] = {
                ENDPOINT(0x91, 2, 512, 0), ENDPOINT(0xa1, 2, 512, 0), ENDPOINT(0x41, 2, 512, 0),
                ENDPOINT(0xf1, 2, 512, 0), ENDPOINT(0x00, 2, 512, 0), ENDPOINT(0x80, 3, 512, 1)
        };
        static const struct libusb_interface_descriptor alts[] = { ALT(0, 0, ends) };
        static const struct libusb_interface interfaces[] = { INTERFACE(alts) };
        static const struct libusb_config_descriptor c = CONFIG(interfaces);
        struct usb_layout layout;

        assert_int_equal(usb_layout_read(&layout, &c, HIGH), 0);
        assert_no_endpoints(&layout);
        assert_int_equal(at(&layout, 0x10)->type, USB_ENDPOINT_NONE);
        assert_int_equal(at(&layout, 0x90)->type, USB_ENDPOINT_NONE);
        assert_int_equal(at(&layout, 0x70)->type, USB_ENDPOINT_NONE);
}

static void holds_32_interfaces_and_refuses_33(void **state)
{
        struct libusb_interface_descriptor alts[33];
        struct libusb_interface interfaces[33];
        struct libusb_config_descriptor c = { .bConfigurationValue = 1, .interface = interfaces };
        struct usb_layout layout;

        for (uint8_t i = 0; i < 33; i++) {
                alts[i] = (struct libusb_interface_descriptor){ .bInterfaceNumber =
                                                                        (uint8_t)(200 - i) };
                interfaces[i] =
                        (struct libusb_interface){ .altsetting = &alts[i], .num_altsetting = 1 };
        }

        c.bNumInterfaces = 32;
        assert_int_equal(usb_layout_read(&layout, &c, HIGH), 0);
        assert_int_equal(layout.interface_count, 32);
        assert_int_equal(layout.interfaces[31].number, 169);

        c.bNumInterfaces = 33;
        assert_int_equal(usb_layout_read(&layout, &c, HIGH), -E2BIG);
}

static void packet_sizes_follow_type_and_speed(void **state)
{
        static const struct {
                const char *name;
                int speed;
                uint8_t attributes;
                uint16_t in, want;
        } cases[] = {
                { "high-speed bulk", HIGH, 2, 512, 512 },
                { "high-speed iso, 1 transaction", HIGH, 1, 0x0400, 1024 },
                { "high-speed iso, 2 transactions", HIGH, 1, 0x0c00, 2048 },
                { "high-speed iso, 3 transactions", HIGH, 1, 0x1400, 3072 },
                { "high-speed iso, a reserved value", HIGH, 1, 0x1c00, 1024 },
                { "high-speed iso, synchronization bits", HIGH, 0x0d, 0x1400, 3072 },
                { "high-speed iso, reserved bits", HIGH, 1, 0xe400, 1024 },
                { "high-speed iso, the largest", HIGH, 1, 0xf7ff, 6141 },
                { "high-speed interrupt", HIGH, 3, 0x1400, 1024 },
                { "full-speed iso", LIBUSB_SPEED_FULL, 1, 0x1400, 1024 },
                { "SuperSpeed iso", SUPER, 1, 0x1400, 1024 },
                { "unknown speed", LIBUSB_SPEED_UNKNOWN, 1, 0x1400, 1024 },
                { "nothing", HIGH, 1, 0, 0 },
        };

        for (size_t i = 0; i < ELEMENTS(cases); i++) {
                struct libusb_endpoint_descriptor e =
                        ENDPOINT(0x81, cases[i].attributes, cases[i].in, 1);
                struct libusb_interface_descriptor a = { .endpoint = &e, .bNumEndpoints = 1 };
                struct libusb_interface n = { .altsetting = &a, .num_altsetting = 1 };
                struct libusb_config_descriptor c = { .interface = &n, .bNumInterfaces = 1 };
                struct usb_layout layout;

                assert_int_equal(usb_layout_read(&layout, &c, cases[i].speed), 0);
                if (at(&layout, 0x81)->max_packet_size != cases[i].want)
                        fail_msg("%s: %u", cases[i].name, at(&layout, 0x81)->max_packet_size);
        }
}

static void an_interval_of_0_becomes_1_where_packets_are_periodic(void **state)
{
        static const struct libusb_endpoint_descriptor ends[] = { ENDPOINT(0x81, 1, 8, 0),
                                                                  ENDPOINT(0x82, 3, 8, 0),
                                                                  ENDPOINT(0x83, 2, 8, 0),
                                                                  ENDPOINT(0x84, 3, 8, 255) };
        static const struct libusb_interface_descriptor alts[] = { ALT(0, 0, ends) };
        static const struct libusb_interface interfaces[] = { INTERFACE(alts) };
        static const struct libusb_config_descriptor c = CONFIG(interfaces);
        struct usb_layout layout;

        assert_int_equal(usb_layout_read(&layout, &c, HIGH), 0);
        assert_int_equal(at(&layout, 0x81)->interval, 1);
        assert_int_equal(at(&layout, 0x82)->interval, 1);
        assert_int_equal(at(&layout, 0x83)->interval, 0);
        assert_int_equal(at(&layout, 0x84)->interval, 255);
}

/* Two interfaces; the second has alt settings 0, 7 and 2, in this order. */
static const struct libusb_endpoint_descriptor ends_other[] = { ENDPOINT(0x01, 2, 512, 0) };
static const struct libusb_endpoint_descriptor ends_0[] = { ENDPOINT(0x81, 2, 512, 0),
                                                            ENDPOINT(0x82, 2, 512, 0) };
static const struct libusb_endpoint_descriptor ends_7[] = { ENDPOINT(0x82, 1, 64, 1),
                                                            ENDPOINT(0x83, 3, 8, 1) };
static const struct libusb_endpoint_descriptor ends_2[] = { ENDPOINT(0x01, 3, 8, 1),
                                                            ENDPOINT(0x84, 3, 8, 1) };
static const struct libusb_interface_descriptor alts_first[] = { ALT(0, 0, ends_other) };
static const struct libusb_interface_descriptor alts_second[] = { ALT(9, 0, ends_0),
                                                                  ALT(9, 7, ends_7),
                                                                  ALT(9, 2, ends_2) };
static const struct libusb_interface with_alts[] = { INTERFACE(alts_first),
                                                     INTERFACE(alts_second) };
static const struct libusb_config_descriptor config_with_alts = CONFIG(with_alts);

static void alt_settings_go_by_value_not_by_position(void **state)
{
        struct usb_layout layout;

        assert_int_equal(usb_layout_read(&layout, &config_with_alts, HIGH), 0);
        assert_int_equal(usb_layout_set_alt(&layout, &config_with_alts, HIGH, 9, 7), 0);
        assert_int_equal(usb_layout_interface(&layout, 9)->alt, 7);
        assert_int_equal(at(&layout, 0x81)->type, USB_ENDPOINT_NONE);
        assert_int_equal(at(&layout, 0x82)->type, USB_ENDPOINT_ISO);
        assert_int_equal(at(&layout, 0x83)->type, USB_ENDPOINT_INTERRUPT);
        assert_int_equal(at(&layout, 0x01)->type, USB_ENDPOINT_BULK);
        assert_int_equal(at(&layout, 0x00)->type, USB_ENDPOINT_CONTROL);

        assert_int_equal(usb_layout_set_alt(&layout, &config_with_alts, HIGH, 9, 2), 0);
        assert_int_equal(at(&layout, 0x82)->type, USB_ENDPOINT_NONE);
        assert_int_equal(at(&layout, 0x84)->type, USB_ENDPOINT_INTERRUPT);
        /* 0x01 is the other interface's. */
        assert_int_equal(at(&layout, 0x01)->type, USB_ENDPOINT_BULK);
        assert_int_equal(at(&layout, 0x01)->interface, 0);
        assert_int_equal(layout.interface_count, 2);
}

static void an_unknown_alt_setting_leaves_the_layout_untouched(void **state)
{
        static const uint8_t unknown[][2] = {
                { 9, 1 }, { 9, 255 }, { 0, 7 }, { 1, 0 }, { 255, 0 }
        };
        struct usb_layout layout, before;

        assert_int_equal(usb_layout_read(&layout, &config_with_alts, HIGH), 0);
        assert_int_equal(usb_layout_set_alt(&layout, &config_with_alts, HIGH, 9, 7), 0);
        before = layout;
        for (size_t i = 0; i < ELEMENTS(unknown); i++) {
                assert_int_equal(usb_layout_set_alt(&layout, &config_with_alts, HIGH, unknown[i][0],
                                                    unknown[i][1]),
                                 -ENOENT);
                assert_memory_equal(&layout, &before, sizeof(layout));
        }
}

/* Control endpoints 0 have interface number 0 too, but belong to nobody. */
static void endpoint_0_outlives_the_alt_settings_of_interface_0(void **state)
{
        struct usb_layout layout;

        assert_int_equal(usb_layout_read(&layout, &config_with_alts, HIGH), 0);
        assert_int_equal(usb_layout_set_alt(&layout, &config_with_alts, HIGH, 0, 0), 0);
        assert_int_equal(at(&layout, 0x00)->type, USB_ENDPOINT_CONTROL);
        assert_int_equal(at(&layout, 0x80)->type, USB_ENDPOINT_CONTROL);
        assert_null(usb_layout_interface(&layout, 1));
}

int main(void)
{
        static const struct CMUnitTest tests[] = {
                cmocka_unit_test(a_device_without_configuration_has_endpoint_0_only),
                cmocka_unit_test(takes_interfaces_and_endpoints_as_they_are),
                cmocka_unit_test(leaves_out_what_has_nothing_behind_its_pointer),
                cmocka_unit_test(leaves_out_an_interface_whose_number_was_there),
                cmocka_unit_test(leaves_out_an_endpoint_that_belongs_to_two_interfaces),
                cmocka_unit_test(leaves_out_addresses_that_cannot_be),
                cmocka_unit_test(holds_32_interfaces_and_refuses_33),
                cmocka_unit_test(packet_sizes_follow_type_and_speed),
                cmocka_unit_test(an_interval_of_0_becomes_1_where_packets_are_periodic),
                cmocka_unit_test(alt_settings_go_by_value_not_by_position),
                cmocka_unit_test(an_unknown_alt_setting_leaves_the_layout_untouched),
                cmocka_unit_test(endpoint_0_outlives_the_alt_settings_of_interface_0),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
