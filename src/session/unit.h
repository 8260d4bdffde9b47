#pragma once
/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The systemd unit that a session process runs in. It tells it itself: to others, such as the
 * daemon, its unit's ProtectProc= may hide the process.
 */
#include "session/control.h"

/* From the text of /proc/PID/cgroup; "" if there is no unit of ours in it. */
void unit_from_cgroup(const char *text, char ret_unit[CONTROL_UNIT_SIZE]);

/* Our own one, or "". */
void unit_get(char ret_unit[CONTROL_UNIT_SIZE]);
