/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "daemon/memory.h"

static struct memories memories;
static struct device device;
static struct memory memory;

static struct device *make(const char *port, uint16_t product, const char *serial)
{
        memset(&device, 0, sizeof(device));
        device.info.facts.vendor = 0x1209;
        device.info.facts.product = product;
        facts_set_serial(&device.info.facts, serial);
        facts_set_port(&device.info.facts, port);
        snprintf(device.info.place, sizeof(device.info.place), "%s", port);
        device.intent = INTENT_AUTOMATIC;
        strcpy(device.guest, "vm1");
        return &device;
}

static bool recalls(const char *port, uint16_t product, const char *serial, uint64_t now)
{
        struct memory *found = memory_recall(&memories, &make(port, product, serial)->info, now);

        if (!found)
                return false;
        memory = *found;
        memory_forget(found);
        return true;
}

static int setup(void **state)
{
        memset(&memories, 0, sizeof(memories));
        return 0;
}

static void a_device_without_serial_is_known_at_its_port(void **state)
{
        memory_keep(&memories, make("1-1", 1, ""));
        assert_false(recalls("1-2", 1, "", 5));
        assert_false(recalls("1-1", 2, "", 5));
        assert_true(recalls("1-1", 1, "", 5));
        assert_string_equal(memory.guest, "vm1");
        assert_int_equal(memory.intent, INTENT_AUTOMATIC);
}

static void a_device_with_a_serial_is_known_at_any_port(void **state)
{
        memory_keep(&memories, make("1-1", 1, "A"));
        assert_false(recalls("1-1", 1, "B", 5));
        assert_true(recalls("2-4.1", 1, "A", 5));
}

static void it_is_recalled_once(void **state)
{
        memory_keep(&memories, make("1-1", 1, "A"));
        assert_true(recalls("1-1", 1, "A", 5));
        assert_false(recalls("1-1", 1, "A", 5));
}

static void the_last_word_counts(void **state)
{
        memory_keep(&memories, make("1-1", 1, "A"));
        make("1-2", 1, "A");
        strcpy(device.guest, "vm2");
        memory_keep(&memories, &device);
        assert_true(recalls("1-1", 1, "A", 5));
        assert_string_equal(memory.guest, "vm2");
        assert_false(recalls("1-1", 1, "A", 5));
}

static void what_has_an_end_is_forgotten_then(void **state)
{
        memory_keep(&memories, make("1-1", 1, "A"))->until_usec = 10;
        assert_false(recalls("1-1", 1, "A", 11));
        memory_keep(&memories, make("1-1", 1, "A"))->until_usec = 10;
        assert_true(recalls("1-1", 1, "A", 10));
}

static void what_comes_back_from_a_reset_does_so_at_its_port(void **state)
{
        memory_keep(&memories, make("1-1", 1, "A"))->until_usec = 10;
        assert_false(recalls("1-2", 1, "A", 5));
        assert_true(recalls("1-1", 1, "A", 5));
}

static void what_depends_on_a_reset_counts_when_that_is_confirmed(void **state)
{
        struct memory *place = memory_keep(&memories, make("1-1", 1, ""));

        place->if_lost = true;
        place->session = 7;
        place->until_usec = 10;
        assert_false(recalls("1-1", 1, "", 5));
        memory_confirm(&memories, 8, 20);
        assert_false(recalls("1-1", 1, "", 5));
        memory_confirm(&memories, 7, 20);
        assert_true(recalls("1-1", 1, "", 15));
}

static void the_oldest_is_forgotten_for_one_more(void **state)
{
        char port[16];

        for (unsigned i = 0; i <= MEMORY_MAX; i++) {
                snprintf(port, sizeof(port), "1-%u", i);
                memory_keep(&memories, make(port, 1, ""));
        }
        assert_false(recalls("1-0", 1, "", 5));
        for (unsigned i = 1; i <= MEMORY_MAX; i++) {
                snprintf(port, sizeof(port), "1-%u", i);
                assert_true(recalls(port, 1, "", 5));
        }
}

static void what_may_have_changed_is_known_at_its_place_by_other_ids(void **state)
{
        struct memory *place = memory_keep(&memories, make("1-1", 1, "A"));

        place->if_lost = true;
        place->change_until_usec = 10;
        assert_false(recalls("1-1", 1, "A", 5));
        assert_false(recalls("1-1", 1, "B", 5));
        assert_false(recalls("1-2", 2, "A", 5));
        assert_false(recalls("1-1", 2, "A", 11));
        assert_true(recalls("1-1", 2, "", 10));
        assert_string_equal(memory.guest, "vm1");
        assert_false(recalls("1-1", 2, "", 10));
}

static void the_device_itself_counts_before_what_it_may_have_been(void **state)
{
        memory_keep(&memories, make("1-2", 2, "A"));
        memory_keep(&memories, make("1-1", 1, "A"))->change_until_usec = 10;
        assert_true(recalls("1-1", 2, "A", 5));
        assert_int_equal(memory.product, 2);
        assert_true(recalls("1-1", 2, "A", 5));
        assert_int_equal(memory.product, 1);
}

static void the_last_one_at_a_place_is_what_has_changed(void **state)
{
        memory_keep(&memories, make("1-1", 1, ""))->change_until_usec = 10;
        memory_keep(&memories, make("1-1", 2, ""))->change_until_usec = 10;
        assert_true(recalls("1-1", 3, "", 5));
        assert_int_equal(memory.product, 2);
}

#define TEST(name) cmocka_unit_test_setup(name, setup)

int main(void)
{
        const struct CMUnitTest tests[] = {
                TEST(a_device_without_serial_is_known_at_its_port),
                TEST(a_device_with_a_serial_is_known_at_any_port),
                TEST(it_is_recalled_once),
                TEST(the_last_word_counts),
                TEST(what_has_an_end_is_forgotten_then),
                TEST(what_comes_back_from_a_reset_does_so_at_its_port),
                TEST(what_depends_on_a_reset_counts_when_that_is_confirmed),
                TEST(what_may_have_changed_is_known_at_its_place_by_other_ids),
                TEST(the_device_itself_counts_before_what_it_may_have_been),
                TEST(the_last_one_at_a_place_is_what_has_changed),
                TEST(the_oldest_is_forgotten_for_one_more),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
