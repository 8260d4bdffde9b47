#pragma once
/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * umockdev's thread: it alone runs the ioctl handlers, so what they use is taken away there.
 */
#include <umockdev.h>

struct mock_thread;

int mock_thread_new(struct mock_thread **ret, UMockdevTestbed *umockdev);
struct mock_thread *mock_thread_free(struct mock_thread *worker);

/* Runs it in the thread soon, or after all that is under way there; not from inside the thread. */
void mock_thread_start(struct mock_thread *worker, GSourceFunc function, gpointer userdata);
void mock_thread_run_and_wait(struct mock_thread *worker, void (*function)(void *userdata),
                              void *userdata);
