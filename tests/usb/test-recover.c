/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A session is killed: the kernel releases the device's interfaces and binds nothing. What another
 * process, with the order to return it, makes of that, with the real libusb.
 */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "emulated/gadget.h"
#include "emulated/testbed.h"
#include "integration/managed.h"
#include "unit/run-until.h"

enum { DEADLINE_MS = 30000 };

struct bed {
        struct testbed *testbed;
        struct gadget *gadget;
        struct emulated_device *device;
        void *managed[2]; /* the session, the return */
};

/* Its children have the emulated world, and the libusb of the system. */
static int setup(void **state)
{
        struct bed *b = calloc(1, sizeof(*b));

        assert_int_equal(gadget_new(&b->gadget, &(struct gadget_options){ 0 }), 0);
        b->device = gadget_device(b->gadget);
        assert_int_equal(testbed_new(&b->testbed), 0);
        assert_int_equal(testbed_plug(b->testbed, b->device, NULL), 0);
        for (size_t i = 0; i < 2; i++)
                assert_int_equal(managed_setup_fork(&b->managed[i]), 0);
        unsetenv("LD_LIBRARY_PATH");
        *state = b;
        return 0;
}

static int teardown(void **state)
{
        struct bed *b = *state;

        for (size_t i = 0; i < 2; i++)
                managed_teardown(&b->managed[i]);
        testbed_free(b->testbed);
        gadget_free(b->gadget);
        free(b);
        return 0;
}

static struct control_order order_for(enum control_purpose purpose)
{
        struct control_order order = managed_order;

        order.purpose = purpose;
        order.product = GADGET_PRODUCT;
        return order;
}

static struct managed *start_session(struct bed *b)
{
        const struct control_order order = order_for(CONTROL_REDIRECT);
        struct managed *m = b->managed[0];

        managed_start_greeted(m, "", &order);
        assert_true(emulated_is_claimed(b->device, 0) && emulated_is_claimed(b->device, 1));
        return m;
}

static struct managed *start_return(struct bed *b)
{
        const struct control_order order = order_for(CONTROL_RETURN);
        struct managed *m = b->managed[1];

        managed_start(m, "", &order);
        return m;
}

static void kill_session(struct bed *b, struct managed *m)
{
        kill(worker_pid(m->worker), SIGKILL);
        managed_expect_end(m, REASON_FAILURE, false);
        assert_true(emulated_wait_closed(b->device, DEADLINE_MS));
}

static void assert_drivers(struct bed *b, const char *name)
{
        for (uint8_t i = 0; i < 2; i++) {
                const char *driver = emulated_driver(b->device, i);

                assert_false(emulated_is_claimed(b->device, i));
                if (name)
                        assert_string_equal(driver, name);
                else
                        assert_null(driver);
        }
}

static void the_drivers_of_a_killed_session_come_back(void **state)
{
        struct bed *b = *state;

        kill_session(b, start_session(b));
        assert_drivers(b, NULL);
        managed_expect_end(start_return(b), REASON_ASKED, true);
        assert_drivers(b, "usbtest");
        assert_int_equal(emulated_configuration(b->device), 1);
}

static void so_does_the_configuration(void **state)
{
        struct bed *b = *state;
        struct managed *m = start_session(b);
        uint64_t id = guest_set_configuration(&m->guest, 2);

        guest_expect_later(&m->guest, PACKET_configuration_status);
        assert_int_equal(m->guest.packet->id, id);
        assert_int_equal(emulated_configuration(b->device), 2);
        kill_session(b, m);
        assert_int_equal(emulated_configuration(b->device), 2);
        managed_expect_end(start_return(b), REASON_ASKED, true);
        assert_drivers(b, "usbtest");
        assert_int_equal(emulated_configuration(b->device), 1);
}

static void a_device_that_another_process_has_is_left_to_it(void **state)
{
        struct bed *b = *state;
        struct managed *m = start_session(b);
        unsigned resets = emulated_count(b->device, "RESET");

        managed_expect_end(start_return(b), REASON_BUSY, false);
        assert_int_equal(emulated_count(b->device, "RESET"), resets);
        assert_true(emulated_is_claimed(b->device, 0) && emulated_is_claimed(b->device, 1));

        worker_end(m->worker);
        guest_expect(&m->guest, PACKET_device_disconnect);
        guest_hang_up(&m->guest);
        managed_expect_end(m, REASON_ASKED, true);
        assert_drivers(b, "usbtest");
}

static void one_that_is_the_hosts_stays_as_it_is(void **state)
{
        struct bed *b = *state;

        managed_expect_end(start_return(b), REASON_ASKED, true);
        assert_drivers(b, "usbtest");
        assert_int_equal(emulated_count(b->device, "RESET"), 0);
}

static void of_one_that_is_gone_nothing_is_left_to_return(void **state)
{
        struct bed *b = *state;
        struct managed *m = start_session(b);

        kill(worker_pid(m->worker), SIGKILL);
        managed_expect_end(m, REASON_FAILURE, false);
        emulated_unplug(b->device);
        managed_expect_end(start_return(b), REASON_DEVICE_LOST, true);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, setup, teardown)

int main(void)
{
        static const struct CMUnitTest tests[] = {
                TEST(the_drivers_of_a_killed_session_come_back),
                TEST(so_does_the_configuration),
                TEST(a_device_that_another_process_has_is_left_to_it),
                TEST(one_that_is_the_hosts_stays_as_it_is),
                TEST(of_one_that_is_gone_nothing_is_left_to_return),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
