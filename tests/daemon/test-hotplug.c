/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * hotplug.c and device-info.c on emulated devices. What a device cannot be made to show is written
 * into its sysfs directory, below the world's root, and told of by a change.
 */
#include <event2/event.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "daemon/hotplug.h"
#include "emulated/world.h"
#include "util/macro.h"

#define DEADLINE_SEC 5
#define MARK         "4-8" /* the port whose events tell that those before have been told of */

struct bed {
        struct world *world;
        struct event_base *base;
        struct hotplug *hotplug;
        char told[4096]; /* "+1-1/2 " for a device with its address, "-1-1 " for a removed one */
        struct device_info info; /* the last that was told of, but for the mark */
};

static void on_device(void *userdata, const struct device_info *info)
{
        struct bed *bed = userdata;
        size_t length = strlen(bed->told);

        snprintf(bed->told + length, sizeof(bed->told) - length, "+%s/%u ", info->facts.port,
                 info->address);
        if (strcmp(info->facts.port, MARK) != 0)
                bed->info = *info;
}

static void on_removed(void *userdata, const char *port)
{
        struct bed *bed = userdata;
        size_t length = strlen(bed->told);

        snprintf(bed->told + length, sizeof(bed->told) - length, "-%s ", port);
}

static int setup(void **state)
{
        struct bed *bed = calloc(1, sizeof(*bed));

        assert_non_null(bed);
        assert_int_equal(world_new(&bed->world, true, NULL), 0);
        bed->base = event_base_new();
        assert_non_null(bed->base);
        *state = bed;
        return 0;
}

static int teardown(void **state)
{
        struct bed *bed = *state;

        hotplug_free(bed->hotplug);
        event_base_free(bed->base);
        world_free(bed->world);
        free(bed);
        return 0;
}

static void start(struct bed *bed)
{
        static const struct hotplug_events events = { on_device, on_removed };

        bed->told[0] = '\0';
        assert_int_equal(hotplug_new(&bed->hotplug, bed->base, &events, bed), 0);
}

static void restart(struct bed *bed)
{
        bed->hotplug = hotplug_free(bed->hotplug);
        start(bed);
}

static void plug_as(struct bed *bed, struct world_plug what)
{
        assert_int_equal(world_plug(bed->world, &what), 0);
}

#define PLUG(bed, ...) plug_as(bed, (struct world_plug){ __VA_ARGS__ })

static void unplug(struct bed *bed, const char *port)
{
        assert_int_equal(world_unplug(bed->world, port), 0);
}

/* Has all that has happened up to now told of: a change of another device comes behind it. */
static void run(struct bed *bed)
{
        static const struct timeval pause = { .tv_usec = 1000 };
        static const char *const none[] = { NULL };
        time_t end = time(NULL) + DEADLINE_SEC;
        char *last;

        if (!world_device(bed->world, MARK))
                PLUG(bed, .kind = "keyboard", .port = MARK);
        else
                assert_int_equal(world_change(bed->world, MARK, none), 0);
        do {
                assert_true(time(NULL) <= end);
                event_base_loopexit(bed->base, &pause);
                event_base_dispatch(bed->base);
        } while (!(last = strstr(bed->told, "+" MARK)));
        *last = '\0';
}

/* run(), and what was told of is this. */
static void assert_told(struct bed *bed, const char *wanted)
{
        run(bed);
        assert_string_equal(bed->told, wanted);
        bed->told[0] = '\0';
}

/* A file, or with NULL a directory, of the device at 1-1. */
static void set_attribute(struct bed *bed, const char *name, const char *text)
{
        char path[1024];
        FILE *file;

        snprintf(path, sizeof(path), "%s/sys/bus/usb/devices/1-1/%s", world_root(bed->world), name);
        if (!text) {
                assert_int_equal(mkdir(path, 0755), 0);
                return;
        }
        file = fopen(path, "we");
        assert_non_null(file);
        fprintf(file, "%s\n", text);
        assert_int_equal(fclose(file), 0);
}

static void add_interface(struct bed *bed, unsigned number, const char *class)
{
        static const char *const names[] = { "bInterfaceSubClass", "bInterfaceProtocol" };
        char name[64], text[8];

        snprintf(name, sizeof(name), "1-1:1.%u", number);
        set_attribute(bed, name, NULL);
        snprintf(text, sizeof(text), "%02x", number);
        snprintf(name, sizeof(name), "1-1:1.%u/bInterfaceNumber", number);
        set_attribute(bed, name, text);
        snprintf(name, sizeof(name), "1-1:1.%u/bInterfaceClass", number);
        set_attribute(bed, name, class);
        for (size_t i = 0; i < ELEMENTS(names); i++) {
                snprintf(name, sizeof(name), "1-1:1.%u/%s", number, names[i]);
                set_attribute(bed, name, "00");
        }
}

static void tells_of_the_devices_there_are_before_it_returns(void **state)
{
        struct bed *bed = *state;

        PLUG(bed, .kind = "stick", .port = "1-1");
        PLUG(bed, .kind = "reader", .port = "2-3");
        start(bed);
        assert_true(!strcmp(bed->told, "+1-1/2 +2-3/2 ") || !strcmp(bed->told, "+2-3/2 +1-1/2 "));
        assert_true(bed->info.is_settled);
}

static void tells_of_no_root_hub(void **state)
{
        struct bed *bed = *state;

        start(bed);
        assert_string_equal(bed->told, "");
}

static void tells_of_plugging_and_unplugging_in_order(void **state)
{
        struct bed *bed = *state;

        start(bed);
        PLUG(bed, .kind = "stick", .port = "1-1");
        /* add, add and bind of the interface, bind */
        assert_told(bed, "+1-1/2 +1-1/2 +1-1/2 +1-1/2 ");
        unplug(bed, "1-1");
        assert_told(bed, "-1-1 ");
        PLUG(bed, .kind = "reader", .port = "1-1");
        assert_told(bed, "+1-1/3 +1-1/3 +1-1/3 ");
}

static void tells_of_nothing_that_has_come_and_gone(void **state)
{
        struct bed *bed = *state;

        start(bed);
        PLUG(bed, .kind = "stick", .port = "1-1");
        unplug(bed, "1-1");
        assert_told(bed, "");
}

static void device_that_was_exchanged_is_removed_first(void **state)
{
        static const char *const none[] = { NULL };
        struct bed *bed = *state;

        PLUG(bed, .kind = "stick", .port = "1-1");
        start(bed);
        bed->told[0] = '\0';
        set_attribute(bed, "devnum", "77");
        assert_int_equal(world_change(bed->world, "1-1", none), 0);
        assert_told(bed, "-1-1 +1-1/77 ");
}

static void replugged_device_is_removed_and_told_of_again(void **state)
{
        struct bed *bed = *state;

        PLUG(bed, .kind = "stick", .port = "1-1");
        start(bed);
        bed->told[0] = '\0';
        unplug(bed, "1-1");
        PLUG(bed, .kind = "reader", .port = "1-1");
        /* The old one's unbind, remove, unbind find the new one there already. */
        assert_told(bed, "-1-1 +1-1/3 +1-1/3 +1-1/3 +1-1/3 +1-1/3 +1-1/3 ");
        assert_int_equal(bed->info.facts.product, 0x0003);
}

static void monitor_and_enumeration_tell_the_same(void **state)
{
        struct bed *bed = *state;
        struct device_info info;

        start(bed);
        PLUG(bed, .kind = "composite", .port = "1-1", .serial = "A1");
        assert_told(bed, "+1-1/2 +1-1/2 +1-1/2 +1-1/2 +1-1/2 ");
        unplug(bed, MARK);
        info = bed->info;
        restart(bed);
        assert_string_equal(bed->told, "+1-1/2 ");
        assert_string_equal(info.facts.properties, bed->info.facts.properties);
        assert_memory_equal(&info, &bed->info, sizeof(info));
}

static void device_is_settled_when_it_has_a_driver_and_all_interfaces(void **state)
{
        static const char *const none[] = { NULL };
        struct bed *bed = *state;
        char driver[1024], aside[1040];

        PLUG(bed, .kind = "stick", .port = "1-1");
        snprintf(driver, sizeof(driver), "%s/sys/bus/usb/devices/1-1/driver",
                 world_root(bed->world));
        snprintf(aside, sizeof(aside), "%s-aside", driver);
        assert_int_equal(rename(driver, aside), 0);
        set_attribute(bed, "uevent", "DEVTYPE=usb_device");
        start(bed);
        assert_false(bed->info.is_settled);

        assert_int_equal(rename(aside, driver), 0);
        set_attribute(bed, "bNumInterfaces", " 2");
        assert_int_equal(world_change(bed->world, "1-1", none), 0);
        run(bed);
        restart(bed);
        assert_false(bed->info.is_settled);

        add_interface(bed, 1, "03");
        restart(bed);
        assert_true(bed->info.is_settled);
        assert_string_equal(bed->info.refusal, "");
}

static void change_is_read_anew(void **state)
{
        static const char *const changed[] = { "USBREDIR_GUEST=vm2", NULL };
        struct bed *bed = *state;

        PLUG(bed, .kind = "stick", .port = "1-1");
        start(bed);
        assert_null(facts_property(&bed->info.facts, "USBREDIR_GUEST"));
        bed->told[0] = '\0';
        assert_int_equal(world_change(bed->world, "1-1", changed), 0);
        assert_told(bed, "+1-1/2 ");
        restart(bed);
        assert_string_equal(facts_property(&bed->info.facts, "USBREDIR_GUEST"), "vm2");
}

static void facts_are_those_of_the_device(void **state)
{
        struct bed *bed = *state;
        const struct facts *facts = &bed->info.facts;

        PLUG(bed, .kind = "composite", .port = "3-2", .serial = "A1", .vendor_id = 0xabcd);
        start(bed);
        assert_int_equal(bed->info.bus, 3);
        assert_int_equal(bed->info.address, 2);
        assert_int_equal(bed->info.configuration, 1);
        assert_string_equal(bed->info.speed, "full");
        assert_string_equal(bed->info.vendor, "usbredir");
        assert_string_equal(bed->info.product, "Emulated token");
        assert_int_equal(facts->vendor, 0xabcd);
        assert_int_equal(facts->product, 0x0005);
        assert_int_equal(facts->version_bcd, 0x0100);
        assert_int_equal(facts->class, 0);
        assert_string_equal(facts->port, "3-2");
        assert_string_equal(facts->serial, "A1");
        assert_string_equal(facts->vendor_name, "usbredir");
        assert_string_equal(facts->product_name, "Emulated token");
        assert_string_equal(facts->path, "pci-0000:00:16.0-usb-0:2");
        assert_string_equal(facts_property(facts, "USBREDIR_AUTO"), "1");
        assert_string_equal(facts_property(facts, "ID_SERIAL_SHORT"), "A1");
        assert_int_equal(facts->n_interfaces, 2);
        assert_int_equal(facts->interfaces[0].class, 0x0b);
        assert_int_equal(facts->interfaces[1].class, 0x03);
        assert_int_equal(facts->interfaces[1].subclass, 1);
        assert_int_equal(facts->interfaces[1].protocol, 1);
}

static void names_come_from_the_database_when_the_device_has_none(void **state)
{
        static const char *const properties[] = { "ID_VENDOR_FROM_DATABASE=Known Maker",
                                                  "ID_MODEL_FROM_DATABASE=Known Thing", NULL };
        struct bed *bed = *state;

        PLUG(bed, .kind = "stick", .port = "1-1", .manufacturer = "", .product = "", .serial = "",
             .properties = properties);
        start(bed);
        assert_string_equal(bed->info.vendor, "Known Maker");
        assert_string_equal(bed->info.product, "Known Thing");
        assert_string_equal(bed->info.facts.vendor_name, "");
        assert_string_equal(bed->info.facts.product_name, "");
        assert_string_equal(bed->info.facts.serial, "");
}

static void interfaces_are_sorted_by_number(void **state)
{
        static const unsigned numbers[] = { 9, 30, 1, 12, 4, 2, 21 };
        static const uint8_t sorted[] = { 0, 1, 2, 4, 9, 12, 21, 30 };
        struct bed *bed = *state;
        char class[8];

        PLUG(bed, .kind = "stick", .port = "1-1");
        for (size_t i = 0; i < ELEMENTS(numbers); i++) {
                snprintf(class, sizeof(class), "%02x", 0x40 + numbers[i]);
                add_interface(bed, numbers[i], class);
        }
        start(bed);
        assert_int_equal(bed->info.facts.n_interfaces, ELEMENTS(sorted));
        assert_memory_equal(bed->info.interface_numbers, sorted, sizeof(sorted));
        for (size_t i = 1; i < ELEMENTS(sorted); i++)
                assert_int_equal(bed->info.facts.interfaces[i].class, 0x40 + sorted[i]);
}

static void more_interfaces_than_can_be_known_are_a_refusal(void **state)
{
        struct bed *bed = *state;

        PLUG(bed, .kind = "stick", .port = "1-1");
        for (unsigned i = 1; i < FACTS_INTERFACES_MAX; i++)
                add_interface(bed, i, "ff");
        set_attribute(bed, "bNumInterfaces", "32");
        start(bed);
        assert_int_equal(bed->info.facts.n_interfaces, FACTS_INTERFACES_MAX);
        assert_string_equal(bed->info.refusal, "");
        assert_true(bed->info.is_settled);

        add_interface(bed, FACTS_INTERFACES_MAX, "ff");
        set_attribute(bed, "bNumInterfaces", "33");
        restart(bed);
        assert_string_equal(bed->info.refusal, "it has more interfaces than can be judged");
        assert_true(bed->info.is_settled);
}

static void what_a_device_says_is_cleaned(void **state)
{
        static const char *const properties[] = { "HOSTILE=a\x1b[31mb\xff", NULL };
        static const struct {
                const char *name, *in, *want;
        } cases[] = {
                { "control characters", "a\x1b[2Jb\x07\tc\x7f", "a?[2Jb??c?" },
                { "bytes that are not UTF-8", "a\xff\xc0\xaf\xed\xa0\x80z", "a??????z" },
                { "a character that is cut off", "ab\xe2\x82", "ab??" },
                { "C1 controls",
                  "\xc2\x9b"
                  "31m",
                  "??31m" },
                { "a format", "%s%n%s", "%s%n%s" },
                { "what is right", "Gr\xc3\xbc\xc3\x9f Gott", "Gr\xc3\xbc\xc3\x9f Gott" },
        };
        struct bed *bed = *state;

        for (size_t i = 0; i < ELEMENTS(cases); i++) {
                PLUG(bed, .kind = "stick", .port = "1-1", .serial = cases[i].in,
                     .manufacturer = cases[i].in, .product = cases[i].in, .properties = properties);
                restart(bed);
                print_message("%s\n", cases[i].name);
                assert_string_equal(bed->info.facts.serial, cases[i].want);
                assert_string_equal(bed->info.facts.vendor_name, cases[i].want);
                assert_string_equal(bed->info.facts.product_name, cases[i].want);
                assert_string_equal(bed->info.vendor, cases[i].want);
                assert_string_equal(bed->info.product, cases[i].want);
                assert_string_equal(facts_property(&bed->info.facts, "HOSTILE"), "a?[31mb?");
                assert_string_equal(bed->info.refusal, "");
                unplug(bed, "1-1");
        }
}

static void strings_longer_than_usb_allows_are_a_refusal(void **state)
{
        char text[FACTS_SERIAL_MAX + 2];
        struct bed *bed = *state;

        memset(text, 'x', sizeof(text));
        text[FACTS_SERIAL_MAX] = '\0';
        PLUG(bed, .kind = "stick", .port = "1-1", .serial = text);
        start(bed);
        assert_string_equal(bed->info.facts.serial, text);
        assert_string_equal(bed->info.refusal, "");
        unplug(bed, "1-1");

        text[FACTS_SERIAL_MAX] = 'x';
        text[FACTS_SERIAL_MAX + 1] = '\0';
        PLUG(bed, .kind = "stick", .port = "1-1", .serial = text);
        restart(bed);
        assert_string_equal(bed->info.refusal, "its strings are longer than USB allows");
}

static void more_properties_than_can_be_known_are_a_refusal(void **state)
{
        enum { COUNT = 24, SIZE = 400 };
        static char texts[COUNT][SIZE];
        const char *properties[COUNT + 1] = { 0 };
        struct bed *bed = *state;

        for (size_t i = 0; i < COUNT; i++) {
                memset(texts[i], 'x', SIZE - 1);
                texts[i][snprintf(texts[i], SIZE, "LONG%02zu=", i)] = 'x';
                properties[i] = texts[i];
        }
        PLUG(bed, .kind = "stick", .port = "1-1", .properties = properties);
        start(bed);
        assert_string_equal(bed->info.refusal, "udev has more properties of it than can be judged");
}

int main(void)
{
#define IN_WORLD(test) cmocka_unit_test_setup_teardown(test, setup, teardown)
        const struct CMUnitTest tests[] = {
                IN_WORLD(tells_of_the_devices_there_are_before_it_returns),
                IN_WORLD(tells_of_no_root_hub),
                IN_WORLD(tells_of_plugging_and_unplugging_in_order),
                IN_WORLD(tells_of_nothing_that_has_come_and_gone),
                IN_WORLD(device_that_was_exchanged_is_removed_first),
                IN_WORLD(replugged_device_is_removed_and_told_of_again),
                IN_WORLD(monitor_and_enumeration_tell_the_same),
                IN_WORLD(device_is_settled_when_it_has_a_driver_and_all_interfaces),
                IN_WORLD(change_is_read_anew),
                IN_WORLD(facts_are_those_of_the_device),
                IN_WORLD(names_come_from_the_database_when_the_device_has_none),
                IN_WORLD(interfaces_are_sorted_by_number),
                IN_WORLD(more_interfaces_than_can_be_known_are_a_refusal),
                IN_WORLD(what_a_device_says_is_cleaned),
                IN_WORLD(strings_longer_than_usb_allows_are_a_refusal),
                IN_WORLD(more_properties_than_can_be_known_are_a_refusal),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
