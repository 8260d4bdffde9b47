/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Which passes a device has. Wanted passes are written "d" for the device, else the interface's
 * index, then the class.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "filter/pass.h"
#include "util/macro.h"

static const struct {
        const char *name;
        struct facts in;
        const char *want, *want_every;
} cases[] = {
        { "no_pass_for_class_0_without_interfaces", { .class = 0 }, "", "" },
        { "no_pass_for_class_ef_without_interfaces", { .class = 0xef }, "", "" },
        { "one_pass_for_a_vendor_device", { .class = 0xff }, "d:ff ", "d:ff " },
        { "class_0_asks_the_interfaces_only",
          { .n_interfaces = 1, .interfaces = { { 8, 6, 80 } } },
          "0:08 ",
          "0:08 " },
        { "class_ef_asks_the_interfaces_only",
          { .class = 0xef, .n_interfaces = 2, .interfaces = { { 14, 1, 0 }, { 14, 2, 0 } } },
          "0:0e 1:0e ",
          "0:0e 1:0e " },
        { "other_class_asks_device_then_interfaces",
          { .class = 2, .n_interfaces = 2, .interfaces = { { 2, 2, 1 }, { 10, 0, 0 } } },
          "d:02 0:02 1:0a ",
          "d:02 0:02 1:0a " },
        { "non_boot_hid_beside_others_is_skipped",
          { .n_interfaces = 3, .interfaces = { { 1, 1, 0 }, { 3, 0, 0 }, { 1, 2, 0 } } },
          "0:01 2:01 ",
          "0:01 1:03 2:01 " },
        { "single_non_boot_hid_is_asked",
          { .n_interfaces = 1, .interfaces = { { 3, 0, 0 } } },
          "0:03 ",
          "0:03 " },
        { "only_non_boot_hid_is_asked_for_each",
          { .n_interfaces = 2, .interfaces = { { 3, 0, 0 }, { 3, 0, 0 } } },
          "0:03 1:03 ",
          "0:03 1:03 " },
        { "only_non_boot_hid_with_device_class_is_asked_for_each",
          { .class = 0xff, .n_interfaces = 2, .interfaces = { { 3, 0, 0 }, { 3, 0, 0 } } },
          "d:ff 0:03 1:03 ",
          "d:ff 0:03 1:03 " },
        { "boot_keyboard_is_asked",
          { .n_interfaces = 2, .interfaces = { { 3, 1, 1 }, { 3, 0, 0 } } },
          "0:03 ",
          "0:03 1:03 " },
        { "hid_with_only_a_protocol_is_asked",
          { .n_interfaces = 2, .interfaces = { { 3, 0, 1 }, { 8, 6, 80 } } },
          "0:03 1:08 ",
          "0:03 1:08 " },
        { "hid_with_only_a_subclass_is_asked",
          { .n_interfaces = 2, .interfaces = { { 3, 1, 0 }, { 8, 6, 80 } } },
          "0:03 1:08 ",
          "0:03 1:08 " },
};

static void print_passes(const struct facts *facts, bool every_interface, char *text, size_t size)
{
        struct pass passes[PASSES_MAX];
        size_t n = pass_list(facts, every_interface, passes), at = 0;

        text[0] = '\0';
        for (size_t i = 0; i < n; i++)
                if (passes[i].interface == PASS_DEVICE)
                        at += (size_t)snprintf(text + at, size - at, "d:%02x ", passes[i].class);
                else
                        at += (size_t)snprintf(text + at, size - at, "%d:%02x ",
                                               passes[i].interface, passes[i].class);
}

static void check(void **state)
{
        const typeof(cases[0]) *c = *state;
        char text[256];

        print_passes(&c->in, false, text, sizeof(text));
        assert_string_equal(text, c->want);
        print_passes(&c->in, true, text, sizeof(text));
        assert_string_equal(text, c->want_every);
}

static void the_largest_device_has_33_passes(void **state)
{
        struct facts facts = { .class = 0xff };
        struct pass passes[PASSES_MAX];

        while (facts_add_interface(&facts, 8, 6, 80) == 0) {
        }

        assert_int_equal(pass_list(&facts, false, passes), 33);
        assert_int_equal(passes[32].interface, 31);
}

int main(void)
{
        struct CMUnitTest tests[ELEMENTS(cases) + 1] = {
                [ELEMENTS(cases)] = cmocka_unit_test(the_largest_device_has_33_passes),
        };

        for (size_t i = 0; i < ELEMENTS(cases); i++)
                tests[i] = (struct CMUnitTest){
                        .name = cases[i].name,
                        .test_func = check,
                        .initial_state = (void *)&cases[i],
                };

        return cmocka_run_group_tests_name("pass", tests, NULL, NULL);
}
