/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What device-info.c finds in sysfs and among udev's properties.
 */
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "daemon/hotplug-bed.h"
#include "util/macro.h"

static void device_is_settled_when_it_has_a_driver_and_all_interfaces(void **state)
{
        struct hotplug_bed *bed = *state;
        char driver[1024], aside[1040];

        PLUG(bed, .kind = "stick", .port = "1-1");
        snprintf(driver, sizeof(driver), "%s/sys/bus/usb/devices/1-1/driver",
                 world_root(bed->world));
        snprintf(aside, sizeof(aside), "%s-aside", driver);
        assert_int_equal(rename(driver, aside), 0);
        hotplug_bed_set(bed, "uevent", "DEVTYPE=usb_device");
        hotplug_bed_start(bed);
        assert_false(bed->info.is_settled);

        assert_int_equal(rename(aside, driver), 0);
        hotplug_bed_set(bed, "bNumInterfaces", " 2");
        hotplug_bed_change(bed, "1-1", NULL);
        hotplug_bed_start(bed);
        assert_false(bed->info.is_settled);

        hotplug_bed_add_interface(bed, 1, "03");
        hotplug_bed_start(bed);
        assert_true(bed->info.is_settled);
        assert_string_equal(bed->info.refusal, "");
}

static void facts_are_those_of_the_device(void **state)
{
        struct hotplug_bed *bed = *state;
        const struct facts *facts = &bed->info.facts;

        PLUG(bed, .kind = "composite", .port = "3-2", .serial = "A1", .vendor_id = 0xabcd);
        hotplug_bed_start(bed);
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

/* The kernel's link between the two ports of a socket, seen from the device's. */
static void make_peer(struct hotplug_bed *bed, const char *peer)
{
        char port[1024], link[1040];

        snprintf(port, sizeof(port), "%s/sys/bus/usb/devices/3-2/../3-0:1.0/usb3-port2",
                 world_root(bed->world));
        assert_int_equal(mkdir(port, 0755), 0);
        snprintf(link, sizeof(link), "%s/peer", port);
        assert_int_equal(symlink(peer, link), 0);
}

static void a_socket_has_one_place_and_one_path(void **state)
{
        struct hotplug_bed *bed = *state;

        PLUG(bed, .kind = "stick", .port = "3-2");
        hotplug_bed_start(bed);
        assert_string_equal(bed->info.place, "3-2");
        assert_string_equal(bed->info.facts.socket_path, "");

        make_peer(bed, "../../../usb1/1-0:1.0/usb1-port4");
        hotplug_bed_start(bed);
        assert_string_equal(bed->info.place, "1-4");
        assert_string_equal(bed->info.facts.path, "pci-0000:00:16.0-usb-0:2");
        assert_string_equal(bed->info.facts.socket_path, "pci-0000:00:16.0-usb-0:4");
}

static void names_come_from_the_database_when_the_device_has_none(void **state)
{
        static const char *const properties[] = { "ID_VENDOR_FROM_DATABASE=Known Maker",
                                                  "ID_MODEL_FROM_DATABASE=Known Thing", NULL };
        struct hotplug_bed *bed = *state;

        PLUG(bed, .kind = "stick", .port = "1-1", .manufacturer = "", .product = "", .serial = "",
             .properties = properties);
        hotplug_bed_start(bed);
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
        struct hotplug_bed *bed = *state;
        char class[8];

        PLUG(bed, .kind = "stick", .port = "1-1");
        for (size_t i = 0; i < ELEMENTS(numbers); i++) {
                snprintf(class, sizeof(class), "%02x", 0x40 + numbers[i]);
                hotplug_bed_add_interface(bed, numbers[i], class);
        }
        hotplug_bed_start(bed);
        assert_int_equal(bed->info.facts.n_interfaces, ELEMENTS(sorted));
        assert_memory_equal(bed->info.interface_numbers, sorted, sizeof(sorted));
        for (size_t i = 1; i < ELEMENTS(sorted); i++)
                assert_int_equal(bed->info.facts.interfaces[i].class, 0x40 + sorted[i]);
}

static void more_interfaces_than_can_be_known_are_a_refusal(void **state)
{
        struct hotplug_bed *bed = *state;

        PLUG(bed, .kind = "stick", .port = "1-1");
        for (unsigned i = 1; i < FACTS_INTERFACES_MAX; i++)
                hotplug_bed_add_interface(bed, i, "ff");
        hotplug_bed_set(bed, "bNumInterfaces", "32");
        hotplug_bed_start(bed);
        assert_int_equal(bed->info.facts.n_interfaces, FACTS_INTERFACES_MAX);
        assert_string_equal(bed->info.refusal, "");
        assert_true(bed->info.is_settled);

        hotplug_bed_add_interface(bed, FACTS_INTERFACES_MAX, "ff");
        hotplug_bed_set(bed, "bNumInterfaces", "33");
        hotplug_bed_start(bed);
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
        struct hotplug_bed *bed = *state;

        for (size_t i = 0; i < ELEMENTS(cases); i++) {
                PLUG(bed, .kind = "stick", .port = "1-1", .serial = cases[i].in,
                     .manufacturer = cases[i].in, .product = cases[i].in, .properties = properties);
                hotplug_bed_start(bed);
                print_message("%s\n", cases[i].name);
                assert_string_equal(bed->info.facts.serial, cases[i].want);
                assert_string_equal(bed->info.facts.vendor_name, cases[i].want);
                assert_string_equal(bed->info.facts.product_name, cases[i].want);
                assert_string_equal(bed->info.vendor, cases[i].want);
                assert_string_equal(bed->info.product, cases[i].want);
                assert_string_equal(facts_property(&bed->info.facts, "HOSTILE"), "a?[31mb?");
                assert_string_equal(bed->info.refusal, "");
                hotplug_bed_unplug(bed, "1-1");
        }
}

static void strings_longer_than_usb_allows_are_a_refusal(void **state)
{
        char text[FACTS_SERIAL_MAX + 2];
        struct hotplug_bed *bed = *state;

        memset(text, 'x', sizeof(text));
        text[FACTS_SERIAL_MAX] = '\0';
        PLUG(bed, .kind = "stick", .port = "1-1", .serial = text);
        hotplug_bed_start(bed);
        assert_string_equal(bed->info.facts.serial, text);
        assert_string_equal(bed->info.refusal, "");
        hotplug_bed_unplug(bed, "1-1");

        text[FACTS_SERIAL_MAX] = 'x';
        text[FACTS_SERIAL_MAX + 1] = '\0';
        PLUG(bed, .kind = "stick", .port = "1-1", .serial = text);
        hotplug_bed_start(bed);
        assert_string_equal(bed->info.refusal, "its strings are longer than USB allows");
}

static void more_properties_than_can_be_known_are_a_refusal(void **state)
{
        enum { COUNT = 24, SIZE = 400 };
        static char texts[COUNT][SIZE];
        const char *properties[COUNT + 1] = { 0 };
        struct hotplug_bed *bed = *state;

        for (size_t i = 0; i < COUNT; i++) {
                memset(texts[i], 'x', SIZE - 1);
                texts[i][snprintf(texts[i], SIZE, "LONG%02zu=", i)] = 'x';
                properties[i] = texts[i];
        }
        PLUG(bed, .kind = "stick", .port = "1-1", .properties = properties);
        hotplug_bed_start(bed);
        assert_string_equal(bed->info.refusal, "udev has more properties of it than can be judged");
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                IN_WORLD(device_is_settled_when_it_has_a_driver_and_all_interfaces),
                IN_WORLD(facts_are_those_of_the_device),
                IN_WORLD(a_socket_has_one_place_and_one_path),
                IN_WORLD(names_come_from_the_database_when_the_device_has_none),
                IN_WORLD(interfaces_are_sorted_by_number),
                IN_WORLD(more_interfaces_than_can_be_known_are_a_refusal),
                IN_WORLD(what_a_device_says_is_cleaned),
                IN_WORLD(strings_longer_than_usb_allows_are_a_refusal),
                IN_WORLD(more_properties_than_can_be_known_are_a_refusal),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
