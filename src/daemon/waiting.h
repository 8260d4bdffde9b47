#pragma once
/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A device that waits for a channel: in the queue of each guest that it may go to, in the order in
 * which it wants them. The first one whose channel is connected has it.
 *
 * While a guest that it wants more is being connected, the others are held; but not for long: one
 * that does not answer holds up nobody.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct channel;
struct guest;
struct waiting;

/* How long a guest that is being connected holds the next: RFC 8305's attempt delay. */
#define WAITING_HOLD_MS 250

/* And one that had the device before, unless it fails: it may need that long to come back. */
#define WAITING_FORMER_SEC 10

/* A place in one queue. */
struct waiter {
        struct guest *guest;        /* whose queue it is in; NULL: in none */
        struct channel *channel;    /* being connected for it, or NULL */
        struct waiting *waiting;    /* whose place it is; NULL: of one that waits nowhere else */
        uint64_t holds_until_msec;  /* CLOCK_MONOTONIC: those behind it in waiting are held */
        bool has_failed;            /* an attempt for it, since it is in the queue */
        struct waiter *prev, *next; /* in the queue */
};

struct waiting {
        /* Its turn in each queue: lower ones are served first. Kept over its end. */
        uint64_t order;
        struct waiter *places; /* those that were left have no guest */
        size_t n;
};

/* How waiting begins. */
enum {
        WAITING_AT_ONCE = 1 << 0, /* delays and failures of the guests' channels are forgotten */
        WAITING_FORMER = 1 << 1,  /* the first guest had the device before */
};

/* Waits for these guests, each once; for no others any more. Returns 0, or -ENOMEM and waits for
 * none. */
int waiting_begin(struct waiting *w, struct guest *const *guests, size_t n, unsigned how);

/* Leaves all queues. */
void waiting_end(struct waiting *w);

/* Leaves that guest's queue, if it is in it. */
void waiting_leave(struct waiting *w, const struct guest *g);

/* Whether it is in any queue; in that guest's; and whether an attempt has failed in all of them. */
bool waiting_is_anywhere(const struct waiting *w);
bool waiting_is_at(const struct waiting *w, const struct guest *g);
bool waiting_has_failed(const struct waiting *w);

/* In how many queues it is. */
size_t waiting_count(const struct waiting *w);

/* Until when (CLOCK_MONOTONIC, ms) others hold it from being connected; 0: they do not. */
uint64_t waiter_held_until(const struct waiter *w, uint64_t now_msec);

/* It holds those behind it no longer: they may be connected now. */
void waiter_give_way(struct waiter *w);
