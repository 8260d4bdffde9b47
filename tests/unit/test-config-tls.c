/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * [TLS] of a guest: what is read, kept over a reload, and who is served in clear text. Its mistakes
 * are in test-config-mistakes.c.
 */
#include <errno.h>
#include <stdlib.h>

#include "unit/config-bed.h"

#include "daemon/config-private.h"
#include "daemon/tls-files.h"

static const struct guest_config *load(struct config_bed *bed, const char *text)
{
        tree_write(&bed->tree, "etc/guests.d/vm.conf", text);
        config_bed_load(bed);
        return config_find_guest(bed->config, "vm");
}

static void reads_certificates(void **state)
{
        const struct tls_config *tls;

        tls = &load(*state, "[Guest]\nChannel=tcp:vm:1\n[TLS]\nCAFile=/ca\nCertificateFile=/cert\n"
                            "KeyFile=/key\nPeerName=fe80::1\n")
                       ->tls;
        assert_true(tls_config_is_on(tls));
        assert_string_equal(tls->ca_file, "/ca");
        assert_string_equal(tls->certificate_file, "/cert");
        assert_string_equal(tls->key_file, "/key");
        assert_string_equal(tls->peer_name, "fe80::1");
        assert_null(tls->psk_file);
}

static void reads_keys(void **state)
{
        const struct tls_config *tls;

        tls = &load(*state, "[Guest]\nChannel=unix:/vm\n[TLS]\nPSKFile=/psk\nPSKIdentity=me\n")
                       ->tls;
        assert_true(tls_config_is_on(tls));
        assert_false(tls->ktls);
        assert_string_equal(tls->psk_file, "/psk");
        assert_string_equal(tls->psk_identity, "me");
        assert_null(tls->ca_file);
}

static void a_broken_file_keeps_the_encryption_in_force(void **state)
{
        struct config_bed *bed = *state;

        assert_non_null(load(bed, "[Guest]\nChannel=unix:/vm\n[TLS]\nPSKFile=/psk\n"));
        assert_string_equal(load(bed, "[Guest]\nChannel=unix:/vm\n[TLS]\n")->tls.psk_file, "/psk");
        assert_int_equal(bed->config->n_errors, 1);
        assert_false(tls_config_is_on(&load(bed, "[Guest]\nChannel=unix:/vm\n")->tls));
}

static void an_order_says_how_to_talk(void **state)
{
        static const struct {
                const char *name, *channel, *tls;
                enum control_tls want;
                const char *peer_name, *identity;
                uint32_t flags;
        } cases[] = {
                { "clear", "tcp:vm:1", "", CONTROL_CLEAR, "", "" },
                { "host", "tcp:[::1]:1", "[TLS]\nCAFile=/ca\n", CONTROL_X509, "::1", "" },
                { "name", "tcp:vm:1", "[TLS]\nCAFile=/ca\nPeerName=a.b\n", CONTROL_X509, "a.b",
                  "" },
                { "ours", "tcp:vm:1", "[TLS]\nCAFile=/a\nCertificateFile=/b\nKeyFile=/c\n",
                  CONTROL_X509_CERTIFIED, "vm", "" },
                { "key", "tcp:vm:1", "[TLS]\nPSKFile=/psk\n", CONTROL_PSK, "", "qemu" },
                { "its name", "unix:/a", "[TLS]\nPSKFile=/psk\nPSKIdentity=me\n", CONTROL_PSK, "",
                  "me" },
                { "by the kernel", "tcp:vm:1", "[TLS]\nPSKFile=/psk\nKTLS=yes\n", CONTROL_PSK, "",
                  "qemu", CONTROL_KTLS },
        };

        for (size_t i = 0; i < ELEMENTS(cases); i++) {
                struct control_order order = { 0 };
                const struct guest_config *guest;
                char text[512];

                snprintf(text, sizeof(text), "[Guest]\nChannel=%s\n%s", cases[i].channel,
                         cases[i].tls);
                guest = load(*state, text);
                assert_non_null(guest);
                tls_fill_order(&order, &guest->tls, &guest->channels[0]);
                if (order.tls != cases[i].want || strcmp(order.peer_name, cases[i].peer_name) ||
                    strcmp(order.psk_identity, cases[i].identity) || order.flags != cases[i].flags)
                        fail_msg("%s: %u, %s, %s", cases[i].name, order.tls, order.peer_name,
                                 order.psk_identity);
        }
}

static void reads_credentials(void **state)
{
        const struct guest_config *guest;

        guest = load(*state, "[Guest]\nChannel=unix:/vm\n[TLS]\nPSKFile=credential:vm.psk@1-a_B\n");
        assert_non_null(guest);
        assert_string_equal(guest->tls.psk_file, "credential:vm.psk@1-a_B");
}

/* A guest that dials in has a name that no address tells, and is shown a certificate. */
static void where_a_guest_dials_in_we_are_the_server(void **state)
{
        struct channel_config channel = { .address = { .kind = ADDRESS_TCP, .host = "::" },
                                          .text = "listen:tcp:[::]:1",
                                          .listens = true };
        struct guest_config guest = { .name = "vm",
                                      .channels = &channel,
                                      .n_channels = 1,
                                      .tls = { .ca_file = (char *)"/ca" } };
        const struct ini_place places[N_TLS_KEYS] = {
                [TLS_SECTION] = { 3, 1 }, [TLS_CA_FILE] = { 4, 8 }
        };
        struct config config = { 0 };
        struct teller teller = { .config = &config, .file = "vm.conf", .consequence = "so" };
        struct control_order order = { 0 };

        assert_int_equal(tls_config_check(&guest, places, &teller), -EINVAL);
        assert_int_equal(config.n_errors, 1);
        assert_int_equal(config.errors[0].line, 4);
        assert_int_equal(config.errors[0].column, 8);
        assert_non_null(strstr(config.errors[0].text,
                               "a guest that dials in, as to listen:tcp:[::]:1, wants a "
                               "certificate of ours: write CertificateFile= and KeyFile= as well"));
        free(config.errors[0].file);
        free(config.errors[0].text);
        free(config.errors);

        guest.tls.certificate_file = (char *)"/cert";
        guest.tls.key_file = (char *)"/key";
        assert_int_equal(tls_config_check(&guest, places, &teller), 0);
        tls_fill_order(&order, &guest.tls, &channel);
        assert_string_equal(order.peer_name, "");
        guest.tls.peer_name = (char *)"vm1";
        tls_fill_order(&order, &guest.tls, &channel);
        assert_string_equal(order.peer_name, "vm1");

        channel.address.kind = ADDRESS_UNIX;
        guest.tls = (struct tls_config){ .psk_file = (char *)"/psk" };
        assert_int_equal(tls_config_check(&guest, places, &teller), 0);
}

static void clear_text_is_exposed_beyond_this_machine(void **state)
{
        static const struct {
                const char *channels;
                bool want;
        } cases[] = {
                { "Channel=tcp:vm:1\n", true },
                { "Channel=tcp:192.168.1.1:1\n", true },
                { "Channel=tcp:[fe80::1]:1\n", true },
                { "Channel=unix:/a\nChannel=tcp:128.0.0.1:1\n", true },
                { "Channel=unix:/a\nChannel=tcp:localhost:1\n", false },
                { "Channel=tcp:127.1.2.3:1\n", false },
                { "Channel=tcp:[::1]:1\n", false },
                { "Channel=tcp:vm:1\n[TLS]\nCAFile=/ca\n", false },
                { "Channel=tcp:vm:1\n[TLS]\nPSKFile=/psk\n", false },
        };

        for (size_t i = 0; i < ELEMENTS(cases); i++) {
                char text[128];

                snprintf(text, sizeof(text), "[Guest]\n%s", cases[i].channels);
                if (guest_config_is_exposed(load(*state, text)) != cases[i].want)
                        fail_msg("%s", cases[i].channels);
        }
}

int main(void)
{
        static const struct CMUnitTest tests[] = {
                CONFIG_TEST(reads_certificates),
                CONFIG_TEST(reads_keys),
                CONFIG_TEST(a_broken_file_keeps_the_encryption_in_force),
                CONFIG_TEST(an_order_says_how_to_talk),
                CONFIG_TEST(reads_credentials),
                CONFIG_TEST(where_a_guest_dials_in_we_are_the_server),
                CONFIG_TEST(clear_text_is_exposed_beyond_this_machine),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
