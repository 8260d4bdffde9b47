#pragma once
/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Log lines to standard error: "usbredir-session[1-1]: text". Where that is the journal
 * (JOURNAL_STREAM) each line carries its syslog priority instead of the program's name, which the
 * journal adds itself.
 * Text of a peer is data: pass it as an argument, never as the format; control characters and
 * bytes that are not printable ASCII are escaped as \xNN.
 */
#include <stdbool.h>

#include "util/macro.h"

enum log_level {
        LOG_LEVEL_ERROR,
        LOG_LEVEL_WARNING,
        LOG_LEVEL_NOTICE,
        LOG_LEVEL_INFO,
        LOG_LEVEL_DEBUG,
};

/* Sets the name that starts each line. The string must outlive the program. */
void log_set_name(const char *name);

/* Adds the object the program is about, "[1-1]"; cut at 63 bytes. */
void log_set_object(const char *object);

void log_set_level(enum log_level level);
bool log_enabled(enum log_level level);

/* Is standard error the journal? */
bool log_is_journal(void);

/* "error", "warning", "notice", "info", "debug". Returns 0 or -EINVAL. */
int log_level_from_string(const char *text, enum log_level *ret_level);

void log_write(enum log_level level, const char *format, ...) PRINTF(2, 3);

#define log_error(...)   log_write(LOG_LEVEL_ERROR, __VA_ARGS__)
#define log_warning(...) log_write(LOG_LEVEL_WARNING, __VA_ARGS__)
#define log_notice(...)  log_write(LOG_LEVEL_NOTICE, __VA_ARGS__)
#define log_info(...)    log_write(LOG_LEVEL_INFO, __VA_ARGS__)
#define log_debug(...)                                                                             \
        do {                                                                                       \
                if (log_enabled(LOG_LEVEL_DEBUG))                                                  \
                        log_write(LOG_LEVEL_DEBUG, __VA_ARGS__);                                   \
        } while (0)
