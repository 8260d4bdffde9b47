#pragma once
/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What a session process may do once it is set up: nothing but move bytes between a device node and
 * a socket that are open already. Closed before the first byte of the guest is read.
 */
#include <stddef.h>

/*
 * If we are root: becomes the named user, for good, with none of root's groups. Returns 0, or a
 * negative errno with a sentence in message.
 */
int sandbox_drop_root(const char *user, char *message, size_t size);

/*
 * Makes the list of system calls, ahead of sandbox_close(), which does it otherwise and takes half
 * as long then. Returns 0 or a negative errno.
 */
int sandbox_prepare(void);

/*
 * No new privileges, no core dump, and a list of system calls: all others, and all ioctls but those
 * of a USB device node, end the process. Returns 0 or a negative errno.
 */
int sandbox_close(void);
