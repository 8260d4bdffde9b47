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
 * leaves that to the session. The guest's socket (or -1) is taken, also on error; of neither
 * descriptor a copy stays here: an open node keeps its claims. Errors: -EACCES, -ENOENT, -ENODEV
 * (the node), and what the launcher says; with the error told.
 */
int order_give(const struct control_order *order, int guest_fd, struct launcher *launcher,
               struct launched *ret, struct error *ret_error);
