/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What a reload, and a rule that is added or removed, changes, and what it leaves alone.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "daemon/bed.h"
#include "util/macro.h"

#define ALL   "-1,-1,-1,-1,1 guest=vm1\n"
#define FIRST "filters.d/10-all.rules"
#define ADDED "20-added.rules"

/* What an observer would have had to tell. */
static struct {
        unsigned ended, guests_changed, configurations;
} told;

static void on_ended(void *userdata, struct redirection *r, enum session_reason reason,
                     const char *message)
{
        told.ended++;
}

static void on_guest(void *userdata, struct guest *g)
{
        told.guests_changed++;
}

static void on_configuration(void *userdata)
{
        told.configurations++;
}

static const struct manager_observer observer = {
        .session_ended = on_ended,
        .guest_changed = on_guest,
        .configuration_changed = on_configuration,
};

/* A daemon with the devices 1-1, which vm1 has, and 1-2, which nobody has. */
static struct bed_session *start(struct bed *bed)
{
        struct bed_session *s;

        bed_write(bed, FIRST, "0x08,-1,-1,-1,1 guest=vm1\n");
        bed_add_guest(bed, "vm1", 4);
        bed_open_guest(bed, "vm1");
        bed_start(bed);
        bed_plug(bed, "1-1", "08");
        bed_plug(bed, "1-2", "0b serial=A");
        s = bed_redirect(bed, "1-1");
        bed_settle(bed);
        memset(&told, 0, sizeof(told));
        manager_observe(bed->m, &observer, bed);
        return s;
}

static void assert_ok(struct bed *bed, int r)
{
        if (r < 0)
                fail_msg("%s", bed->error.text);
}

static void a_reload_of_the_same_files_touches_nothing(void **state)
{
        struct bed *bed = *state;
        struct bed_session *s = start(bed);
        uint64_t retry;

        /* vm2 is away, and 1-3 waits for it. */
        bed_add_guest(bed, "vm2", 1);
        bed_write(bed, FIRST, "0x08,-1,-1,-1,1 guest=vm1\n0x03,-1,-1,-1,1 guest=vm2\n");
        assert_ok(bed, manager_reload(bed->m, &bed->error));
        bed_plug(bed, "1-3", "03");
        bed_until(bed, guest_state(manager_guest(bed->m, 1)) == GUEST_UNREACHABLE);
        retry = guest_retry_at_usec(manager_guest(bed->m, 1));

        memset(&told, 0, sizeof(told));
        for (int i = 0; i < 3; i++)
                assert_ok(bed, manager_reload(bed->m, &bed->error));
        assert_int_equal(guest_retry_at_usec(manager_guest(bed->m, 1)), retry);
        assert_int_equal(told.guests_changed, 0);
        assert_int_equal(told.ended, 0);
        assert_int_equal(told.configurations, 3);
        assert_int_equal(bed_device(bed, "1-1")->phase, DEVICE_IS_REDIRECTED);
        assert_int_equal(bed_device(bed, "1-3")->phase, DEVICE_IS_WAITING);
        assert_false(s->is_asked_to_end);
        assert_int_equal(bed->n_sessions, 1);
}

static void a_guest_whose_file_has_changed_is_tried_at_once(void **state)
{
        struct bed *bed = *state;

        start(bed);
        bed_add_guest(bed, "vm2", 1);
        bed_write(bed, FIRST, "0x08,-1,-1,-1,1 guest=vm1\n0x03,-1,-1,-1,1 guest=vm2\n");
        bed_write(bed, "guests.d/vm2.conf",
                  "[Guest]\nChannel=unix:/nowhere/0\n[Reconnect]\nInitialDelaySec=3600\n"
                  "MaxDelaySec=3600\n");
        assert_ok(bed, manager_reload(bed->m, &bed->error));
        bed_plug(bed, "1-3", "03");
        bed_until(bed, guest_state(manager_guest(bed->m, 1)) == GUEST_UNREACHABLE);

        bed_add_guest(bed, "vm2", 1);
        bed_open_guest(bed, "vm2");
        assert_ok(bed, manager_reload(bed->m, &bed->error));
        bed_redirect(bed, "1-3");
        assert_int_equal(told.ended, 0);
}

static void a_rule_that_is_added_acts_on_its_devices_only(void **state)
{
        struct bed *bed = *state;

        start(bed);
        bed_plug(bed, "1-4", "03");
        bed_settle(bed);
        bed_device(bed, "1-4")->is_rejected = true;
        assert_ok(bed, manager_add_rule(bed->m, "", 0, "0x0b,-1,-1,-1,1 serial=A guest=vm1",
                                        &bed->error));
        bed_redirect(bed, "1-2");
        assert_true(bed_device(bed, "1-4")->is_rejected);
        assert_int_equal(told.ended, 0);
        assert_int_equal(bed->n_sessions, 2);

        /* What the files say now is what is in force. */
        assert_ok(bed, manager_reload(bed->m, &bed->error));
        assert_non_null(strstr(bed_device(bed, "1-2")->rule, ADDED ":1"));
}

static void a_session_ends_only_if_a_rule_denies_its_device_now(void **state)
{
        struct bed *bed = *state;
        struct bed_session *first = start(bed), *second;

        assert_ok(bed, manager_add_rule(bed->m, "", 0, "0x0b,-1,-1,-1,1 guest=vm1", &bed->error));
        second = bed_redirect(bed, "1-2");
        assert_ok(bed, manager_add_rule(bed->m, "05-first.rules", 0,
                                        "0x08,-1,-1,-1,1 guest=vm1 reset=no", &bed->error));
        assert_ok(bed, manager_add_rule(bed->m, "05-first.rules", 1, "0x0b,-1,-1,-1,0 serial=B",
                                        &bed->error));
        assert_non_null(strstr(bed_device(bed, "1-1")->rule, "05-first.rules:2"));
        bed_settle(bed);
        assert_false(first->is_asked_to_end || second->is_asked_to_end);

        assert_ok(bed,
                  manager_remove_rule(bed->m, ADDED, 1, "0x0b,-1,-1,-1,1 guest=vm1", &bed->error));
        bed_until(bed, second->is_asked_to_end);
        bed_settle(bed);
        assert_false(first->is_asked_to_end);
}

static void a_rule_that_is_not_written_is_not_in_force(void **state)
{
        struct bed *bed = *state;
        char path[256];

        start(bed);
        /* Where the new file is to be, something stands in the way. */
        snprintf(path, sizeof(path), "%s/etc/filters.d/." ADDED ".new", bed->directory);
        assert_int_equal(mkdir(path, 0755), 0);
        assert_true(manager_add_rule(bed->m, "", 0, ALL, &bed->error) < 0);
        assert_true(manager_add_rule(bed->m, "", 0, "-1,-1,-1,-1,0", &bed->error) < 0);
        assert_int_equal(bed->error.kind, ERROR_FAILED);
        assert_int_equal(policy_n_entries(manager_config(bed->m)->policy), 1);
        assert_int_equal(told.configurations, 0);
}

static void nothing_is_added_while_a_file_is_broken(void **state)
{
        struct bed *bed = *state;

        start(bed);
        bed_write(bed, "filters.d/90-broken.rules", "\nx\n");
        assert_true(manager_reload(bed->m, &bed->error) < 0);
        assert_int_equal(manager_config(bed->m)->n_errors, 1);
        assert_true(manager_add_rule(bed->m, "", 0, "-1,-1,-1,-1,0", &bed->error) < 0);
        assert_int_equal(bed->error.kind, ERROR_INVALID_FILES);
        assert_non_null(strstr(bed->error.text, "90-broken.rules:2:1: "));
        assert_non_null(strstr(bed->error.text, "no rule is added or removed"));

        /* Mended, also what was told of it is gone; what is told of guests is not. */
        bed_write(bed, "guests.d/vm3.conf", "[Guest]\n");
        assert_true(manager_reload(bed->m, &bed->error) < 0);
        assert_int_equal(manager_config(bed->m)->n_errors, 2);
        bed_write(bed, "filters.d/90-broken.rules", NULL);
        assert_ok(bed, manager_add_rule(bed->m, "", 0, "0x55,-1,-1,-1,0", &bed->error));
        assert_int_equal(manager_config(bed->m)->n_errors, 1);
        assert_non_null(strstr(manager_config(bed->m)->errors[0].file, "vm3.conf"));
}

static void files_that_are_read_by_a_reload_only_are_not_read_for_a_rule(void **state)
{
        struct bed *bed = *state;
        struct bed_session *s = start(bed);

        bed_write(bed, "guests.d/vm1.conf", NULL);
        assert_ok(bed, manager_add_rule(bed->m, "", 0, "0x55,-1,-1,-1,0", &bed->error));
        bed_settle(bed);
        assert_false(s->is_asked_to_end);
        assert_int_equal(manager_n_guests(bed->m), 1);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, bed_setup, bed_teardown)

int main(void)
{
        const struct CMUnitTest tests[] = {
                TEST(a_reload_of_the_same_files_touches_nothing),
                TEST(a_guest_whose_file_has_changed_is_tried_at_once),
                TEST(a_rule_that_is_added_acts_on_its_devices_only),
                TEST(a_session_ends_only_if_a_rule_denies_its_device_now),
                TEST(a_rule_that_is_not_written_is_not_in_force),
                TEST(nothing_is_added_while_a_file_is_broken),
                TEST(files_that_are_read_by_a_reload_only_are_not_read_for_a_rule),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
