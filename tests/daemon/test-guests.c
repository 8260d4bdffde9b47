/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Several guests for one device, and several devices for one guest: who is served, by whom, and in
 * which order.
 */
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "daemon/bed.h"
#include "util/cleanup.h"
#include "util/clock.h"
#include "util/macro.h"

#define RULE_BOTH "-1,-1,-1,-1,1 guest=vm1,vm2\n"
#define RULE_HAND "-1,-1,-1,-1,1 guest=vm1,vm2 auto=no\n"

/* vm1 and vm2, with so many channels each, and nobody there. */
static void begin(struct bed *bed, const char *rules, int channels)
{
        bed_write(bed, "filters.d/10-all.rules", rules);
        bed_add_guest(bed, "vm1", channels);
        bed_add_guest(bed, "vm2", channels);
        bed_start(bed);
}

static void open_both(struct bed *bed)
{
        bed_open_guest(bed, "vm1");
        bed_open_guest(bed, "vm2");
}

/* The guest that the device's session is for. */
static const char *goes_to(struct bed *bed, const char *port)
{
        return bed_session_of(bed, port)->order.guest;
}

static struct guest *guest_named(struct bed *bed, const char *name)
{
        struct guest *g = NULL;

        assert_int_equal(manager_find_guest(bed->m, name, &g, &bed->error), 0);
        return g;
}

/* "1-1 1-2": who waits there. */
static void assert_queue(struct bed *bed, const char *name, const char *want)
{
        char queue[256] = "";

        for (const struct waiter *w = guest_queue(guest_named(bed, name)); w; w = w->next) {
                strcat(queue, *queue ? " " : "");
                strcat(queue, device_id(device_of_waiter(w)));
        }
        assert_string_equal(queue, want);
}

static bool was_connected(struct bed *bed, size_t guest)
{
        CLEANUP(close_fdp) int fd = accept(bed->guests[guest].listener, NULL, NULL);

        return fd >= 0;
}

/* The host has it back: it was unplugged. */
static void take_away(struct bed *bed, const char *port)
{
        struct bed_session *s = bed_session_of(bed, port);

        bed_unplug(bed, port);
        bed_until(bed, s->is_asked_to_end);
        bed_say_ended(bed, s, REASON_DEVICE_LOST, true);
}

static void the_first_that_is_named_has_it(void **state)
{
        static const struct {
                const char *rule, *guest;
        } cases[] = {
                { "-1,-1,-1,-1,1 guest=vm1,vm2\n", "vm1" },
                { "-1,-1,-1,-1,1 guest=vm2,vm1\n", "vm2" },
                { "-1,-1,-1,-1,1 guest=vm9,vm2,vm1\n", "vm2" },
                { "-1,-1,-1,-1,1 guest=*\n", "vm1" },
        };
        struct bed *bed = *state;

        for (size_t i = 0; i < ELEMENTS(cases); i++) {
                if (i > 0) {
                        bed_close(bed);
                        bed_open(bed);
                }
                begin(bed, cases[i].rule, 1);
                open_both(bed);
                bed_plug(bed, "1-1", "08");
                assert_string_equal(goes_to(bed, "1-1"), cases[i].guest);
                bed_settle(bed);

                /* And nobody else is bothered. */
                assert_int_equal(was_connected(bed, 0), !strcmp(cases[i].guest, "vm1"));
                assert_int_equal(was_connected(bed, 1), !strcmp(cases[i].guest, "vm2"));
        }
}

static void one_that_is_unreachable_holds_up_nobody(void **state)
{
        struct bed *bed = *state;

        begin(bed, RULE_BOTH, 1);
        bed_open_guest(bed, "vm2");
        bed_plug(bed, "1-1", "08");
        assert_string_equal(goes_to(bed, "1-1"), "vm2");
        assert_string_equal(bed_device(bed, "1-1")->guest, "vm2");
        assert_queue(bed, "vm1", "");
}

/* Its backlog is full: connections to it neither succeed nor fail. */
static void one_that_does_not_answer_holds_up_nobody(void **state)
{
        struct bed *bed = *state;
        uint64_t began = clock_usec(CLOCK_MONOTONIC);
        struct sockaddr_un address = { .sun_family = AF_UNIX };
        int crowd[4];

        begin(bed, RULE_BOTH, 1);
        open_both(bed);
        snprintf(address.sun_path, sizeof(address.sun_path), "%s/vm1", bed->directory);
        assert_int_equal(listen(bed->guests[0].listener, 0), 0);
        for (size_t i = 0; i < ELEMENTS(crowd); i++) {
                crowd[i] = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
                connect(crowd[i], (struct sockaddr *)&address, sizeof(address));
        }

        bed_plug(bed, "1-1", "08");
        assert_string_equal(goes_to(bed, "1-1"), "vm2");
        assert_true(clock_usec(CLOCK_MONOTONIC) - began < 5 * USEC_PER_SEC);
        for (size_t i = 0; i < ELEMENTS(crowd); i++)
                close(crowd[i]);
}

static void it_waits_for_all_and_takes_the_first_that_is_free(void **state)
{
        struct bed *bed = *state;

        begin(bed, RULE_BOTH, 1);
        open_both(bed);
        bed_plug(bed, "1-1", "08");
        bed_redirect(bed, "1-1");
        bed_plug(bed, "1-2", "08");
        bed_redirect(bed, "1-2");
        assert_string_equal(goes_to(bed, "1-2"), "vm2");
        bed_plug(bed, "1-3", "08");
        bed_plug(bed, "1-4", "08");
        bed_settle(bed);
        assert_queue(bed, "vm1", "1-3 1-4");
        assert_queue(bed, "vm2", "1-3 1-4");

        take_away(bed, "1-2");
        assert_string_equal(goes_to(bed, "1-3"), "vm2");
        assert_queue(bed, "vm1", "1-4");
        assert_queue(bed, "vm2", "1-4");
        take_away(bed, "1-1");
        assert_string_equal(goes_to(bed, "1-4"), "vm1");
        assert_queue(bed, "vm2", "");
}

static void one_that_appears_later_has_it(void **state)
{
        struct bed *bed = *state;

        begin(bed, RULE_BOTH, 1);
        bed_plug(bed, "1-1", "08");
        bed_until(bed, guest_state(guest_named(bed, "vm1")) == GUEST_UNREACHABLE);
        bed_until(bed, guest_state(guest_named(bed, "vm2")) == GUEST_UNREACHABLE);
        assert_queue(bed, "vm1", "1-1");
        bed_open_guest(bed, "vm2");
        assert_string_equal(goes_to(bed, "1-1"), "vm2");
        bed_until(bed, guest_state(guest_named(bed, "vm1")) == GUEST_IDLE);
        assert_int_equal(guest_retry_at_usec(guest_named(bed, "vm1")), 0);
}

static void a_guest_that_left_is_wanted_before_others(void **state)
{
        struct bed *bed = *state;
        struct bed_session *s;

        begin(bed, RULE_BOTH, 1);
        bed_open_guest(bed, "vm2");
        bed_plug(bed, "1-1", "08");
        s = bed_redirect(bed, "1-1");
        assert_string_equal(s->order.guest, "vm2");
        bed_open_guest(bed, "vm1");
        bed_say_ended(bed, s, REASON_GUEST_LEFT, true);
        s = bed_redirect(bed, "1-1");
        assert_string_equal(s->order.guest, "vm2");

        /* But not when it is not there any more. */
        bed_close_guest(bed, "vm2");
        bed_say_ended(bed, s, REASON_GUEST_LEFT, true);
        assert_string_equal(goes_to(bed, "1-1"), "vm1");
}

static void a_guest_that_is_disconnected_leaves_it_to_others(void **state)
{
        struct bed *bed = *state;
        struct bed_session *s;

        begin(bed, RULE_BOTH, 1);
        open_both(bed);
        bed_plug(bed, "1-1", "08");
        s = bed_redirect(bed, "1-1");
        manager_disconnect_guest(bed->m, guest_named(bed, "vm1"));
        bed_until(bed, s->is_asked_to_end);
        bed_say_ended(bed, s, REASON_ASKED, true);
        assert_string_equal(goes_to(bed, "1-1"), "vm2");
}

static void a_reload_changes_whom_it_waits_for(void **state)
{
        struct bed *bed = *state;

        begin(bed, "-1,-1,-1,-1,1 guest=vm1\n", 1);
        bed_open_guest(bed, "vm2");
        bed_plug(bed, "1-1", "08");
        bed_plug(bed, "1-2", "08");
        bed_settle(bed);
        assert_queue(bed, "vm1", "1-1 1-2");
        bed_write(bed, "filters.d/10-all.rules", RULE_BOTH);
        assert_int_equal(manager_reload(bed->m, &bed->error), 0);
        assert_queue(bed, "vm2", "1-1 1-2");
        assert_string_equal(goes_to(bed, "1-1"), "vm2");

        /* And one that is not configured any more takes nobody with it. */
        bed_write(bed, "guests.d/vm1.conf", NULL);
        assert_int_equal(manager_reload(bed->m, &bed->error), 0);
        assert_queue(bed, "vm2", "1-2");
        assert_int_equal(bed_device(bed, "1-2")->phase, DEVICE_IS_WAITING);
}

static void attached_without_a_guest_it_goes_to_any_of_its_rule(void **state)
{
        struct bed *bed = *state;
        struct bed_answer answer;

        begin(bed, RULE_HAND, 1);
        bed_open_guest(bed, "vm2");
        bed_plug(bed, "1-1", "08");
        bed_plug(bed, "1-2", "08");
        assert_int_equal(bed_attach(bed, "1-1", "", false, &answer), 0);
        bed_until(bed, answer.has_come);
        assert_false(answer.is_error);
        assert_string_equal(goes_to(bed, "1-1"), "vm2");

        /* vm2 has no channel now, and nobody is at vm1. */
        assert_int_equal(bed_attach(bed, "1-2", "", false, &answer), 0);
        bed_until(bed, answer.has_come);
        assert_true(answer.is_error);
        assert_int_equal(answer.error.kind, ERROR_CONNECT_FAILED);
        assert_int_equal(bed_device(bed, "1-2")->phase, DEVICE_IS_IDLE);

        bed_open_guest(bed, "vm1");
        assert_int_equal(bed_attach(bed, "1-2", "", false, &answer), 0);
        assert_string_equal(goes_to(bed, "1-2"), "vm1");
        bed_plug(bed, "1-3", "08");
        assert_int_equal(bed_attach(bed, "1-3", "", false, &answer), -EINVAL);
        assert_int_equal(answer.error.kind, ERROR_NO_FREE_CHANNEL);
}

static void all_that_fail_are_one_error(void **state)
{
        struct bed *bed = *state;
        struct bed_answer answer;

        begin(bed, RULE_HAND, 1);
        bed_plug(bed, "1-1", "08");
        assert_int_equal(bed_attach(bed, "1-1", "", false, &answer), 0);
        bed_until(bed, answer.has_come);
        assert_int_equal(answer.error.kind, ERROR_CONNECT_FAILED);
        assert_non_null(strstr(answer.error.text, "vm2-0"));
        assert_queue(bed, "vm1", "");
        assert_queue(bed, "vm2", "");
}

static void a_lost_connection_does_not_cost_the_turn(void **state)
{
        struct bed *bed = *state;
        struct bed_session *s;

        begin(bed, "-1,-1,-1,-1,1 guest=vm1\n", 1);
        open_both(bed);
        bed_plug(bed, "1-1", "08");
        s = bed_redirect(bed, "1-1");
        bed_plug(bed, "1-2", "08");
        bed_plug(bed, "1-3", "08");
        bed_say_ended(bed, s, REASON_LINK_LOST, true);
        assert_queue(bed, "vm1", "1-1 1-2 1-3");
        bed_redirect(bed, "1-1");
        assert_queue(bed, "vm1", "1-2 1-3");
}

static void a_replug_is_behind_all_that_wait(void **state)
{
        struct bed *bed = *state;

        begin(bed, "-1,-1,-1,-1,1 guest=vm1\n", 1);
        open_both(bed);
        bed_plug(bed, "1-1", "08");
        bed_redirect(bed, "1-1");
        bed_plug(bed, "1-2", "08");
        bed_plug(bed, "1-3", "08");
        bed_unplug(bed, "1-2");
        bed_plug(bed, "1-2", "08");
        bed_settle(bed);
        assert_queue(bed, "vm1", "1-3 1-2");
        take_away(bed, "1-1");
        bed_redirect(bed, "1-3");
        bed_plug(bed, "1-1", "08");
        bed_settle(bed);
        assert_queue(bed, "vm1", "1-2 1-1");
}

static void a_guest_has_no_more_than_max_devices_in_their_order(void **state)
{
        struct bed *bed = *state;
        char text[512];

        bed_add_guest(bed, "vm1", 3);
        snprintf(text, sizeof(text),
                 "[Guest]\nMaxDevices=2\nChannel=unix:%s/vm1-0\nChannel=unix:%s/vm1-1\n"
                 "Channel=unix:%s/vm1-2\n",
                 bed->directory, bed->directory, bed->directory);
        bed_write(bed, "guests.d/vm1.conf", text);
        bed_write(bed, "filters.d/10-all.rules", "-1,-1,-1,-1,1 guest=vm1\n");
        bed_open_guest(bed, "vm1");
        bed_start(bed);
        for (unsigned i = 1; i <= 4; i++) {
                snprintf(text, sizeof(text), "1-%u", i);
                bed_plug(bed, text, "08");
        }
        bed_redirect(bed, "1-1");
        bed_redirect(bed, "1-2");
        bed_settle(bed);
        assert_queue(bed, "vm1", "1-3 1-4");
        assert_int_equal(bed->n_sessions, 2);
        take_away(bed, "1-1");
        bed_redirect(bed, "1-3");
        assert_queue(bed, "vm1", "1-4");
}

static void max_sessions_are_waited_for_in_order(void **state)
{
        struct bed *bed = *state;
        struct bed_answer answer;

        bed_write(bed, "usbredird.conf", "[Daemon]\nMaxSessions=2\n");
        begin(bed, "-1,-1,-1,-1,1 guest=vm1 on=plug\n", 1);
        open_both(bed);
        bed_plug(bed, "1-1", "08");
        bed_redirect(bed, "1-1");
        bed_plug(bed, "1-2", "08"); /* waits for a channel, which counts */
        bed_plug(bed, "1-3", "08");
        bed_plug(bed, "1-4", "08");
        bed_unplug(bed, "1-3");
        bed_plug(bed, "1-3", "08");
        bed_settle(bed);
        assert_queue(bed, "vm1", "1-2");
        assert_non_null(strstr(bed_device(bed, "1-4")->last_error, "MaxSessions=2"));

        /* No session has ended. */
        assert_int_equal(bed_detach(bed, "1-2", &answer), 0);
        bed_until(bed, answer.has_come);
        bed_settle(bed);
        assert_queue(bed, "vm1", "1-4");
        assert_string_equal(bed_device(bed, "1-4")->last_error, "");
        assert_int_equal(bed_device(bed, "1-3")->phase, DEVICE_IS_IDLE);

        take_away(bed, "1-1");
        bed_redirect(bed, "1-4");
        assert_queue(bed, "vm1", "1-3");

        /* One that had a guest is not before them when it comes back. */
        bed_plug(bed, "1-1", "08");
        bed_settle(bed);
        assert_queue(bed, "vm1", "1-3");
        bed_write(bed, "usbredird.conf", "[Daemon]\nMaxSessions=3\n");
        assert_int_equal(manager_reload(bed->m, &bed->error), 0);
        bed_settle(bed);
        assert_queue(bed, "vm1", "1-3 1-1");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, bed_setup, bed_teardown)

int main(void)
{
        const struct CMUnitTest tests[] = {
                TEST(the_first_that_is_named_has_it),
                TEST(one_that_is_unreachable_holds_up_nobody),
                TEST(one_that_does_not_answer_holds_up_nobody),
                TEST(it_waits_for_all_and_takes_the_first_that_is_free),
                TEST(one_that_appears_later_has_it),
                TEST(a_guest_that_left_is_wanted_before_others),
                TEST(a_guest_that_is_disconnected_leaves_it_to_others),
                TEST(a_reload_changes_whom_it_waits_for),
                TEST(attached_without_a_guest_it_goes_to_any_of_its_rule),
                TEST(all_that_fail_are_one_error),
                TEST(a_lost_connection_does_not_cost_the_turn),
                TEST(a_replug_is_behind_all_that_wait),
                TEST(a_guest_has_no_more_than_max_devices_in_their_order),
                TEST(max_sessions_are_waited_for_in_order),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
