#pragma once
/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A link with TLS, and the test as a guest with OpenSSL at the other end. Include after cmocka.h.
 */
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <signal.h>

#include "session/tls.h"
#include "unit/link-bed.h"
#include "unit/tls-certificates.h"

/* Who is who: made once. */
static struct {
        struct certificate ca, other_ca, server, client, stranger;
} all;

/* What the guest is. */
struct guest_wish {
        const struct certificate *certificate; /* NULL: the server */
        int min_version, max_version;          /* 0: any */
        bool is_client;                        /* it has dialled in */
        bool wants_certificate, has_none;
        const char *psk; /* NULL: none; then it has no certificate */
        const char *psk_identity;
        bool is_plain, hangs_up;
};

/*
 * Has the environment asked for kTLS over TCP? Then it must be there: for machines whose kernel has
 * the module.
 */
static inline bool wants_ktls(void)
{
        return getenv("TEST_KTLS");
}

struct tls_bed {
        struct link_bed *bed;
        SSL_CTX *context;
        SSL *ssl;
        bool is_up, has_failed;
};

#define PSK      "\x01\x02\xfe\x10\x20\x30\x40\x50\x60\x70\x80\x90\xa0\xb0\xc0\xd0"
#define PSK_HEX  "0102FE102030405060708090a0b0c0d0"
#define PSK_SIZE 16

static inline int make_all(void **state)
{
        signal(SIGPIPE, SIG_IGN);
        all.ca = make_certificate(&(struct certificate_wish){ "CA" }, NULL);
        all.other_ca = make_certificate(&(struct certificate_wish){ "other CA" }, NULL);
        all.server = make_certificate(
                &(struct certificate_wish){ "server", "DNS:vm1,IP:127.0.0.1,IP:::1", "serverAuth" },
                &all.ca);
        all.client = make_certificate(
                &(struct certificate_wish){ "client", "DNS:host", "clientAuth" }, &all.ca);
        all.stranger = make_certificate(
                &(struct certificate_wish){ "stranger", "DNS:vm1", "serverAuth,clientAuth" },
                &all.other_ca);
        return 0;
}

static inline int free_all(void **state)
{
        free_certificate(&all.ca);
        free_certificate(&all.other_ca);
        free_certificate(&all.server);
        free_certificate(&all.client);
        free_certificate(&all.stranger);
        return 0;
}

static inline unsigned on_guest_psk(SSL *ssl, const char *identity, unsigned char *psk,
                                    unsigned size)
{
        const struct guest_wish *wish = SSL_get_app_data(ssl);

        if (strcmp(identity, wish->psk_identity) != 0)
                return 0;
        memcpy(psk, wish->psk, PSK_SIZE);
        return PSK_SIZE;
}

/* Of a guest that has dialled in. */
static inline unsigned on_host_psk(SSL *ssl, const char *hint, char *identity,
                                   unsigned identity_size, unsigned char *psk, unsigned size)
{
        const struct guest_wish *wish = SSL_get_app_data(ssl);

        strcpy(identity, wish->psk_identity);
        memcpy(psk, wish->psk, PSK_SIZE);
        return PSK_SIZE;
}

static inline void make_guest(struct tls_bed *b, const struct guest_wish *wish)
{
        const struct certificate *own = wish->certificate
                                                ?: wish->is_client ? &all.client
                                                                   : &all.server;

        b->context = SSL_CTX_new(wish->is_client ? TLS_client_method() : TLS_server_method());
        SSL_CTX_set_security_level(b->context, 0);
        if (wish->psk) {
                SSL_CTX_set_psk_server_callback(b->context, on_guest_psk);
                SSL_CTX_set_psk_client_callback(b->context, on_host_psk);
        } else if (!wish->has_none) {
                assert_int_equal(SSL_CTX_use_certificate(b->context, own->x509), 1);
                assert_int_equal(SSL_CTX_use_PrivateKey(b->context, own->key), 1);
        }
        X509_STORE_add_cert(SSL_CTX_get_cert_store(b->context), all.ca.x509);
        if (wish->wants_certificate)
                SSL_CTX_set_verify(b->context, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT,
                                   NULL);
        SSL_CTX_set_min_proto_version(b->context, wish->min_version);
        SSL_CTX_set_max_proto_version(b->context, wish->max_version);
        SSL_CTX_set_mode(b->context, SSL_MODE_AUTO_RETRY | SSL_MODE_ENABLE_PARTIAL_WRITE |
                                             SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
        b->ssl = SSL_new(b->context);
        SSL_set_app_data(b->ssl, (void *)wish);
        SSL_set_fd(b->ssl, b->bed->guest);
        if (wish->is_client)
                SSL_set_connect_state(b->ssl);
        else
                SSL_set_accept_state(b->ssl);
}

/* Takes the next step of its handshake; returns whether it has come to an end. */
static inline bool guest_shakes(struct tls_bed *b)
{
        int r = SSL_do_handshake(b->ssl), error = SSL_get_error(b->ssl, r);

        b->is_up = r == 1;
        b->has_failed = r != 1 && error != SSL_ERROR_WANT_READ && error != SSL_ERROR_WANT_WRITE;
        ERR_clear_error();
        return b->is_up || b->has_failed;
}

/* The descriptors are closed. */
static inline void tls_bed_open(struct tls_bed *b, int type, const struct control_order *order,
                                int files[CONTROL_FILES_MAX], const struct guest_wish *wish)
{
        struct transport *transport;
        char message[256] = "";

        *b = (struct tls_bed){ .bed = link_bed_new(type) };
        make_guest(b, wish);
        if (tls_new(&transport, b->bed->own, order, files, message, sizeof(message)) < 0)
                fail_msg("%s", message);
        link_encrypt(b->bed->link, transport);
        for (size_t i = 0; i < CONTROL_FILES_MAX; i++)
                files[i] = close_fd(files[i]);
}

static inline void tls_bed_close(struct tls_bed *b)
{
        SSL_free(b->ssl);
        SSL_CTX_free(b->context);
        link_bed_free(b->bed);
}

/* One that trusts all.ca, and that a plain wish of a guest suits. */
static inline void tls_bed_open_usual(struct tls_bed *b, int type, const struct guest_wish *wish)
{
        const struct control_order order = { .purpose = CONTROL_REDIRECT,
                                             .tls = CONTROL_X509,
                                             .flags = wants_ktls() ? CONTROL_KTLS : 0,
                                             .peer_name = "vm1" };
        int files[CONTROL_FILES_MAX] = { certificate_file(-1, &all.ca), -1, -1 };

        tls_bed_open(b, type, &order, files, wish);
}

static inline void tls_write(struct tls_bed *b, const void *bytes, size_t size)
{
        const uint8_t *from = bytes;

        while (size > 0) {
                int n = -1;

                RUN_UNTIL(b->bed->base, (n = SSL_write(b->ssl, from, (int)size)) > 0);
                from += n;
                size -= (size_t)n;
        }
}

static inline void tls_read(struct tls_bed *b, void *ret, size_t size)
{
        uint8_t *to = ret;

        while (size > 0) {
                int n = -1;

                RUN_UNTIL(b->bed->base, (n = SSL_read(b->ssl, to, (int)size)) > 0);
                to += n;
                size -= (size_t)n;
        }
}

/* Both hellos are through; the guest says that it is this. */
static inline void tls_greet_as(struct tls_bed *b, const char *version)
{
        uint8_t hello[HELLO_SIZE] = { [4] = 68, [76] = BED_CAPS }, bytes[HELLO_SIZE];

        strcpy((char *)hello + 12, version);
        RUN_UNTIL(b->bed->base, guest_shakes(b));
        if (!b->is_up)
                fail_msg("no handshake: %s", link_text(b->bed->link));
        tls_write(b, hello, sizeof(hello));
        tls_read(b, bytes, sizeof(bytes));
        RUN_UNTIL(b->bed->base, b->bed->n_packets == 1);
        assert_int_equal(b->bed->encryptions, 1);
        b->bed->n_packets = 0;
}

static inline void tls_greet(struct tls_bed *b)
{
        tls_greet_as(b, "g");
}

/* What we want of it; what a plain wish of a guest suits is the default. */
struct host_wish {
        enum control_tls kind;
        const char *peer_name;
        const struct certificate *ca, *certificate; /* NULL: the usual ones */
        const char *keys;
        const char *identity;
};

static inline void tls_bed_open_for(struct tls_bed *b, const struct host_wish *host,
                                    const struct guest_wish *wish)
{
        const struct certificate *own = host->certificate
                                                ?: wish->is_client ? &all.server
                                                                   : &all.client;
        struct control_order order = { .purpose = CONTROL_REDIRECT,
                                       .tls = host->kind,
                                       .flags = wish->is_client ? CONTROL_ACCEPTED : 0 };
        int files[CONTROL_FILES_MAX] = { -1, -1, -1 };

        snprintf(order.peer_name, sizeof(order.peer_name), "%s",
                 host->peer_name
                         ?: wish->is_client ? ""
                                            : "vm1");
        snprintf(order.psk_identity, sizeof(order.psk_identity), "%s", host->identity ?: "qemu");
        files[0] = host->kind == CONTROL_PSK ? text_file(host->keys ?: "qemu:" PSK_HEX "\n")
                                             : certificate_file(-1, host->ca ?: &all.ca);
        if (host->kind == CONTROL_X509_CERTIFIED) {
                files[1] = certificate_file(-1, own);
                files[2] = key_file(own, NULL);
        }
        tls_bed_open(b, AF_UNIX, &order, files, wish);
}

#define V12 .min_version = TLS1_2_VERSION, .max_version = TLS1_2_VERSION
#define V13 .min_version = TLS1_3_VERSION

/* Runs both sides until the link is over. */
static inline void tls_run_to_end(struct tls_bed *b, const struct guest_wish *wish)
{
        static const uint8_t hello[HELLO_SIZE] = { 0, 0, 0, 0, 68 };
        uint8_t byte;

        if (wish->is_plain)
                assert_int_equal(send(b->bed->guest, hello, sizeof(hello), 0), sizeof(hello));
        if (wish->hangs_up) {
                shutdown(b->bed->guest, SHUT_RDWR);
                RUN_UNTIL(b->bed->base, b->bed->ends > 0);
                return;
        }
        if (wish->is_plain) {
                RUN_UNTIL(b->bed->base, b->bed->ends > 0);
                return;
        }

        RUN_UNTIL(b->bed->base, guest_shakes(b) || b->bed->ends > 0);
        RUN_UNTIL(b->bed->base, b->bed->ends > 0);
        /* Whatever the guest thinks of it, it has not had a byte of ours. */
        assert_true(SSL_read(b->ssl, &byte, 1) <= 0);
}

struct tls_case {
        const char *name;
        struct host_wish host;
        struct guest_wish guest;
        const char *want; /* how link_text() begins */
};

/* They shake hands, and say hello. */
static inline void tls_expect_open(const struct tls_case *cases, size_t n)
{
        for (const struct tls_case *c = cases; c < cases + n; c++) {
                struct tls_bed b;

                tls_bed_open_for(&b, &c->host, &c->guest);
                tls_greet(&b);
                if (strncmp(link_text(b.bed->link), c->want, strlen(c->want)) != 0)
                        fail_msg("%s: %s", c->name, link_text(b.bed->link));
                assert_int_equal(link_peer_caps(b.bed->link), BED_CAPS);
                assert_int_equal(b.bed->ends, 0);
                tls_bed_close(&b);
        }
}

/* They do not, and we say why. */
static inline void tls_expect_refused(const struct tls_case *cases, size_t n)
{
        for (const struct tls_case *c = cases; c < cases + n; c++) {
                struct tls_bed b;

                tls_bed_open_for(&b, &c->host, &c->guest);
                tls_run_to_end(&b, &c->guest);
                if (b.bed->end != LINK_END_TLS ||
                    strncmp(link_text(b.bed->link), c->want, strlen(c->want)) != 0)
                        fail_msg("%s: end %i, \"%s\"", c->name, b.bed->end, link_text(b.bed->link));
                assert_int_equal(b.bed->ends, 1);
                assert_int_equal(b.bed->n_packets, 0);
                tls_bed_close(&b);
        }
}
