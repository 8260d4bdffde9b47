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

enum { INVALID, HOLDS, FAILS };

static const struct facts reader = {
        .n_interfaces = 2,
        .interfaces = { { 0x0b, 0, 0 }, { 3, 1, 1 } },
        .serial = "4C531001 A/[1]",
        .port = "1-1.4",
        .path = "pci-0000:00:14.0-usb-0:1.2",
};
static const struct facts nameless = {};

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
        { "port_exact", KEY_PORT, "1-1.4", &reader, HOLDS },
        { "port_dot_is_a_dot", KEY_PORT, "1-1?4", &reader, HOLDS },
        { "port_other", KEY_PORT, "1-1.3", &reader, FAILS },
        { "port_missing", KEY_PORT, "*", &nameless, FAILS },
        { "path_pattern", KEY_PATH, "*-usb-0:1.2", &reader, HOLDS },
        { "path_other", KEY_PATH, "*-usb-0:1.3", &reader, FAILS },
        { "path_missing", KEY_PATH, "*", &nameless, FAILS },
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
