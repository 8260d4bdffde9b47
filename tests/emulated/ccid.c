/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * One slot, one command at a time: the host sends one and fetches its answer. A command sent
 * before that waits, a damaged one stalls.
 */
#include <string.h>

#include "emulated/ccid.h"
#include "emulated/device.h"
#include "util/macro.h"

enum ccid_command {
        ICC_POWER_ON = 0x62,
        ICC_POWER_OFF = 0x63,
        GET_SLOT_STATUS = 0x65,
        GET_PARAMETERS = 0x6c,
        XFR_BLOCK = 0x6f,
};

enum ccid_answer { DATA_BLOCK = 0x80, SLOT_STATUS = 0x81, PARAMETERS = 0x82 };

enum {
        ICC_ACTIVE = 0,
        ICC_INACTIVE = 1,
        COMMAND_FAILED = 0x40,
        ERROR_COMMAND = 0, /* not supported */
        ERROR_SLOT = 5,
        ERROR_ICC_MUTE = 0xfe,
};

/* T=0, "USBREDIR" as historical bytes. */
static const uint8_t answer_to_reset[] = {
        0x3b, 0x68, 0x00, 'U', 'S', 'B', 'R', 'E', 'D', 'I', 'R'
};
/* As TA1 to TC2 have them where they are missing: 372/1, direct, no guard time, WI 10. */
static const uint8_t parameters_t0[] = { 0x11, 0x00, 0x00, 0x0a, 0x00 };
static const uint8_t instruction_unknown[] = { 0x6d, 0x00 };

void ccid_restart(struct ccid *ccid)
{
        *ccid = (struct ccid){ 0 };
}

static void answer(struct ccid *ccid, const uint8_t *command, enum ccid_answer type,
                   const void *data, size_t size)
{
        memset(ccid->answer, 0, CCID_HEADER);
        ccid->answer[0] = (uint8_t)type;
        ccid->answer[1] = (uint8_t)size;
        ccid->answer[5] = command[5]; /* bSlot, bSeq */
        ccid->answer[6] = command[6];
        ccid->answer[7] = ccid->is_powered ? ICC_ACTIVE : ICC_INACTIVE;
        if (size > 0)
                memcpy(ccid->answer + CCID_HEADER, data, size);
        ccid->answer_size = CCID_HEADER + size;
}

static void refuse(struct ccid *ccid, const uint8_t *command, enum ccid_answer type, uint8_t error)
{
        answer(ccid, command, type, NULL, 0);
        ccid->answer[7] |= COMMAND_FAILED;
        ccid->answer[8] = error;
}

int ccid_out(struct ccid *ccid, const uint8_t *data, size_t size)
{
        if (ccid->answer_size > 0)
                return EMULATED_NAK;
        if (size < CCID_HEADER || size > CCID_MESSAGE_MAX ||
            size != CCID_HEADER + (size_t)(data[1] | data[2] << 8) || data[3] || data[4])
                return EMULATED_STALL;
        if (data[5] != 0) {
                refuse(ccid, data, SLOT_STATUS, ERROR_SLOT);
                return (int)size;
        }

        switch (data[0]) {
        case ICC_POWER_ON:
                ccid->is_powered = true;
                answer(ccid, data, DATA_BLOCK, answer_to_reset, sizeof(answer_to_reset));
                break;
        case ICC_POWER_OFF:
                ccid->is_powered = false;
                answer(ccid, data, SLOT_STATUS, NULL, 0);
                break;
        case GET_SLOT_STATUS: answer(ccid, data, SLOT_STATUS, NULL, 0); break;
        case GET_PARAMETERS:
                answer(ccid, data, PARAMETERS, parameters_t0, sizeof(parameters_t0));
                break;
        case XFR_BLOCK:
                if (ccid->is_powered)
                        answer(ccid, data, DATA_BLOCK, instruction_unknown,
                               sizeof(instruction_unknown));
                else
                        refuse(ccid, data, DATA_BLOCK, ERROR_ICC_MUTE);
                break;
        default: refuse(ccid, data, SLOT_STATUS, ERROR_COMMAND);
        }
        return (int)size;
}

int ccid_in(struct ccid *ccid, uint8_t *data, size_t size)
{
        size_t n = MIN(size, ccid->answer_size);

        if (n == 0)
                return EMULATED_NAK;
        memcpy(data, ccid->answer, n);
        ccid->answer_size -= n;
        memmove(ccid->answer, ccid->answer + n, ccid->answer_size);
        return (int)n;
}
