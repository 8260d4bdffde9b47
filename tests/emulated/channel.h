#pragma once
/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Lines in through one FIFO, lines out through another; nobody has to be at the other end.
 */
#include <stddef.h>

#include "emulated/control.h"

struct channel {
        int in, out;
        char line[CONTROL_LINE_MAX];
        size_t size; /* of what is in line, possibly more than one */
        size_t taken;
};

/* Two FIFOs that exist. -errno; -EINVAL if they are none. */
int channel_open(struct channel *channel, const char *in, const char *out);
void channel_close(struct channel *channel);

/* The next line, valid until the next call; NULL: none yet. Lines that are too long are cut. */
char *channel_read(struct channel *channel);
int channel_write(struct channel *channel, const char *line);
