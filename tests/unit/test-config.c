/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What is read at start: values, precedence, rules, and what stands for broken files. Guests are in
 * test-config-guests.c, texts of mistakes in test-config-mistakes.c.
 */
#include "unit/config-bed.h"

#include <errno.h>

static void without_files_there_are_defaults(void **state)
{
        struct config_bed *bed = *state;

        config_bed_load(bed);
        assert_string_equal(bed->config->default_guest, "");
        assert_int_equal(bed->config->max_sessions, 64);
        assert_int_equal(bed->config->log_level, LOG_LEVEL_INFO);
        assert_guests(bed, "");
        assert_rules(bed, "");
        assert_errors(bed, "");
}

static void reads_the_main_file(void **state)
{
        struct config_bed *bed = *state;

        tree_write(&bed->tree, "etc/guests.d/a.conf", "[Guest]\nChannel=unix:/a\n");
        tree_write(&bed->tree, "etc/usbredird.conf",
                   "[Daemon]\n# all\nDefaultGuest=a\nMaxSessions=512\nLogLevel=debug\n");
        config_bed_load(bed);
        assert_string_equal(bed->config->default_guest, "a");
        assert_int_equal(bed->config->max_sessions, 512);
        assert_int_equal(bed->config->log_level, LOG_LEVEL_DEBUG);
        assert_errors(bed, "");
}

static void what_is_read_later_counts(void **state)
{
        struct config_bed *bed = *state;

        tree_write(&bed->tree, "lib/usbredird.conf", "[Daemon]\nMaxSessions=1\nLogLevel=error\n");
        tree_write(&bed->tree, "etc/usbredird.conf", "[Daemon]\nMaxSessions=2\n");
        config_bed_load(bed);
        assert_int_equal(bed->config->max_sessions, 2);
        assert_int_equal(bed->config->log_level, LOG_LEVEL_INFO);

        tree_write(&bed->tree, "lib/usbredird.conf.d/10.conf", "[Daemon]\nMaxSessions=3\n");
        tree_write(&bed->tree, "etc/usbredird.conf.d/05.conf",
                   "[Daemon]\nMaxSessions=4\nLogLevel=debug\n");
        config_bed_load(bed);
        assert_int_equal(bed->config->max_sessions, 3);
        assert_int_equal(bed->config->log_level, LOG_LEVEL_DEBUG);

        tree_link(&bed->tree, "etc/usbredird.conf.d/10.conf", "/dev/null");
        config_bed_load(bed);
        assert_int_equal(bed->config->max_sessions, 4);
}

static void an_empty_value_takes_the_default_guest_back(void **state)
{
        struct config_bed *bed = *state;

        tree_write(&bed->tree, "lib/usbredird.conf", "[Daemon]\nDefaultGuest=a\n");
        tree_write(&bed->tree, "etc/usbredird.conf.d/a.conf", "[Daemon]\nDefaultGuest=\n");
        config_bed_load(bed);
        assert_string_equal(bed->config->default_guest, "");
        assert_errors(bed, "");
}

static void rules_stand_in_the_order_of_their_files(void **state)
{
        struct config_bed *bed = *state;

        tree_write(&bed->tree, "lib/filters.d/90-z.rules", ALL);
        tree_write(&bed->tree, "lib/filters.d/50-m.rules", ALL ALL);
        tree_write(&bed->tree, "etc/filters.d/50-m.rules", "\n" ALL);
        tree_write(&bed->tree, "etc/filters.d/60-a.rules", ALL ALL);
        tree_write(&bed->tree, "etc/filters.d/README", "no rules\n");
        config_bed_load(bed);
        assert_rules(bed, "etc/filters.d/50-m.rules:2 etc/filters.d/60-a.rules:1 "
                          "etc/filters.d/60-a.rules:2 lib/filters.d/90-z.rules:1 ");
}

static void a_broken_filter_file_stands_at_its_place(void **state)
{
        struct config_bed *bed = *state;

        tree_write(&bed->tree, "lib/filters.d/10.rules", ALL);
        tree_write(&bed->tree, "lib/filters.d/20.rules", ALL);
        tree_write(&bed->tree, "etc/filters.d/20.rules", ALL ALL "x\n");
        tree_write(&bed->tree, "etc/filters.d/30.rules", ALL);
        tree_write(&bed->tree, "etc/filters.d/40.rules", ALL);
        tree_chmod(&bed->tree, "etc/filters.d/40.rules", 0666);
        config_bed_load(bed);
        assert_rules(bed, "lib/filters.d/10.rules:1 etc/filters.d/20.rules:3! "
                          "etc/filters.d/30.rules:1 etc/filters.d/40.rules:0! ");
        assert_errors(bed, "etc/filters.d/20.rules:3:1: expected class as -1 (any) or 0 to 0xff, "
                           "decimal or with 0x; found \"x\" (this file denies every device)\n"
                           "etc/filters.d/40.rules:0:0: the file is writable by others than its "
                           "owner: chmod go-w (this file denies every device)\n");
}

static void a_broken_filter_directory_denies_first(void **state)
{
        struct config_bed *bed = *state;

        tree_write(&bed->tree, "lib/filters.d/10.rules", ALL);
        tree_write(&bed->tree, "etc/filters.d/20.rules", ALL);
        tree_chmod(&bed->tree, "etc/filters.d", 0777);
        config_bed_load(bed);
        assert_rules(bed, "etc/filters.d:0! lib/filters.d/10.rules:1 etc/filters.d/20.rules:0! ");
        assert_errors(bed, "etc/filters.d:0:0: the directory is writable by others than its owner: "
                           "chmod go-w (every device is denied)\n"
                           "etc/filters.d/20.rules:0:0: the directory is writable by others than "
                           "its owner: chmod go-w (this file denies every device)\n");
}

static void a_name_that_is_no_text_is_shown_as_text(void **state)
{
        struct config_bed *bed = *state;

        tree_write(&bed->tree, "etc/filters.d/1\xff\n.rules", "x\n");
        config_bed_load(bed);
        assert_rules(bed, "etc/filters.d/1?\?.rules:1! ");
        assert_string_equal(bed->config->errors[0].file + strlen(bed->tree.root),
                            "/etc/filters.d/1?\?.rules");
}

static void a_broken_main_file_ends_the_start(void **state)
{
        struct config_bed *bed = *state;

        tree_write(&bed->tree, "etc/usbredird.conf", "[Daemon]\nMaxSessions=2\n");
        tree_write(&bed->tree, "lib/usbredird.conf.d/a.conf", "[Daemon]\nMaxSessions=x\n");
        tree_write(&bed->tree, "lib/usbredird.conf.d/b.conf", "x\n");
        tree_write(&bed->tree, "etc/guests.d/a.conf", "[Guest]\nChannel=unix:/a\n");
        assert_int_equal(config_load(&bed->config, bed->tree.directories, NULL), -EINVAL);
        assert_int_equal(bed->config->n_guests, 0);
        assert_null(bed->config->policy);
        assert_errors(bed, "lib/usbredird.conf.d/a.conf:2:13: MaxSessions= takes a number from 1 "
                           "to 512; found \"x\" (the daemon does not start)\n"
                           "lib/usbredird.conf.d/b.conf:1:2: expected KEY=VALUE; found \"x\" "
                           "(the daemon does not start)\n");
}

static void a_directory_that_others_can_write_ends_the_start(void **state)
{
        struct config_bed *bed = *state;

        tree_write(&bed->tree, "etc/guests.d/a.conf", "[Guest]\nChannel=unix:/a\n");
        tree_chmod(&bed->tree, "etc", 0775);
        assert_int_equal(config_load(&bed->config, bed->tree.directories, NULL), -EINVAL);
        assert_errors(bed, "etc:0:0: the directory is writable by others than its owner: chmod "
                           "go-w (the daemon does not start)\n");
}

static void a_default_guest_that_is_none_is_told_and_kept(void **state)
{
        struct config_bed *bed = *state;

        tree_write(&bed->tree, "lib/usbredird.conf", "[Daemon]\nDefaultGuest=x\n");
        tree_write(&bed->tree, "etc/usbredird.conf.d/a.conf", "[Daemon]\n\nDefaultGuest = gone\n");
        config_bed_load(bed);
        assert_string_equal(bed->config->default_guest, "gone");
        assert_errors(bed, "etc/usbredird.conf.d/a.conf:3:16: there is no guest \"gone\": write "
                           "guests.d/gone.conf, or name another (rules without guest= redirect "
                           "nothing by themselves)\n");
}

static void lists_256_mistakes_and_no_more(void **state)
{
        struct config_bed *bed = *state;
        char name[64];

        for (int i = 0; i < 40; i++) {
                snprintf(name, sizeof(name), "etc/filters.d/%02d.rules", i);
                tree_write(&bed->tree, name, "a\nb\nc\nd\ne\nf\ng\nh\n");
        }
        config_bed_load(bed);
        assert_int_equal(bed->config->n_errors, CONFIG_ERRORS_MAX);
        assert_int_equal(policy_n_entries(bed->config->policy), 40);
}

static void looks_into_four_directories_by_itself(void **state)
{
        assert_non_null(strstr(config_directories[0], "/usbredir"));
        assert_string_equal(config_directories[1], "/run/usbredir");
        assert_string_equal(config_directories[2], "/usr/local/lib/usbredir");
        assert_non_null(strstr(config_directories[3], "/lib/usbredir"));
        assert_null(config_directories[4]);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                CONFIG_TEST(without_files_there_are_defaults),
                CONFIG_TEST(reads_the_main_file),
                CONFIG_TEST(what_is_read_later_counts),
                CONFIG_TEST(an_empty_value_takes_the_default_guest_back),
                CONFIG_TEST(rules_stand_in_the_order_of_their_files),
                CONFIG_TEST(a_broken_filter_file_stands_at_its_place),
                CONFIG_TEST(a_broken_filter_directory_denies_first),
                CONFIG_TEST(a_name_that_is_no_text_is_shown_as_text),
                CONFIG_TEST(a_broken_main_file_ends_the_start),
                CONFIG_TEST(a_directory_that_others_can_write_ends_the_start),
                CONFIG_TEST(a_default_guest_that_is_none_is_told_and_kept),
                CONFIG_TEST(lists_256_mistakes_and_no_more),
                CONFIG_TEST(looks_into_four_directories_by_itself),
        };

        return cmocka_run_group_tests_name("config", tests, NULL, NULL);
}
