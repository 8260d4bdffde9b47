#pragma once
/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the fake's own tests stand on: one context with one open handle on the fake device, and the
 * report that the fake writes when the context is closed.
 */
#include <libusb.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* How long anything may take that is not meant to wait. */
#define BED_DEADLINE_SEC 30

struct bed {
        libusb_context *context;
        libusb_device_handle *handle;
        int report_fd;
        char report[4096];
};

/* Device with these options ("" for the usual one), wrapped, nothing claimed. */
void bed_open(struct bed *bed, const char *options);

/* The same with interfaces 0 and 1 claimed and interface 1 in alternate setting 1. */
void bed_open_claimed(struct bed *bed, const char *options);

/* Closes what is open and reads the report. */
void bed_close(struct bed *bed);

/* A value of the report, after bed_close(); fails the test if there is no such line. */
uint64_t bed_reported(const struct bed *bed, const char *key);

/* A transfer that counts its completions in *count; length bytes of memory are its own. */
struct libusb_transfer *bed_transfer(struct bed *bed, uint8_t type, uint8_t endpoint, int length,
                                     int *count);

/* An iso transfer of so many packets of size bytes each. */
struct libusb_transfer *bed_iso(struct bed *bed, uint8_t endpoint, int n_packets, int size,
                                int *count);

/* Handles events until *count is wanted; fails the test after the deadline. */
void bed_wait(struct bed *bed, const int *count, int wanted);

/* Handles the events that are there, without waiting. */
void bed_round(struct bed *bed);

/* Submits, waits for the completion, returns the status. */
enum libusb_transfer_status bed_run(struct bed *bed, struct libusb_transfer *transfer);

/* Whether a descriptor of libusb_get_pollfds() is ready. */
bool bed_is_readable(struct bed *bed);

/* Byte at an offset of the endless pattern. */
uint8_t bed_pattern(uint64_t offset);
