#pragma once
/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What worker.c and worker-events.c share of a worker.
 */
#include <time.h>

#include "daemon/worker.h"

/* One that lives says who it is at once. */
#define WORKER_DESCRIBE_SEC 10

/* Longer than the units' WatchdogSec=60: one that hangs has been killed by then. */
#define WORKER_END_SEC 70

/* For the kernel to end a child that was killed; one that is stuck in a reset may take for ever. */
#define WORKER_KILL_SEC 5

/* Unasked messages: a session has seven states of a device and three of a link, each once. */
#define WORKER_MESSAGES_MAX 64

/* What an answer to DESCRIBE is made of. */
#define WORKER_MESSAGES_OF_ANSWER 2

enum worker_phase {
        WORKER_RUNNING,
        WORKER_ENDING, /* asked to end, or it said that it has */
        WORKER_KILLED,
        WORKER_OVER,
};

struct worker {
        struct launcher *launcher; /* NULL: adopted */
        struct worker_events events;
        void *userdata;

        int fd, pid_fd;
        pid_t pid; /* of a child */
        struct event *readable, *exited, *timer;

        enum worker_phase phase;
        bool is_described; /* the order is known */
        bool is_left;      /* to the next daemon */
        bool may_have_device;
        unsigned messages; /* that it may still send */

        struct control_order order;
        struct control_status status;

        bool has_ended;
        struct control_ended ended; /* its last words, or ours */
};

void worker_set_timer(struct worker *w, time_t seconds);

/* Of its socket, of a child's death, of the time (worker-events.c). */
void worker_on_readable(evutil_socket_t fd, short what, void *userdata);
void worker_on_exited(evutil_socket_t fd, short what, void *userdata);
void worker_on_timer(evutil_socket_t fd, short what, void *userdata);
