#pragma once
/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The real usbredir-session under a real worker, on the fake libusb, with a guest. The test does as
 * systemd: it listens at the launcher's socket and starts a process for each connection, whose end
 * it sees. Or the launcher forks.
 */
#include <event2/event.h>
#include <stdbool.h>
#include <sys/types.h>

#include "daemon/worker.h"
#include "integration/guest.h"
#include "integration/report.h"

struct managed {
        struct event_base *base;
        struct launcher *launcher;
        struct worker *worker;
        struct guest guest;
        struct report report;
        char directory[40];
        int listener, notify;
        pid_t pid; /* of the process the test has started; 0: the launcher's child */

        /* What the manager is told. */
        unsigned statuses, descriptions, ends, stucks;
        enum session_reason reason;
        char message[CONTROL_MESSAGE_SIZE];
        bool is_returned;
};

/* An order for the fake's device. */
extern const struct control_order managed_order;

/*
 * For cmocka. By socket the process has its sandbox; forked ones have it not, for they shall open
 * the fake's device by its address.
 */
int managed_setup(void **state);
int managed_setup_fork(void **state);
int managed_teardown(void **state);

/* As systemd does: a process for the connection, which is its descriptor 3. */
void managed_start_process(struct managed *m);

/* Starts a session with these options of the fake ("" for the usual ones). */
void managed_start(struct managed *m, const char *options, const struct control_order *order);

/* The same, with another guest than ours. */
void managed_start_with(struct managed *m, const char *options, const struct control_order *order,
                        struct control_fds *fds);

/* The same, and the guest greets it. */
void managed_start_greeted(struct managed *m, const char *options,
                           const struct control_order *order);

/* Takes the worker's socket over, as the next daemon does. */
void managed_adopt(struct managed *m);

/* Runs the loop until the device is in that state. */
void managed_wait_state(struct managed *m, enum device_state state);

/* Runs the loop until the worker has ended, checks what it says; the process is gone then. */
void managed_expect_end(struct managed *m, enum session_reason reason, bool returned);

/* Waits for the end of the process, reads the report. Returns the status of waitpid(). */
int managed_wait_exit(struct managed *m);
