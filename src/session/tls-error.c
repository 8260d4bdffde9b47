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
        "for clients"

static const struct {
        int reason;
        const char *x509, *psk; /* NULL: OpenSSL's words */
} sentences[] = {
        { SSL_R_WRONG_VERSION_NUMBER, "the guest speaks no TLS: give its chardev tls-creds=",
          "the guest speaks no TLS: give its chardev tls-creds=" },
        { SSL_R_UNSUPPORTED_PROTOCOL, "the guest speaks neither TLS 1.2 nor 1.3",
          "the guest speaks neither TLS 1.2 nor 1.3" },
        { ALERT(SSL_AD_PROTOCOL_VERSION), "the guest speaks neither TLS 1.2 nor 1.3",
          "the guest speaks neither TLS 1.2 nor 1.3" },
        { ALERT(SSL_AD_HANDSHAKE_FAILURE),
          "the guest and we have nothing in common: has it pre-shared keys, or does it want a "
          "certificate of ours?",
          "the guest knows no such pre-shared key: has it certificates?" },
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
        { ALERT(SSL_AD_DECRYPT_ERROR), NULL, "the guest has another key for that PSKIdentity=" },
        { ALERT(SSL_AD_BAD_RECORD_MAC), NULL, "the guest has another key for that PSKIdentity=" },
        { ALERT(SSL_AD_ILLEGAL_PARAMETER), NULL,
          "the guest has another key for that PSKIdentity=" },
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
        default:
                snprintf(text, size, "the guest's certificate is not valid: %s",
                         openssl.X509_verify_cert_error_string(error));
                break;
        }
}

void tls_explain(struct tls *t)
{
        unsigned long error = openssl.ERR_peek_error();
        int reason = ERR_GET_REASON(error);

        if (reason == SSL_R_CERTIFICATE_VERIFY_FAILED) {
                explain_certificate(t, openssl.SSL_get_verify_result(t->ssl));
                return;
        }
        for (size_t i = 0; i < ELEMENTS(sentences); i++) {
                const char *sentence =
                        t->kind == CONTROL_PSK ? sentences[i].psk : sentences[i].x509;

                if (sentences[i].reason != reason || !sentence)
                        continue;
                snprintf(t->transport.text, sizeof(t->transport.text), "%s", sentence);
                return;
        }

        snprintf(t->transport.text, sizeof(t->transport.text), "TLS failed: %s",
                 openssl.ERR_reason_error_string(error) ?: "unknown error");
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
