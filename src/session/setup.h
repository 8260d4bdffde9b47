#pragma once
/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What comes before a session, whoever gives the orders: signals, the device's node, and giving up
 * everything but the open descriptors.
 */
#include <stddef.h>
#include <stdint.h>

#include "session/control.h"
#include "session/options.h"
#include "session/reason.h"

struct transport;

/*
 * The signals that ask us to end come as struct signalfd_siginfo from here on, so that nothing is
 * ever interrupted. Returns the descriptor or a negative errno.
 */
int setup_signals(void);

/*
 * Opens the node of that device. Returns REASON_ASKED; or NOT_FOUND or ACCESS_DENIED with a
 * sentence in message.
 */
enum session_reason setup_open_node(uint8_t bus, uint8_t address, int *ret_fd, char *message,
                                    size_t size);

/*
 * Loads what an encrypted link needs, if that is ordered, and closes the files. Returns 0, with
 * NULL for clear text; or a negative errno with a sentence in message.
 */
int setup_tls(const struct control_order *order, struct control_fds *fds,
              struct transport **ret_tls, char *message, size_t size);

/* Gives up root and closes the sandbox, unless options say otherwise. Logs what fails. */
int setup_close_sandbox(const struct options *options);
