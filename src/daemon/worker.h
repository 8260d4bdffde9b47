#pragma once
/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A session process, as the daemon has it: the other end of its control socket, what it has told of
 * itself, and its end. Our end of the socket is kept in systemd's fd store as well, so that the
 * next daemon can adopt it. A worker whose socket closes returns its device by itself and exits.
 */
#include <event2/event.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "daemon/error.h"
#include "daemon/launcher.h"
#include "session/control.h"

struct worker;

struct worker_events {
        /* It has told something: worker_status() has changed. Also after worker_describe(). */
        void (*on_status)(void *userdata);
        /*
         * An adopted worker has told what it does: worker_order() is valid. Comes once, before any
         * other event but on_end.
         */
        void (*on_described)(void *userdata);
        /*
         * It is over, and so is its process, which has closed the device's node. The message is a
         * sentence: its own last words, or, if it died without any, REASON_FAILURE and how that
         * was. Returned: the device has been given back to the host, or was never taken. Comes once
         * and last; the worker may be freed from here.
         */
        void (*on_end)(void *userdata, enum session_reason reason, const char *message,
                       bool returned);
        /* It was asked to end and has not, for longer than its watchdog allows. */
        void (*on_stuck)(void *userdata);
};

/*
 * Starts one with that order. For an order with a device the node of order->bus and order->address
 * is opened here, or by the worker. The guest's socket and TLS files (of a CONTROL_REDIRECT) are
 * the worker's afterwards, also on error. Errors: -EACCES, -ENOENT, -ENODEV (the node), and what
 * the launcher says; with the error told.
 */
int worker_start(struct worker **ret, struct event_base *base, struct launcher *launcher,
                 const struct control_order *order, struct control_fds *fds,
                 const struct worker_events *events, void *userdata, struct error *ret_error);

/*
 * Takes over a control socket that a former daemon left; on error it is closed (-ENOTSOCK: it was
 * none). A session that does not say within 10 s what it does is over: on_end.
 */
int worker_adopt(struct worker **ret, struct event_base *base, int fd,
                 const struct worker_events *events, void *userdata);

/*
 * Closes the control socket and forgets the worker: it returns its device and exits, on_end does
 * not come. At the daemon's own exit use worker_leave() first to have it go on.
 */
struct worker *worker_free(struct worker *w);

/* Before worker_free(): the fd store keeps the socket open for the next daemon. */
void worker_leave(struct worker *w);

/* Asks it to return the device and to exit; on_end follows. */
void worker_end(struct worker *w);

/* Its share of usbfs memory, in bytes, from now on. */
void worker_set_memory(struct worker *w, uint32_t bytes);

/* Asks for fresh statistics; on_status follows. */
void worker_describe(struct worker *w);

const struct control_order *worker_order(const struct worker *w);
const struct control_status *worker_status(const struct worker *w);
pid_t worker_pid(const struct worker *w);        /* 0: not known yet */
const char *worker_unit(const struct worker *w); /* systemd unit, "" if none */
