#pragma once
/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Full-speed devices that a person holds in the hand:
 *
 *      reader     1209:0003   smartcard reader, 0b/00/00: bulk OUT 01, bulk IN 81, interrupt IN 82
 *      keyboard   1209:0004   boot keyboard, 03/01/01: interrupt IN 83
 *      composite  1209:0005   both, the keyboard as interface 1
 *
 * The reader holds a card that answers to reset (ccid.h), and tells of it once. Nobody types.
 */
#include "emulated/device.h"

enum {
        TOKEN_CCID_OUT = 0x01,
        TOKEN_CCID_IN = 0x81,
        TOKEN_CCID_INTERRUPT = 0x82,
        TOKEN_KEYBOARD_INTERRUPT = 0x83,
};

enum token_kind { TOKEN_READER, TOKEN_KEYBOARD, TOKEN_COMPOSITE };

struct token;

struct token_options {
        enum token_kind kind;
        const char *port;       /* "1-1" if NULL */
        uint8_t busnum, devnum; /* 1 and 2 if 0 */
        const char *serial;     /* "EMULATED0003" and so on if NULL */
};

int token_new(struct token **ret, const struct token_options *options);
struct token *token_free(struct token *token); /* after the testbed */
DEFINE_CLEANUP(struct token, token_free)

struct emulated_device *token_device(struct token *token);
