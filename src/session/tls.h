#pragma once
/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * TLS to a guest, version 1.2 or 1.3, with certificates or a pre-shared key: we are the client, or
 * the server of a guest that has dialled in.
 */
#include "session/control.h"
#include "session/transport.h"

/* CAs of a whole system are a quarter of that. */
#define TLS_FILE_SIZE_MAX (1u << 20)

/* More than any digest's or cipher's strength; OpenSSL takes no longer ones. */
#define TLS_PSK_MAX 256

/* How long a guest may take for its part of the handshake. */
#define TLS_HANDSHAKE_SEC 10

/*
 * A transport for that connected, non-blocking socket, as the order wants it. The files are read
 * here; the descriptors, and the socket, stay the caller's. All that needs files is done
 * afterwards. Returns 0; -ENOMEM; or another negative errno with a sentence in message.
 */
int tls_new(struct transport **ret, int fd, const struct control_order *order,
            const int files[CONTROL_FILES_MAX], char *message, size_t size);
