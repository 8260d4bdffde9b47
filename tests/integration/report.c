/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The report says of the device, and the log of the session, what a guest cannot see.
 */
#include "integration/report.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#include "util/cleanup.h"
#include "util/macro.h"

/* Words for what no guest and no device may bring about. */
static const char *const never_logged[] = {
        "is not foreseen",
        "is not sent",
        "a packet of ours was not valid",
};

void report_open(struct report *r)
{
        r->text[0] = r->log[0] = '\0';
        r->fd = memfd_create("report", MFD_CLOEXEC);
        r->log_fd = memfd_create("log", MFD_CLOEXEC);
        assert_true(r->fd >= 0 && r->log_fd >= 0);
}

void report_close(struct report *r)
{
        r->fd = close_fd(r->fd);
        r->log_fd = close_fd(r->log_fd);
}

static void read_end(int fd, char *text, size_t size)
{
        off_t length = lseek(fd, 0, SEEK_END);
        ssize_t n;

        n = pread(fd, text, size - 1, length > (off_t)size - 1 ? length - (off_t)size + 1 : 0);
        assert_true(n >= 0);
        text[n] = '\0';
}

void report_read(struct report *r)
{
        read_end(r->fd, r->text, sizeof(r->text));
        read_end(r->log_fd, r->log, sizeof(r->log));

        for (size_t i = 0; i < ELEMENTS(never_logged); i++)
                if (report_logged(r, never_logged[i]))
                        fail_msg("the session logged:\n%s", r->log);
}

_Bool report_logged(const struct report *r, const char *text)
{
        return strstr(r->log, text) != NULL;
}

uint64_t report_value(const struct report *r, const char *key)
{
        size_t length = strlen(key);

        for (const char *line = r->text; line && *line; line = strchr(line, '\n')) {
                line += *line == '\n';
                if (!strncmp(line, key, length) && line[length] == '=')
                        return strtoull(line + length + 1, NULL, 10);
        }

        fail_msg("no \"%s\" in the report \"%s\"; log:\n%s", key, r->text, r->log);
        return 0;
}

static void assert_value(const struct report *r, const char *key, uint64_t wanted)
{
        uint64_t value = report_value(r, key);

        if (value != wanted)
                fail_msg("%s is %llu, not %llu; log:\n%s", key, (unsigned long long)value,
                         (unsigned long long)wanted, r->log);
}

void report_assert_unplugged(const struct report *r)
{
        static const char *const none[] = {
                "in-flight",          "open-handles",         "leaked-transfers",
                "leaked-descriptors", "leaked-device-memory", "misuse",
                "streams-lost",
        };

        for (size_t i = 0; i < ELEMENTS(none); i++)
                assert_value(r, none[i], 0);
}

void report_assert_returned(const struct report *r, uint8_t configuration)
{
        report_assert_unplugged(r);
        assert_value(r, "unplugged", 0);
        assert_value(r, "claimed-interfaces", 0);
        assert_value(r, "configuration", configuration);
        if (configuration == 1) {
                assert_value(r, "kernel-driver-0", 1);
                assert_value(r, "kernel-driver-1", 1);
                assert_value(r, "alt-setting-1", 0);
        }
}
