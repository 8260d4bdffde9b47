#pragma once
/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * OpenSSL, loaded when it is needed: it takes more memory than all the rest of a session, and most
 * sessions are clear text. Its functions are called as openssl.SSL_new(…); its macros that call
 * functions are spelled out.
 */
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <stddef.h>

/* clang-format off */
#define OPENSSL_FUNCTIONS(F) \
        F(BIO_ctrl) \
        F(BIO_free) \
        F(BIO_new_bio_pair) \
        F(BIO_new_fd) \
        F(BIO_new_mem_buf) \
        F(BIO_new_socket) \
        F(BIO_nread) \
        F(BIO_nread0) \
        F(ERR_clear_error) \
        F(ERR_get_error) \
        F(ERR_peek_error) \
        F(ERR_peek_last_error) \
        F(ERR_reason_error_string) \
        F(EVP_PKEY_free) \
        F(OPENSSL_init_ssl) \
        F(PEM_read_bio_PrivateKey) \
        F(PEM_read_bio_X509) \
        F(SSL_CIPHER_get_name) \
        F(SSL_CTX_check_private_key) \
        F(SSL_CTX_ctrl) \
        F(SSL_CTX_free) \
        F(SSL_CTX_get_cert_store) \
        F(SSL_CTX_new) \
        F(SSL_CTX_set_cipher_list) \
        F(SSL_CTX_set_default_read_buffer_len) \
        F(SSL_CTX_set_options) \
        F(SSL_CTX_set_num_tickets) \
        F(SSL_CTX_set_psk_client_callback) \
        F(SSL_CTX_set_psk_server_callback) \
        F(SSL_CTX_set_session_id_context) \
        F(SSL_CTX_set_verify) \
        F(SSL_CTX_use_PrivateKey) \
        F(SSL_CTX_use_certificate) \
        F(SSL_ctrl) \
        F(SSL_do_handshake) \
        F(SSL_free) \
        F(SSL_get0_param) \
        F(SSL_get_current_cipher) \
        F(SSL_get_error) \
        F(SSL_get_ex_data) \
        F(SSL_get_verify_result) \
        F(SSL_get_version) \
        F(SSL_get_wbio) \
        F(SSL_new) \
        F(SSL_read) \
        F(SSL_set0_wbio) \
        F(SSL_set1_host) \
        F(SSL_set_accept_state) \
        F(SSL_set_bio) \
        F(SSL_set_connect_state) \
        F(SSL_set_ex_data) \
        F(SSL_set_msg_callback) \
        F(SSL_set_options) \
        F(SSL_shutdown) \
        F(SSL_write) \
        F(TLS_client_method) \
        F(TLS_server_method) \
        F(X509_STORE_add_cert) \
        F(X509_VERIFY_PARAM_set1_ip_asc) \
        F(X509_cmp_current_time) \
        F(X509_free) \
        F(X509_get0_notAfter) \
        F(X509_get0_notBefore) \
        F(X509_verify_cert_error_string)
/* clang-format on */

struct openssl {
#define OPENSSL_MEMBER(name) __typeof__(name) *name;
        OPENSSL_FUNCTIONS(OPENSSL_MEMBER)
#undef OPENSSL_MEMBER
};

extern struct openssl openssl;

/* Loads it, once. Returns 0, or -ELIBACC with a sentence in message. */
int openssl_load(char *message, size_t size);
