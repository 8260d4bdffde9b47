/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * TLS with guests that dial in: who is let in, who is not, and what is said then. The rest is the
 * same whoever dials: test-session-tls.c.
 */
#include "unit/test.h"

#include "unit/tls-bed.h"

#define CERTIFIED .kind = CONTROL_X509_CERTIFIED
#define DIALS_IN  .is_client = true
#define KEY       .psk = PSK, .psk_identity = "qemu"

static void lets_those_in_who_prove_who_they_are(void **state)
{
        const struct tls_case cases[] = {
                { "any name, 1.3", { CERTIFIED }, { DIALS_IN, V13 }, "TLSv1.3, TLS_AES_256_GCM" },
                { "any name, 1.2", { CERTIFIED }, { DIALS_IN, V12 }, "TLSv1.2, ECDHE-ECDSA-" },
                { "its name, 1.3", { CERTIFIED, "host" }, { DIALS_IN, V13 }, "TLSv1.3" },
                { "its name, 1.2", { CERTIFIED, "host" }, { DIALS_IN, V12 }, "TLSv1.2" },
                { "it looks at ours",
                  { CERTIFIED },
                  { DIALS_IN, .wants_certificate = true },
                  "TLSv1.3" },
                { "a key, 1.3", { CONTROL_PSK }, { DIALS_IN, V13, KEY }, "TLSv1.3" },
                { "a key, 1.2", { CONTROL_PSK }, { DIALS_IN, V12, KEY }, "TLSv1.2, ECDHE-PSK-" },
                { "our name of the key",
                  { CONTROL_PSK, .keys = "qemu:00\nme:" PSK_HEX, .identity = "me" },
                  { DIALS_IN, .psk = PSK, .psk_identity = "me" },
                  "TLSv1.3" },
        };

        tls_expect_open(cases, ELEMENTS(cases));
}

static void says_why_nobody_is_let_in(void **state)
{
        const struct certificate_wish wishes[] = {
                { "client", "DNS:host", "clientAuth", -7200, -3600 },
                { "client", "DNS:host", "clientAuth", 3600, 7200 },
                { "client", "DNS:host", "serverAuth" },
        };
        struct certificate expired = make_certificate(&wishes[0], &all.ca);
        struct certificate early = make_certificate(&wishes[1], &all.ca);
        struct certificate of_server = make_certificate(&wishes[2], &all.ca);
        const struct tls_case cases[] = {
                { "no certificate, 1.3",
                  { CERTIFIED },
                  { DIALS_IN, V13, .has_none = true },
                  "the guest shows no certificate: put client-cert.pem and client-key.pem" },
                { "no certificate, 1.2",
                  { CERTIFIED },
                  { DIALS_IN, V12, .has_none = true },
                  "the guest shows no certificate: put client-cert.pem and client-key.pem" },
                { "another CA, 1.3",
                  { CERTIFIED },
                  { &all.stranger, DIALS_IN, V13 },
                  "the guest's certificate is signed by none of CAFile" },
                { "another CA, 1.2",
                  { CERTIFIED },
                  { &all.stranger, DIALS_IN, V12 },
                  "the guest's certificate is signed by none of CAFile" },
                { "another name",
                  { CERTIFIED, "vm1" },
                  { DIALS_IN },
                  "the guest's certificate is not for 'vm1': set PeerName= to a name that it has" },
                { "expired",
                  { CERTIFIED },
                  { &expired, DIALS_IN },
                  "the guest's certificate, or one that it is signed by, has expired" },
                { "early",
                  { CERTIFIED },
                  { &early, DIALS_IN },
                  "the guest's certificate is not valid yet: is our clock right?" },
                { "for servers",
                  { CERTIFIED },
                  { &of_server, DIALS_IN },
                  "the guest's certificate is not for clients: sign one with the extended key "
                  "usage clientAuth" },
                { "ours is a stranger's, 1.3",
                  { CERTIFIED, .certificate = &all.stranger },
                  { DIALS_IN, V13, .wants_certificate = true },
                  "the guest refused our certificate: " },
                { "ours is a stranger's, 1.2",
                  { CERTIFIED, .certificate = &all.stranger },
                  { DIALS_IN, V12, .wants_certificate = true },
                  "the guest refused our certificate: " },
                { "plain",
                  { CERTIFIED },
                  { DIALS_IN, .is_plain = true },
                  "the guest speaks no TLS: give its chardev tls-creds=" },
                { "plain, with a key",
                  { CONTROL_PSK },
                  { DIALS_IN, .is_plain = true },
                  "the guest speaks no TLS: give its chardev tls-creds=" },
                { "hangs up",
                  { CERTIFIED },
                  { DIALS_IN, .hangs_up = true },
                  "the guest closed the connection in the TLS handshake: " },
                { "old",
                  { CERTIFIED },
                  { DIALS_IN, .max_version = TLS1_1_VERSION },
                  "the guest speaks neither TLS 1.2 nor 1.3" },
                { "another key, 1.3",
                  { CONTROL_PSK, .keys = "qemu:00112233" },
                  { DIALS_IN, V13, KEY },
                  "the guest has another key for that PSKIdentity=" },
                { "another key, 1.2",
                  { CONTROL_PSK, .keys = "qemu:00112233" },
                  { DIALS_IN, V12, KEY },
                  "the guest has another key for that PSKIdentity=" },
                { "another identity, 1.3",
                  { CONTROL_PSK, .keys = "me:" PSK_HEX, .identity = "me" },
                  { DIALS_IN, V13, KEY },
                  "the guest has a key of another name: give its tls-creds-psk username=me, " },
                { "another identity, 1.2",
                  { CONTROL_PSK, .keys = "me:" PSK_HEX, .identity = "me" },
                  { DIALS_IN, V12, KEY },
                  "the guest has a key of another name: give its tls-creds-psk username=me, " },
                { "a certificate for a key, 1.3",
                  { CONTROL_PSK },
                  { DIALS_IN, V13 },
                  "the guest knows no such pre-shared key: has it certificates?" },
                { "a certificate for a key, 1.2",
                  { CONTROL_PSK },
                  { DIALS_IN, V12 },
                  "the guest knows no such pre-shared key: has it certificates?" },
                { "a key, and nothing to verify ours by, 1.3",
                  { CERTIFIED },
                  { DIALS_IN, V13, KEY },
                  "the guest shows no certificate: " },
        };

        tls_expect_refused(cases, ELEMENTS(cases));
        free_certificate(&expired);
        free_certificate(&early);
        free_certificate(&of_server);
}

/* Nothing of one connection lets a guest in at another. */
static void no_session_is_resumed(void **state)
{
        static const struct host_wish host = { CERTIFIED };
        static const int versions[] = { TLS1_2_VERSION, TLS1_3_VERSION };

        for (size_t i = 0; i < ELEMENTS(versions); i++) {
                const struct guest_wish guest = { DIALS_IN, .min_version = versions[i],
                                                  .max_version = versions[i] };
                struct tls_bed b;

                tls_bed_open_for(&b, &host, &guest);
                tls_greet(&b);
                assert_int_equal(SSL_SESSION_is_resumable(SSL_get0_session(b.ssl)), 0);
                tls_bed_close(&b);
        }
}

static void a_server_without_a_certificate_is_refused(void **state)
{
        const struct control_order order = { .purpose = CONTROL_REDIRECT,
                                             .tls = CONTROL_X509,
                                             .flags = CONTROL_ACCEPTED };
        int files[CONTROL_FILES_MAX] = { certificate_file(-1, &all.ca), -1, -1 };
        struct transport *transport;
        char message[256];

        assert_int_equal(tls_new(&transport, 0, &order, files, message, sizeof(message)), -EINVAL);
        assert_string_equal(message, "a guest that dials in wants a certificate of ours: write "
                                     "CertificateFile= and KeyFile=");
        close(files[0]);
}

int main(void)
{
        static const struct CMUnitTest tests[] = {
                cmocka_unit_test(lets_those_in_who_prove_who_they_are),
                cmocka_unit_test(says_why_nobody_is_let_in),
                cmocka_unit_test(no_session_is_resumed),
                cmocka_unit_test(a_server_without_a_certificate_is_refused),
        };

        return cmocka_run_group_tests(tests, make_all, free_all);
}
