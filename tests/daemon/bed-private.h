#pragma once
/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the files of the bed share.
 */
#include "daemon/bed.h"
#include "daemon/launcher.h"

struct launcher {
        int unused;
};

/* The one there is. */
extern struct bed *the_bed;

void bed_unplug_all(void);

/* After the daemon: until nothing is claimed any more. */
void bed_end_claims(void);

/* Takes what the daemon has sent; was there any? */
bool bed_serve_sessions(struct bed *bed);
