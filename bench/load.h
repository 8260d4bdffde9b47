#pragma once
/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A usb-guest that keeps a server busy in one way, checks what comes back, and measures for a while
 * in the middle of that.
 */
#include <stdbool.h>
#include <stdint.h>

#include "bench/histogram.h"
#include "bench/server.h"

struct load_kind;

struct load_config {
        const struct load_kind *kind;
        uint32_t size, depth; /* bytes and requests; of iso-in packets of an URB, and URBs */
        double seconds, warm_up;
        uint64_t count; /* messages to measure, instead of seconds; 0: none */
        bool verify;    /* every byte, not the first and the last of a payload */
};

struct load_result {
        uint64_t messages, bytes;
        double seconds;
        struct histogram latency; /* empty where there is none */
        uint64_t server_cpu_ns, guest_cpu_ns, all_cpu_ns;
        uint64_t server_waits;
        uint64_t pss_kib;
        uint64_t lost;             /* numbered packets that never came */
        bool has_lost_parts;       /* of an URB, not all of its packets */
        uint64_t messages_in_life; /* before and after the measured time too */
};

/* NULL: there is no such kind. */
const struct load_kind *load_kind_find(const char *name);

/* The names, separated by commas. */
const char *load_kind_names(void);

/* Takes the server's socket. Returns 0; -1 with a sentence on standard error. */
int load_run(struct load_result *ret, const struct load_config *config, struct server *server);
