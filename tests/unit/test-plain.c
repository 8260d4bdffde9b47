/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Filter strings in both forms, and upstream's check of them.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "filter/plain.h"
#include "util/macro.h"

#define KEYBOARDS "0x03,-1,-1,-1,0|-1,-1,-1,-1,1"

static const struct {
        const char *name;
        const char *in;
        const char *want; /* in the wire form, NULL if refused */
        uint32_t column;
        unsigned flags;
} strings[] = {
        { "empty_string_is_no_rules", "", "" },
        { "bars_alone_are_no_rules", "|||", "" },
        { "takes_spice_default", KEYBOARDS, KEYBOARDS },
        { "takes_qemu_form", "0x03:-1:-1:-1:0|-1:-1:-1:-1:1", KEYBOARDS },
        { "takes_libvirt_spelling", "0x08:0x1234:0xBEEF:0x0200:1|-1:-1:-1:-1:0",
          "0x08,0x1234,0xbeef,0x0200,1|-1,-1,-1,-1,0" },
        { "takes_leading_bar", "|3,-1,-1,-1,0", "0x03,-1,-1,-1,0" },
        { "takes_trailing_bar", "3,-1,-1,-1,0|", "0x03,-1,-1,-1,0" },
        { "takes_repeated_bars", "3,-1,-1,-1,0|||8,-1,-1,-1,1", "0x03,-1,-1,-1,0|0x08,-1,-1,-1,1" },
        { "refuses_foreign_separator_as_rule", ",3,,-1,-1,-1,0,|:", NULL, 17 },
        { "takes_blank_after_bar", "3,-1,-1,-1,0| 8,-1,-1,-1,1",
          "0x03,-1,-1,-1,0|0x08,-1,-1,-1,1" },
        { "refuses_blank_before_bar", "3,-1,-1,-1,0 |8,-1,-1,-1,1", NULL, 13 },
        { "refuses_blank_alone", " ", NULL, 2 },
        { "refuses_comma_alone", ",", NULL, 2 },
        { "refuses_rule_of_commas", "3,-1,-1,-1,0|,,", NULL, 16 },
        { "refuses_second_rule_where_it_is_wrong", "3,-1,-1,-1,0|8,x,-1,-1,1", NULL, 16 },
        { "refuses_missing_value_at_the_end_of_its_rule", "3,-1,-1,-1|8,-1,-1,-1,1", NULL, 11 },
        { "refuses_mixed_forms", "3,-1,-1,-1,0|8:-1:-1:-1:1", NULL, 15 },
        { "refuses_mixed_separators_in_a_rule", "3:-1:-1:-1,0", NULL, 2 },
        { "refuses_octal", "3,-1,-1,-1,0|010,-1,-1,-1,1", NULL, 14 },
        { "refuses_line_end", "3,-1,-1,-1,0\n", NULL, 13 },
        { "upstream_reads_octal", "010,-1,-1,-1,1", "0x08,-1,-1,-1,1", 0, RULES_AS_UPSTREAM },
        { "upstream_refuses_qemu_form", "3:-1:-1:-1:0", NULL, 2, RULES_AS_UPSTREAM },
};

static void check_string(void **state)
{
        const typeof(strings[0]) *c = *state;
        CLEANUP(plain_clear) struct plain plain = {};
        struct rule_error error = {};
        CLEANUP(freep) char *text = NULL;
        int r;

        r = plain_parse(&plain, c->in, strlen(c->in), c->flags, &error);
        if (!c->want) {
                assert_int_equal(r, -EINVAL);
                assert_int_equal(error.column, c->column);
                assert_string_not_equal(error.text, "");
                assert_null(plain.tuples);
                return;
        }

        assert_int_equal(r, 0);
        assert_int_equal(plain_format(&plain, PLAIN_WIRE, &text), 0);
        assert_string_equal(text, c->want);
}

static void writes_qemu_form(void **state)
{
        CLEANUP(plain_clear) struct plain plain = {};
        struct rule_error error;
        CLEANUP(freep) char *text = NULL;

        assert_int_equal(plain_parse(&plain, KEYBOARDS, strlen(KEYBOARDS), 0, &error), 0);
        assert_int_equal(plain_format(&plain, PLAIN_QEMU, &text), 0);
        assert_string_equal(text, "0x03:-1:-1:-1:0|-1:-1:-1:-1:1");
}

static void reads_only_the_given_length(void **state)
{
        CLEANUP(plain_clear) struct plain plain = {};
        struct rule_error error;

        assert_int_equal(plain_parse(&plain, KEYBOARDS, 15, 0, &error), 0);
        assert_int_equal(plain.n_tuples, 1);
}

static void takes_1024_rules_and_refuses_one_more(void **state)
{
        static const char rule[] = "0x08,0x1234,0xabcd,0x0200,1|";
        char text[(PLAIN_TUPLES_MAX + 1) * (sizeof(rule) - 1)];
        CLEANUP(plain_clear) struct plain plain = {};
        CLEANUP(freep) char *written = NULL;
        struct rule_error error;

        for (size_t i = 0; i <= PLAIN_TUPLES_MAX; i++)
                memcpy(text + i * (sizeof(rule) - 1), rule, sizeof(rule) - 1);

        assert_int_equal(plain_parse(&plain, text, sizeof(text), 0, &error), -EINVAL);
        assert_int_equal(error.column, 1);

        assert_int_equal(plain_parse(&plain, text, sizeof(text) - sizeof(rule) + 1, 0, &error), 0);
        assert_int_equal(plain.n_tuples, PLAIN_TUPLES_MAX);
        assert_int_equal(plain_format(&plain, PLAIN_WIRE, &written), 0);
        assert_int_equal(strlen(written), sizeof(text) - sizeof(rule));
        assert_memory_equal(written, text, strlen(written));
}

static const struct facts stick = { .vendor = 0x781, .n_interfaces = 1, .interfaces = { { 8 } } };
static const struct facts keyboard = { .n_interfaces = 1, .interfaces = { { 3, 1, 1 } } };
static const struct facts kvm = { .n_interfaces = 2, .interfaces = { { 3 }, { 3 } } };
static const struct facts gamepad = { .n_interfaces = 1, .interfaces = { { 3 } } };
static const struct facts headset = { .n_interfaces = 2, .interfaces = { { 1, 1 }, { 3 } } };
static const struct facts hub = { .class = 9, .n_interfaces = 1, .interfaces = { { 9 } } };
static const struct facts empty = {};

static const struct {
        const char *name;
        const char *filter;
        const struct facts *device;
        unsigned flags;
        enum plain_result want;
} checks[] = {
        { "allows_stick", KEYBOARDS, &stick, 0, PLAIN_ALLOWED },
        { "denies_keyboard", KEYBOARDS, &keyboard, 0, PLAIN_DENIED },
        { "denies_kvm_of_non_boot_hid", KEYBOARDS, &kvm, 0, PLAIN_DENIED },
        { "denies_single_non_boot_hid", KEYBOARDS, &gamepad, 0, PLAIN_DENIED },
        { "allows_headset_with_volume_keys", KEYBOARDS, &headset, 0, PLAIN_ALLOWED },
        { "denies_headset_by_every_interface", KEYBOARDS, &headset, PLAIN_EVERY_INTERFACE,
          PLAIN_DENIED },
        { "no_rules_match_nothing", "", &stick, 0, PLAIN_NO_MATCH },
        { "no_rules_allow_by_default_allow", "", &stick, PLAIN_DEFAULT_ALLOW, PLAIN_ALLOWED },
        { "first_match_wins", "8,0x781,-1,-1,1|8,-1,-1,-1,0", &stick, 0, PLAIN_ALLOWED },
        { "first_match_wins_the_other_way", "8,-1,-1,-1,0|8,0x781,-1,-1,1", &stick, 0,
          PLAIN_DENIED },
        { "one_pass_without_match_is_no_match", "1,-1,-1,-1,1", &headset, PLAIN_EVERY_INTERFACE,
          PLAIN_NO_MATCH },
        { "default_allow_still_denies", KEYBOARDS, &keyboard, PLAIN_DEFAULT_ALLOW, PLAIN_DENIED },
        { "hubs_are_nothing_special", "-1,-1,-1,-1,1", &hub, 0, PLAIN_ALLOWED },
        { "device_without_pass_is_allowed", "-1,-1,-1,-1,0", &empty, 0, PLAIN_ALLOWED },
};

static void check_device(void **state)
{
        const typeof(checks[0]) *c = *state;
        CLEANUP(plain_clear) struct plain plain = {};
        struct rule_error error;

        assert_int_equal(plain_parse(&plain, c->filter, strlen(c->filter), 0, &error), 0);
        assert_int_equal(plain_check(&plain, c->device, c->flags), c->want);
}

int main(void)
{
        struct CMUnitTest tests[ELEMENTS(strings) + ELEMENTS(checks) + 3] = {
                cmocka_unit_test(writes_qemu_form),
                cmocka_unit_test(reads_only_the_given_length),
                cmocka_unit_test(takes_1024_rules_and_refuses_one_more),
        };
        struct CMUnitTest *test = tests + 3;

        for (size_t i = 0; i < ELEMENTS(strings); i++)
                *test++ = (struct CMUnitTest){
                        .name = strings[i].name,
                        .test_func = check_string,
                        .initial_state = (void *)&strings[i],
                };
        for (size_t i = 0; i < ELEMENTS(checks); i++)
                *test++ = (struct CMUnitTest){
                        .name = checks[i].name,
                        .test_func = check_device,
                        .initial_state = (void *)&checks[i],
                };

        return cmocka_run_group_tests_name("plain", tests, NULL, NULL);
}
