#pragma once
/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Certificates of a moment, and files with them that have no name. Include after cmocka.h.
 */
#include <fcntl.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#include "util/cleanup.h"

struct certificate {
        X509 *x509;
        EVP_PKEY *key;
};

struct certificate_wish {
        const char *name;         /* its subject */
        const char *alternatives; /* "DNS:vm1,IP:::1", or NULL for a CA */
        const char *usage;        /* "serverAuth" */
        long from, to;            /* seconds from now; both 0: a day around now */
};

static inline void add_extension(X509 *x509, X509 *issuer, int nid, const char *value)
{
        X509_EXTENSION *extension;
        X509V3_CTX context;

        X509V3_set_ctx(&context, issuer, x509, NULL, NULL, 0);
        extension = X509V3_EXT_conf_nid(NULL, &context, nid, value);
        assert_non_null(extension);
        X509_add_ext(x509, extension, -1);
        X509_EXTENSION_free(extension);
}

/* Signed by the issuer, or by itself. */
static inline struct certificate make_certificate(const struct certificate_wish *wish,
                                                  const struct certificate *issuer)
{
        struct certificate c = { X509_new(), EVP_EC_gen("P-256") };
        X509 *signer = issuer ? issuer->x509 : c.x509;
        static long serial;
        X509_NAME *name;

        assert_true(c.x509 && c.key);
        X509_set_version(c.x509, 2);
        ASN1_INTEGER_set(X509_get_serialNumber(c.x509), ++serial);
        X509_gmtime_adj(X509_getm_notBefore(c.x509), wish->from ?: -86400);
        X509_gmtime_adj(X509_getm_notAfter(c.x509), wish->to ?: 86400);
        X509_set_pubkey(c.x509, c.key);
        name = X509_get_subject_name(c.x509);
        X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, (const unsigned char *)wish->name, -1,
                                   -1, 0);
        X509_set_issuer_name(c.x509, X509_get_subject_name(signer));
        add_extension(c.x509, signer, NID_basic_constraints,
                      wish->alternatives ? "critical,CA:FALSE" : "critical,CA:TRUE");
        if (wish->alternatives)
                add_extension(c.x509, signer, NID_subject_alt_name, wish->alternatives);
        if (wish->usage)
                add_extension(c.x509, signer, NID_ext_key_usage, wish->usage);
        assert_true(X509_sign(c.x509, issuer ? issuer->key : c.key, EVP_sha256()) > 0);
        return c;
}

static inline void free_certificate(struct certificate *c)
{
        X509_free(c->x509);
        EVP_PKEY_free(c->key);
}

static inline int text_file(const char *text)
{
        int fd = memfd_create("text", MFD_CLOEXEC);

        assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
        return fd;
}

/* Adds to a file, or makes one for -1. */
static inline int certificate_file(int fd, const struct certificate *c)
{
        FILE *file;

        if (fd < 0)
                fd = memfd_create("certificate", MFD_CLOEXEC);
        file = fdopen(dup(fd), "a");
        assert_non_null(file);
        assert_true(PEM_write_X509(file, c->x509));
        fclose(file);
        return fd;
}

static inline int key_file(const struct certificate *c, const char *passphrase)
{
        int fd = memfd_create("key", MFD_CLOEXEC);
        FILE *file = fdopen(dup(fd), "w");

        assert_true(PEM_write_PrivateKey(file, c->key, passphrase ? EVP_aes_128_cbc() : NULL, NULL,
                                         0, NULL, (void *)passphrase));
        fclose(file);
        return fd;
}
