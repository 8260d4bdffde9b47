#pragma once
/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What a session needs to talk TLS to a guest: the order's fields, and files, opened.
 */
#include "daemon/config.h"
#include "daemon/error.h"
#include "session/control.h"

/* Tells the order how to talk over that channel. */
void tls_fill_order(struct control_order *order, const struct tls_config *tls,
                    const struct channel_config *channel);

/*
 * Opens the files that such an order has; clear text has none. Files with secrets that others may
 * read, and files that others may write, are not used. Returns 0, or a negative errno with
 * ERROR_TLS_FAILED and what to do.
 */
int tls_open_files(int ret_files[CONTROL_FILES_MAX], const struct tls_config *tls,
                   struct error *ret_error);
