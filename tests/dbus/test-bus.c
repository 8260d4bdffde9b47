/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The name and the connection: to be had, refused, lost, and back.
 */
#include "dbus/bed.h"

#include <string.h>

static void the_name_is_ours_and_ready_is_told_once(void **state)
{
        struct bed *bed = bed_new("");

        bed_start_bus(bed, false);
        assert_int_equal(bed->n_ready, 0);
        RUN_UNTIL(bed->base, bed->n_ready > 0);
        run_ready(bed->base);
        assert_int_equal(bed->n_ready, 1);
        bed_free(bed);
}

static void a_name_that_another_has_is_refused(void **state)
{
        struct bed *bed = bed_new("");
        struct bus *first;

        bed_start_bus(bed, false);
        first = bed->bus;
        RUN_UNTIL(bed->base, bed->n_ready > 0);

        bed_start_bus(bed, false);
        RUN_UNTIL(bed->base, bed->n_refused > 0);
        assert_non_null(strstr(bed->refusal, "belongs to another program"));
        assert_int_equal(bed->n_ready, 1);
        bus_free(first);
        bed_free(bed);
}

static void a_name_that_the_policy_forbids_is_refused(void **state)
{
        struct bed *bed =
                bed_new("<policy context=\"mandatory\"><deny own=\"" NAME "\"/></policy>");

        bed_start_bus(bed, false);
        RUN_UNTIL(bed->base, bed->n_refused > 0);
        assert_non_null(strstr(bed->refusal, "org.usbredir1.conf"));
        assert_int_equal(bed->n_ready, 0);
        bed_free(bed);
}

static void a_bus_that_comes_later_is_found(void **state)
{
        struct bed *bed = bed_new("");

        private_bus_stop(&bed->private_bus);
        bed_start_bus(bed, false);
        run_ready(bed->base);
        private_bus_restart(&bed->private_bus);
        RUN_UNTIL(bed->base, bed->n_ready > 0);
        bed_free(bed);
}

static void objects_survive_a_restart_of_the_bus(void **state)
{
        struct bed *bed = bed_new("");
        struct device *gone;

        gone = fake_plug(bed->manager, "1-2", 0x046d, 0xc077, "");
        fake_add_guest(bed->manager, "vm1");
        bed_start_bus(bed, false);
        fake_plug(bed->manager, "1-1", 0x0781, 0x5581, "4C53");
        RUN_UNTIL(bed->base, bed->n_ready > 0);

        private_bus_stop(&bed->private_bus);
        run_ready(bed->base);
        fake_unplug(bed->manager, gone);
        fake_start(bed->manager, bed->manager->devices, bed->manager->guests[0]);
        fake_end(bed->manager, bed->manager->sessions, REASON_LINK_LOST, "");
        fake_start(bed->manager, bed->manager->devices, bed->manager->guests[0]);
        run_ready(bed->base);
        private_bus_restart(&bed->private_bus);
        RUN_UNTIL(bed->base, bed->n_ready > 1);

        caller_connect(&bed->caller, bed);
        assert_property(&bed->caller, ROOT, MANAGER, "SessionCount", "1");
        assert_property(&bed->caller, DEVICE_1_1, DEVICE, "Session", ROOT "/sessions/2");
        assert_error(caller_call(&bed->caller, ROOT "/devices/_31_2d2", FREEDESKTOP "Properties",
                                 "Get", "ss", DEVICE, "Id"),
                     FREEDESKTOP "Error.UnknownObject", "");
        assert_signals(&bed->caller, "");
        bed_free(bed);
}

static void calls_under_way_are_forgotten_with_the_connection(void **state)
{
        struct bed *bed;
        sd_bus_message *m, *reply = NULL;

        bed_setup(state);
        bed = *state;
        fake_add_guest(bed->manager, "vm1");
        fake_plug(bed->manager, "1-1", 0x0781, 0x5581, "4C53");
        bed->manager->holds_answers = true;
        m = caller_message(&bed->caller, ROOT, MANAGER, "Attach");
        assert_true(sd_bus_message_append(m, "ssa{sv}", "1-1", "vm1", 0) >= 0);
        caller_send(&bed->caller, m, &reply);
        RUN_UNTIL(bed->base, bed->manager->n_asked == 1);

        private_bus_stop(&bed->private_bus);
        RUN_UNTIL(bed->base, bed->manager->n_forgotten == 1 && reply);
        assert_non_null(bed->manager->sessions);
        sd_bus_message_unref(reply);
        bed_free(bed);
}

static void a_bus_that_is_freed_leaves_no_traces_in_the_devices(void **state)
{
        struct bed *bed;
        struct device *d;

        bed_setup(state);
        bed = *state;
        d = fake_plug(bed->manager, "1-1", 0x0781, 0x5581, "4C53");
        assert_non_null(d->object);
        bed->bus = bus_free(bed->bus);
        assert_null(d->object);
        fake_change(bed->manager, d, DEVICE_IS_FAILED);
        bed_free(bed);
}

int main(void)
{
        static const struct CMUnitTest tests[] = {
                cmocka_unit_test(the_name_is_ours_and_ready_is_told_once),
                cmocka_unit_test(a_name_that_another_has_is_refused),
                cmocka_unit_test(a_name_that_the_policy_forbids_is_refused),
                cmocka_unit_test(a_bus_that_comes_later_is_found),
                cmocka_unit_test(objects_survive_a_restart_of_the_bus),
                cmocka_unit_test(calls_under_way_are_forgotten_with_the_connection),
                cmocka_unit_test(a_bus_that_is_freed_leaves_no_traces_in_the_devices),
        };

        return cmocka_run_group_tests_name("bus", tests, NULL, NULL);
}
