/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The phase says which transfer is due; a transfer on the other endpoint is NAKed until it is its
 * turn. When host and device disagree on the data, the endpoint stalls as the specification's
 * thirteen cases want it; after an invalid command block both endpoints stall, through clear halt,
 * until the Reset Recovery (the class request, then both halts cleared).
 */
#include <endian.h>
#include <stdlib.h>
#include <string.h>

#include "emulated/bot.h"
#include "emulated/device.h"
#include "util/macro.h"

enum { CBW_SIZE = 31, CSW_SIZE = 13 };
enum { CBW_SIGNATURE = 0x43425355, CSW_SIGNATURE = 0x53425355 };
enum { STATUS_PASSED, STATUS_FAILED, STATUS_PHASE_ERROR };

static void end_command(struct bot *bot)
{
        free(bot->transfer.in);
        bot->transfer = (struct scsi_transfer){ 0 };
        free(bot->out);
        bot->out = NULL;
}

void bot_restart(struct bot *bot)
{
        end_command(bot);
        bot->phase = BOT_COMMAND;
}

/* The command is decided; what phase comes first, by the cases of the specification. */
static enum bot_phase first_phase(struct bot *bot, bool host_reads)
{
        struct scsi_transfer *transfer = &bot->transfer;

        if (bot->host_length == 0) {
                if (transfer->in_size > 0 || transfer->out_size > 0)
                        bot->status = STATUS_PHASE_ERROR;
                return BOT_STATUS;
        }
        if (host_reads) {
                if (transfer->out_size > 0 || transfer->in_size > bot->host_length)
                        bot->status = STATUS_PHASE_ERROR;
                return transfer->in_size > 0 && bot->status != STATUS_PHASE_ERROR ? BOT_DATA_IN
                                                                                  : BOT_STALL_IN;
        }
        if (transfer->in_size > 0 || transfer->out_size > bot->host_length)
                bot->status = STATUS_PHASE_ERROR;
        return transfer->out_size > 0 && bot->status != STATUS_PHASE_ERROR ? BOT_DATA_OUT
                                                                           : BOT_STALL_OUT;
}

static int take_command(struct bot *bot, const uint8_t *block, size_t length)
{
        uint32_t signature = 0, tag, host_length;
        bool passed;

        memcpy(&signature, block, MIN(length, sizeof(signature)));
        if (length != CBW_SIZE || le32toh(signature) != CBW_SIGNATURE || block[13] != 0 ||
            block[14] == 0 || block[14] > 16) {
                bot->phase = BOT_BROKEN;
                return EMULATED_STALL;
        }
        memcpy(&tag, block + 4, sizeof(tag));
        memcpy(&host_length, block + 8, sizeof(host_length));
        end_command(bot);
        bot->tag = tag;
        bot->host_length = le32toh(host_length);
        bot->moved = 0;
        passed = scsi_execute(bot->disk, block + 15, block[14], &bot->transfer);
        bot->status = passed ? STATUS_PASSED : STATUS_FAILED;
        bot->phase = first_phase(bot, (block[12] & USB_DIR_IN) != 0);
        if (bot->phase == BOT_DATA_OUT) {
                bot->out = malloc(bot->transfer.out_size);
                if (!bot->out) {
                        bot->status = STATUS_FAILED;
                        bot->phase = BOT_STALL_OUT;
                }
        }
        return CBW_SIZE;
}

static int take_data(struct bot *bot, const uint8_t *data, size_t length)
{
        size_t n = MIN(length, bot->transfer.out_size - bot->moved);

        memcpy(bot->out + bot->moved, data, n);
        bot->moved += n;
        if (bot->moved < bot->transfer.out_size)
                return (int)length;
        if (!scsi_write(bot->disk, &bot->transfer, bot->out, bot->moved))
                bot->status = STATUS_FAILED;
        bot->phase = bot->moved < bot->host_length && n == length ? BOT_STALL_OUT : BOT_STATUS;
        return (int)length;
}

static int give_data(struct bot *bot, uint8_t *data, size_t length)
{
        size_t n = MIN(length, bot->transfer.in_size - bot->moved);

        memcpy(data, bot->transfer.in + bot->moved, n);
        bot->moved += n;
        if (bot->moved == bot->transfer.in_size)
                bot->phase = bot->moved < bot->host_length ? BOT_STALL_IN : BOT_STATUS;
        return (int)n;
}

static int give_status(struct bot *bot, uint8_t *data, size_t length)
{
        uint32_t words[3] = {
                htole32(CSW_SIGNATURE),
                bot->tag,
                htole32((uint32_t)(bot->host_length - MIN(bot->moved, bot->host_length))),
        };

        if (length < CSW_SIZE)
                return -EOVERFLOW;
        memcpy(data, words, sizeof(words));
        data[sizeof(words)] = bot->status;
        bot_restart(bot);
        return CSW_SIZE;
}

static int stall(struct bot *bot)
{
        bot->phase = BOT_STATUS;
        return EMULATED_STALL;
}

int bot_out(struct bot *bot, const uint8_t *data, size_t length)
{
        switch (bot->phase) {
        case BOT_COMMAND: return take_command(bot, data, length);
        case BOT_DATA_OUT: return take_data(bot, data, length);
        case BOT_STALL_OUT: return stall(bot);
        case BOT_BROKEN: return EMULATED_STALL;
        case BOT_DATA_IN:
        case BOT_STALL_IN:
        case BOT_STATUS: return EMULATED_NAK;
        }
        return EMULATED_STALL;
}

int bot_in(struct bot *bot, uint8_t *data, size_t length)
{
        switch (bot->phase) {
        case BOT_DATA_IN: return give_data(bot, data, length);
        case BOT_STATUS: return give_status(bot, data, length);
        case BOT_STALL_IN: return stall(bot);
        case BOT_BROKEN: return EMULATED_STALL;
        case BOT_COMMAND:
        case BOT_DATA_OUT:
        case BOT_STALL_OUT: return EMULATED_NAK;
        }
        return EMULATED_STALL;
}
