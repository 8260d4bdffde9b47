#pragma once
/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What load.c, which runs a load, and load-kinds.c, which knows what each kind sends and must get
 * back, share.
 */
#include <event2/event.h>

#include "bench/load.h"
#include "bench/pattern.h"
#include "guest/guest.h"
#include "util/macro.h"

#define DEPTH_MAX 256

/* The fake device's endpoints. */
enum { BULK_IN = 0x81, BULK_OUT = 0x02, INTERRUPT_IN = 0x84, ISO_IN = 0x86 };

enum phase { CONNECTING, WARMING_UP, MEASURING, ENDING, DONE };

struct load;

struct slot {
        struct load *load;
        uint64_t sent_ns;
};

/* fill and check of idleness are NULL, and fill_stop of what is asked for by requests. */
struct load_kind {
        const char *name;
        uint8_t endpoint;
        bool is_receiving; /* data comes without requests */
        void (*fill)(const struct load *l, struct packet *packet);
        void (*fill_stop)(const struct load *l, struct packet *packet);
        void (*check)(struct load *l, const struct packet *packet, const uint8_t *data,
                      size_t size);
};

struct load {
        const struct load_config *config;
        struct load_result *result;
        struct server *server;
        struct event_base *base;
        struct event *timer; /* the end of idleness; or of patience */
        struct usb_guest *guest;

        enum phase phase;
        bool has_failed;
        uint64_t measure_at_ns, end_at_ns, began_ns;
        struct server_usage usage;
        uint64_t guest_cpu_ns, all_cpu_ns;

        struct slot slots[DEPTH_MAX], *idle[DEPTH_MAX];
        uint32_t idle_count;
        uint64_t offset; /* of the data to come, or to go */
        uint64_t number; /* of the packet to come */
        uint64_t due_ns; /* when the device had it; 0: as soon as it was asked */
        bool is_numbered;
        struct usb_guest_buffer *out[PATTERN_SIZE / 64]; /* made once, sent again and again */
};

/* Says why, the first time, and ends the load. */
void load_fail(struct load *l, const char *format, ...) PRINTF(2, 3);
