#pragma once
/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What a service tells the service manager (sd_notify(3)), for a process that cannot open anything
 * any more: the socket is connected beforehand.
 */
#include <stdint.h>

/*
 * A socket connected to $NOTIFY_SOCKET, close-on-exec. -ENOENT if the variable is not set,
 * -EPROTONOSUPPORT if it is neither a path nor an abstract name, or the errno of the socket.
 */
int notify_open(void);

/* Sends "READY=1" and the like; waits until it is taken. Returns 0 or a negative errno. */
int notify_send(int fd, const char *text);

/* Sends it if that needs no waiting: -EAGAIN if the service manager is behind with reading. */
int notify_try(int fd, const char *text);

/*
 * The time after which the service manager takes this process for hung, in microseconds: from
 * $WATCHDOG_USEC, unless $WATCHDOG_PID names another process. 0 if it does not look.
 */
uint64_t notify_watchdog_usec(void);
