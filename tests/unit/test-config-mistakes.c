/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What people get wrong, one mistake a file, and what they are told: where, and what was expected.
 * The texts are a promise.
 */
#include "unit/test.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "daemon/config.h"
#include "unit/tree.h"
#include "util/macro.h"

#define RULE_KEYS                                                                                  \
        "the keys are guest=, auto=, on=, interface=, serial=, product-name=, vendor-name=, "      \
        "port=, path=, property=, hold=, reset=, force="

enum { MAIN, GUEST, RULES };

#define CHANNEL_TAKES                                                                              \
        "Channel= takes tcp:HOST:PORT, tcp:HOST:FIRST-LAST, unix:/PATH, one of these after "       \
        "listen:, or listen:systemd; "
#define NETWORK                                                                                    \
        "anybody in that network could be this guest: write [TLS] with CAFile= or PSKFile=, or "   \
        "with AllowClearText=yes, or listen at 127.0.0.1"

#define TLS "[Guest]\nChannel=tcp:vm:4000\n[TLS]\n"

static const struct {
        const char *file;
        const char *consequence;
        int result;
} kinds[] = {
        [MAIN] = { "etc/usbredird.conf", "the daemon does not start", -EINVAL },
        [GUEST] = { "etc/guests.d/vm.conf", "this guest does not exist", 0 },
        [RULES] = { "etc/filters.d/50-a.rules", "this file denies every device", 0 },
};

static const struct {
        const char *name;
        int kind;
        const char *in;
        uint32_t line, column;
        const char *want;
} cases[] = {
        { "refuses_a_key_before_the_first_section", MAIN, "MaxSessions=5\n", 1, 1,
          "this stands before the first section: write [Daemon] above it" },
        { "refuses_a_section_that_is_not_closed", MAIN, "[Daemon\nMaxSessions=5\n", 1, 8,
          "the section's name ends with a ]: add it" },
        { "refuses_text_after_a_section", MAIN, "[Daemon] # x\nMaxSessions=5\n", 1, 10,
          "nothing may follow the section's ]: remove \"# x\"" },
        { "refuses_an_unknown_section", MAIN, "[Deamon]\nMaxSessions=5\n", 1, 2,
          "there is no section [Deamon]: the sections are [Daemon]" },
        { "refuses_a_guest's_section_in_the_main_file", MAIN, "[Guest]\nChannel=x\n", 1, 2,
          "there is no section [Guest]: the sections are [Daemon]" },
        { "refuses_an_unknown_key", MAIN, "[Daemon]\nMaxSession=5\n", 2, 1,
          "there is no MaxSession= in [Daemon]: its keys are DefaultGuest=, MaxSessions=, LogLevel=" },
        { "refuses_a_key_in_other_case", MAIN, "[Daemon]\nmaxsessions=5\n", 2, 1,
          "there is no maxsessions= in [Daemon]: its keys are DefaultGuest=, MaxSessions=, LogLevel=" },
        { "refuses_a_key_without_equals", MAIN, "[Daemon]\nMaxSessions 5\n", 2, 13,
          "expected KEY=VALUE; found \"MaxSessions 5\"" },
        { "refuses_a_colon_for_equals", MAIN, "[Daemon]\nMaxSessions: 5\n", 2, 12,
          "expected KEY=VALUE; found \"MaxSessions: 5\"" },
        { "refuses_a_hyphen_in_a_key", MAIN, "[Daemon]\nMax-Sessions=5\n", 2, 4,
          "expected KEY=VALUE; found \"Max-Sessions=5\"" },
        { "refuses_a_value_without_key", MAIN, "[Daemon]\n=5\n", 2, 1,
          "expected KEY=VALUE; found \"=5\"" },
        { "refuses_a_key_twice", MAIN, "[Daemon]\nMaxSessions=5\nMaxSessions=6\n", 3, 1,
          "MaxSessions= stands on line 2 already: remove one" },
        { "refuses_no_number", MAIN, "[Daemon]\nMaxSessions=\n", 2, 13,
          "MaxSessions= takes a number from 1 to 512; found \"\"" },
        { "refuses_no_sessions", MAIN, "[Daemon]\nMaxSessions=0\n", 2, 13,
          "MaxSessions= takes a number from 1 to 512; found \"0\"" },
        { "refuses_one_session_more_than_the_limit", MAIN, "[Daemon]\nMaxSessions = 513\n", 2, 15,
          "MaxSessions= takes a number from 1 to 512; found \"513\"" },
        { "refuses_a_number_beyond_any_integer", MAIN,
          "[Daemon]\nMaxSessions=99999999999999999999\n", 2, 13,
          "MaxSessions= takes a number from 1 to 512; found \"99999999999999999999\"" },
        { "refuses_a_negative_number", MAIN, "[Daemon]\nMaxSessions=-1\n", 2, 13,
          "MaxSessions= takes a number from 1 to 512; found \"-1\"" },
        { "refuses_a_fraction", MAIN, "[Daemon]\nMaxSessions=6.5\n", 2, 13,
          "MaxSessions= takes a number from 1 to 512; found \"6.5\"" },
        { "refuses_a_comment_after_a_value", MAIN, "[Daemon]\nMaxSessions=64 # many\n", 2, 16,
          "a comment stands on a line of its own: move it" },
        { "refuses_a_semicolon_comment_after_a_value", MAIN, "[Daemon]\nMaxSessions=64 ; many\n", 2,
          16, "a comment stands on a line of its own: move it" },
        { "refuses_a_number_in_quotes", MAIN, "[Daemon]\nMaxSessions=\"64\"\n", 2, 13,
          "MaxSessions= takes a number from 1 to 512; found \"\"64\"\"" },
        { "refuses_an_unknown_log_level", MAIN, "[Daemon]\nLogLevel=verbose\n", 2, 10,
          "LogLevel= takes error, warning, notice, info or debug; found \"verbose\"" },
        { "refuses_no_log_level", MAIN, "[Daemon]\nLogLevel=\n", 2, 10,
          "LogLevel= takes error, warning, notice, info or debug; found \"\"" },
        { "refuses_two_default_guests", MAIN, "[Daemon]\nDefaultGuest=a,b\n", 2, 14,
          "DefaultGuest= takes the name of one guest ([A-Za-z0-9_.-], 64 at most), or nothing; found \"a,b\"" },
        { "refuses_a_default_guest_with_a_blank", MAIN, "[Daemon]\nDefaultGuest=win 10\n", 2, 14,
          "DefaultGuest= takes the name of one guest ([A-Za-z0-9_.-], 64 at most), or nothing; found \"win 10\"" },
        { "refuses_an_indented_key", MAIN, "[Daemon]\n  MaxSessions=5\n", 2, 1,
          "this line starts with a blank: lines are not continued, and keys start in the first column" },
        { "refuses_a_carriage_return", MAIN, "[Daemon]\nLogLevel=info\r\n", 2, 14,
          "a carriage return: save the file with the line ends of Unix" },
        { "refuses_a_byte_that_is_no_utf8", MAIN,
          "[Daemon]\nLogLevel=in\xff"
          "fo\n",
          2, 12, "byte 0xff is not text: write UTF-8, without control characters" },
        { "refuses_a_cut_character_in_a_comment", MAIN, "# caf\xc3\n", 1, 6,
          "byte 0xc3 is not text: write UTF-8, without control characters" },
        { "refuses_a_tab_inside_a_value", MAIN, "[Daemon]\nLogLevel=in\tfo\n", 2, 12,
          "a tab inside a value: write a blank" },
        { "refuses_a_guest_without_channel", GUEST, "[Guest]\n", 0, 0,
          "the guest has no channel: write Channel=tcp:HOST:PORT or Channel=unix:/PATH in [Guest]" },
        { "refuses_an_empty_guest_file", GUEST, "", 0, 0,
          "the guest has no channel: write Channel=tcp:HOST:PORT or Channel=unix:/PATH in [Guest]" },
        { "refuses_an_empty_channel", GUEST, "[Guest]\nChannel=\n", 2, 9,
          CHANNEL_TAKES "found \"\"" },
        { "refuses_a_channel_without_its_kind", GUEST, "[Guest]\nChannel=192.168.1.1:4000\n", 2, 9,
          CHANNEL_TAKES "found \"192.168.1.1:4000\"" },
        { "refuses_a_channel_without_port", GUEST, "[Guest]\nChannel=tcp:vm\n", 2, 9,
          CHANNEL_TAKES "found \"tcp:vm\"" },
        { "refuses_a_channel_with_an_empty_port", GUEST, "[Guest]\nChannel=tcp:vm:\n", 2, 16,
          "a port is a number from 1 to 65535, a range two of them, FIRST-LAST; found \"\"" },
        { "refuses_a_channel_without_host", GUEST, "[Guest]\nChannel=tcp::4000\n", 2, 9,
          CHANNEL_TAKES "found \"tcp::4000\"" },
        { "refuses_a_port_that_is_a_name", GUEST, "[Guest]\nChannel=tcp:vm:usb\n", 2, 16,
          "a port is a number from 1 to 65535, a range two of them, FIRST-LAST; found \"usb\"" },
        { "refuses_port_0", GUEST, "[Guest]\nChannel=tcp:vm:0\n", 2, 16,
          "a port is a number from 1 to 65535, a range two of them, FIRST-LAST; found \"0\"" },
        { "refuses_a_port_beyond_65535", GUEST, "[Guest]\nChannel=tcp:vm:65536\n", 2, 16,
          "a port is a number from 1 to 65535, a range two of them, FIRST-LAST; found \"65536\"" },
        { "refuses_a_range_that_ends_before_it_starts", GUEST,
          "[Guest]\nChannel=tcp:vm:4003-4000\n", 2, 16,
          "a range of ports starts with the lower one; found \"4003-4000\"" },
        { "refuses_a_range_without_end", GUEST, "[Guest]\nChannel=tcp:vm:4000-\n", 2, 16,
          "a port is a number from 1 to 65535, a range two of them, FIRST-LAST; found \"4000-\"" },
        { "refuses_a_range_of_65_ports", GUEST, "[Guest]\nChannel=tcp:vm:4000-4064\n", 2, 16,
          "a guest has at most 64 channels; found \"4000-4064\"" },
        { "refuses_an_ipv6_address_without_brackets", GUEST, "[Guest]\nChannel=tcp:fe80::1:4000\n",
          2, 13, "an IPv6 address stands in brackets: tcp:[ADDRESS]:PORT; found \"fe80::1:4000\"" },
        { "refuses_empty_brackets", GUEST, "[Guest]\nChannel=tcp:[]:4000\n", 2, 9,
          CHANNEL_TAKES "found \"tcp:[]:4000\"" },
        { "refuses_two_channels_in_a_line", GUEST,
          "[Guest]\nChannel=tcp:[fe80::1]:4000 tcp:vm:4001\n", 2, 27,
          "one channel a line, without blanks: write another Channel=; found \"tcp:[fe80::1]:4000 tcp:vm:4001\"" },
        { "refuses_a_relative_socket", GUEST, "[Guest]\nChannel=unix:vm.sock\n", 2, 14,
          "unix: takes a path from / of at most 107 bytes; found \"vm.sock\"" },
        { "refuses_a_socket_without_path", GUEST, "[Guest]\nChannel=unix:\n", 2, 14,
          "unix: takes a path from / of at most 107 bytes; found \"\"" },
        { "refuses_a_descriptor", GUEST, "[Guest]\nChannel=fd:3\n", 2, 9,
          "a file cannot name a descriptor: give tcp: or unix:; found \"fd:3\"" },
        { "refuses_to_listen_at_a_name", GUEST, "[Guest]\nChannel=listen:tcp:vm:4000\n", 2, 20,
          "listen:tcp: takes an IP address of this machine, or [::] for all, and a port; found \"vm:4000\"" },
        { "refuses_to_listen_nowhere", GUEST, "[Guest]\nChannel=listen:tcp::4000\n", 2, 9,
          CHANNEL_TAKES "found \"listen:tcp::4000\"" },
        { "refuses_to_listen_without_an_address", GUEST, "[Guest]\nChannel=listen:\n", 2, 9,
          CHANNEL_TAKES "found \"listen:\"" },
        { "refuses_to_listen_at_a_relative_socket", GUEST, "[Guest]\nChannel=listen:unix:vm.sock\n",
          2, 21, "unix: takes a path from / of at most 107 bytes; found \"vm.sock\"" },
        { "refuses_to_listen_at_a_range_that_ends_before_it_starts", GUEST,
          "[Guest]\nChannel=listen:tcp:127.0.0.1:4003-4000\n", 2, 30,
          "a range of ports starts with the lower one; found \"4003-4000\"" },
        { "refuses_to_listen_at_a_descriptor", GUEST, "[Guest]\nChannel=listen:fd:3\n", 2, 16,
          "a file cannot name a descriptor: give tcp: or unix:; found \"fd:3\"" },
        { "refuses_to_listen_to_a_network_in_clear_text", GUEST,
          "[Guest]\nChannel=tcp:vm:4000\nChannel=listen:tcp:[::]:4000\n", 3, 9,
          "listen:tcp:[::]:4000: " NETWORK },
        { "refuses_to_listen_to_a_network_when_clear_text_is_not_allowed", GUEST,
          "[Guest]\nChannel=listen:tcp:192.168.1.1:4000\n[TLS]\nAllowClearText=no\n", 2, 9,
          "listen:tcp:192.168.1.1:4000: " NETWORK },
        { "refuses_to_listen_twice", GUEST,
          "[Guest]\nChannel=listen:systemd\nChannel=listen:systemd\n", 3, 9,
          "listen:systemd is a channel of this guest already, on line 2: remove one" },
        { "refuses_a_caller_to_whom_no_certificate_is_shown", GUEST,
          "[Guest]\nChannel=listen:tcp:[::]:4000\n[TLS]\nCAFile=/ca\n", 4, 8,
          "a guest that dials in, as to listen:tcp:[::]:4000, wants a certificate of ours: write CertificateFile= and KeyFile= as well" },
        { "refuses_a_channel_of_another_kind", GUEST, "[Guest]\nChannel=tls:vm:4000\n", 2, 9,
          CHANNEL_TAKES "found \"tls:vm:4000\"" },
        { "refuses_a_channel_twice_in_a_guest", GUEST,
          "[Guest]\nChannel=tcp:vm:4000-4003\nChannel=tcp:vm:4002\n", 3, 9,
          "tcp:vm:4002 is a channel of this guest already, on line 2: remove one" },
        { "refuses_a_user_that_can_connect_nowhere", GUEST,
          "[Guest]\nChannel=listen:tcp:127.0.0.1:4000\nAllowUser=root\n", 3, 11,
          "AllowUser= is about unix sockets: write Channel=listen:unix:/PATH, or remove it" },
        { "refuses_a_user_that_is_not_there", GUEST,
          "[Guest]\nChannel=listen:unix:/vm\nAllowUser=nobody-at-all\n", 3, 11,
          "AllowUser= takes a name in /etc/passwd or a number; found \"nobody-at-all\"" },
        { "refuses_clear_text_perhaps", GUEST,
          "[Guest]\nChannel=tcp:vm:4000\n[TLS]\nAllowClearText=1\n", 4, 16,
          "AllowClearText= takes yes or no; found \"1\"" },
        { "refuses_tls_that_means_clear_text", GUEST, "[Guest]\nChannel=tcp:vm:4000\n[TLS]\n", 3, 2,
          "the section has neither CAFile= nor PSKFile=: write one, or remove the section to have this guest served in clear text" },
        { "refuses_the_kernel_s_tls_without_tls", GUEST,
          "[Guest]\nChannel=tcp:vm:4000\n[TLS]\nAllowClearText=yes\nKTLS=yes\n", 3, 2,
          "the section has neither CAFile= nor PSKFile=: write one, or remove the section to have this guest served in clear text" },
        { "refuses_an_unknown_key_of_tls", GUEST, "[Guest]\nChannel=tcp:vm:4000\n[TLS]\nCA=/a\n", 4,
          1,
          "there is no CA= in [TLS]: its keys are CAFile=, CertificateFile=, KeyFile=, PeerName=, PSKFile=, PSKIdentity=, KTLS=, AllowClearText=" },
        { "refuses_a_relative_ca", GUEST, TLS "CAFile=ca.pem\n", 4, 8,
          "CAFile= takes a path from /, or credential:NAME; found \"ca.pem\"" },
        { "refuses_an_empty_path", GUEST, TLS "PSKFile=\n", 4, 9,
          "PSKFile= takes a path from /, or credential:NAME; found \"\"" },
        { "refuses_a_credential_that_is_a_path", GUEST, TLS "CAFile=credential:../ca\n", 4, 8,
          "after credential: comes the name of one, of at most 255 of [A-Za-z0-9_.@-]; found \"credential:../ca\"" },
        { "refuses_a_credential_that_is_a_directory", GUEST, TLS "CAFile=credential:..\n", 4, 8,
          "after credential: comes the name of one, of at most 255 of [A-Za-z0-9_.@-]; found \"credential:..\"" },
        { "refuses_a_credential_without_a_name", GUEST, TLS "CAFile=credential:\n", 4, 8,
          "after credential: comes the name of one, of at most 255 of [A-Za-z0-9_.@-]; found \"credential:\"" },
        { "refuses_a_certificate_without_key", GUEST, TLS "CAFile=/ca\nCertificateFile=/cert\n", 5,
          17, "CertificateFile= needs KeyFile=: write that as well" },
        { "refuses_a_key_without_certificate", GUEST, TLS "CAFile=/ca\nKeyFile=/key\n", 5, 9,
          "KeyFile= needs CertificateFile=: write that as well" },
        { "refuses_a_certificate_without_ca", GUEST, TLS "CertificateFile=/cert\nKeyFile=/key\n", 4,
          17, "CertificateFile= needs CAFile=: write that as well" },
        { "refuses_a_name_without_ca", GUEST, TLS "PeerName=vm\n", 4, 10,
          "PeerName= needs CAFile=: write that as well" },
        { "refuses_both_kinds", GUEST, TLS "CAFile=/ca\nPSKFile=/psk\n", 4, 8,
          "CAFile= does not go with PSKFile=: a guest has certificates or pre-shared keys, remove one" },
        { "refuses_a_name_with_a_key", GUEST, TLS "PSKFile=/psk\nPeerName=vm\n", 5, 10,
          "PeerName= does not go with PSKFile=: a guest has certificates or pre-shared keys, remove one" },
        { "refuses_an_identity_without_keys", GUEST, TLS "PSKIdentity=me\n", 4, 13,
          "PSKIdentity= needs PSKFile=: write that as well" },
        { "refuses_an_identity_that_no_file_can_have", GUEST, TLS "PSKFile=/psk\nPSKIdentity=a:b\n",
          5, 13, "PSKIdentity= takes the name of a key, of at most 127 bytes; found \"a:b\"" },
        { "refuses_a_name_with_a_port", GUEST, TLS "CAFile=/ca\nPeerName=vm:4000\n", 5, 10,
          "PeerName= takes a host name or an IP address, of at most 255 bytes; found \"vm:4000\"" },
        { "refuses_a_socket_that_no_certificate_can_name", GUEST,
          "[Guest]\nChannel=unix:/vm\n[TLS]\nCAFile=/ca\n", 4, 8,
          "unix:/vm has no host name that a certificate could have: write PeerName= as well" },
        { "refuses_65_devices", GUEST, "[Guest]\nChannel=tcp:vm:4000\nMaxDevices=65\n", 3, 12,
          "MaxDevices= takes a number from 0 to 64; found \"65\"" },
        { "refuses_a_unit_after_seconds", GUEST,
          "[Guest]\nChannel=tcp:vm:4000\n[Reconnect]\nInitialDelaySec=1s\n", 4, 17,
          "InitialDelaySec= takes a number from 1 to 3600; found \"1s\"" },
        { "refuses_a_first_delay_above_the_default_ceiling", GUEST,
          "[Guest]\nChannel=tcp:vm:4000\n[Reconnect]\nInitialDelaySec=60\n", 4, 17,
          "MaxDelaySec= is 30, less than InitialDelaySec=, 60: write a larger one" },
        { "refuses_a_ceiling_below_the_first_delay", GUEST,
          "[Guest]\nChannel=tcp:vm:4000\n[Reconnect]\nInitialDelaySec=10\nMaxDelaySec=5\n", 5, 13,
          "MaxDelaySec= is 5, less than InitialDelaySec=, 10: write a larger one" },
        { "refuses_an_unknown_key_of_connection", GUEST,
          "[Guest]\nChannel=tcp:vm:4000\n[Connection]\nKeepalive=5\n", 4, 1,
          "there is no Keepalive= in [Connection]: its keys are GreetingSec=, KeepaliveSec=, UserTimeoutSec=" },
        { "refuses_a_misspelt_section_and_says_nothing_of_its_keys", GUEST,
          "[Guest]\nChannel=tcp:vm:4000\n[Connections]\nKeepalive=5\n", 3, 2,
          "there is no section [Connections]: the sections are [Guest], [Reconnect], [Connection], [TLS]" },
        { "refuses_a_greeting_in_0_seconds", GUEST,
          "[Guest]\nChannel=tcp:vm:4000\n[Connection]\nGreetingSec=0\n", 4, 13,
          "GreetingSec= takes a number from 1 to 3600; found \"0\"" },
        { "refuses_a_name_that_is_the_file's", GUEST, "[Guest]\nName=x\nChannel=tcp:vm:4000\n", 2,
          1,
          "there is no Name= in [Guest]: its keys are Description=, Channel=, AllowUser=, MaxDevices=" },
        { "refuses_a_description_twice", GUEST,
          "[Guest]\nDescription=a\nDescription=b\nChannel=tcp:vm:4000\n", 3, 1,
          "Description= stands on line 2 already: remove one" },
        { "refuses_a_key_twice_in_a_section_that_is_opened_again", GUEST,
          "[Guest]\nChannel=tcp:vm:4000\n[Guest]\nDescription=b\nDescription=c\n", 5, 1,
          "Description= stands on line 4 already: remove one" },
        { "refuses_a_rule's_key_twice", RULES, "-1,-1,-1,-1,1 guest=win10 guest=b\n", 1, 27,
          "guest= stands on this line already: remove one" },
        { "refuses_a_rule_without_allow", RULES, "0x08,0x0781,0x5581,-1 guest=a\n", 1, 22,
          "a rule has five values, class,vendor,product,version,allow: allow is missing" },
        { "refuses_a_rule_in_words", RULES, "allow all\n", 1, 1,
          "expected class as -1 (any) or 0 to 0xff, decimal or with 0x; found \"allow\"" },
        { "refuses_hold_on", RULES, "-1,-1,-1,-1,1 hold=on\n", 1, 20,
          "hold= takes yes or no; found \"on\"" },
        { "refuses_force_1", RULES, "-1,-1,-1,-1,1 force=1\n", 1, 21,
          "force= takes yes or no; found \"1\"" },
        { "refuses_an_unknown_occasion", RULES, "-1,-1,-1,-1,1 on=boot\n", 1, 18,
          "on= takes plug, start or both; found \"boot\"" },
        { "refuses_reset_off", RULES, "-1,-1,-1,-1,1 reset=off\n", 1, 21,
          "reset= takes yes or no; found \"off\"" },
        { "refuses_no_property", RULES, "-1,-1,-1,-1,1 property=\n", 1, 24,
          "property= takes a property of udev, NAME, or NAME=PATTERN with a shell pattern, such as ID_BUS=usb; found \"\"" },
        { "refuses_a_property_with_a_blank", RULES, "-1,-1,-1,-1,1 property=ID BUS\n", 1, 27,
          "expected key=value instead of \"BUS\": " RULE_KEYS },
        { "refuses_an_interface_with_0x", RULES, "-1,-1,-1,-1,1 interface=0x03\n", 1, 25,
          "interface= takes CC, CC/SS or CC/SS/PP, each two hex digits without 0x, such as 03/01/01; found \"0x03\"" },
        { "refuses_an_octal_vendor", RULES, "-1,0781,-1,-1,1\n", 1, 4,
          "vendor \"0781\" is octal to other programs, for its leading zero: write 781 or 0x781" },
        { "refuses_an_open_quote", RULES, "-1,-1,-1,-1,1 serial=\"A\n", 1, 22,
          "the quote is not closed: add a \"" },
        { "refuses_a_carriage_return_in_a_rule", RULES, "-1,-1,-1,-1,1 # a\r\n", 1, 18,
          "byte 0x0d is not text: write UTF-8, without control characters" },
        { "refuses_a_class_beyond_0xff", RULES, "0x100,-1,-1,-1,1\n", 1, 1,
          "class is -1 (any) or 0 to 0xff; found 0x100" },
};

static void check(void **state)
{
        static const struct facts stick = { .n_interfaces = 1, .interfaces = { { 8, 6, 80 } } };
        const typeof(cases[0]) *c = *state;
        CLEANUP(config_freep) struct config *config = NULL;
        char path[512], want[1024];
        struct tree tree;
        int r;

        tree_make(&tree);
        tree_write(&tree, "lib/filters.d/10-first.rules", "9,-1,-1,-1,0\n");
        tree_write(&tree, "lib/filters.d/90-last.rules", "-1,-1,-1,-1,1\n");
        tree_write(&tree, kinds[c->kind].file, c->in);
        tree_path(&tree, kinds[c->kind].file, path);
        r = config_load(&config, tree.directories, NULL);
        tree_remove(&tree);

        assert_int_equal(r, kinds[c->kind].result);
        assert_int_equal(config->n_errors, 1);
        assert_string_equal(config->errors[0].file, path);
        snprintf(want, sizeof(want), "%s (%s)", c->want, kinds[c->kind].consequence);
        assert_string_equal(config->errors[0].text, want);
        assert_int_equal(config->errors[0].line, c->line);
        assert_int_equal(config->errors[0].column, c->column);

        assert_int_equal(config->n_guests, 0);
        if (r == 0) {
                struct verdict verdict;

                policy_verdict(config->policy, &stick, &verdict);
                assert_int_equal(verdict.kind, c->kind == RULES ? VERDICT_DENIED : VERDICT_ALLOWED);
                if (c->kind == RULES)
                        assert_string_equal(verdict.against->problem, c->want);
        }
}

int main(void)
{
        struct CMUnitTest tests[ELEMENTS(cases)];

        for (size_t i = 0; i < ELEMENTS(cases); i++)
                tests[i] = (struct CMUnitTest){
                        .name = cases[i].name,
                        .test_func = check,
                        .initial_state = (void *)&cases[i],
                };

        return cmocka_run_group_tests_name("config-mistakes", tests, NULL, NULL);
}
