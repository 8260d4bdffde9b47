#pragma once
/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Why a session ended: the exit code, and a sentence for people. The place in the table is the
 * number that is told to the daemon, which may be of another version: new ones come last.
 */
#include <stdbool.h>
#include <stdint.h>

/* clang-format off */
/*        reason          exit  name on D-Bus     sentence */
#define SESSION_REASONS(R) \
        R(ASKED,           0,   "asked",          "ended as asked") \
        R(GUEST_LEFT,      1,   "guest-left",     "the guest closed the connection") \
        R(FAILURE,         1,   "failure",        "internal failure") \
        R(LINK_LOST,       1,   "link-lost",      "the connection to the guest was lost") \
        R(PROTOCOL,        1,   "protocol",       "the guest broke the protocol") \
        R(USAGE,           2,   "usage",          "wrong usage") \
        R(NOT_FOUND,       3,   "not-found",      "the device was not found") \
        R(BUSY,            4,   "busy",           "the device is used by another program") \
        R(ACCESS_DENIED,   5,   "access-denied",  "access to the device was denied") \
        R(CONNECT_FAILED,  6,   "connect-failed", "no connection to the guest") \
        R(GUEST_REJECTED,  7,   "guest-rejected", "the guest rejected the device") \
        R(DEVICE_LOST,     8,   "device-lost",    "the device is gone") \
        R(RESET_LOST,      8,   "reset-lost",     "the device was lost in a reset") \
        R(TLS_FAILED,      9,   "tls-failed",     "no encrypted connection to the guest")
/* clang-format on */

enum session_reason {
#define REASON_VALUE(reason, exit, name, sentence) REASON_##reason,
        SESSION_REASONS(REASON_VALUE)
#undef REASON_VALUE
};

/* Is there a reason of that number? */
bool session_reason_is_known(uint32_t number);

/* The one for a negative errno of the device. */
enum session_reason session_reason_of_device(int error);

/* "asked", "guest-left"… */
const char *session_reason_name(enum session_reason reason);

int session_reason_exit_code(enum session_reason reason);
const char *session_reason_string(enum session_reason reason);
