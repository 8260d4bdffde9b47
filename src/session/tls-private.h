#pragma once
/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The parts of a TLS transport: how it is made (tls-setup.c), and of what (tls-credentials.c), how
 * bytes go (tls.c), and what is said of its failures (tls-error.c).
 */
#include <stdint.h>

#include "session/openssl.h"
#include "session/tls.h"
#include "util/macro.h"

/*
 * The most that a record of ours carries. QEMU before 8.0 takes 4096 bytes of one, and waits for
 * the socket then, where there may be nothing more: it would not see the rest.
 */
#define TLS_RECORD_SIZE     16384
#define TLS_RECORD_SIZE_OLD 4096

/* So many bytes are encrypted before they are sent. */
#define TLS_TOGETHER 65536

struct tls {
        struct transport transport; /* the first */
        SSL_CTX *context;
        SSL *ssl;
        BIO *out;    /* what is encrypted and not sent */
        BIO *to_out; /* its other end, until OpenSSL has it; NULL then */
        enum control_tls kind;
        bool is_server;
        bool has_other_identity; /* the guest has named a key that is not ours */
        bool must_change_keys;   /* the guest has asked for that */
        bool is_in_kernel;       /* what is sent is encrypted there */
        char peer_name[CONTROL_NAME_SIZE];
        char psk_identity[CONTROL_KEY_SIZE];
        uint8_t psk[TLS_PSK_MAX];
        size_t psk_size;

        bool is_prepared;
        bool has_failed; /* and nothing may be called any more */
        ssize_t failure; /* what is returned then */
        size_t staged;   /* bytes to be written that are in out, and not told as written */
        size_t record_size;
        uint8_t copy[TLS_RECORD_SIZE]; /* of what is in several pieces */
};

/* What a link calls. */
extern const struct transport_type tls_transport_type;

/* Before each call of OpenSSL whose result is asked for: it looks at what has been left. */
void tls_forget_errors(void);

/* Gives the context what the files have. */
int tls_use_files(struct tls *t, const int files[CONTROL_FILES_MAX], char *message, size_t size);

/* Says in the transport's text what OpenSSL says of the last call. */
void tls_explain(struct tls *t);

/* The same for one that the guest has left or broken by not answering. */
void tls_explain_end(struct tls *t, int error);
