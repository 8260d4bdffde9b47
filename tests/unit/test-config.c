/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What is read at start: values, channels, precedence, and what stands for broken files. Texts of
 * mistakes are in test-config-mistakes.c.
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

static void reads_a_guest(void **state)
{
        struct config_bed *bed = *state;
        const struct guest_config *guest;

        tree_write(&bed->tree, "etc/guests.d/win10.conf",
                   "[Guest]\nDescription=Windows 10, second floor\nChannel=tcp:vm:4000\n"
                   "MaxDevices=64\n[Reconnect]\nInitialDelaySec=2\nMaxDelaySec=3\nMaxAttempts=4\n"
                   "[Connection]\nGreetingSec=5\nKeepaliveSec=6\nUserTimeoutSec=7\n");
        config_bed_load(bed);
        assert_errors(bed, "");

        guest = config_find_guest(bed->config, "win10");
        assert_non_null(guest);
        assert_string_equal(guest->name, "win10");
        assert_string_equal(guest->description, "Windows 10, second floor");
        assert_string_equal(guest->file + strlen(bed->tree.root), "/etc/guests.d/win10.conf");
        assert_int_equal(guest->max_devices, 64);
        assert_int_equal(guest->initial_delay_sec, 2);
        assert_int_equal(guest->max_delay_sec, 3);
        assert_int_equal(guest->max_attempts, 4);
        assert_int_equal(guest->greeting_sec, 5);
        assert_int_equal(guest->keepalive_sec, 6);
        assert_int_equal(guest->user_timeout_sec, 7);
        assert_null(config_find_guest(bed->config, "win1"));
}

static void a_guest_needs_but_a_channel(void **state)
{
        struct config_bed *bed = *state;
        const struct guest_config *guest;

        tree_write(&bed->tree, "etc/guests.d/a.conf", "[Guest]\nChannel=tcp:vm:4000\n");
        config_bed_load(bed);

        guest = config_find_guest(bed->config, "a");
        assert_string_equal(guest->description, "");
        assert_int_equal(guest->max_devices, 0);
        assert_int_equal(guest->initial_delay_sec, 1);
        assert_int_equal(guest->max_delay_sec, 30);
        assert_int_equal(guest->max_attempts, 0);
        assert_int_equal(guest->greeting_sec, 10);
        assert_int_equal(guest->keepalive_sec, 15);
        assert_int_equal(guest->user_timeout_sec, 30);
}

static void reads_channels_of_all_forms(void **state)
{
        struct config_bed *bed = *state;
        const struct guest_config *guest;

        tree_write(
                &bed->tree, "etc/guests.d/a.conf",
                "[Guest]\nChannel=tcp:192.168.122.10:4000-4002\nChannel=tcp:[fe80::1%eth0]:0080\n"
                "Channel=tcp:vm:5000-5000\nChannel=unix:/run/vm/usb.sock\n");
        config_bed_load(bed);
        assert_errors(bed, "");
        assert_guests(bed, "a(tcp:192.168.122.10:4000 tcp:192.168.122.10:4001 "
                           "tcp:192.168.122.10:4002 tcp:[fe80::1%eth0]:80 tcp:vm:5000 "
                           "unix:/run/vm/usb.sock)");

        guest = config_find_guest(bed->config, "a");
        assert_int_equal(guest->channels[2].address.kind, ADDRESS_TCP);
        assert_string_equal(guest->channels[2].address.host, "192.168.122.10");
        assert_string_equal(guest->channels[2].address.port, "4002");
        assert_int_equal(guest->channels[2].line, 2);
        assert_string_equal(guest->channels[3].address.host, "fe80::1%eth0");
        assert_int_equal(guest->channels[5].address.kind, ADDRESS_UNIX);
        assert_string_equal(guest->channels[5].address.path, "/run/vm/usb.sock");
        assert_int_equal(guest->channels[5].line, 5);
}

static void reads_channels_that_listen(void **state)
{
        struct config_bed *bed = *state;
        const struct guest_config *guest;

        tree_write(&bed->tree, "etc/guests.d/a.conf",
                   "[Guest]\nChannel=listen:tcp:127.0.0.1:4000-4001\nChannel=tcp:127.0.0.1:4000\n"
                   "Channel=listen:tcp:[::1]:4000\nChannel=listen:unix:/run/usbredird/a.sock\n"
                   "Channel=listen:systemd\nAllowUser=64055\n");
        tree_write(&bed->tree, "etc/guests.d/b.conf",
                   "[Guest]\nChannel=listen:systemd\nAllowUser=daemon\n");
        tree_write(&bed->tree, "etc/guests.d/c.conf",
                   "[Guest]\nChannel=listen:tcp:[::]:5000\n[TLS]\nAllowClearText=yes\n");
        tree_write(&bed->tree, "etc/guests.d/d.conf",
                   "[Guest]\nChannel=listen:tcp:0.0.0.0:5001\n[TLS]\nPSKFile=/psk\n");
        config_bed_load(bed);
        assert_errors(bed, "");
        assert_guests(bed, "a(listen:tcp:127.0.0.1:4000 listen:tcp:127.0.0.1:4001 "
                           "tcp:127.0.0.1:4000 listen:tcp:[::1]:4000 "
                           "listen:unix:/run/usbredird/a.sock listen:systemd)b(listen:systemd)"
                           "c(listen:tcp:[::]:5000)d(listen:tcp:0.0.0.0:5001)");

        guest = config_find_guest(bed->config, "a");
        assert_true(guest->channels[1].listens);
        assert_string_equal(guest->channels[1].address.port, "4001");
        assert_false(guest->channels[2].listens);
        assert_string_equal(guest->channels[3].address.host, "::1");
        assert_string_equal(guest->channels[4].address.path, "/run/usbredird/a.sock");
        assert_int_equal(guest->channels[5].address.kind, ADDRESS_FD);
        assert_int_equal(guest->allow_uid, 64055);
        assert_false(guest_config_is_exposed(guest));
        assert_int_equal(config_find_guest(bed->config, "b")->allow_uid, 1);
        assert_true(guest_config_is_exposed(config_find_guest(bed->config, "c")));
        assert_false(guest_config_is_exposed(config_find_guest(bed->config, "d")));
}

static void no_two_guests_listen_at_the_same_address(void **state)
{
        struct config_bed *bed = *state;

        tree_write(&bed->tree, "etc/guests.d/a.conf", "[Guest]\nChannel=listen:unix:/a\n");
        tree_write(&bed->tree, "etc/guests.d/b.conf", "[Guest]\nChannel=listen:unix:/a\n");
        config_bed_load(bed);
        assert_guests(bed, "");
}

static void takes_64_channels_and_refuses_one_more(void **state)
{
        struct config_bed *bed = *state;

        tree_write(&bed->tree, "etc/guests.d/a.conf",
                   "[Guest]\nChannel=tcp:vm:4000-4062\nChannel=unix:/a\n");
        config_bed_load(bed);
        assert_errors(bed, "");
        assert_int_equal(config_find_guest(bed->config, "a")->n_channels, CONFIG_CHANNELS_MAX);

        tree_write(&bed->tree, "etc/guests.d/b.conf",
                   "[Guest]\nChannel=tcp:vm:5000-5063\nChannel=unix:/b\n");
        config_bed_load(bed);
        assert_null(config_find_guest(bed->config, "b"));
        assert_errors(bed, "etc/guests.d/b.conf:3:9: a guest has at most 64 channels: remove some "
                           "(this guest does not exist)\n");
}

static void takes_the_longest_host_and_path(void **state)
{
        struct config_bed *bed = *state;
        const struct guest_config *guest;
        char host[256] = "", path[108] = "/", text[1024];

        memset(host, 'h', sizeof(host) - 1);
        memset(path + 1, 'p', sizeof(path) - 2);
        snprintf(text, sizeof(text), "[Guest]\nChannel=tcp:%s:65535\nChannel=unix:%s\n", host,
                 path);
        tree_write(&bed->tree, "etc/guests.d/a.conf", text);
        snprintf(text, sizeof(text), "[Guest]\nChannel=tcp:%sh:65535\n", host);
        tree_write(&bed->tree, "etc/guests.d/b.conf", text);
        snprintf(text, sizeof(text), "[Guest]\nChannel=unix:%sp\n", path);
        tree_write(&bed->tree, "etc/guests.d/c.conf", text);
        config_bed_load(bed);

        guest = config_find_guest(bed->config, "a");
        assert_non_null(guest);
        assert_string_equal(guest->channels[0].address.host, host);
        assert_string_equal(guest->channels[1].address.path, path);
        assert_int_equal(bed->config->n_guests, 1);
        assert_int_equal(bed->config->n_errors, 2);
}

static void guests_are_sorted_and_replaced_and_masked(void **state)
{
        struct config_bed *bed = *state;

        tree_write(&bed->tree, "lib/guests.d/c.conf", "[Guest]\nChannel=unix:/c\n");
        tree_write(&bed->tree, "lib/guests.d/b-1.conf", "[Guest]\nChannel=unix:/b\n");
        tree_write(&bed->tree, "lib/guests.d/b.conf", "[Guest]\nChannel=unix:/lib\n");
        tree_write(&bed->tree, "etc/guests.d/b.conf", "[Guest]\nChannel=unix:/etc\n");
        tree_write(&bed->tree, "etc/guests.d/a.conf", "[Guest]\nChannel=unix:/a\n");
        tree_link(&bed->tree, "etc/guests.d/c.conf", "/dev/null");
        config_bed_load(bed);
        assert_guests(bed, "a(unix:/a)b(unix:/etc)b-1(unix:/b)");
        assert_errors(bed, "");
        assert_non_null(config_find_guest(bed->config, "b"));
        assert_non_null(config_find_guest(bed->config, "b-1"));
}

static void a_guest_is_named_by_its_file(void **state)
{
        struct config_bed *bed = *state;
        char name[128] = "etc/guests.d/";

        memset(name + strlen(name), 'n', GUEST_NAME_MAX);
        strcat(name, ".conf");
        tree_write(&bed->tree, name, "[Guest]\nChannel=unix:/a\n");
        config_bed_load(bed);
        assert_errors(bed, "");
        assert_int_equal(bed->config->n_guests, 1);
        assert_int_equal(strlen(bed->config->guests[0].name), GUEST_NAME_MAX);

        strcpy(name + strlen(name) - 5, "n.conf");
        tree_write(&bed->tree, name, "[Guest]\nChannel=unix:/b\n");
        tree_write(&bed->tree, "lib/guests.d/a b.conf", "[Guest]\nChannel=unix:/c\n");
        tree_write(&bed->tree, "lib/guests.d/a,b.conf", "[Guest]\nChannel=unix:/c\n");
        tree_write(&bed->tree, "lib/guests.d/*.conf", "[Guest]\nChannel=unix:/c\n");
        config_bed_load(bed);
        assert_int_equal(bed->config->n_guests, 1);
        assert_int_equal(bed->config->n_errors, 4);
        for (size_t i = 0; i < bed->config->n_errors; i++)
                assert_string_equal(bed->config->errors[i].text,
                                    "the file's name is the guest's: 1 to 64 of [A-Za-z0-9_.-], "
                                    "then .conf: rename it (this guest does not exist)");
}

static void takes_256_guests_and_refuses_one_more(void **state)
{
        struct config_bed *bed = *state;
        char name[64], text[64];

        for (int i = 0; i <= CONFIG_GUESTS_MAX; i++) {
                snprintf(name, sizeof(name), "etc/guests.d/%03d.conf", i);
                snprintf(text, sizeof(text), "[Guest]\nChannel=unix:/%d\n", i);
                tree_write(&bed->tree, name, text);
        }
        config_bed_load(bed);
        assert_int_equal(bed->config->n_guests, CONFIG_GUESTS_MAX);
        assert_errors(bed, "etc/guests.d/256.conf:0:0: there are more than 256 guests: remove some "
                           "(this guest does not exist)\n");
}

static void two_guests_that_share_a_channel_both_do_not_exist(void **state)
{
        struct config_bed *bed = *state;

        tree_write(&bed->tree, "etc/guests.d/a.conf", "[Guest]\nChannel=tcp:vm:4000-4003\n");
        tree_write(&bed->tree, "lib/guests.d/b.conf",
                   "[Guest]\n\nChannel=unix:/b\nChannel=tcp:VM:04002\n");
        tree_write(&bed->tree, "lib/guests.d/c.conf", "[Guest]\nChannel=unix:/c\n");
        config_bed_load(bed);
        assert_guests(bed, "c(unix:/c)");
        assert_errors(bed, "etc/guests.d/a.conf:2:9: tcp:vm:4002 is a channel of guest \"b\" too "
                           "(lib/guests.d/b.conf:4): remove one (this guest does not exist)\n"
                           "lib/guests.d/b.conf:4:9: tcp:VM:4002 is a channel of guest \"a\" too "
                           "(etc/guests.d/a.conf:2): remove one (this guest does not exist)\n");
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
                CONFIG_TEST(reads_a_guest),
                CONFIG_TEST(a_guest_needs_but_a_channel),
                CONFIG_TEST(reads_channels_of_all_forms),
                CONFIG_TEST(reads_channels_that_listen),
                CONFIG_TEST(no_two_guests_listen_at_the_same_address),
                CONFIG_TEST(takes_64_channels_and_refuses_one_more),
                CONFIG_TEST(takes_the_longest_host_and_path),
                CONFIG_TEST(guests_are_sorted_and_replaced_and_masked),
                CONFIG_TEST(a_guest_is_named_by_its_file),
                CONFIG_TEST(takes_256_guests_and_refuses_one_more),
                CONFIG_TEST(two_guests_that_share_a_channel_both_do_not_exist),
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
