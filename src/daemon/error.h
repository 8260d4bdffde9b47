#pragma once
/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the daemon refuses or could not do, as those who asked are told: a kind, which has a name on
 * D-Bus, and a sentence that says what to do next.
 */
#include "util/macro.h"

/* clang-format off */
/*        kind                  name on D-Bus */
#define ERRORS(E) \
        E(NO_SUCH_DEVICE,       "org.usbredir1.Error.NoSuchDevice") \
        E(AMBIGUOUS_DEVICE,     "org.usbredir1.Error.AmbiguousDevice") \
        E(NO_SUCH_GUEST,        "org.usbredir1.Error.NoSuchGuest") \
        E(NO_FREE_CHANNEL,      "org.usbredir1.Error.NoFreeChannel") \
        E(DENIED,               "org.usbredir1.Error.Denied") \
        E(IN_USE,               "org.usbredir1.Error.InUse") \
        E(ALREADY_ATTACHED,     "org.usbredir1.Error.AlreadyAttached") \
        E(NOT_ATTACHED,         "org.usbredir1.Error.NotAttached") \
        E(CONNECT_FAILED,       "org.usbredir1.Error.ConnectFailed") \
        E(TLS_FAILED,           "org.usbredir1.Error.TLSFailed") \
        E(GUEST_REJECTED,       "org.usbredir1.Error.GuestRejected") \
        E(DEVICE_LOST,          "org.usbredir1.Error.DeviceLost") \
        E(INVALID_RULE,         "org.usbredir1.Error.InvalidRule") \
        E(NO_SUCH_RULE,         "org.usbredir1.Error.NoSuchRule") \
        E(PAUSED,               "org.usbredir1.Error.Paused") \
        E(LIMIT_REACHED,        "org.usbredir1.Error.LimitReached") \
        E(INVALID_ARGS,         "org.freedesktop.DBus.Error.InvalidArgs") \
        E(INVALID_FILES,        "org.freedesktop.DBus.Error.InvalidFileContent") \
        E(ACCESS_DENIED,        "org.freedesktop.DBus.Error.AccessDenied") \
        E(INTERACTION_REQUIRED, "org.freedesktop.DBus.Error.InteractiveAuthorizationRequired") \
        E(FAILED,               "org.freedesktop.DBus.Error.Failed")
/* clang-format on */

enum error_kind {
#define ERROR_VALUE(kind, name) ERROR_##kind,
        ERRORS(ERROR_VALUE)
#undef ERROR_VALUE
};

struct error {
        enum error_kind kind;
        char text[512]; /* UTF-8 without control characters, may be cut */
};

/* Returns -EINVAL, to be passed on. */
int error_set(struct error *error, enum error_kind kind, const char *format, ...) PRINTF(3, 4);

const char *error_kind_name(enum error_kind kind);
