#pragma once
/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The device's side of the USB mass storage Bulk-Only Transport: a command block in, data one way
 * or the other, a status out.
 */
#include <stddef.h>
#include <stdint.h>

#include "emulated/scsi.h"

enum bot_phase {
        BOT_COMMAND,   /* a command block is awaited */
        BOT_DATA_OUT,  /* the host sends what the command wanted */
        BOT_DATA_IN,   /* the host fetches what there is */
        BOT_STALL_OUT, /* the next OUT transfer stalls, then comes the status */
        BOT_STALL_IN,  /* the next IN transfer stalls, then comes the status */
        BOT_STATUS,    /* the host fetches the status */
        BOT_BROKEN,    /* everything stalls until bot_restart() */
};

/* Starts zeroed but for the disk. Nothing is left to free after bot_restart(). */
struct bot {
        struct scsi_disk *disk;
        enum bot_phase phase;
        uint32_t tag;       /* the host's, as it came */
        size_t host_length; /* of data, as the command block says */
        size_t moved;
        uint8_t status;
        struct scsi_transfer transfer;
        uint8_t *out; /* collects transfer.out_size bytes */
};

/* Forgets the command: after a reset, a new configuration, or the class request for it. */
void bot_restart(struct bot *bot);

/* A transfer to the OUT endpoint, one from the IN endpoint. Results as of a device's callback. */
int bot_out(struct bot *bot, const uint8_t *data, size_t length);
int bot_in(struct bot *bot, uint8_t *data, size_t length);
