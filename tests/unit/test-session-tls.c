/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Who is let in by TLS, who is not, and what is said then.
 */
#include "unit/test.h"

#include "unit/tls-bed.h"

static void lets_those_in_who_prove_who_they_are(void **state)
{
        const struct tls_case cases[] = {
                { "a name, 1.3",
                  { CONTROL_X509, "vm1" },
                  { V13 },
                  "TLSv1.3, TLS_AES_256_GCM_SHA384" },
                { "a name, 1.2",
                  { CONTROL_X509, "vm1" },
                  { V12 },
                  "TLSv1.2, ECDHE-ECDSA-AES256-GCM" },
                { "IPv4", { CONTROL_X509, "127.0.0.1" }, {}, "TLSv1.3" },
                { "IPv6", { CONTROL_X509, "::1" }, {}, "TLSv1.3" },
                { "both, 1.3",
                  { CONTROL_X509_CERTIFIED },
                  { V13, .wants_certificate = true },
                  "TLSv1.3" },
                { "both, 1.2",
                  { CONTROL_X509_CERTIFIED },
                  { V12, .wants_certificate = true },
                  "TLSv1.2" },
                { "ours is not wanted", { CONTROL_X509_CERTIFIED }, {}, "TLSv1.3" },
                { "a key, 1.3",
                  { CONTROL_PSK },
                  { V13, .psk = PSK, .psk_identity = "qemu" },
                  "TLSv1.3" },
                { "a key, 1.2",
                  { CONTROL_PSK },
                  { V12, .psk = PSK, .psk_identity = "qemu" },
                  "TLSv1.2, ECDHE-PSK-" },
                { "the second key",
                  { CONTROL_PSK, .keys = "meme:00\nme:" PSK_HEX "\r\nme:11", .identity = "me" },
                  { .psk = PSK, .psk_identity = "me" },
                  "TLSv1.3" },
        };

        tls_expect_open(cases, ELEMENTS(cases));
}

static void says_why_nobody_is_let_in(void **state)
{
        struct certificate expired = make_certificate(
                &(struct certificate_wish){ "server", "DNS:vm1", "serverAuth", -7200, -3600 },
                &all.ca);
        struct certificate early = make_certificate(
                &(struct certificate_wish){ "server", "DNS:vm1", "serverAuth", 3600, 7200 },
                &all.ca);
        struct certificate alone = make_certificate(
                &(struct certificate_wish){ "server", "DNS:vm1", "serverAuth" }, NULL);
        struct certificate of_client = make_certificate(
                &(struct certificate_wish){ "server", "DNS:vm1", "clientAuth" }, &all.ca);
        const struct tls_case cases[] = {
                { "another CA, 1.3",
                  { CONTROL_X509 },
                  { &all.stranger, V13 },
                  "the guest's certificate is signed by none of CAFile" },
                { "another CA, 1.2",
                  { CONTROL_X509 },
                  { &all.stranger, V12 },
                  "the guest's certificate is signed by none of CAFile" },
                { "itself",
                  { CONTROL_X509 },
                  { &alone },
                  "the guest's certificate is signed by none of CAFile" },
                { "another name",
                  { CONTROL_X509, "vm2" },
                  {},
                  "the guest's certificate is not for 'vm2': set PeerName= to a name that it has" },
                { "another address",
                  { CONTROL_X509, "127.0.0.2" },
                  {},
                  "the guest's certificate is not for '127.0.0.2': set PeerName= to a name that it "
                  "has" },
                { "expired",
                  { CONTROL_X509 },
                  { &expired },
                  "the guest's certificate, or one that it is signed by, has expired" },
                { "early",
                  { CONTROL_X509 },
                  { &early },
                  "the guest's certificate is not valid yet: is our clock right?" },
                { "for clients",
                  { CONTROL_X509 },
                  { &of_client },
                  "the guest's certificate is not for servers: " },
                { "plain",
                  { CONTROL_X509 },
                  { .is_plain = true },
                  "the guest speaks no TLS: give its chardev tls-creds=" },
                { "plain, with a key",
                  { CONTROL_PSK },
                  { .is_plain = true },
                  "the guest speaks no TLS: give its chardev tls-creds=" },
                { "hangs up",
                  { CONTROL_X509 },
                  { .hangs_up = true },
                  "the guest closed the connection in the TLS handshake: " },
                { "old",
                  { CONTROL_X509 },
                  { .max_version = TLS1_1_VERSION },
                  "the guest speaks neither TLS 1.2 nor 1.3" },
                { "wants ours, 1.3",
                  { CONTROL_X509 },
                  { V13, .wants_certificate = true },
                  "the guest wants a certificate of ours: write CertificateFile= and KeyFile=" },
                { "wants ours, 1.2",
                  { CONTROL_X509 },
                  { V12, .wants_certificate = true },
                  "the guest and we have nothing in common: " },
                { "ours is a stranger's, 1.3",
                  { CONTROL_X509_CERTIFIED, .certificate = &all.stranger },
                  { V13, .wants_certificate = true },
                  "the guest refused our certificate: " },
                { "ours is a stranger's, 1.2",
                  { CONTROL_X509_CERTIFIED, .certificate = &all.stranger },
                  { V12, .wants_certificate = true },
                  "the guest refused our certificate: " },
                { "has a key",
                  { CONTROL_X509 },
                  { .psk = PSK, .psk_identity = "qemu" },
                  "the guest and we have nothing in common: " },
                { "another identity, 1.3",
                  { CONTROL_PSK, .keys = "me:" PSK_HEX, .identity = "me" },
                  { V13, .psk = PSK, .psk_identity = "qemu" },
                  "the guest knows no such pre-shared key" },
                { "another identity, 1.2",
                  { CONTROL_PSK, .keys = "me:" PSK_HEX, .identity = "me" },
                  { V12, .psk = PSK, .psk_identity = "qemu" },
                  "the guest knows no key of that PSKIdentity=" },
                { "another key, 1.3",
                  { CONTROL_PSK, .keys = "qemu:00112233" },
                  { V13, .psk = PSK, .psk_identity = "qemu" },
                  "the guest has another key for that PSKIdentity=" },
                { "another key, 1.2",
                  { CONTROL_PSK, .keys = "qemu:00112233" },
                  { V12, .psk = PSK, .psk_identity = "qemu" },
                  "the guest has another key for that PSKIdentity=" },
                { "a certificate for a key, 1.3",
                  { CONTROL_PSK },
                  { V13 },
                  "the guest does not know our pre-shared key and shows a certificate" },
                { "a certificate for a key, 1.2",
                  { CONTROL_PSK },
                  { V12 },
                  "the guest knows no such pre-shared key" },
        };

        tls_expect_refused(cases, ELEMENTS(cases));
        free_certificate(&expired);
        free_certificate(&early);
        free_certificate(&alone);
        free_certificate(&of_client);
}

static void a_guest_that_says_nothing_is_waited_for(void **state)
{
        struct tls_bed b;

        tls_bed_open_usual(&b, AF_UNIX, &(struct guest_wish){});
        run_ready(b.bed->base);
        link_hold(b.bed->link, true);
        link_hold(b.bed->link, false);
        run_ready(b.bed->base);
        assert_int_equal(b.bed->ends, 0);
        assert_int_equal(b.bed->encryptions, 0);
        assert_int_equal(link_queued(b.bed->link), 0);
        tls_greet(&b);
        tls_bed_close(&b);
}

static void files_that_do_not_do_are_told(void **state)
{
        struct certificate expired = make_certificate(
                &(struct certificate_wish){ "client", "DNS:host", "clientAuth", -7200, -3600 },
                &all.ca);
        struct certificate early = make_certificate(
                &(struct certificate_wish){ "client", "DNS:host", "clientAuth", 3600, 7200 },
                &all.ca);
        char *many = malloc(TLS_FILE_SIZE_MAX + 2);
        const struct {
                const char *name;
                enum control_tls kind;
                int files[CONTROL_FILES_MAX];
                const char *want;
        } cases[] = {
                { "empty",
                  CONTROL_X509,
                  { text_file(""), -1, -1 },
                  "CAFile: certificate 1 is not usable: no start line" },
                { "no PEM",
                  CONTROL_X509,
                  { text_file("hello\n"), -1, -1 },
                  "CAFile: certificate 1 is not usable: no start line" },
                { "broken",
                  CONTROL_X509,
                  { text_file("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"), -1,
                    -1 },
                  "CAFile: certificate 1 is not usable: " },
                { "too large",
                  CONTROL_X509,
                  { text_file((memset(many, 'x', TLS_FILE_SIZE_MAX + 1),
                               many[TLS_FILE_SIZE_MAX + 1] = 0, many)),
                    -1, -1 },
                  "CAFile is larger than 1048576 bytes" },
                { "no certificate",
                  CONTROL_X509_CERTIFIED,
                  { certificate_file(-1, &all.ca), text_file("\n"), key_file(&all.client, NULL) },
                  "CertificateFile: certificate 1 is not usable: " },
                { "expired",
                  CONTROL_X509_CERTIFIED,
                  { certificate_file(-1, &all.ca), certificate_file(-1, &expired),
                    key_file(&expired, NULL) },
                  "CertificateFile: certificate 1 is not usable: it has expired: renew it" },
                { "its CA expired",
                  CONTROL_X509_CERTIFIED,
                  { certificate_file(-1, &all.ca),
                    certificate_file(certificate_file(-1, &all.client), &expired),
                    key_file(&all.client, NULL) },
                  "CertificateFile: certificate 2 is not usable: it has expired: renew it" },
                { "early",
                  CONTROL_X509_CERTIFIED,
                  { certificate_file(-1, &all.ca), certificate_file(-1, &early),
                    key_file(&early, NULL) },
                  "CertificateFile: certificate 1 is not usable: it is not valid yet: is our clock "
                  "right?" },
                { "another key",
                  CONTROL_X509_CERTIFIED,
                  { certificate_file(-1, &all.ca), certificate_file(-1, &all.client),
                    key_file(&all.server, NULL) },
                  "KeyFile is not the key of CertificateFile" },
                { "passphrase",
                  CONTROL_X509_CERTIFIED,
                  { certificate_file(-1, &all.ca), certificate_file(-1, &all.client),
                    key_file(&all.client, "secret") },
                  "KeyFile has a passphrase: remove it" },
                { "no key",
                  CONTROL_X509_CERTIFIED,
                  { certificate_file(-1, &all.ca), certificate_file(-1, &all.client),
                    certificate_file(-1, &all.client) },
                  "KeyFile has no private key as PEM" },
                { "not there",
                  CONTROL_PSK,
                  { text_file("a:00\nqemu2:00\nxqemu:00\n"), -1, -1 },
                  "PSKFile has no key for PSKIdentity 'qemu'" },
                { "no hex",
                  CONTROL_PSK,
                  { text_file("qemu:0g\n"), -1, -1 },
                  "PSKFile: the key of 'qemu' is not 1 to 256 bytes in hexadecimal digits" },
                { "half a byte",
                  CONTROL_PSK,
                  { text_file("qemu:000\n"), -1, -1 },
                  "PSKFile: the key of 'qemu' is not 1 to 256 bytes in hexadecimal digits" },
                { "no digits",
                  CONTROL_PSK,
                  { text_file("qemu:\nqemu:00"), -1, -1 },
                  "PSKFile: the key of 'qemu' is not 1 to 256 bytes in hexadecimal digits" },
        };

        for (size_t i = 0; i < ELEMENTS(cases); i++) {
                struct control_order order = { .purpose = CONTROL_REDIRECT,
                                               .tls = cases[i].kind,
                                               .peer_name = "vm1",
                                               .psk_identity = "qemu" };
                struct transport *transport;
                char message[256] = "";

                if (tls_new(&transport, 0, &order, cases[i].files, message, sizeof(message)) !=
                            -EINVAL ||
                    strncmp(message, cases[i].want, strlen(cases[i].want)) != 0)
                        fail_msg("%s: %s", cases[i].name, message);
                for (size_t j = 0; j < CONTROL_FILES_MAX; j++)
                        close_fd(cases[i].files[j]);
        }
        free(many);
        free_certificate(&expired);
        free_certificate(&early);
}

/* Else any certificate of the CA would do. */
static void a_guest_without_a_name_to_check_is_refused(void **state)
{
        const struct control_order order = { .purpose = CONTROL_REDIRECT, .tls = CONTROL_X509 };
        int files[CONTROL_FILES_MAX] = { certificate_file(-1, &all.ca), -1, -1 };
        struct transport *transport;
        char message[256];

        assert_true(tls_new(&transport, 0, &order, files, message, sizeof(message)) < 0);
        close(files[0]);
}

int main(void)
{
        static const struct CMUnitTest tests[] = {
                cmocka_unit_test(lets_those_in_who_prove_who_they_are),
                cmocka_unit_test(says_why_nobody_is_let_in),
                cmocka_unit_test(a_guest_that_says_nothing_is_waited_for),
                cmocka_unit_test(files_that_do_not_do_are_told),
                cmocka_unit_test(a_guest_without_a_name_to_check_is_refused),
        };

        return cmocka_run_group_tests(tests, make_all, free_all);
}
