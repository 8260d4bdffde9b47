#pragma once
/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A session that the daemon has started: what is to be done, and the descriptors for it, come over
 * the control socket, and so does the word to end; what becomes of it goes back.
 */
#include "session/options.h"
#include "session/reason.h"

/*
 * Waits for the order, carries it out, tells how it ended. Returns REASON_ASKED once the daemon has
 * been told, which makes of it what it wants; else the reason.
 */
enum session_reason managed_run(const struct options *options);
