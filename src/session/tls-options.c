/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The files are the caller's own: which of them are safe to use is the daemon's question.
 */
#include "session/tls-options.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "util/cleanup.h"
#include "util/macro.h"

/* As QEMU's username=. */
#define PSK_IDENTITY_DEFAULT "qemu"

enum key { CA, CERT, KEY, PEER, PSK, IDENTITY, KTLS, N_KEYS };

/* getsubopt() has not heard of const. */
static char *const names[N_KEYS + 1] = {
        (char *)"ca",  (char *)"cert",     (char *)"key",  (char *)"peer",
        (char *)"psk", (char *)"identity", (char *)"ktls", NULL,
};

/* What may stand beside each other. */
static bool is_x509(char *const values[N_KEYS])
{
        return values[CA] && !values[CERT] == !values[KEY] && !values[PSK] && !values[IDENTITY];
}

static bool is_psk(char *const values[N_KEYS])
{
        return values[PSK] && !values[CA] && !values[CERT] && !values[KEY] && !values[PEER];
}

int tls_options_parse(struct tls_options *ret, char *text, char *message, size_t size)
{
        char *values[N_KEYS] = {}, *rest = text, *value;

        while (*rest) {
                int key = getsubopt(&rest, names, &value);

                if (key < 0 || !value || !*value || values[key]) {
                        snprintf(message, size,
                                 "expected ca=FILE,cert=FILE,key=FILE,peer=NAME or "
                                 "psk=FILE,identity=NAME, and ktls=yes, each once; found '%s'",
                                 value ?: names[key]);
                        return -EINVAL;
                }
                values[key] = value;
        }
        if (values[KTLS] && strcmp(values[KTLS], "yes") != 0 && strcmp(values[KTLS], "no") != 0) {
                snprintf(message, size, "ktls= takes yes or no; found '%s'", values[KTLS]);
                return -EINVAL;
        }
        if (is_psk(values)) {
                *ret = (struct tls_options){ .kind = CONTROL_PSK,
                                             .files = { values[PSK] },
                                             .psk_identity = values[IDENTITY] };
        } else if (is_x509(values)) {
                *ret = (struct tls_options){
                        .kind = values[CERT] ? CONTROL_X509_CERTIFIED : CONTROL_X509,
                        .files = { values[CA], values[CERT], values[KEY] },
                        .peer_name = values[PEER],
                };
        } else {
                snprintf(message, size,
                         "expected psk= with or without identity=, or ca=, which cert= and key= "
                         "may go with, and peer=");
                return -EINVAL;
        }

        ret->ktls = values[KTLS] && !strcmp(values[KTLS], "yes");
        return 0;
}

int tls_options_open(const struct tls_options *options, const char *host,
                     struct control_order *order, int ret_files[CONTROL_FILES_MAX], char *message,
                     size_t size)
{
        CLEANUP(control_fds_close) struct control_fds fds = CONTROL_NO_FDS;

        for (size_t i = 0; i < ELEMENTS(fds.files) && options->files[i]; i++) {
                fds.files[i] = open(options->files[i], O_RDONLY | O_CLOEXEC);
                if (fds.files[i] < 0) {
                        int error = errno;

                        snprintf(message, size, "cannot open %s: %s", options->files[i],
                                 strerror(error));
                        return -error;
                }
        }

        order->tls = options->kind;
        order->flags |= options->ktls ? CONTROL_KTLS : 0;
        snprintf(order->peer_name, sizeof(order->peer_name), "%s", options->peer_name ?: host);
        snprintf(order->psk_identity, sizeof(order->psk_identity), "%s",
                 options->psk_identity ?: PSK_IDENTITY_DEFAULT);
        memcpy(ret_files, fds.files, sizeof(fds.files));
        fds = (struct control_fds)CONTROL_NO_FDS;
        return 0;
}
