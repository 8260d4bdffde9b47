/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Commands are a table from operation code to function. A function fills a small answer, or says
 * which part of the image is to be read or written. What is not in the table fails as a stick's
 * would: CHECK CONDITION, ILLEGAL REQUEST.
 */
#include <endian.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "emulated/scsi.h"
#include "util/macro.h"

enum {
        SENSE_NONE = 0,
        SENSE_MEDIUM_ERROR = 3,
        SENSE_ILLEGAL_REQUEST = 5,
};

enum {
        CODE_READ_ERROR = 0x1100,
        CODE_WRITE_ERROR = 0x0c00,
        CODE_INVALID_COMMAND = 0x2000,
        CODE_OUT_OF_RANGE = 0x2100,
        CODE_INVALID_FIELD = 0x2400,
};

enum { ANSWER_MAX = 96 };

static uint64_t get_be(const uint8_t *bytes, size_t count)
{
        uint64_t value = 0;

        for (size_t i = 0; i < count; i++)
                value = value << 8 | bytes[i];
        return value;
}

static void put_be(uint8_t *bytes, size_t count, uint64_t value)
{
        for (size_t i = count; i-- > 0; value >>= 8)
                bytes[i] = (uint8_t)value;
}

static bool fail(struct scsi_disk *disk, uint8_t key, uint16_t code)
{
        disk->sense_key = key;
        disk->sense_code = code;
        return false;
}

/* Hands out an answer, of which the host allows so many bytes. */
static bool answer(struct scsi_transfer *ret, const uint8_t *data, size_t size, uint64_t allowed)
{
        ret->in_size = MIN(size, (size_t)allowed);
        ret->in = malloc(ANSWER_MAX);
        if (ret->in)
                memcpy(ret->in, data, ret->in_size);
        else
                ret->in_size = 0;
        return true;
}

static bool execute_nothing(struct scsi_disk *disk, const uint8_t *cdb, struct scsi_transfer *ret)
{
        return true;
}

static bool execute_request_sense(struct scsi_disk *disk, const uint8_t *cdb,
                                  struct scsi_transfer *ret)
{
        uint8_t sense[18] = { 0x70, 0, disk->sense_key, [7] = 10 };

        put_be(sense + 12, 2, disk->sense_code);
        fail(disk, SENSE_NONE, 0); /* told once */
        return answer(ret, sense, sizeof(sense), cdb[4]);
}

/* Pads with blanks, as SCSI's text fields are. */
static void put_text(uint8_t *field, size_t size, const char *text)
{
        memset(field, ' ', size);
        memcpy(field, text, MIN(size, strlen(text)));
}

static bool inquire_vital_page(struct scsi_disk *disk, const uint8_t *cdb,
                               struct scsi_transfer *ret)
{
        static const uint8_t pages[] = { 0x00, 0x80, 0x83 };
        uint8_t page[ANSWER_MAX] = { 0, cdb[2] };
        size_t serial = strlen(disk->serial);

        switch (cdb[2]) {
        case 0x00: /* the pages there are */
                page[3] = sizeof(pages);
                memcpy(page + 4, pages, sizeof(pages));
                break;
        case 0x80: /* unit serial number */
                page[3] = (uint8_t)serial;
                memcpy(page + 4, disk->serial, serial);
                break;
        case 0x83:              /* one designator: ASCII, vendor's name and serial number */
                page[4] = 0x02; /* ASCII */
                page[5] = 0x01; /* T10 vendor identification */
                page[7] = (uint8_t)(8 + serial);
                put_text(page + 8, 8, "usbredir");
                memcpy(page + 16, disk->serial, serial);
                page[3] = (uint8_t)(page[7] + 4);
                break;
        default: return fail(disk, SENSE_ILLEGAL_REQUEST, CODE_INVALID_FIELD);
        }
        return answer(ret, page, page[3] + 4U, get_be(cdb + 3, 2));
}

static bool execute_inquiry(struct scsi_disk *disk, const uint8_t *cdb, struct scsi_transfer *ret)
{
        uint8_t inquiry[36] = {
                [0] = 0x00, /* a direct access block device */
                [1] = 0x80, /* removable */
                [2] = 0x06, /* SPC-4 */
                [3] = 0x02, [4] = 36 - 5,
        };

        if (cdb[1] & 1)
                return inquire_vital_page(disk, cdb, ret);
        if (cdb[2] != 0)
                return fail(disk, SENSE_ILLEGAL_REQUEST, CODE_INVALID_FIELD);
        put_text(inquiry + 8, 8, "usbredir");
        put_text(inquiry + 16, 16, "Emulated stick");
        put_text(inquiry + 32, 4, "1.0");
        return answer(ret, inquiry, sizeof(inquiry), get_be(cdb + 3, 2));
}

static bool execute_mode_sense_6(struct scsi_disk *disk, const uint8_t *cdb,
                                 struct scsi_transfer *ret)
{
        static const uint8_t header[4] = { 3 }; /* no pages, not write protected */

        return answer(ret, header, sizeof(header), cdb[4]);
}

static bool execute_mode_sense_10(struct scsi_disk *disk, const uint8_t *cdb,
                                  struct scsi_transfer *ret)
{
        static const uint8_t header[8] = { 0, 6 };

        return answer(ret, header, sizeof(header), get_be(cdb + 7, 2));
}

static bool execute_read_capacity_10(struct scsi_disk *disk, const uint8_t *cdb,
                                     struct scsi_transfer *ret)
{
        uint8_t capacity[8];

        put_be(capacity, 4, MIN(disk->blocks - 1, (uint64_t)UINT32_MAX));
        put_be(capacity + 4, 4, SCSI_BLOCK_SIZE);
        return answer(ret, capacity, sizeof(capacity), sizeof(capacity));
}

static bool execute_service_action_in(struct scsi_disk *disk, const uint8_t *cdb,
                                      struct scsi_transfer *ret)
{
        uint8_t capacity[32] = { 0 };

        if ((cdb[1] & 0x1f) != 0x10) /* READ CAPACITY (16) */
                return fail(disk, SENSE_ILLEGAL_REQUEST, CODE_INVALID_FIELD);
        put_be(capacity, 8, disk->blocks - 1);
        put_be(capacity + 8, 4, SCSI_BLOCK_SIZE);
        return answer(ret, capacity, sizeof(capacity), get_be(cdb + 10, 4));
}

static bool execute_report_luns(struct scsi_disk *disk, const uint8_t *cdb,
                                struct scsi_transfer *ret)
{
        static const uint8_t luns[16] = { 0, 0, 0, 8 }; /* one, number 0 */

        return answer(ret, luns, sizeof(luns), get_be(cdb + 6, 4));
}

static bool is_within(const struct scsi_disk *disk, uint64_t block, uint64_t count)
{
        return block <= disk->blocks && count <= disk->blocks - block &&
               count <= SCSI_TRANSFER_MAX / SCSI_BLOCK_SIZE;
}

static bool read_blocks(struct scsi_disk *disk, uint64_t block, uint64_t count,
                        struct scsi_transfer *ret)
{
        size_t size = (size_t)count * SCSI_BLOCK_SIZE;
        uint8_t *data;

        if (!is_within(disk, block, count))
                return fail(disk, SENSE_ILLEGAL_REQUEST, CODE_OUT_OF_RANGE);
        data = malloc(size + 1);
        if (!data ||
            pread(disk->image, data, size, (off_t)(block * SCSI_BLOCK_SIZE)) != (ssize_t)size) {
                free(data);
                return fail(disk, SENSE_MEDIUM_ERROR, CODE_READ_ERROR);
        }
        ret->in = data;
        ret->in_size = size;
        disk->blocks_read += count;
        return true;
}

static bool write_blocks(struct scsi_disk *disk, uint64_t block, uint64_t count,
                         struct scsi_transfer *ret)
{
        if (!is_within(disk, block, count))
                return fail(disk, SENSE_ILLEGAL_REQUEST, CODE_OUT_OF_RANGE);
        ret->out_size = (size_t)count * SCSI_BLOCK_SIZE;
        ret->out_offset = (off_t)(block * SCSI_BLOCK_SIZE);
        return true;
}

static bool execute_read_10(struct scsi_disk *disk, const uint8_t *cdb, struct scsi_transfer *ret)
{
        return read_blocks(disk, get_be(cdb + 2, 4), get_be(cdb + 7, 2), ret);
}

static bool execute_read_16(struct scsi_disk *disk, const uint8_t *cdb, struct scsi_transfer *ret)
{
        return read_blocks(disk, get_be(cdb + 2, 8), get_be(cdb + 10, 4), ret);
}

static bool execute_write_10(struct scsi_disk *disk, const uint8_t *cdb, struct scsi_transfer *ret)
{
        return write_blocks(disk, get_be(cdb + 2, 4), get_be(cdb + 7, 2), ret);
}

static bool execute_write_16(struct scsi_disk *disk, const uint8_t *cdb, struct scsi_transfer *ret)
{
        return write_blocks(disk, get_be(cdb + 2, 8), get_be(cdb + 10, 4), ret);
}

static const struct {
        uint8_t operation;
        uint8_t cdb_length;
        bool (*execute)(struct scsi_disk *disk, const uint8_t *cdb, struct scsi_transfer *ret);
} commands[] = {
        { 0x00, 6, execute_nothing }, /* TEST UNIT READY */
        { 0x03, 6, execute_request_sense },
        { 0x12, 6, execute_inquiry },
        { 0x1a, 6, execute_mode_sense_6 },
        { 0x1b, 6, execute_nothing }, /* START STOP UNIT */
        { 0x1e, 6, execute_nothing }, /* PREVENT ALLOW MEDIUM REMOVAL */
        { 0x25, 10, execute_read_capacity_10 },
        { 0x28, 10, execute_read_10 },
        { 0x2a, 10, execute_write_10 },
        { 0x35, 10, execute_nothing }, /* SYNCHRONIZE CACHE */
        { 0x5a, 10, execute_mode_sense_10 },
        { 0x88, 16, execute_read_16 },
        { 0x8a, 16, execute_write_16 },
        { 0x91, 16, execute_nothing }, /* SYNCHRONIZE CACHE (16) */
        { 0x9e, 16, execute_service_action_in },
        { 0xa0, 12, execute_report_luns },
};

int scsi_init(struct scsi_disk *disk, int image, const char *serial)
{
        struct stat status;

        if (fstat(image, &status) < 0)
                return -errno;
        if (status.st_size < SCSI_BLOCK_SIZE)
                return -EINVAL;
        *disk = (struct scsi_disk){
                .image = image,
                .blocks = (uint64_t)status.st_size / SCSI_BLOCK_SIZE,
        };
        snprintf(disk->serial, sizeof(disk->serial), "%s", serial);
        return 0;
}

bool scsi_execute(struct scsi_disk *disk, const uint8_t *cdb, size_t cdb_length,
                  struct scsi_transfer *ret)
{
        *ret = (struct scsi_transfer){ 0 };
        for (size_t i = 0; i < ELEMENTS(commands); i++)
                if (commands[i].operation == cdb[0] && cdb_length >= commands[i].cdb_length)
                        return commands[i].execute(disk, cdb, ret);
        return fail(disk, SENSE_ILLEGAL_REQUEST, CODE_INVALID_COMMAND);
}

bool scsi_write(struct scsi_disk *disk, const struct scsi_transfer *transfer, const uint8_t *data,
                size_t size)
{
        if (pwrite(disk->image, data, size, transfer->out_offset) != (ssize_t)size)
                return fail(disk, SENSE_MEDIUM_ERROR, CODE_WRITE_ERROR);
        disk->blocks_written += size / SCSI_BLOCK_SIZE;
        return true;
}
