#pragma once
/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A polkit on the private bus that says what it is told to, and remembers what it was asked.
 */
#include <systemd/sd-bus.h>

#include "dbus/bed.h"

enum fake_polkit_answer {
        POLKIT_YES,
        POLKIT_NO,
        POLKIT_CHALLENGE, /* only after authentication */
        POLKIT_FAILS,
        POLKIT_WAITS, /* until fake_polkit_say() */
};

struct fake_polkit {
        struct caller connection;
        enum fake_polkit_answer answer;
        unsigned n_asked;
        uint32_t flags;
        char subject[64], action[64];
        char details[256]; /* "device=1-1,vidpid=0781:5581" */
        sd_bus_message *question;
};

void fake_polkit_start(struct fake_polkit *polkit, struct bed *bed);
void fake_polkit_say(struct fake_polkit *polkit, enum fake_polkit_answer answer);
void fake_polkit_end(struct fake_polkit *polkit);
