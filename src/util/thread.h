#pragma once
/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Threads for calls that block and cannot be told not to. Nobody waits for one.
 */

/*
 * Runs the function, detached. Signals are not blocked in it: the main thread, which blocks none,
 * gets them first, and libevent's handlers may run anywhere. Returns 0 or a negative errno.
 */
int thread_start(void *(*function)(void *), void *argument);
