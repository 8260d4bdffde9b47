#pragma once
/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What is left when a session is over: the fake device's report, and what the session wrote to
 * standard error. Both go to files in memory.
 */
#include <stdint.h>

#define REPORT_SIZE 4096
#define LOG_SIZE    (64 * 1024)

struct report {
        int fd, log_fd;
        char text[REPORT_SIZE]; /* "key=value" lines, after report_read() */
        char log[LOG_SIZE];     /* the end of it, if it is longer */
};

void report_open(struct report *r);
void report_close(struct report *r);

/* Reads both, and fails the test if the log has a line that is never right. */
void report_read(struct report *r);

/* A value of the report; fails the test if there is no such line. */
uint64_t report_value(const struct report *r, const char *key);

/* Is the text in the log? */
_Bool report_logged(const struct report *r, const char *text);

/*
 * Fails the test unless all was given back: nothing in flight, nothing claimed or open, drivers
 * attached, this configuration in force, nothing leaked, no misuse of libusb.
 */
void report_assert_returned(const struct report *r, uint8_t configuration);

/* The same of a device that is gone: what is left of it here. */
void report_assert_unplugged(const struct report *r);
