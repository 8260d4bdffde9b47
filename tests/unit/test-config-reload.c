/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A reload takes what is good, and of what is broken keeps what was in force, kind by kind.
 */
#include "unit/config-bed.h"

static int set_up(void **state)
{
        struct config_bed *bed;

        config_bed_set_up(state);
        bed = *state;
        tree_write(&bed->tree, "etc/usbredird.conf",
                   "[Daemon]\nDefaultGuest=a\nMaxSessions=2\nLogLevel=debug\n");
        tree_write(&bed->tree, "etc/guests.d/a.conf",
                   "[Guest]\nDescription=first\nChannel=unix:/a\nMaxDevices=3\n");
        tree_write(&bed->tree, "etc/guests.d/b.conf", "[Guest]\nChannel=unix:/b\n");
        tree_write(&bed->tree, "etc/filters.d/10.rules", ALL);
        config_bed_load(bed);
        assert_errors(bed, "");
        return 0;
}

static void takes_what_is_good(void **state)
{
        struct config_bed *bed = *state;

        tree_write(&bed->tree, "etc/usbredird.conf", "[Daemon]\nMaxSessions=9\n");
        tree_delete(&bed->tree, "etc/guests.d/b.conf");
        tree_write(&bed->tree, "etc/guests.d/c.conf", "[Guest]\nChannel=unix:/b\n");
        tree_write(&bed->tree, "etc/filters.d/10.rules", ALL ALL);
        config_bed_load(bed);
        assert_errors(bed, "");
        assert_int_equal(bed->config->max_sessions, 9);
        assert_int_equal(bed->config->log_level, LOG_LEVEL_INFO);
        assert_string_equal(bed->config->default_guest, "");
        assert_guests(bed, "a(unix:/a)c(unix:/b)");
        assert_rules(bed, "etc/filters.d/10.rules:1 etc/filters.d/10.rules:2 ");
}

static void keeps_the_settings_of_a_broken_main_file(void **state)
{
        struct config_bed *bed = *state;

        tree_write(&bed->tree, "etc/usbredird.conf", "[Daemon]\nMaxSessions=9\nLogLevel=x\n");
        tree_delete(&bed->tree, "etc/guests.d/b.conf");
        config_bed_load(bed);
        assert_errors(bed, "etc/usbredird.conf:3:10: LogLevel= takes error, warning, notice, info "
                           "or debug; found \"x\" (its settings stay as they were)\n");
        assert_int_equal(bed->config->max_sessions, 2);
        assert_int_equal(bed->config->log_level, LOG_LEVEL_DEBUG);
        assert_string_equal(bed->config->default_guest, "a");
        assert_guests(bed, "a(unix:/a)");
}

static void keeps_the_guest_of_a_broken_file_and_takes_the_others(void **state)
{
        struct config_bed *bed = *state;
        const struct guest_config *guest;

        tree_write(&bed->tree, "etc/guests.d/a.conf", "[Guest]\nChannel=unix:/new\nMaxDevices=x\n");
        tree_write(&bed->tree, "etc/guests.d/b.conf", "[Guest]\nChannel=unix:/b2\n");
        tree_write(&bed->tree, "etc/guests.d/c.conf", "[Guest]\nChannel=c\n");
        config_bed_load(bed);
        assert_guests(bed, "a(unix:/a)b(unix:/b2)");
        assert_errors(bed, "etc/guests.d/a.conf:3:12: MaxDevices= takes a number from 0 to 64; "
                           "found \"x\" (this guest stays as it was)\n"
                           "etc/guests.d/c.conf:2:9: Channel= takes tcp:HOST:PORT, "
                           "tcp:HOST:FIRST-LAST, unix:/PATH, one of these after listen:, or "
                           "listen:systemd; found \"c\" "
                           "(this guest does not exist)\n");

        guest = config_find_guest(bed->config, "a");
        assert_string_equal(guest->description, "first");
        assert_int_equal(guest->max_devices, 3);
        assert_non_null(strstr(guest->file, "/etc/guests.d/a.conf"));
}

static void a_guest_kept_twice_is_still_there(void **state)
{
        struct config_bed *bed = *state;

        tree_write(&bed->tree, "etc/guests.d/a.conf", "x\n");
        config_bed_load(bed);
        config_bed_load(bed);
        assert_guests(bed, "a(unix:/a)b(unix:/b)");

        tree_delete(&bed->tree, "etc/guests.d/a.conf");
        config_bed_load(bed);
        assert_guests(bed, "b(unix:/b)");
}

static void a_new_guest_cannot_take_the_channel_of_one_in_force(void **state)
{
        struct config_bed *bed = *state;

        tree_write(&bed->tree, "etc/guests.d/0.conf", "[Guest]\nChannel=unix:/a\n");
        config_bed_load(bed);
        assert_guests(bed, "a(unix:/a)b(unix:/b)");
        assert_errors(bed, "etc/guests.d/0.conf:2:9: unix:/a is a channel of guest \"a\" too "
                           "(etc/guests.d/a.conf:3): remove one (this guest does not exist)\n"
                           "etc/guests.d/a.conf:3:9: unix:/a is a channel of guest \"0\" too "
                           "(etc/guests.d/0.conf:2): remove one (this guest stays as it was)\n");
}

/* b's file takes what a has in force; then c's takes what b has again. */
static void what_is_kept_collides_with_nothing(void **state)
{
        struct config_bed *bed = *state;

        tree_write(&bed->tree, "etc/guests.d/a.conf", "x\n");
        tree_write(&bed->tree, "etc/guests.d/b.conf", "[Guest]\nChannel=unix:/a\n");
        tree_write(&bed->tree, "etc/guests.d/c.conf", "[Guest]\nChannel=unix:/b\n");
        tree_write(&bed->tree, "etc/guests.d/d.conf", "[Guest]\nChannel=unix:/d\n");
        config_bed_load(bed);
        assert_guests(bed, "a(unix:/a)b(unix:/b)d(unix:/d)");
        assert_errors(bed, "etc/guests.d/a.conf:1:2: expected KEY=VALUE; found \"x\" (this guest "
                           "stays as it was)\n"
                           "etc/guests.d/b.conf:2:9: unix:/a is a channel of guest \"a\" too "
                           "(etc/guests.d/a.conf:3): remove one (this guest stays as it was)\n"
                           "etc/guests.d/c.conf:2:9: unix:/b is a channel of guest \"b\" too "
                           "(etc/guests.d/b.conf:2): remove one (this guest does not exist)\n");
}

static void two_guests_may_swap_their_channels(void **state)
{
        struct config_bed *bed = *state;

        tree_write(&bed->tree, "etc/guests.d/a.conf", "[Guest]\nChannel=unix:/b\n");
        tree_write(&bed->tree, "etc/guests.d/b.conf", "[Guest]\nChannel=unix:/a\n");
        config_bed_load(bed);
        assert_guests(bed, "a(unix:/b)b(unix:/a)");
        assert_errors(bed, "");
}

static void keeps_the_guests_of_a_directory_that_is_broken(void **state)
{
        struct config_bed *bed = *state;

        tree_write(&bed->tree, "etc/guests.d/a.conf", "[Guest]\nChannel=unix:/evil\n");
        tree_delete(&bed->tree, "etc/guests.d/b.conf");
        tree_write(&bed->tree, "lib/guests.d/c.conf", "[Guest]\nChannel=unix:/c\n");
        tree_chmod(&bed->tree, "etc/guests.d", 0777);
        config_bed_load(bed);
        assert_guests(bed, "a(unix:/a)b(unix:/b)c(unix:/c)");
        assert_errors(bed, "etc/guests.d:0:0: the directory is writable by others than its owner: "
                           "chmod go-w (guests stay as they were)\n"
                           "etc/guests.d/a.conf:0:0: the directory is writable by others than its "
                           "owner: chmod go-w (this guest stays as it was)\n");
}

static void keeps_all_rules_if_one_file_is_broken(void **state)
{
        struct config_bed *bed = *state;
        const struct policy *before = bed->config->policy;

        tree_write(&bed->tree, "etc/filters.d/10.rules", ALL ALL);
        tree_write(&bed->tree, "etc/filters.d/20.rules", "x\n");
        config_bed_load(bed);
        assert_ptr_equal(bed->config->policy, before);
        assert_rules(bed, "etc/filters.d/10.rules:1 ");
        assert_errors(bed, "etc/filters.d/20.rules:1:1: expected class as -1 (any) or 0 to 0xff, "
                           "decimal or with 0x; found \"x\" (all rules stay as they were)\n");

        tree_write(&bed->tree, "etc/filters.d/20.rules", ALL);
        config_bed_load(bed);
        assert_rules(bed, "etc/filters.d/10.rules:1 etc/filters.d/10.rules:2 "
                          "etc/filters.d/20.rules:1 ");
        assert_errors(bed, "");
}

static void what_denied_at_start_denies_until_it_is_mended(void **state)
{
        struct config_bed *bed = *state;

        config_free(TAKE(bed->config));
        tree_write(&bed->tree, "etc/filters.d/20.rules", "x\n");
        config_bed_load(bed);
        assert_rules(bed, "etc/filters.d/10.rules:1 etc/filters.d/20.rules:1! ");
        tree_write(&bed->tree, "etc/filters.d/20.rules", "y\n");
        config_bed_load(bed);
        assert_rules(bed, "etc/filters.d/10.rules:1 etc/filters.d/20.rules:1! ");
        tree_write(&bed->tree, "etc/filters.d/20.rules", "");
        config_bed_load(bed);
        assert_rules(bed, "etc/filters.d/10.rules:1 ");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, config_bed_tear_down)

int main(void)
{
        const struct CMUnitTest tests[] = {
                TEST(takes_what_is_good),
                TEST(keeps_the_settings_of_a_broken_main_file),
                TEST(keeps_the_guest_of_a_broken_file_and_takes_the_others),
                TEST(a_guest_kept_twice_is_still_there),
                TEST(a_new_guest_cannot_take_the_channel_of_one_in_force),
                TEST(what_is_kept_collides_with_nothing),
                TEST(two_guests_may_swap_their_channels),
                TEST(keeps_the_guests_of_a_directory_that_is_broken),
                TEST(keeps_all_rules_if_one_file_is_broken),
                TEST(what_denied_at_start_denies_until_it_is_mended),
        };

        return cmocka_run_group_tests_name("config-reload", tests, NULL, NULL);
}
