/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What is in the files: certificates and keys, as PEM, or keys.psk as QEMU reads it. Nothing is
 * trusted beside the CAs that are there; for pre-shared keys there is none, for else a guest with
 * any certificate would do instead of one that knows the key.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "session/tls-private.h"
#include "util/cleanup.h"

/* Texts with secrets are wiped. */
struct text {
        char *bytes;
        size_t size;
};

static void text_clear(struct text *text)
{
        if (text->bytes)
                explicit_bzero(text->bytes, text->size);
        free(text->bytes);
}

static int PRINTF(3, 4) refuse(char *message, size_t size, const char *format, ...)
{
        va_list arguments;

        va_start(arguments, format);
        vsnprintf(message, size, format, arguments);
        va_end(arguments);
        return -EINVAL;
}

static int read_file(struct text *ret, int fd, const char *name, char *message, size_t size)
{
        CLEANUP(text_clear) struct text text = { calloc(1, TLS_FILE_SIZE_MAX + 1), 0 };
        ssize_t n = 1;

        if (!text.bytes)
                return -ENOMEM;

        while (text.size <= TLS_FILE_SIZE_MAX && n > 0) {
                n = pread(fd, text.bytes + text.size, TLS_FILE_SIZE_MAX + 1 - text.size,
                          (off_t)text.size);
                if (n > 0)
                        text.size += (size_t)n;
        }
        if (n < 0)
                return refuse(message, size, "cannot read %s: %s", name, strerror(errno));
        if (text.size > TLS_FILE_SIZE_MAX)
                return refuse(message, size, "%s is larger than %u bytes", name, TLS_FILE_SIZE_MAX);

        *ret = text;
        text = (struct text){};
        return 0;
}

static const char *openssl_words(void)
{
        return openssl.ERR_reason_error_string(openssl.ERR_peek_error()) ?: "unknown";
}

/* Does with each certificate of a file what it is for; a use returns NULL, or what is wrong. */
static int each_certificate(struct tls *t, int fd, const char *name,
                            const char *(*use)(struct tls *t, X509 *certificate, bool is_first),
                            char *message, size_t size)
{
        CLEANUP(text_clear) struct text text = {};
        const char *problem = NULL;
        X509 *certificate;
        size_t n = 0;
        BIO *bio;
        int r;

        r = read_file(&text, fd, name, message, size);
        if (r < 0)
                return r;
        bio = openssl.BIO_new_mem_buf(text.bytes, (int)text.size);
        if (!bio)
                return -ENOMEM;

        while (!problem && (certificate = openssl.PEM_read_bio_X509(bio, NULL, NULL, NULL))) {
                problem = use(t, certificate, n++ == 0);
                openssl.X509_free(certificate);
        }
        openssl.BIO_free(bio);

        /* At the end of the file it says that none begins there. */
        if (!problem && n > 0 &&
            ERR_GET_REASON(openssl.ERR_peek_last_error()) == PEM_R_NO_START_LINE) {
                openssl.ERR_clear_error();
                return 0;
        }
        return refuse(message, size, "%s: certificate %zu is not usable: %s", name,
                      problem ? n : n + 1, problem ?: openssl_words());
}

static const char *use_ca(struct tls *t, X509 *certificate, bool is_first)
{
        X509_STORE *store = openssl.SSL_CTX_get_cert_store(t->context);

        return openssl.X509_STORE_add_cert(store, certificate) == 1 ? NULL : openssl_words();
}

/* Ours, and then those that it is signed by. A guest would only say that they do not do. */
static const char *use_own(struct tls *t, X509 *certificate, bool is_first)
{
        bool is_used;

        if (openssl.X509_cmp_current_time(openssl.X509_get0_notAfter(certificate)) < 0)
                return "it has expired: renew it";
        if (openssl.X509_cmp_current_time(openssl.X509_get0_notBefore(certificate)) > 0)
                return "it is not valid yet: is our clock right?";

        is_used = is_first ? openssl.SSL_CTX_use_certificate(t->context, certificate) == 1
                           : openssl.SSL_CTX_ctrl(t->context, SSL_CTRL_CHAIN_CERT, 1, certificate) >
                                     0;
        return is_used ? NULL : openssl_words();
}

/* Nobody is there to be asked. */
static int no_passphrase(char *text, int size, int is_new, void *userdata)
{
        *(bool *)userdata = true;
        return -1;
}

static int use_key(struct tls *t, int fd, char *message, size_t size)
{
        CLEANUP(text_clear) struct text text = {};
        bool is_encrypted = false;
        EVP_PKEY *key;
        BIO *bio;
        int r;

        r = read_file(&text, fd, "KeyFile", message, size);
        if (r < 0)
                return r;
        bio = openssl.BIO_new_mem_buf(text.bytes, (int)text.size);
        if (!bio)
                return -ENOMEM;
        key = openssl.PEM_read_bio_PrivateKey(bio, NULL, no_passphrase, &is_encrypted);
        openssl.BIO_free(bio);
        if (!key)
                return refuse(message, size,
                              is_encrypted ? "KeyFile has a passphrase: remove it"
                                           : "KeyFile has no private key as PEM");

        r = openssl.SSL_CTX_use_PrivateKey(t->context, key) == 1 &&
                            openssl.SSL_CTX_check_private_key(t->context) == 1
                    ? 0
                    : refuse(message, size, "KeyFile is not the key of CertificateFile");
        openssl.EVP_PKEY_free(key);
        return r;
}

static int hex_digit(char c)
{
        static const char digits[] = "0123456789abcdef";
        const char *found = c ? strchr(digits, c >= 'A' && c <= 'F' ? c - 'A' + 'a' : c) : NULL;

        return found ? (int)(found - digits) : -1;
}

/* Up to the end of the line. */
static int decode_psk(struct tls *t, const char *text)
{
        size_t length = strcspn(text, "\r\n");

        if (length == 0 || length % 2 || length / 2 > sizeof(t->psk))
                return -EINVAL;
        for (size_t i = 0; i < length / 2; i++) {
                int high = hex_digit(text[2 * i]), low = hex_digit(text[2 * i + 1]);

                if (high < 0 || low < 0)
                        return -EINVAL;
                t->psk[i] = (uint8_t)(high << 4 | low);
        }

        t->psk_size = length / 2;
        return 0;
}

static int use_psk(struct tls *t, int fd, char *message, size_t size)
{
        CLEANUP(text_clear) struct text text = {};
        size_t length = strlen(t->psk_identity);
        int r;

        r = read_file(&text, fd, "PSKFile", message, size);
        if (r < 0)
                return r;

        for (const char *line = text.bytes; line; line = strchr(line, '\n')) {
                line += *line == '\n';
                if (strncmp(line, t->psk_identity, length) != 0 || line[length] != ':')
                        continue;
                if (decode_psk(t, line + length + 1) < 0)
                        return refuse(message, size,
                                      "PSKFile: the key of '%s' is not 1 to %u bytes in "
                                      "hexadecimal digits",
                                      t->psk_identity, TLS_PSK_MAX);
                return 0;
        }

        return refuse(message, size, "PSKFile has no key for PSKIdentity '%s'", t->psk_identity);
}

int tls_use_files(struct tls *t, const int files[CONTROL_FILES_MAX], char *message, size_t size)
{
        int r;

        if (t->kind == CONTROL_PSK)
                return use_psk(t, files[0], message, size);

        r = each_certificate(t, files[0], "CAFile", use_ca, message, size);
        if (r < 0 || t->kind == CONTROL_X509)
                return r;
        r = each_certificate(t, files[1], "CertificateFile", use_own, message, size);
        return r < 0 ? r : use_key(t, files[2], message, size);
}
