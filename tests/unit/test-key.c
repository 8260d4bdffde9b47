/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Each key's values, and which devices they hold for.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "filter/key.h"
#include "util/macro.h"

#define TEN(x) x x x x x x x x x x

enum { INVALID, HOLDS, FAILS };

static const struct facts reader = {
        .n_interfaces = 2,
        .interfaces = { { 0x0b, 0, 0 }, { 3, 1, 1 } },
        .serial = "4C531001 A/[1]",
        .product_name = "Smart Card Reader",
        .vendor_name = "Acme, Inc.",
        .port = "1-1.4",
        .path = "pci-0000:00:14.0-usb-0:1.2",
        .properties = "ID_BUS=usb\0ID_MODEL=Card Reader\0USBREDIR_AUTO=1",
        .properties_size = sizeof("ID_BUS=usb\0ID_MODEL=Card Reader\0USBREDIR_AUTO=1"),
};
static const struct facts nameless = {};
/* Of USB 3, in the socket whose USB 2 port is 5: port 1 of USB 2 is another socket. */
static const struct facts super = {
        .path = "pci-0000:00:14.0-usb-0:1",
        .socket_path = "pci-0000:00:14.0-usb-0:5",
};

static const struct {
        const char *name;
        enum key_id key;
        const char *value;
        const struct facts *device;
        int want;
} cases[] = {
        { "guest_is_no_condition", KEY_GUEST, "win10", &nameless, HOLDS },
        { "guest_refuses_blank", KEY_GUEST, "win 10", NULL, INVALID },
        { "auto_yes", KEY_AUTO, "yes", &nameless, HOLDS },
        { "auto_no", KEY_AUTO, "no", &nameless, HOLDS },
        { "auto_refuses_true", KEY_AUTO, "true", NULL, INVALID },
        { "auto_refuses_capitals", KEY_AUTO, "Yes", NULL, INVALID },
        { "interface_class", KEY_INTERFACE, "0b", &reader, HOLDS },
        { "interface_capitals", KEY_INTERFACE, "0B", &reader, HOLDS },
        { "interface_other_class", KEY_INTERFACE, "08", &reader, FAILS },
        { "interface_subclass", KEY_INTERFACE, "03/01", &reader, HOLDS },
        { "interface_other_subclass", KEY_INTERFACE, "03/00", &reader, FAILS },
        { "interface_protocol", KEY_INTERFACE, "03/01/01", &reader, HOLDS },
        { "interface_other_protocol", KEY_INTERFACE, "03/01/02", &reader, FAILS },
        { "interface_is_of_one_interface", KEY_INTERFACE, "0b/01", &reader, FAILS },
        { "interface_of_a_device_without", KEY_INTERFACE, "00", &nameless, FAILS },
        { "interface_refuses_0x", KEY_INTERFACE, "0x03", NULL, INVALID },
        { "interface_refuses_one_digit", KEY_INTERFACE, "3", NULL, INVALID },
        { "interface_refuses_three_digits", KEY_INTERFACE, "003", NULL, INVALID },
        { "interface_refuses_other_letters", KEY_INTERFACE, "0g", NULL, INVALID },
        { "interface_refuses_trailing_slash", KEY_INTERFACE, "03/", NULL, INVALID },
        { "interface_refuses_half_protocol", KEY_INTERFACE, "03/01/1", NULL, INVALID },
        { "interface_refuses_fourth_number", KEY_INTERFACE, "03/01/01/01", NULL, INVALID },
        { "interface_refuses_slash_after_protocol", KEY_INTERFACE, "03/01/01/", NULL, INVALID },
        { "interface_refuses_star", KEY_INTERFACE, "03/*", NULL, INVALID },
        { "interface_refuses_sign", KEY_INTERFACE, "-1", NULL, INVALID },
        { "serial_pattern", KEY_SERIAL, "4C5310*", &reader, HOLDS },
        { "serial_pattern_covers_the_whole", KEY_SERIAL, "4C5310", &reader, FAILS },
        { "serial_star_crosses_slash", KEY_SERIAL, "4C*1]", &reader, HOLDS },
        { "serial_escaped_bracket", KEY_SERIAL, "*\\[1]", &reader, HOLDS },
        { "serial_set", KEY_SERIAL, "[0-4]C*", &reader, HOLDS },
        { "serial_is_exact_about_case", KEY_SERIAL, "4c5310*", &reader, FAILS },
        { "serial_star_is_any", KEY_SERIAL, "*", &reader, HOLDS },
        { "serial_star_needs_one", KEY_SERIAL, "*", &nameless, FAILS },
        { "serial_unclosed_set_is_plain_text", KEY_SERIAL, "4C[", &reader, FAILS },
        { "product_name_pattern", KEY_PRODUCT_NAME, "*Reader", &reader, HOLDS },
        { "product_name_is_not_the_vendor's", KEY_PRODUCT_NAME, "Acme*", &reader, FAILS },
        { "product_name_missing", KEY_PRODUCT_NAME, "*", &nameless, FAILS },
        { "vendor_name_pattern", KEY_VENDOR_NAME, "Acme, Inc?", &reader, HOLDS },
        { "vendor_name_is_not_the_product's", KEY_VENDOR_NAME, "*Reader", &reader, FAILS },
        { "vendor_name_missing", KEY_VENDOR_NAME, "*", &nameless, FAILS },
        { "port_exact", KEY_PORT, "1-1.4", &reader, HOLDS },
        { "port_dot_is_a_dot", KEY_PORT, "1-1?4", &reader, HOLDS },
        { "port_other", KEY_PORT, "1-1.3", &reader, FAILS },
        { "port_missing", KEY_PORT, "*", &nameless, FAILS },
        { "path_pattern", KEY_PATH, "*-usb-0:1.2", &reader, HOLDS },
        { "path_other", KEY_PATH, "*-usb-0:1.3", &reader, FAILS },
        { "path_missing", KEY_PATH, "*", &nameless, FAILS },
        { "path_of_the_socket", KEY_PATH, "*-usb-0:5", &super, HOLDS },
        { "path_of_the_other_port", KEY_PATH, "*-usb-0:1", &super, HOLDS },
        { "path_of_neither_port", KEY_PATH, "*-usb-0:2", &super, FAILS },
        { "on_plug", KEY_ON, "plug", &nameless, HOLDS },
        { "on_start", KEY_ON, "start", &nameless, HOLDS },
        { "on_both", KEY_ON, "both", &nameless, HOLDS },
        { "on_refuses_a_list", KEY_ON, "plug,start", NULL, INVALID },
        { "on_refuses_yes", KEY_ON, "yes", NULL, INVALID },
        { "reset_yes", KEY_RESET, "yes", &nameless, HOLDS },
        { "reset_no", KEY_RESET, "no", &nameless, HOLDS },
        { "reset_refuses_numbers", KEY_RESET, "0", NULL, INVALID },
        { "hold_yes", KEY_HOLD, "yes", &nameless, HOLDS },
        { "hold_no", KEY_HOLD, "no", &nameless, HOLDS },
        { "hold_refuses_while", KEY_HOLD, "while", NULL, INVALID },
        { "force_yes", KEY_FORCE, "yes", &nameless, HOLDS },
        { "force_no", KEY_FORCE, "no", &nameless, HOLDS },
        { "force_refuses_1", KEY_FORCE, "1", NULL, INVALID },
        { "property_is_there", KEY_PROPERTY, "USBREDIR_AUTO", &reader, HOLDS },
        { "property_is_not_there", KEY_PROPERTY, "USBREDIR_GUEST", &reader, FAILS },
        { "property_name_is_whole", KEY_PROPERTY, "USBREDIR", &reader, FAILS },
        { "property_name_is_exact_about_case", KEY_PROPERTY, "id_bus", &reader, FAILS },
        { "property_of_a_device_without", KEY_PROPERTY, "ID_BUS", &nameless, FAILS },
        { "property_value", KEY_PROPERTY, "USBREDIR_AUTO=1", &reader, HOLDS },
        { "property_other_value", KEY_PROPERTY, "USBREDIR_AUTO=0", &reader, FAILS },
        { "property_pattern", KEY_PROPERTY, "ID_MODEL=Card*", &reader, HOLDS },
        { "property_pattern_covers_the_whole", KEY_PROPERTY, "ID_MODEL=Card", &reader, FAILS },
        { "property_name_is_no_pattern", KEY_PROPERTY, "ID_*=usb", NULL, INVALID },
        { "property_refuses_missing_name", KEY_PROPERTY, "=1", NULL, INVALID },
        { "property_refuses_missing_pattern", KEY_PROPERTY, "ID_BUS=", NULL, INVALID },
        { "property_refuses_blank_in_name", KEY_PROPERTY, "ID BUS=usb", NULL, INVALID },
        { "property_takes_name_of_127", KEY_PROPERTY, TEN(TEN("A")) TEN("AA") "AAAAAAA=x", &reader,
          FAILS },
        { "property_refuses_name_of_128", KEY_PROPERTY, TEN(TEN("A")) TEN("AA") "AAAAAAAA=x", NULL,
          INVALID },
};

static void check(void **state)
{
        const typeof(cases[0]) *c = *state;
        const struct key *key = &keys[c->key];
        bool valid = !key->is_valid || key->is_valid(c->value);

        assert_int_equal(valid, c->want != INVALID);
        if (valid)
                assert_int_equal(!key->matches || key->matches(c->value, c->device),
                                 c->want == HOLDS);
}

static void every_key_has_a_row(void **state)
{
        for (size_t i = 0; i < KEYS; i++) {
                assert_non_null(keys[i].name);
                assert_non_null(keys[i].takes);
        }
}

int main(void)
{
        struct CMUnitTest tests[ELEMENTS(cases) + 1] = {
                [ELEMENTS(cases)] = cmocka_unit_test(every_key_has_a_row),
        };

        for (size_t i = 0; i < ELEMENTS(cases); i++)
                tests[i] = (struct CMUnitTest){
                        .name = cases[i].name,
                        .test_func = check,
                        .initial_state = (void *)&cases[i],
                };

        return cmocka_run_group_tests_name("key", tests, NULL, NULL);
}
