#pragma once
/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Running an event loop in a test: until something has happened, or the deadline has passed.
 * Include after cmocka.h.
 */
#include <event2/event.h>
#include <stdbool.h>
#include <sys/time.h>

/* How long anything may take that is not meant to wait. */
#define RUN_DEADLINE_SEC 30

static inline void on_run_deadline(evutil_socket_t fd, short what, void *userdata)
{
        *(bool *)userdata = true;
}

/* Fails the test if the condition does not come true. */
#define RUN_UNTIL(base, condition)                                                                 \
        do {                                                                                       \
                struct timeval deadline_ = { .tv_sec = RUN_DEADLINE_SEC };                         \
                bool late_ = false;                                                                \
                struct event *alarm_ = event_new(base, -1, 0, on_run_deadline, &late_);            \
                                                                                                   \
                event_add(alarm_, &deadline_);                                                     \
                while (!(condition) && !late_)                                                     \
                        event_base_loop(base, EVLOOP_ONCE);                                        \
                event_free(alarm_);                                                                \
                if (late_)                                                                         \
                        fail_msg("not within %i s: %s", RUN_DEADLINE_SEC, #condition);             \
        } while (0)

/* Everything that is ready now, and what becomes ready by it. */
static inline void run_ready(struct event_base *base)
{
        for (int i = 0; i < 16; i++)
                event_base_loop(base, EVLOOP_NONBLOCK);
}
