#pragma once
/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Gives a new session process its order, and what it needs for that.
 */
#include "daemon/error.h"
#include "daemon/launcher.h"
#include "session/control.h"

/*
 * Launches one and sends START, with the node of order->bus and order->address unless the launcher
 * leaves that to the session, and with the guest's socket and files, which are taken, also on
 * error. Of no descriptor a copy stays here: an open node keeps its claims. Errors: -EACCES,
 * -ENOENT, -ENODEV (the node), and what the launcher says; with the error told.
 */
int order_give(const struct control_order *order, struct control_fds *fds,
               struct launcher *launcher, struct launched *ret, struct error *ret_error);
