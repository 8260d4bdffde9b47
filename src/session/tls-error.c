/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Sentences for what goes wrong with TLS: what it means for a guest, and where to look. OpenSSL's
 * own words follow where ours would guess.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "session/tls-private.h"

/* An alert that the guest has sent. */
#define ALERT(number) (1000 + (number))

#define NO_CERTIFICATE_OF_OURS                                                                      \
        "the guest refused our certificate: it must be signed by the guest's CA, be valid, and be " \
        "for clients, or, where the guest dials in, for servers and for the name that it dials"
#define NO_TLS "the guest speaks no TLS: give its chardev tls-creds="
#define NO_CERTIFICATE_OF_ITS                                                                      \
        "the guest shows no certificate: put client-cert.pem and client-key.pem into the folder "  \
        "of its credentials, signed by our CAFile"
#define NOTHING_IN_COMMON                                                                          \
        "the guest and we have nothing in common: has it pre-shared keys, or does it want a "      \
        "certificate of ours?"
#define NO_KEY    "the guest knows no such pre-shared key: has it certificates?"
#define OTHER_KEY "the guest has another key for that PSKIdentity="

static const struct {
        int reason;
        const char *x509, *psk; /* NULL: OpenSSL's words */
} sentences[] = {
        { SSL_R_WRONG_VERSION_NUMBER, NO_TLS, NO_TLS },
        { SSL_R_HTTP_REQUEST, NO_TLS, NO_TLS },
        { SSL_R_UNSUPPORTED_PROTOCOL, "the guest speaks neither TLS 1.2 nor 1.3",
          "the guest speaks neither TLS 1.2 nor 1.3" },
        { ALERT(SSL_AD_PROTOCOL_VERSION), "the guest speaks neither TLS 1.2 nor 1.3",
          "the guest speaks neither TLS 1.2 nor 1.3" },
        { SSL_R_PEER_DID_NOT_RETURN_A_CERTIFICATE, NO_CERTIFICATE_OF_ITS, NULL },
        { SSL_R_NO_SHARED_CIPHER, NOTHING_IN_COMMON, NO_KEY },
        { SSL_R_NO_SUITABLE_SIGNATURE_ALGORITHM, NOTHING_IN_COMMON, NO_KEY },
        { SSL_R_BINDER_DOES_NOT_VERIFY, NULL, OTHER_KEY },
        { SSL_R_DECRYPTION_FAILED_OR_BAD_RECORD_MAC, NULL, OTHER_KEY },
        { ALERT(SSL_AD_HANDSHAKE_FAILURE), NOTHING_IN_COMMON, NO_KEY },
        { ALERT(SSL_AD_BAD_CERTIFICATE), NO_CERTIFICATE_OF_OURS, NULL },
        { ALERT(SSL_AD_UNSUPPORTED_CERTIFICATE), NO_CERTIFICATE_OF_OURS, NULL },
        { ALERT(SSL_AD_CERTIFICATE_REVOKED), NO_CERTIFICATE_OF_OURS, NULL },
        { ALERT(SSL_AD_CERTIFICATE_EXPIRED), NO_CERTIFICATE_OF_OURS, NULL },
        { ALERT(SSL_AD_CERTIFICATE_UNKNOWN), NO_CERTIFICATE_OF_OURS, NULL },
        { ALERT(SSL_AD_UNKNOWN_CA), NO_CERTIFICATE_OF_OURS, NULL },
        { ALERT(SSL_AD_ACCESS_DENIED), NO_CERTIFICATE_OF_OURS, NULL },
        { ALERT(SSL_AD_CERTIFICATE_REQUIRED),
          "the guest wants a certificate of ours: write CertificateFile= and KeyFile=", NULL },
        { ALERT(SSL_AD_UNKNOWN_PSK_IDENTITY), NULL, "the guest knows no key of that PSKIdentity=" },
        { ALERT(SSL_AD_DECRYPT_ERROR), NULL, OTHER_KEY },
        { ALERT(SSL_AD_BAD_RECORD_MAC), NULL, OTHER_KEY },
        { ALERT(SSL_AD_ILLEGAL_PARAMETER), NULL, OTHER_KEY },
};

/* Why its certificate did not do. */
static void explain_certificate(struct tls *t, long error)
{
        char *text = t->transport.text;
        size_t size = sizeof(t->transport.text);

        if (t->kind == CONTROL_PSK) {
                snprintf(text, size,
                         "the guest does not know our pre-shared key and shows a certificate");
                return;
        }

        switch (error) {
        case X509_V_ERR_HOSTNAME_MISMATCH:
        case X509_V_ERR_IP_ADDRESS_MISMATCH:
                snprintf(
                        text, size,
                        "the guest's certificate is not for '%.128s': set PeerName= to a name that "
                        "it has",
                        t->peer_name);
                break;
        case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
        case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
        case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
        case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
        case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
        case X509_V_ERR_CERT_SIGNATURE_FAILURE:
                snprintf(text, size, "the guest's certificate is signed by none of CAFile");
                break;
        case X509_V_ERR_CERT_HAS_EXPIRED:
                snprintf(text, size,
                         "the guest's certificate, or one that it is signed by, has expired");
                break;
        case X509_V_ERR_CERT_NOT_YET_VALID:
                snprintf(text, size,
                         "the guest's certificate is not valid yet: is our clock right?");
                break;
        case X509_V_ERR_INVALID_PURPOSE:
                snprintf(text, size,
                         "the guest's certificate is not for %s: sign one with the extended key "
                         "usage %s",
                         t->is_server ? "clients" : "servers",
                         t->is_server ? "clientAuth" : "serverAuth");
                break;
        default:
                snprintf(text, size, "the guest's certificate is not valid: %s",
                         openssl.X509_verify_cert_error_string(error));
                break;
        }
}

static const char *sentence_of(const struct tls *t, unsigned long error)
{
        for (size_t i = 0; ERR_GET_LIB(error) == ERR_LIB_SSL && i < ELEMENTS(sentences); i++)
                if (sentences[i].reason == ERR_GET_REASON(error))
                        return t->kind == CONTROL_PSK ? sentences[i].psk : sentences[i].x509;

        return NULL;
}

void tls_explain(struct tls *t)
{
        unsigned long first = openssl.ERR_peek_error(), error;
        const char *sentence = NULL;

        if (ERR_GET_REASON(first) == SSL_R_CERTIFICATE_VERIFY_FAILED) {
                explain_certificate(t, openssl.SSL_get_verify_result(t->ssl));
                return;
        }
        if (t->has_other_identity) {
                snprintf(t->transport.text, sizeof(t->transport.text),
                         "the guest has a key of another name: give its tls-creds-psk "
                         "username=%.64s, or write its name as PSKIdentity=",
                         t->psk_identity);
                return;
        }

        /* What it means to TLS stands behind what a cipher has said. */
        while (!sentence && (error = openssl.ERR_get_error()))
                sentence = sentence_of(t, error);
        if (sentence)
                snprintf(t->transport.text, sizeof(t->transport.text), "%s", sentence);
        else
                snprintf(t->transport.text, sizeof(t->transport.text), "TLS failed: %s",
                         openssl.ERR_reason_error_string(first) ?: "unknown error");
}

void tls_explain_end(struct tls *t, int error)
{
        bool is_closed = error == 0 || error == EPIPE || error == ECONNRESET;

        snprintf(t->transport.text, sizeof(t->transport.text), "%s in the TLS handshake: %s",
                 is_closed ? "the guest closed the connection" : strerror(error),
                 t->kind == CONTROL_PSK
                         ? "has it another key for that PSKIdentity=, or certificates, or no TLS?"
                         : "does it refuse our certificate, or has it pre-shared keys, or no TLS?");
}
