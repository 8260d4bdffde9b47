#pragma once
/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * TLS as a command line says it, for who starts a session without a daemon:
 *
 *      ca=FILE[,cert=FILE,key=FILE][,peer=NAME][,ktls=yes]
 *      psk=FILE[,identity=NAME][,ktls=yes]
 */
#include <stddef.h>

#include "session/control.h"

struct tls_options {
        enum control_tls kind;
        const char *files[CONTROL_FILES_MAX]; /* in the order of the kind */
        const char *peer_name;                /* NULL: not told */
        const char *psk_identity;
        bool ktls;
};

/* Takes the text apart, in its place. Returns 0, or -EINVAL with a sentence in message. */
int tls_options_parse(struct tls_options *ret, char *text, char *message, size_t size);

/*
 * Does for an order what the daemon does: says how to talk, and opens the files. Host is where the
 * guest is, "" where that is no name. Returns 0, or a negative errno with a sentence in message.
 */
int tls_options_open(const struct tls_options *options, const char *host,
                     struct control_order *order, int ret_files[CONTROL_FILES_MAX], char *message,
                     size_t size);
