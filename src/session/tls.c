/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * OpenSSL reads the socket itself, until it has no more, whatever the size of its records: then,
 * and not before, the next event of the socket is of use. What it writes stands in a buffer of ours
 * that has room for all it writes at a time: it cannot have two things under way, such as data and
 * the answer to a change of keys. Bytes are told as written when the socket has taken them.
 *
 * Where the kernel encrypts (kTLS), what is written goes to the socket as it is. OpenSSL has given
 * it the keys in the handshake, and writes to the socket only what is not data.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "session/tls-private.h"

/* As much as one call reads of a guest that sends without end: others want their turn. */
#define READ_MAX (256 * 1024)

static struct tls *tls_of(struct transport *transport)
{
        return (struct tls *)(void *)transport;
}

/* What is returned from now on; OpenSSL is not asked again. */
static ssize_t fail(struct tls *t, ssize_t result)
{
        t->has_failed = true;
        t->failure = result;
        return result;
}

/* What a call's result of 0 or less means: -EAGAIN, or the end of all, 0 for that of the file. */
static ssize_t result_of(struct tls *t, int result)
{
        int error = errno;

        switch (openssl.SSL_get_error(t->ssl, result)) {
        case SSL_ERROR_WANT_READ:
        case SSL_ERROR_WANT_WRITE: return -EAGAIN;
        case SSL_ERROR_ZERO_RETURN: return fail(t, 0);
        case SSL_ERROR_SYSCALL: return fail(t, -error);
        default: tls_explain(t); return fail(t, -EPROTO);
        }
}

void tls_forget_errors(void)
{
        openssl.ERR_clear_error();
        errno = 0;
}

/* Sends what is encrypted. Returns 0 when all is gone, -EAGAIN or what the socket says. */
static ssize_t flush(struct tls *t)
{
        char *bytes;
        int n;

        while (!t->is_in_kernel && (n = openssl.BIO_nread0(t->out, &bytes)) > 0) {
                ssize_t sent = send(t->transport.fd, bytes, (size_t)n, MSG_NOSIGNAL);

                if (sent > 0)
                        openssl.BIO_nread(t->out, &bytes, (int)sent);
                else if (errno != EINTR)
                        return -errno;
        }

        return 0;
}

/* Both sides have proved who they are. */
static void begin(struct tls *t)
{
        BIO *out = openssl.SSL_get_wbio(t->ssl);

        t->is_prepared = true;
        t->is_in_kernel = openssl.BIO_ctrl(out, BIO_CTRL_GET_KTLS_SEND, 0, NULL) > 0;
        /* The kernel has no such cipher. */
        if (!t->is_in_kernel && t->to_out)
                openssl.SSL_set0_wbio(t->ssl, TAKE(t->to_out));
        snprintf(t->transport.text, sizeof(t->transport.text), "%s, %s%s",
                 openssl.SSL_get_version(t->ssl),
                 openssl.SSL_CIPHER_get_name(openssl.SSL_get_current_cipher(t->ssl)),
                 t->is_in_kernel ? ", by the kernel" : "");
}

static int tls_prepare(struct transport *transport)
{
        struct tls *t = tls_of(transport);
        ssize_t r;
        int done;

        if (t->has_failed)
                return -EPROTO;
        if (t->is_prepared)
                return 0;

        flush(t);
        tls_forget_errors();
        done = openssl.SSL_do_handshake(t->ssl);
        r = done == 1 ? 0 : result_of(t, done);
        /* Also the reason for an end. What cannot be sent is told by reading. */
        flush(t);
        if (done == 1) {
                begin(t);
                return 0;
        }

        if (r == -EAGAIN)
                return -EAGAIN;
        if (r != -EPROTO)
                tls_explain_end(t, (int)-r);
        return -EPROTO;
}

/* The kernel keeps those that it was given first. */
static ssize_t refuse_keys(struct tls *t)
{
        snprintf(
                t->transport.text, sizeof(t->transport.text),
                "the guest wants other keys from us, which the kernel cannot change: remove KTLS=");
        return fail(t, -EPROTO);
}

static ssize_t tls_read(struct transport *transport, const struct iovec *iov, size_t n,
                        bool *ret_drained)
{
        struct tls *t = tls_of(transport);
        ssize_t total = 0;

        if (t->has_failed)
                return t->failure;

        flush(t);
        for (size_t i = 0; i < n; i++) {
                size_t done = 0;

                while (done < iov[i].iov_len && total < READ_MAX) {
                        size_t left = MIN(iov[i].iov_len - done, (size_t)READ_MAX);
                        ssize_t end;
                        int size;

                        tls_forget_errors();
                        size = openssl.SSL_read(t->ssl, (uint8_t *)iov[i].iov_base + done,
                                                (int)left);
                        if (t->is_in_kernel && t->must_change_keys)
                                return refuse_keys(t);
                        if (size > 0) {
                                done += (size_t)size;
                                total += size;
                                continue;
                        }

                        end = result_of(t, size);
                        flush(t);
                        *ret_drained = end == -EAGAIN;
                        return total > 0 ? total : end;
                }
        }

        *ret_drained = false;
        return total;
}

/* So many bytes of what is to be written: where they are, or a copy of them in one piece. */
static const uint8_t *gather(uint8_t *copy, const struct iovec *iov, size_t offset, size_t size)
{
        size_t done = 0;

        while (offset >= iov->iov_len)
                offset -= iov++->iov_len;
        if (iov->iov_len - offset >= size)
                return (const uint8_t *)iov->iov_base + offset;

        for (; done < size; iov++, offset = 0) {
                size_t part = MIN(iov->iov_len - offset, size - done);

                memcpy(copy + done, (const uint8_t *)iov->iov_base + offset, part);
                done += part;
        }
        return copy;
}

/* Encrypts what goes together, from an offset on. Returns how many bytes that are. */
static ssize_t encrypt(struct tls *t, const struct iovec *iov, size_t offset, size_t size)
{
        size_t done = 0;

        size = MIN(size, (size_t)TLS_TOGETHER);
        while (done < size) {
                size_t part = MIN(size - done, t->record_size);
                int written;

                tls_forget_errors();
                written = openssl.SSL_write(t->ssl, gather(t->copy, iov, offset + done, part),
                                            (int)part);
                if (written <= 0) {
                        ssize_t end = result_of(t, written);

                        return done > 0 ? (ssize_t)done : end == 0 ? -EPIPE : end;
                }
                done += (size_t)written;
        }

        return (ssize_t)done;
}

/* The kernel makes a record of each call, but for what is too much for one. */
static ssize_t send_records(struct tls *t, const struct iovec *iov, size_t size, bool *ret_full)
{
        size_t sent = 0;

        size = MIN(size, (size_t)TLS_TOGETHER);
        while (sent < size) {
                size_t part = MIN(size - sent, t->record_size);
                ssize_t n =
                        send(t->transport.fd, gather(t->copy, iov, sent, part), part, MSG_NOSIGNAL);

                if (n < 0 && sent == 0)
                        return -errno;
                *ret_full = n < (ssize_t)part;
                if (n < 0)
                        break;
                sent += (size_t)n;
                if (*ret_full)
                        break;
        }

        return (ssize_t)sent;
}

static ssize_t tls_write(struct transport *transport, const struct iovec *iov, size_t n,
                         bool *ret_full)
{
        struct tls *t = tls_of(transport);
        size_t total = 0, done = 0;
        ssize_t r;

        if (t->has_failed)
                return t->failure < 0 ? t->failure : -EPIPE;
        for (size_t i = 0; i < n; i++)
                total += iov[i].iov_len;
        if (t->is_in_kernel && t->record_size < TLS_RECORD_SIZE)
                return send_records(t, iov, total, ret_full);
        if (t->is_in_kernel)
                return transport_write_plain(transport, iov, n, ret_full);

        for (;;) {
                r = flush(t);
                if (r < 0)
                        break;
                done += t->staged;
                t->staged = 0;
                if (done >= total)
                        break;
                r = encrypt(t, iov, done, total - done);
                if (r < 0)
                        break;
                t->staged = (size_t)r;
        }

        *ret_full = r == -EAGAIN;
        return done > 0 ? (ssize_t)done : r;
}

/* An unknown guest may be an old QEMU, until it has said hello. */
static void tls_on_hello(struct transport *transport, const char *version)
{
        unsigned major;
        bool is_old = sscanf(version, "qemu usb-redir guest %u.", &major) == 1 && major < 8;

        tls_of(transport)->record_size = is_old ? TLS_RECORD_SIZE_OLD : TLS_RECORD_SIZE;
}

static void tls_finish(struct transport *transport)
{
        struct tls *t = tls_of(transport);

        if (!t->is_prepared || t->has_failed)
                return;

        tls_forget_errors();
        openssl.SSL_shutdown(t->ssl);
        flush(t);
        fail(t, 0);
}

static struct transport *tls_free(struct transport *transport)
{
        struct tls *t = tls_of(transport);

        if (t->ssl)
                openssl.SSL_free(t->ssl);
        if (t->to_out)
                openssl.BIO_free(t->to_out);
        if (t->out)
                openssl.BIO_free(t->out);
        if (t->context)
                openssl.SSL_CTX_free(t->context);
        explicit_bzero(t, sizeof(*t));
        free(t);
        return NULL;
}

const struct transport_type tls_transport_type = {
        .prepare = tls_prepare,
        .read = tls_read,
        .write = tls_write,
        .on_hello = tls_on_hello,
        .finish = tls_finish,
        .free = tls_free,
        .mixes_directions = true,
};
