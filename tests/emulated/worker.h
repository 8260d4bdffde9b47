#pragma once
/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * umockdev's thread: it alone runs the ioctl handlers, so what they use is taken away there.
 */
#include <umockdev.h>

struct worker;

int worker_new(struct worker **ret, UMockdevTestbed *umockdev);
struct worker *worker_free(struct worker *worker);

/* Runs it in the thread soon, or after all that is under way there; not from inside the thread. */
void worker_start(struct worker *worker, GSourceFunc function, gpointer userdata);
void worker_run_and_wait(struct worker *worker, void (*function)(void *userdata), void *userdata);
