/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Opening, waiting and reporting for the fake's tests. Waiting is always for an event and always
 * ends; a test that needs longer than the deadline fails.
 */
#include "config.h"

#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "fake-libusb/bed.h"

void bed_open(struct bed *bed, const char *options)
{
        char text[1024];

        *bed = (struct bed){ 0 };
        bed->report_fd = memfd_create("report", MFD_CLOEXEC);
        assert_true(bed->report_fd >= 0);
        snprintf(text, sizeof(text), "report-fd=%d%s%s", bed->report_fd, *options ? "," : "",
                 options);
        assert_int_equal(setenv("FAKE_LIBUSB", text, 1), 0);
        assert_int_equal(libusb_init(&bed->context), 0);
        assert_int_equal(libusb_wrap_sys_device(bed->context, 0, &bed->handle), 0);
        assert_int_equal(libusb_set_auto_detach_kernel_driver(bed->handle, 1), 0);
}

void bed_open_claimed(struct bed *bed, const char *options)
{
        bed_open(bed, options);
        assert_int_equal(libusb_claim_interface(bed->handle, 0), 0);
        assert_int_equal(libusb_claim_interface(bed->handle, 1), 0);
        assert_int_equal(libusb_set_interface_alt_setting(bed->handle, 1, 1), 0);
}

void bed_close(struct bed *bed)
{
        ssize_t n;

        libusb_close(bed->handle);
        libusb_exit(bed->context);
        n = pread(bed->report_fd, bed->report, sizeof(bed->report) - 1, 0);
        assert_true(n > 0);
        bed->report[n] = '\0';
        close(bed->report_fd);
}

uint64_t bed_reported(const struct bed *bed, const char *key)
{
        const char *line = bed->report;
        size_t length = strlen(key);

        while (line && *line) {
                if (!strncmp(line, key, length) && line[length] == '=')
                        return strtoull(line + length + 1, NULL, 10);
                line = strchr(line, '\n');
                line = line ? line + 1 : NULL;
        }
        fail_msg("no \"%s\" in the report", key);
        return 0;
}

static void on_count(struct libusb_transfer *transfer)
{
        ++*(int *)transfer->user_data;
}

struct libusb_transfer *bed_transfer(struct bed *bed, uint8_t type, uint8_t endpoint, int length,
                                     int *count)
{
        struct libusb_transfer *transfer;

        transfer = libusb_alloc_transfer(0);
        assert_non_null(transfer);
        libusb_fill_bulk_transfer(transfer, bed->handle, endpoint, calloc(1, (size_t)length + 1),
                                  length, on_count, count, 0);
        transfer->type = type;
        transfer->flags = LIBUSB_TRANSFER_FREE_BUFFER;
        assert_non_null(transfer->buffer);
        return transfer;
}

struct libusb_transfer *bed_iso(struct bed *bed, uint8_t endpoint, int n_packets, int size,
                                int *count)
{
        struct libusb_transfer *transfer;

        transfer = libusb_alloc_transfer(n_packets);
        assert_non_null(transfer);
        libusb_fill_iso_transfer(transfer, bed->handle, endpoint,
                                 calloc((size_t)n_packets, (size_t)size), n_packets * size,
                                 n_packets, on_count, count, 0);
        libusb_set_iso_packet_lengths(transfer, (unsigned int)size);
        transfer->flags = LIBUSB_TRANSFER_FREE_BUFFER;
        assert_non_null(transfer->buffer);
        return transfer;
}

void bed_wait(struct bed *bed, const int *count, int wanted)
{
        struct timeval tick = { .tv_sec = BED_DEADLINE_SEC };
        time_t end = time(NULL) + BED_DEADLINE_SEC;

        while (*count < wanted) {
                assert_true(time(NULL) <= end);
                assert_int_equal(libusb_handle_events_timeout(bed->context, &tick), 0);
        }
}

void bed_round(struct bed *bed)
{
        struct timeval zero = { 0 };

        assert_int_equal(libusb_handle_events_timeout(bed->context, &zero), 0);
}

enum libusb_transfer_status bed_run(struct bed *bed, struct libusb_transfer *transfer)
{
        int count = 0;

        transfer->callback = on_count;
        transfer->user_data = &count;
        assert_int_equal(libusb_submit_transfer(transfer), 0);
        bed_wait(bed, &count, 1);
        assert_int_equal(count, 1);
        return transfer->status;
}

bool bed_is_readable(struct bed *bed)
{
        const struct libusb_pollfd **list = libusb_get_pollfds(bed->context);
        struct pollfd fds[8];
        nfds_t n = 0;
        int ready;

        assert_non_null(list);
        for (; list[n]; n++)
                fds[n] = (struct pollfd){ .fd = list[n]->fd, .events = list[n]->events };
        ready = poll(fds, n, 0);
        libusb_free_pollfds(list);
        return ready > 0;
}

uint8_t bed_pattern(uint64_t offset)
{
        uint32_t at = (uint32_t)(offset % 65536);

        return (uint8_t)(at ^ at >> 8);
}
