#pragma once
/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the next daemon must know of a device: one small file for each, below the runtime directory,
 * replaced atomically. It is valid for the device it names only, not for another one at that port.
 */
#include <stdbool.h>
#include <stdint.h>

#include "filter/facts.h"
#include "filter/guests.h"

struct record {
        char port[FACTS_PORT_MAX + 1];
        uint8_t bus, address;
        uint16_t vendor, product;

        bool is_taken;         /* a session has, or had, it: to be returned */
        uint8_t configuration; /* the one to restore */
        bool is_inhibited;
        bool is_held;                     /* its port is, or was, claimed */
        char by_hand[GUEST_NAME_MAX + 1]; /* attached by hand to that guest; "" if not */
        bool is_forced;                   /* so, although this machine needs it */
};

/* Called for each record that can be read; others are logged and removed. */
typedef void (*record_found)(void *userdata, const struct record *record);

/* Whether there is anything to be kept. */
bool record_is_needed(const struct record *record);

/* Writes it, or removes what is there if it is not needed. Returns 0 or a negative errno. */
int record_write(const char *directory, const struct record *record);

/* That of one device. Returns 0, -EINVAL if it is broken, or a negative errno. */
int record_read(const char *directory, const char *port, struct record *ret);

void record_remove(const char *directory, const char *port);

/* All that are there, in no order. The directory is made if it is missing. */
int record_read_all(const char *directory, record_found on_record, void *userdata);
