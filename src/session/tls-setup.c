/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What a handshake may come to, said before it begins: as the client of a guest that listens, or as
 * the server of one that has dialled in. Either way both sides prove who they are: by certificates,
 * of which a server asks for the guest's, or by the key that only they know.
 *
 * Everything that OpenSSL loads or reads from files, it does here, before the sandbox.
 */
#include "session/tls.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "session/tls-private.h"
#include "util/cleanup.h"
#include "util/log.h"

/* What a record is larger by than what it carries. */
#define RECORD_EXTRA 256

/* Several records in one read(). */
#define READ_BUFFER_SIZE (4 * (TLS_RECORD_SIZE + RECORD_EXTRA))

/* For the records of a write, and as much again for what a guest makes OpenSSL answer. */
#define OUT_SIZE (2 * (TLS_TOGETHER + TLS_TOGETHER / TLS_RECORD_SIZE_OLD * RECORD_EXTRA))

/* Of 1.2; those of 1.3 go with any key. */
#define PSK_CIPHERS "kECDHEPSK:kDHEPSK:!eNULL"

static unsigned on_psk(SSL *ssl, const char *hint, char *identity, unsigned identity_size,
                       unsigned char *key, unsigned key_size)
{
        const struct tls *t = openssl.SSL_get_ex_data(ssl, 0);

        if (t->psk_size > key_size || strlen(t->psk_identity) >= identity_size)
                return 0;

        strcpy(identity, t->psk_identity);
        memcpy(key, t->psk, t->psk_size);
        return (unsigned)t->psk_size;
}

/* The key that a guest names: there is one. */
static unsigned on_psk_of_guest(SSL *ssl, const char *identity, unsigned char *key,
                                unsigned key_size)
{
        struct tls *t = openssl.SSL_get_ex_data(ssl, 0);

        t->has_other_identity = strcmp(identity, t->psk_identity) != 0;
        if (t->has_other_identity || t->psk_size > key_size)
                return 0;

        memcpy(key, t->psk, t->psk_size);
        return (unsigned)t->psk_size;
}

/* Whom we want to talk to, and that we do not talk to others. */
static bool set_peer(struct tls *t)
{
        X509_VERIFY_PARAM *parameters = openssl.SSL_get0_param(t->ssl);

        if (t->kind == CONTROL_PSK)
                return true;
        if (!t->peer_name[0])
                return t->is_server; /* else any name would do */
        if (openssl.X509_VERIFY_PARAM_set1_ip_asc(parameters, t->peer_name) == 1)
                return true;
        if (openssl.SSL_set1_host(t->ssl, t->peer_name) != 1)
                return false;

        return t->is_server || openssl.SSL_ctrl(t->ssl, SSL_CTRL_SET_TLSEXT_HOSTNAME,
                                                TLSEXT_NAMETYPE_host_name, t->peer_name) == 1;
}

/* A guest that comes again makes a new session: there is nothing to be kept of an old one. */
static bool prepare_server(SSL_CTX *context)
{
        openssl.SSL_CTX_set_options(context, SSL_OP_NO_TICKET | SSL_OP_CIPHER_SERVER_PREFERENCE);
        openssl.SSL_CTX_ctrl(context, SSL_CTRL_SET_SESS_CACHE_MODE, SSL_SESS_CACHE_OFF, NULL);
        /* To 1.3 a key is a session, and one must say what it is for where peers are verified. */
        return openssl.SSL_CTX_set_num_tickets(context, 0) == 1 &&
               openssl.SSL_CTX_set_session_id_context(context, (const unsigned char *)"usb", 3) ==
                       1;
}

static bool use_psk_ciphers(const struct tls *t)
{
        if (t->is_server)
                openssl.SSL_CTX_set_psk_server_callback(t->context, on_psk_of_guest);
        else
                openssl.SSL_CTX_set_psk_client_callback(t->context, on_psk);
        return openssl.SSL_CTX_set_cipher_list(t->context, PSK_CIPHERS) == 1;
}

static bool make_context(struct tls *t)
{
        t->context = openssl.SSL_CTX_new(t->is_server ? openssl.TLS_server_method()
                                                      : openssl.TLS_client_method());
        if (!t->context)
                return false;

        openssl.SSL_CTX_set_options(t->context, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION |
                                                        SSL_OP_IGNORE_UNEXPECTED_EOF);
        openssl.SSL_CTX_ctrl(t->context, SSL_CTRL_MODE,
                             SSL_MODE_AUTO_RETRY | SSL_MODE_ENABLE_PARTIAL_WRITE |
                                     SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER,
                             NULL);
        openssl.SSL_CTX_ctrl(t->context, SSL_CTRL_SET_READ_AHEAD, 1, NULL);
        openssl.SSL_CTX_set_default_read_buffer_len(t->context, READ_BUFFER_SIZE);
        /* Also with a key: else whoever shows a certificate need not know it. */
        openssl.SSL_CTX_set_verify(t->context, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT,
                                   NULL);
        if (t->is_server && !prepare_server(t->context))
                return false;
        if (t->kind == CONTROL_PSK && !use_psk_ciphers(t))
                return false;

        return openssl.SSL_CTX_ctrl(t->context, SSL_CTRL_SET_MIN_PROTO_VERSION, TLS1_2_VERSION,
                                    NULL) == 1;
}

/* Can the kernel encrypt what is sent? An unprivileged process gets no module loaded. */
static bool has_ktls(int fd)
{
        return setsockopt(fd, IPPROTO_TCP, TCP_ULP, "tls", strlen("tls")) == 0;
}

/* Of a change of our keys that the guest asks for. */
static void on_message(int is_ours, int version, int content_type, const void *bytes, size_t size,
                       SSL *ssl, void *userdata)
{
        struct tls *t = openssl.SSL_get_ex_data(ssl, 0);
        const uint8_t *message = bytes;

        if (!is_ours && content_type == SSL3_RT_HANDSHAKE && size > SSL3_HM_HEADER_LENGTH &&
            message[0] == SSL3_MT_KEY_UPDATE &&
            message[SSL3_HM_HEADER_LENGTH] == SSL_KEY_UPDATE_REQUESTED)
                t->must_change_keys = true;
}

/* OpenSSL gives its keys to the kernel when it writes to the socket itself. */
static BIO *open_socket(struct tls *t, int fd)
{
        openssl.SSL_set_options(t->ssl, SSL_OP_ENABLE_KTLS);
        openssl.SSL_set_msg_callback(t->ssl, on_message);
        return openssl.BIO_new_socket(fd, BIO_NOCLOSE);
}

static bool make_ssl(struct tls *t, int fd, bool uses_ktls)
{
        BIO *in, *out;

        t->ssl = openssl.SSL_new(t->context);
        if (!t->ssl || openssl.BIO_new_bio_pair(&t->to_out, OUT_SIZE, &t->out, 0) != 1)
                return false;

        /*
         * It reads from what to it is a file, for which it never has the kernel decrypt:
         * OpenSSL 3.0 can that with TLS 1.2 only, and kernels fail when the guest changes its keys.
         */
        in = openssl.BIO_new_fd(fd, BIO_NOCLOSE);
        out = uses_ktls ? open_socket(t, fd) : TAKE(t->to_out);
        openssl.SSL_set_bio(t->ssl, in, out);
        if (!in || !out)
                return false;

        if (t->is_server)
                openssl.SSL_set_accept_state(t->ssl);
        else
                openssl.SSL_set_connect_state(t->ssl);
        return openssl.SSL_set_ex_data(t->ssl, 0, t) == 1 && set_peer(t);
}

static int explain_setup(char *message, size_t size)
{
        snprintf(message, size, "cannot set up TLS: %s",
                 openssl.ERR_reason_error_string(openssl.ERR_peek_error())
                         ?: "the guest's certificate must have a name, and none is told");
        return -EIO;
}

static void tls_freep(struct tls **t)
{
        if (*t)
                transport_free(&(*t)->transport);
}

int tls_new(struct transport **ret, int fd, const struct control_order *order,
            const int files[CONTROL_FILES_MAX], char *message, size_t size)
{
        CLEANUP(tls_freep) struct tls *t = NULL;
        bool uses_ktls;
        int r;

        r = openssl_load(message, size);
        if (r < 0)
                return r;

        t = calloc(1, sizeof(*t));
        if (!t)
                return -ENOMEM;
        t->kind = (enum control_tls)order->tls;
        t->is_server = order->flags & CONTROL_ACCEPTED;
        t->record_size = TLS_RECORD_SIZE_OLD;
        t->transport = (struct transport){ .type = &tls_transport_type,
                                           .fd = fd,
                                           .is_judged = t->kind != CONTROL_PSK };
        snprintf(t->peer_name, sizeof(t->peer_name), "%s", order->peer_name);
        snprintf(t->psk_identity, sizeof(t->psk_identity), "%s", order->psk_identity);
        if (t->is_server && t->kind == CONTROL_X509) {
                snprintf(message, size,
                         "a guest that dials in wants a certificate of ours: write "
                         "CertificateFile= and KeyFile=");
                return -EINVAL;
        }

        tls_forget_errors();
        if (!make_context(t))
                return explain_setup(message, size);
        r = tls_use_files(t, files, message, size);
        if (r < 0)
                return r;
        uses_ktls = order->flags & CONTROL_KTLS && has_ktls(fd);
        if (order->flags & CONTROL_KTLS && !uses_ktls)
                log_warning("no kTLS: the module tls is not loaded, or the socket is not of TCP");
        if (!make_ssl(t, fd, uses_ktls))
                return explain_setup(message, size);

        *ret = &TAKE(t)->transport;
        return 0;
}
