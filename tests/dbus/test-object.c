/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Objects come, change and go, and the bus is told so: once, in order, and not too much.
 */
#include "dbus/bed.h"

#include <stdio.h>
#include <string.h>

#include "util/macro.h"

#define DEVICE_2 ROOT "/devices/_32_2d1_2e4"

static void a_device_appears_and_disappears(void **state)
{
        struct bed *bed = *state;
        struct device *d;

        d = fake_plug(bed->manager, "1-1", 0x0781, 0x5581, "4C53");
        assert_signals(&bed->caller, "InterfacesAdded " DEVICE_1_1 "\n");
        fake_unplug(bed->manager, d);
        assert_signals(&bed->caller, "InterfacesRemoved " DEVICE_1_1 "\n");
}

static void a_device_plugged_again_in_one_turn_is_removed_first(void **state)
{
        struct bed *bed = *state;
        struct device *d;

        d = fake_plug(bed->manager, "1-1", 0x0781, 0x5581, "4C53");
        assert_signals(&bed->caller, "InterfacesAdded " DEVICE_1_1 "\n");
        fake_unplug(bed->manager, d);
        d = fake_plug(bed->manager, "1-1", 0x0781, 0x5581, "4C53");
        assert_signals(&bed->caller,
                       "InterfacesRemoved " DEVICE_1_1 "\nInterfacesAdded " DEVICE_1_1 "\n");
        fake_unplug(bed->manager, d);
        assert_signals(&bed->caller, "InterfacesRemoved " DEVICE_1_1 "\n");
}

static void a_device_that_goes_in_the_turn_it_came_is_not_told(void **state)
{
        struct bed *bed = *state;

        fake_unplug(bed->manager, fake_plug(bed->manager, "1-1", 0x0781, 0x5581, ""));
        assert_signals(&bed->caller, "");
}

static void only_properties_that_changed_are_told_and_once(void **state)
{
        struct bed *bed = *state;
        struct device *d = fake_plug(bed->manager, "1-1", 0x0781, 0x5581, "4C53");

        assert_signals(&bed->caller, "InterfacesAdded " DEVICE_1_1 "\n");

        fake_change(bed->manager, d, DEVICE_IS_IDLE);
        assert_signals(&bed->caller, "");

        fake_change(bed->manager, d, DEVICE_IS_WAITING);
        fake_change(bed->manager, d, DEVICE_IS_STARTING);
        snprintf(d->last_error, sizeof(d->last_error), "no answer");
        fake_change(bed->manager, d, DEVICE_IS_FAILED);
        assert_signals(&bed->caller, "PropertiesChanged " DEVICE_1_1 " Device State,LastError\n");

        /* There and back again within a turn is no change. */
        fake_change(bed->manager, d, DEVICE_IS_IDLE);
        fake_change(bed->manager, d, DEVICE_IS_FAILED);
        assert_signals(&bed->caller, "");

        fake_unplug(bed->manager, d);
        assert_signals(&bed->caller, "InterfacesRemoved " DEVICE_1_1 "\n");
}

static void all_related_objects_are_told_of_a_session(void **state)
{
        struct bed *bed = *state;
        struct guest *g = fake_add_guest(bed->manager, "vm1");
        struct device *d = fake_plug(bed->manager, "1-1", 0x0781, 0x5581, "4C53");
        struct redirection *r;

        assert_signals(&bed->caller,
                       "InterfacesAdded " DEVICE_1_1 "\nInterfacesAdded " GUEST_VM1 "\n");

        r = fake_start(bed->manager, d, g);
        assert_int_equal(r->number, 1);
        assert_signals(&bed->caller, "PropertiesChanged " ROOT " Manager SessionCount\n"
                                     "PropertiesChanged " DEVICE_1_1 " Device State,Session\n"
                                     "PropertiesChanged " GUEST_VM1 " Guest Channels,Sessions\n"
                                     "InterfacesAdded " SESSION_1 "\n");

        fake_set_session(bed->manager, r, REDIRECTION_FORWARDING);
        assert_signals(&bed->caller, "PropertiesChanged " SESSION_1 " Session State\n");

        fake_end(bed->manager, r, REASON_GUEST_LEFT, "it closed");
        assert_signals(&bed->caller,
                       "SessionEnded " SESSION_1 " " DEVICE_1_1 " guest-left it closed\n"
                       "InterfacesRemoved " SESSION_1 "\n"
                       "PropertiesChanged " ROOT " Manager SessionCount\n"
                       "PropertiesChanged " DEVICE_1_1 " Device State,Session\n"
                       "PropertiesChanged " GUEST_VM1 " Guest Channels,Sessions\n");

        fake_unplug(bed->manager, d);
        fake_remove_guest(bed->manager, g);
        assert_signals(&bed->caller,
                       "InterfacesRemoved " DEVICE_1_1 "\nInterfacesRemoved " GUEST_VM1 "\n");
}

/* With hundreds of guests, that would cost more than all the rest. */
static void guests_that_have_nothing_to_do_with_it_are_not_read(void **state)
{
        struct bed *bed = *state;
        struct guest *g = fake_add_guest(bed->manager, "vm1");
        struct guest *other = fake_add_guest(bed->manager, "vm2");
        struct device *d = fake_plug(bed->manager, "1-1", 0x0781, 0x5581, "4C53");
        struct redirection *r;

        run_ready(bed->base);
        /* Not told: whoever reads it again will see it. */
        guest_config(other)->description[0] = 'A';
        r = fake_start(bed->manager, d, g);
        fake_set_session(bed->manager, r, REDIRECTION_FORWARDING);
        run_ready(bed->base);
        fake_end(bed->manager, r, REASON_GUEST_LEFT, "");
        fake_change(bed->manager, d, DEVICE_IS_WAITING);
        run_ready(bed->base);
        fake_unplug(bed->manager, d);
        run_ready(bed->base);
        assert_call(&bed->caller, ROOT, FREEDESKTOP "Peer", "Ping", "");
        assert_non_null(strstr(bed->caller.signals, "PropertiesChanged " GUEST_VM1));
        assert_null(strstr(bed->caller.signals, "PropertiesChanged " ROOT "/guests/vm2"));

        fake_remove_guest(bed->manager, g);
        fake_remove_guest(bed->manager, other);
        run_ready(bed->base);
        assert_call(&bed->caller, ROOT, FREEDESKTOP "Peer", "Ping", "");
        bed->caller.signals[0] = 0;
}

static void managed_objects_are_all_there_are(void **state)
{
        struct bed *bed = *state;
        struct guest *g = fake_add_guest(bed->manager, "a.b");
        struct device *d[] = {
                fake_plug(bed->manager, "1-1", 0x0781, 0x5581, "4C53"),
                fake_plug(bed->manager, "2-1.4", 0x046d, 0xc077, ""),
        };
        CLEANUP(sd_bus_message_unrefp) sd_bus_message *reply = NULL;
        CLEANUP(freep) char *text = NULL;
        static const char *const paths[] = { DEVICE_1_1, DEVICE_2, ROOT "/guests/a_2eb" };
        const char *at;
        size_t n = 0;

        reply = caller_call(&bed->caller, ROOT, FREEDESKTOP "ObjectManager", "GetManagedObjects",
                            "");
        text = message_text(reply);
        for (size_t i = 0; i < ELEMENTS(paths); i++)
                assert_non_null(strstr(text, paths[i]));
        for (at = text; (at = strstr(at, NAME ".")); at++)
                n++;
        assert_int_equal(n, ELEMENTS(paths));

        for (size_t i = 0; i < ELEMENTS(d); i++)
                fake_unplug(bed->manager, d[i]);
        fake_remove_guest(bed->manager, g);
        run_ready(bed->base);
        assert_call(&bed->caller, ROOT, FREEDESKTOP "Peer", "Ping", "");
        bed->caller.signals[0] = 0;
}

static void paths_that_are_no_object_are_unknown(void **state)
{
        struct bed *bed = *state;
        struct device *d = fake_plug(bed->manager, "1-1", 0x0781, 0x5581, "4C53");
        static const char *const paths[] = {
                /* Not plugged in, written otherwise, of another kind. */
                ROOT "/devices/_31_2d2", ROOT "/devices/_31_2d_31", ROOT "/devices",
                ROOT "/guests/_31_2d1",  ROOT "/sessions/1",        DEVICE_1_1 "/x",
        };

        for (size_t i = 0; i < ELEMENTS(paths); i++)
                assert_error(caller_call(&bed->caller, paths[i], FREEDESKTOP "Properties", "Get",
                                         "ss", DEVICE, "State"),
                             i == 2 ? FREEDESKTOP "Error.UnknownProperty"
                                    : FREEDESKTOP "Error.UnknownObject",
                             "");
        fake_unplug(bed->manager, d);
}

int main(void)
{
        static const struct CMUnitTest tests[] = {
                cmocka_unit_test(a_device_appears_and_disappears),
                cmocka_unit_test(a_device_plugged_again_in_one_turn_is_removed_first),
                cmocka_unit_test(a_device_that_goes_in_the_turn_it_came_is_not_told),
                cmocka_unit_test(only_properties_that_changed_are_told_and_once),
                cmocka_unit_test(all_related_objects_are_told_of_a_session),
                cmocka_unit_test(guests_that_have_nothing_to_do_with_it_are_not_read),
                cmocka_unit_test(managed_objects_are_all_there_are),
                cmocka_unit_test(paths_that_are_no_object_are_unknown),
        };

        return cmocka_run_group_tests_name("object", tests, bed_setup, bed_teardown);
}
