/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The tables of the two machines, against matrices written by hand: a row for the state before (or
 * of the device), a column for the state after (or of the link).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "session/state.h"

static void steps_of_the_link(void **state)
{
        /* none, greeting, up, tls */
        static const char *const want[LINK_STATES] = {
                [LINK_NONE] = ".x.x",
                [LINK_GREETING] = "x.x.",
                [LINK_UP] = "x...",
                [LINK_TLS] = "xx..",
        };

        for (enum link_state from = 0; from < LINK_STATES; from++)
                for (enum link_state to = 0; to < LINK_STATES; to++)
                        if (link_state_may_follow(from, to) != (want[from][to] == 'x'))
                                fail_msg("%s -> %s", link_state_string(from),
                                         link_state_string(to));
}

static void steps_of_the_device(void **state)
{
        /* none, claimed, offered, forwarding, disconnecting, draining, returned */
        static const char *const want[DEVICE_STATES] = {
                [DEVICE_NONE] = ".x....x",          [DEVICE_CLAIMED] = "..x..x.",
                [DEVICE_OFFERED] = "...xxx.",       [DEVICE_FORWARDING] = "....xx.",
                [DEVICE_DISCONNECTING] = ".....x.", [DEVICE_DRAINING] = "......x",
                [DEVICE_RETURNED] = "x......",
        };

        for (enum device_state from = 0; from < DEVICE_STATES; from++)
                for (enum device_state to = 0; to < DEVICE_STATES; to++)
                        if (device_state_may_follow(from, to) != (want[from][to] == 'x'))
                                fail_msg("%s -> %s", device_state_string(from),
                                         device_state_string(to));
}

static void pairs_of_device_and_link(void **state)
{
        /* none, greeting, up, tls */
        static const char *const want[DEVICE_STATES] = {
                [DEVICE_NONE] = "xxxx",          [DEVICE_CLAIMED] = "xxx.",
                [DEVICE_OFFERED] = "..x.",       [DEVICE_FORWARDING] = "..x.",
                [DEVICE_DISCONNECTING] = "..x.", [DEVICE_DRAINING] = "x.x.",
                [DEVICE_RETURNED] = "xxx.",
        };

        for (enum device_state device = 0; device < DEVICE_STATES; device++)
                for (enum link_state link = 0; link < LINK_STATES; link++)
                        if (states_may_pair(link, device) != (want[device][link] == 'x'))
                                fail_msg("device %s with link %s", device_state_string(device),
                                         link_state_string(link));
}

static void each_state_has_its_name(void **state)
{
        assert_string_equal(link_state_string(LINK_NONE), "none");
        assert_string_equal(link_state_string(LINK_GREETING), "greeting");
        assert_string_equal(link_state_string(LINK_UP), "up");
        assert_string_equal(link_state_string(LINK_TLS), "tls");
        assert_string_equal(device_state_string(DEVICE_NONE), "none");
        assert_string_equal(device_state_string(DEVICE_CLAIMED), "claimed");
        assert_string_equal(device_state_string(DEVICE_OFFERED), "offered");
        assert_string_equal(device_state_string(DEVICE_FORWARDING), "forwarding");
        assert_string_equal(device_state_string(DEVICE_DISCONNECTING), "disconnecting");
        assert_string_equal(device_state_string(DEVICE_DRAINING), "draining");
        assert_string_equal(device_state_string(DEVICE_RETURNED), "returned");
}

/* From every state the device can be given back. */
static void every_way_ends_in_returned(void **state)
{
        for (enum device_state start = 0; start < DEVICE_RETURNED; start++) {
                unsigned reached = 1u << start;

                for (int step = 0; step < DEVICE_STATES; step++)
                        for (enum device_state from = 0; from < DEVICE_STATES; from++)
                                for (enum device_state to = 0; to < DEVICE_STATES; to++)
                                        if (reached & 1u << from &&
                                            device_state_may_follow(from, to))
                                                reached |= 1u << to;
                assert_true(reached & 1u << DEVICE_RETURNED);
        }
}

int main(void)
{
        static const struct CMUnitTest tests[] = {
                cmocka_unit_test(steps_of_the_link),
                cmocka_unit_test(steps_of_the_device),
                cmocka_unit_test(pairs_of_device_and_link),
                cmocka_unit_test(each_state_has_its_name),
                cmocka_unit_test(every_way_ends_in_returned),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
