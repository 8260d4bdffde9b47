#pragma once
/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A SCSI disk: the commands that firmware and Linux send to a USB stick, over an image file.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

enum { SCSI_BLOCK_SIZE = 512, SCSI_TRANSFER_MAX = 64 << 20 };

/* Owned by whoever embeds it. */
struct scsi_disk {
        int image; /* open for reading and writing */
        uint64_t blocks;
        char serial[32];
        /* What REQUEST SENSE tells: the sense key and the additional code with its qualifier. */
        uint8_t sense_key;
        uint16_t sense_code;
        uint64_t blocks_read;
        uint64_t blocks_written;
};

/* What a command wants to move. */
struct scsi_transfer {
        uint8_t *in; /* to the host; freed by the caller */
        size_t in_size;
        size_t out_size; /* wanted from the host, for scsi_write() */
        off_t out_offset;
};

/* The image's size is rounded down to blocks. Returns 0 or a negative errno. */
int scsi_init(struct scsi_disk *disk, int image, const char *serial);

/* False: CHECK CONDITION, with sense data for the next REQUEST SENSE. *ret is set always. */
bool scsi_execute(struct scsi_disk *disk, const uint8_t *cdb, size_t cdb_length,
                  struct scsi_transfer *ret);

/* The data of a command that wanted some. False: CHECK CONDITION. */
bool scsi_write(struct scsi_disk *disk, const struct scsi_transfer *transfer, const uint8_t *data,
                size_t size);
