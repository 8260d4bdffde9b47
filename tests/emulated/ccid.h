#pragma once
/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A smartcard reader with a card in it, as its bulk endpoints see it: USB CCID 1.1, section 6.
 * The card has an answer to reset, and knows no instruction.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { CCID_HEADER = 10, CCID_MESSAGE_MAX = 271 };

struct ccid {
        bool is_powered;
        uint8_t answer[CCID_MESSAGE_MAX];
        size_t answer_size; /* 0: none to be fetched */
};

/* The card without power, nothing to be fetched. */
void ccid_restart(struct ccid *ccid);

/* As the transfer callbacks (device.h): bytes, EMULATED_NAK or EMULATED_STALL. */
int ccid_out(struct ccid *ccid, const uint8_t *data, size_t size);
int ccid_in(struct ccid *ccid, uint8_t *data, size_t size);
