/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Guests that are read at start: values, channels, names, precedence, and how many there may be.
 */
#include "unit/config-bed.h"

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

int main(void)
{
        const struct CMUnitTest tests[] = {
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
        };

        return cmocka_run_group_tests_name("config-guests", tests, NULL, NULL);
}
