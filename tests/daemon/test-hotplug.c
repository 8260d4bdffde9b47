/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What hotplug.c tells of devices that come, change and go.
 */
#include <string.h>

#include "daemon/hotplug-bed.h"

static void tells_of_the_devices_there_are_before_it_returns(void **state)
{
        struct hotplug_bed *bed = *state;

        PLUG(bed, .kind = "stick", .port = "1-1");
        PLUG(bed, .kind = "reader", .port = "2-3");
        hotplug_bed_start(bed);
        assert_true(!strcmp(bed->told, "+1-1/2 +2-3/2 ") || !strcmp(bed->told, "+2-3/2 +1-1/2 "));
        assert_true(bed->info.is_settled);
}

static void tells_of_no_root_hub(void **state)
{
        struct hotplug_bed *bed = *state;

        hotplug_bed_start(bed);
        assert_string_equal(bed->told, "");
}

static void tells_of_plugging_and_unplugging_in_order(void **state)
{
        struct hotplug_bed *bed = *state;

        hotplug_bed_start(bed);
        PLUG(bed, .kind = "stick", .port = "1-1");
        /* add, add and bind of the interface, bind */
        hotplug_bed_expect(bed, "+1-1/2 +1-1/2 +1-1/2 +1-1/2 ");
        hotplug_bed_unplug(bed, "1-1");
        hotplug_bed_expect(bed, "-1-1 ");
        PLUG(bed, .kind = "reader", .port = "1-1");
        hotplug_bed_expect(bed, "+1-1/3 +1-1/3 +1-1/3 ");
}

static void tells_of_nothing_that_has_come_and_gone(void **state)
{
        struct hotplug_bed *bed = *state;

        hotplug_bed_start(bed);
        PLUG(bed, .kind = "stick", .port = "1-1");
        hotplug_bed_unplug(bed, "1-1");
        hotplug_bed_expect(bed, "");
}

static void device_that_was_exchanged_is_removed_first(void **state)
{
        struct hotplug_bed *bed = *state;

        PLUG(bed, .kind = "stick", .port = "1-1");
        hotplug_bed_start(bed);
        bed->told[0] = '\0';
        hotplug_bed_set(bed, "devnum", "77");
        hotplug_bed_change(bed, "1-1", NULL);
        hotplug_bed_expect(bed, "-1-1 +1-1/77 ");
}

static void replugged_device_is_removed_and_told_of_again(void **state)
{
        struct hotplug_bed *bed = *state;

        PLUG(bed, .kind = "stick", .port = "1-1");
        hotplug_bed_start(bed);
        bed->told[0] = '\0';
        hotplug_bed_unplug(bed, "1-1");
        PLUG(bed, .kind = "reader", .port = "1-1");
        /* The old one's unbind, remove, unbind find the new one there already. */
        hotplug_bed_expect(bed, "-1-1 +1-1/3 +1-1/3 +1-1/3 +1-1/3 +1-1/3 +1-1/3 ");
        assert_int_equal(bed->info.facts.product, 0x0003);
}

static void monitor_and_enumeration_tell_the_same(void **state)
{
        struct hotplug_bed *bed = *state;
        struct device_info info;

        hotplug_bed_start(bed);
        PLUG(bed, .kind = "composite", .port = "1-1", .serial = "A1");
        hotplug_bed_expect(bed, "+1-1/2 +1-1/2 +1-1/2 +1-1/2 +1-1/2 ");
        hotplug_bed_unplug(bed, "4-8");
        info = bed->info;
        hotplug_bed_start(bed);
        assert_string_equal(bed->told, "+1-1/2 ");
        assert_string_equal(info.facts.properties, bed->info.facts.properties);
        assert_memory_equal(&info, &bed->info, sizeof(info));
}

static void change_is_read_anew(void **state)
{
        static const char *const changed[] = { "USBREDIR_GUEST=vm2", NULL };
        struct hotplug_bed *bed = *state;

        PLUG(bed, .kind = "stick", .port = "1-1");
        hotplug_bed_start(bed);
        assert_null(facts_property(&bed->info.facts, "USBREDIR_GUEST"));
        bed->told[0] = '\0';
        hotplug_bed_change(bed, "1-1", changed);
        hotplug_bed_expect(bed, "+1-1/2 ");
        hotplug_bed_start(bed);
        assert_string_equal(facts_property(&bed->info.facts, "USBREDIR_GUEST"), "vm2");
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                IN_WORLD(tells_of_the_devices_there_are_before_it_returns),
                IN_WORLD(tells_of_no_root_hub),
                IN_WORLD(tells_of_plugging_and_unplugging_in_order),
                IN_WORLD(tells_of_nothing_that_has_come_and_gone),
                IN_WORLD(device_that_was_exchanged_is_removed_first),
                IN_WORLD(replugged_device_is_removed_and_told_of_again),
                IN_WORLD(monitor_and_enumeration_tell_the_same),
                IN_WORLD(change_is_read_anew),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
