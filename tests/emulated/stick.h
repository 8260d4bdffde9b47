#pragma once
/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A USB stick: mass storage with the Bulk-Only Transport, 1209:0001, bulk IN 81 and bulk OUT 02.
 */
#include "emulated/device.h"

enum { STICK_VENDOR = 0x1209, STICK_PRODUCT = 0x0001, STICK_IN = 0x81, STICK_OUT = 0x02 };

struct stick;

struct stick_options {
        const char *port;            /* "1-1" if NULL */
        uint8_t busnum, devnum;      /* 1 and 2 if 0 */
        enum usb_device_speed speed; /* USB_SPEED_HIGH if 0, or USB_SPEED_SUPER */
        const char *serial;          /* "EMULATED0001" if NULL; up to 31 characters */
        /* Read and written; NULL: one in memory that boots (boot-sector.h). */
        const char *image;
};

/* What the stick writes to the guest's first serial port when a guest boots from it. */
#define STICK_BOOT_LINE "usbredir: booted from the redirected stick"

int stick_new(struct stick **ret, const struct stick_options *options);
struct stick *stick_free(struct stick *stick); /* after the testbed */
DEFINE_CLEANUP(struct stick, stick_free)

struct emulated_device *stick_device(struct stick *stick);
uint64_t stick_blocks_read(struct stick *stick);
uint64_t stick_blocks_written(struct stick *stick);
