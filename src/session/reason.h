#pragma once
/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Why a session ended: the exit code, and a sentence for people. The place in the table is the
 * number that is told to the daemon, which may be of another version: new ones come last.
 */
#include <stdbool.h>
#include <stdint.h>

/* clang-format off */
/*        name            exit  sentence */
#define SESSION_REASONS(R) \
        R(ASKED,           0,   "ended as asked") \
        R(GUEST_LEFT,      1,   "the guest closed the connection") \
        R(FAILURE,         1,   "internal failure") \
        R(LINK_LOST,       1,   "the connection to the guest was lost") \
        R(PROTOCOL,        1,   "the guest broke the protocol") \
        R(USAGE,           2,   "wrong usage") \
        R(NOT_FOUND,       3,   "the device was not found") \
        R(BUSY,            4,   "the device is used by another program") \
        R(ACCESS_DENIED,   5,   "access to the device was denied") \
        R(CONNECT_FAILED,  6,   "no connection to the guest") \
        R(GUEST_REJECTED,  7,   "the guest rejected the device") \
        R(DEVICE_LOST,     8,   "the device is gone") \
        R(RESET_LOST,      8,   "the device was lost in a reset")
/* clang-format on */

enum session_reason {
#define REASON_VALUE(name, exit, sentence) REASON_##name,
        SESSION_REASONS(REASON_VALUE)
#undef REASON_VALUE
};

/* Is there a reason of that number? */
bool session_reason_is_known(uint32_t number);

/* The one for a negative errno of the device. */
enum session_reason session_reason_of_device(int error);

int session_reason_exit_code(enum session_reason reason);
const char *session_reason_string(enum session_reason reason);
