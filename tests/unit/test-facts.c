/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The bounds of the facts, at the limit and one past it, and what text they let in.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "filter/facts.h"
#include "util/macro.h"

static void takes_32_interfaces_and_refuses_the_next(void **state)
{
        struct facts facts = {};

        for (uint8_t i = 0; i < FACTS_INTERFACES_MAX; i++)
                assert_int_equal(facts_add_interface(&facts, i, 1, 2), 0);
        assert_int_equal(facts_add_interface(&facts, 3, 1, 1), -E2BIG);

        assert_int_equal(facts.n_interfaces, FACTS_INTERFACES_MAX);
        assert_int_equal(facts.interfaces[31].class, 31);
        assert_int_equal(facts.interfaces[31].subclass, 1);
        assert_int_equal(facts.interfaces[31].protocol, 2);
}

static void each_setter_sets_its_own_field(void **state)
{
        struct facts facts = {};

        assert_int_equal(facts_set_serial(&facts, "4C531001"), 0);
        assert_int_equal(facts_set_vendor_name(&facts, "Acme"), 0);
        assert_int_equal(facts_set_product_name(&facts, "Reader"), 0);
        assert_int_equal(facts_set_port(&facts, "1-1.4"), 0);
        assert_int_equal(facts_set_path(&facts, "pci-0000:00:14.0-usb-0:1.2"), 0);

        assert_string_equal(facts.serial, "4C531001");
        assert_string_equal(facts.vendor_name, "Acme");
        assert_string_equal(facts.product_name, "Reader");
        assert_string_equal(facts.port, "1-1.4");
        assert_string_equal(facts.path, "pci-0000:00:14.0-usb-0:1.2");
}

static void keeps_utf8_and_replaces_other_bytes(void **state)
{
        struct facts facts = {};

        assert_int_equal(facts_set_serial(&facts, "n\xc2\xb0 7\xff\n"), 0);
        assert_string_equal(facts.serial, "n\xc2\xb0 7??");
}

static void a_shorter_text_leaves_nothing_of_the_longer(void **state)
{
        struct facts facts = {};

        assert_int_equal(facts_set_serial(&facts, "long serial"), 0);
        assert_int_equal(facts_set_serial(&facts, "x"), 0);
        assert_string_equal(facts.serial, "x");
}

static const struct {
        const char *name;
        int (*set)(struct facts *facts, const char *text);
        size_t offset, limit;
} limits[] = {
        { "serial_takes_378_bytes_and_no_more", facts_set_serial, offsetof(struct facts, serial),
          378 },
        { "vendor_name_takes_378_bytes_and_no_more", facts_set_vendor_name,
          offsetof(struct facts, vendor_name), 378 },
        { "product_name_takes_378_bytes_and_no_more", facts_set_product_name,
          offsetof(struct facts, product_name), 378 },
        { "port_takes_31_bytes_and_no_more", facts_set_port, offsetof(struct facts, port), 31 },
        { "path_takes_255_bytes_and_no_more", facts_set_path, offsetof(struct facts, path), 255 },
        { "socket_path_takes_255_bytes_and_no_more", facts_set_socket_path,
          offsetof(struct facts, socket_path), 255 },
};

static void check_limit(void **state)
{
        const typeof(limits[0]) *c = *state;
        struct facts facts = {};
        char text[512];

        memset(text, 'x', sizeof(text));
        text[c->limit + 1] = '\0';
        assert_int_equal(c->set(&facts, text), -ENAMETOOLONG);
        assert_string_equal((const char *)&facts + c->offset, "");

        text[c->limit] = '\0';
        assert_int_equal(c->set(&facts, text), 0);
        assert_string_equal((const char *)&facts + c->offset, text);
}

static void the_best_path_is_that_of_the_socket(void **state)
{
        struct facts facts = {};

        assert_string_equal(facts_best_path(&facts), "");
        facts_set_path(&facts, "usb-0:1");
        assert_string_equal(facts_best_path(&facts), "usb-0:1");
        facts_set_socket_path(&facts, "usb-0:5");
        assert_string_equal(facts_best_path(&facts), "usb-0:5");
}

static void finds_a_property_by_its_whole_name(void **state)
{
        struct facts facts = {};

        assert_null(facts_property(&facts, "ID_BUS"));
        assert_int_equal(facts_add_property(&facts, "ID_BUS_MORE", "no"), 0);
        assert_int_equal(facts_add_property(&facts, "ID_BUS", "usb"), 0);
        assert_int_equal(facts_add_property(&facts, "EMPTY", ""), 0);

        assert_string_equal(facts_property(&facts, "ID_BUS"), "usb");
        assert_string_equal(facts_property(&facts, "EMPTY"), "");
        assert_null(facts_property(&facts, "ID"));
        assert_null(facts_property(&facts, "BUS"));
        assert_null(facts_property(&facts, "ID_BUS_MORE_STILL"));
}

static void cleans_properties(void **state)
{
        struct facts facts = {};

        assert_int_equal(facts_add_property(&facts, "ID_MODEL", "a\xff\nb"), 0);
        assert_string_equal(facts_property(&facts, "ID_MODEL"), "a??b");
}

static void takes_8192_bytes_of_properties_and_no_more(void **state)
{
        struct facts facts = {};
        char text[FACTS_PROPERTIES_SIZE];

        /* "A=", the text and its 0 */
        memset(text, 'x', sizeof(text));
        text[FACTS_PROPERTIES_SIZE - 2] = '\0';
        assert_int_equal(facts_add_property(&facts, "A", text), -E2BIG);
        assert_int_equal(facts.properties_size, 0);
        assert_null(facts_property(&facts, "A"));

        text[FACTS_PROPERTIES_SIZE - 3] = '\0';
        assert_int_equal(facts_add_property(&facts, "A", text), 0);
        assert_int_equal(facts.properties_size, FACTS_PROPERTIES_SIZE);
        assert_string_equal(facts_property(&facts, "A"), text);
        assert_int_equal(facts_add_property(&facts, "B", ""), -E2BIG);
        assert_null(facts_property(&facts, "B"));
        assert_string_equal(facts_property(&facts, "A"), text);
}

int main(void)
{
        struct CMUnitTest tests[ELEMENTS(limits) + 8] = {
                [ELEMENTS(limits)] = cmocka_unit_test(takes_32_interfaces_and_refuses_the_next),
                cmocka_unit_test(each_setter_sets_its_own_field),
                cmocka_unit_test(keeps_utf8_and_replaces_other_bytes),
                cmocka_unit_test(a_shorter_text_leaves_nothing_of_the_longer),
                cmocka_unit_test(the_best_path_is_that_of_the_socket),
                cmocka_unit_test(finds_a_property_by_its_whole_name),
                cmocka_unit_test(cleans_properties),
                cmocka_unit_test(takes_8192_bytes_of_properties_and_no_more),
        };

        for (size_t i = 0; i < ELEMENTS(limits); i++)
                tests[i] = (struct CMUnitTest){
                        .name = limits[i].name,
                        .test_func = check_limit,
                        .initial_state = (void *)&limits[i],
                };

        return cmocka_run_group_tests_name("facts", tests, NULL, NULL);
}
