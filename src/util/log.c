/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * One line, one write(2), so that lines of several processes never mix. The line is made on the
 * stack: logging works when memory has run out, and inside the sandbox.
 */
#include "util/log.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define LINE_MAX_BYTES 1024

static const struct {
        const char *name;
        char priority; /* syslog's */
} levels[] = {
        [LOG_LEVEL_ERROR] = { "error", '3' },   [LOG_LEVEL_WARNING] = { "warning", '4' },
        [LOG_LEVEL_NOTICE] = { "notice", '5' }, [LOG_LEVEL_INFO] = { "info", '6' },
        [LOG_LEVEL_DEBUG] = { "debug", '7' },
};

static const char *program_name = "usbredir";
static char object_name[64];
static enum log_level maximum = LOG_LEVEL_INFO;

void log_set_name(const char *name)
{
        program_name = name;
}

void log_set_object(const char *object)
{
        snprintf(object_name, sizeof(object_name), "%s", object);
}

void log_set_level(enum log_level level)
{
        maximum = level;
}

bool log_enabled(enum log_level level)
{
        return level <= maximum;
}

int log_level_from_string(const char *text, enum log_level *ret_level)
{
        for (size_t i = 0; i < ELEMENTS(levels); i++)
                if (!strcmp(text, levels[i].name)) {
                        *ret_level = (enum log_level)i;
                        return 0;
                }

        return -EINVAL;
}

/* A variable that was inherited may speak of another stream. */
bool log_is_journal(void)
{
        const char *stream = getenv("JOURNAL_STREAM");
        unsigned long long device, inode;
        struct stat st;

        return stream && sscanf(stream, "%llu:%llu", &device, &inode) == 2 &&
               fstat(STDERR_FILENO, &st) == 0 && st.st_dev == device && st.st_ino == inode;
}

/* Appends text to line, escaped; returns the new length. One byte is always left for '\n'. */
static size_t append_escaped(char *line, size_t length, const char *text)
{
        for (; *text; text++) {
                unsigned char c = (unsigned char)*text;

                if (c >= 0x20 && c < 0x7f) {
                        if (length + 2 > LINE_MAX_BYTES)
                                break;
                        line[length++] = (char)c;
                } else {
                        if (length + 6 > LINE_MAX_BYTES)
                                break;
                        length += (size_t)snprintf(line + length, 5, "\\x%02x", c);
                }
        }

        return length;
}

void log_write(enum log_level level, const char *format, ...)
{
        char text[LINE_MAX_BYTES], line[LINE_MAX_BYTES];
        int saved_errno = errno;
        size_t length;
        va_list arguments;

        if (!log_enabled(level))
                return;

        va_start(arguments, format);
        vsnprintf(text, sizeof(text), format, arguments);
        va_end(arguments);

        if (log_is_journal() && object_name[0])
                length = (size_t)snprintf(line, sizeof(line), "<%c>[%s] ", levels[level].priority,
                                          object_name);
        else if (log_is_journal())
                length = (size_t)snprintf(line, sizeof(line), "<%c>", levels[level].priority);
        else if (object_name[0])
                length =
                        (size_t)snprintf(line, sizeof(line), "%s[%s]: ", program_name, object_name);
        else
                length = (size_t)snprintf(line, sizeof(line), "%s: ", program_name);

        length = append_escaped(line, MIN(length, sizeof(line) - 1), text);
        line[length++] = '\n';
        if (write(STDERR_FILENO, line, length) < 0) {
                /* Nowhere left to say it. */
        }

        errno = saved_errno;
}
