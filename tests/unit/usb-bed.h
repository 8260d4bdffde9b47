#pragma once
/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the tests of src/usb stand on: an event loop with libusb's on it, where libusb is the fake,
 * and the fake's report once they are closed. Include after cmocka.h.
 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>

#include "fake-libusb/bed.h"
#include "unit/run-until.h"
#include "usb/loop.h"

struct usb_bed {
        struct event_base *base;
        struct usb_loop *loop;
        struct bed fake;
};

static inline void usb_bed_open(struct usb_bed *bed, const char *options)
{
        char text[1024];

        *bed = (struct usb_bed){ .fake.report_fd = memfd_create("report", MFD_CLOEXEC) };
        assert_true(bed->fake.report_fd >= 0);
        snprintf(text, sizeof(text), "report-fd=%i%s%s", bed->fake.report_fd, *options ? "," : "",
                 options);
        assert_int_equal(setenv("FAKE_LIBUSB", text, 1), 0);

        bed->base = event_base_new();
        assert_non_null(bed->base);
        assert_int_equal(usb_loop_new(&bed->loop, bed->base, true), 0);
}

/* Afterwards bed_reported(&bed->fake, ...) tells; nothing may have leaked or been misused. */
static inline void usb_bed_close(struct usb_bed *bed)
{
        static const char *const zeros[] = { "open-handles", "leaked-transfers",
                                             "leaked-descriptors", "leaked-device-memory",
                                             "misuse" };

        usb_loop_free(bed->loop);
        event_base_free(bed->base);
        bed_close(&bed->fake);
        for (size_t i = 0; i < sizeof(zeros) / sizeof(zeros[0]); i++)
                if (bed_reported(&bed->fake, zeros[i]) != 0)
                        fail_msg("the report has %s=%llu", zeros[i],
                                 (unsigned long long)bed_reported(&bed->fake, zeros[i]));
}
