#pragma once
/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What every command gets: the guest, the event loop, and how to wait, to print and to fail.
 *
 * Between two commands no request is in flight, so a command's may refer to its stack.
 */
#include <event2/event.h>
#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "guest/guest.h"
#include "testguest/options.h"
#include "util/macro.h"

/* clang-format off */
/*        exit          code  means */
#define TOOL_EXITS(E) \
        E(DONE,         0,    "all commands did what they should") \
        E(FAILED,       1,    "a command failed") \
        E(USAGE,        2,    "wrong usage") \
        E(NO_HOST,      3,    "no connection to the host") \
        E(OVER,         4,    "the connection is over, or of no use any more") \
        E(GONE,         5,    "there is no device") \
        E(LATE,         6,    "nothing came in time")
/* clang-format on */

enum tool_exit {
#define TOOL_EXIT_VALUE(name, code, meaning) TOOL_##name = code,
        TOOL_EXITS(TOOL_EXIT_VALUE)
#undef TOOL_EXIT_VALUE
};

struct tool {
        const struct options *options;
        struct event_base *base;
        struct event *alarm;
        struct usb_guest *guest;
        char place[300]; /* "FILE:LINE: " of a script; else "" */

        bool is_late, is_over, quits;
        unsigned disconnects;
        uint8_t status; /* of the last command's answer; STATUS_success where none is due */

        /* Of the command that receives: what streams bring, and their ends. NULL: nobody does. */
        void *receiver;
        void (*on_data)(void *receiver, const struct parsed *parsed);
        void (*on_stream)(void *receiver, const struct packet *packet);
};

/* Connects, greets. Then waits for a device. */
enum tool_exit tool_open(struct tool *t, const struct options *options);
enum tool_exit tool_wait_for_device(struct tool *t);
void tool_close(struct tool *t);

/* Says what is wrong, with the script's place; for "return tool_fail(...)". */
enum tool_exit tool_fail(const struct tool *t, enum tool_exit result, const char *format, ...)
        PRINTF(3, 4);

/* Within so many seconds from now tool_turn() is false; 0: never. */
void tool_set_deadline(struct tool *t, unsigned seconds);

/* Waits for something to happen. False when the deadline has passed or the link is over. */
bool tool_turn(struct tool *t);

/* Says why tool_turn() was false. */
enum tool_exit tool_why(const struct tool *t);

/* Says what a function of usb_guest's has returned. */
enum tool_exit tool_not_sent(const struct tool *t, const struct packet *packet, int error);

/* Packets of one kind, and what came for them; iso packets are their own answers. */
struct batch {
        struct packet packet;
        struct usb_guest_buffer *data; /* of each; the batch's */
        bool is_numbered;              /* instead: data of each that begins with its number */
        uint64_t count;
        unsigned depth;     /* in flight at once; 0: one */
        unsigned rate;      /* a second; 0: as they are answered */
        unsigned seconds;   /* ends the sending; 0: count alone does */
        uint64_t cancel_at; /* cancels this one once it is sent; 0: none */

        uint64_t sent, answered, bytes, start_usec;
        uint8_t status;       /* the first that is no success, which ends the sending */
        struct packet answer; /* the last */
        uint8_t *received;    /* by an IN transfer, if count is 1: to be freed */
        struct tool *tool;
        uint64_t ids[64]; /* in flight; the limit of depth */
        bool is_lost;     /* an answer never comes */
};

#define BATCH_DEPTH_MAX ELEMENTS(((struct batch *)0)->ids)

/*
 * Sends and waits for all answers, up to the timeout for each; then cancels them. Any status is
 * TOOL_DONE: it stands in t->status.
 */
enum tool_exit batch_run(struct tool *t, struct batch *b);
void batch_clear(struct batch *b);

/* Sets length, bytes and, of several, their number and rates. */
void batch_set_rates(const struct batch *b, json_t *result);

/* Sends one request without data. */
enum tool_exit tool_ask(struct tool *t, const struct packet *packet, struct packet *ret_answer);
