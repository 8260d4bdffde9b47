#pragma once
/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A device for tests, 1209:0002, high speed:
 *
 *      configuration 1
 *        interface 0  alt 0   bulk OUT 01, bulk IN 81: what goes in comes out
 *                     alt 1   bulk OUT 02, bulk IN 82: the same, on its own
 *        interface 1  alt 0   interrupt OUT 03, interrupt IN 83
 *      configuration 2
 *        interface 0  alt 0   bulk OUT 01, bulk IN 81
 *
 * Interrupt IN NAKs until something is pushed. Vendor requests let a program on the other side do
 * what a test does with the functions here.
 */
#include "emulated/device.h"

enum {
        GADGET_VENDOR = 0x1209,
        GADGET_PRODUCT = 0x0002,
        GADGET_BULK_OUT = 0x01,
        GADGET_BULK_IN = 0x81,
        GADGET_ALT_BULK_OUT = 0x02,
        GADGET_ALT_BULK_IN = 0x82,
        GADGET_INTERRUPT_OUT = 0x03,
        GADGET_INTERRUPT_IN = 0x83,
        GADGET_INTERRUPT_PACKET = 64,
        GADGET_ECHO_MAX = 4096,
};

/* bRequest of vendor requests to the device (40h OUT, c0h IN). */
enum gadget_request {
        GADGET_ECHO = 1,  /* OUT: keeps the data; IN: gives it back */
        GADGET_REFUSE,    /* stalls */
        GADGET_HANG,      /* is never answered */
        GADGET_STALL,     /* OUT: wIndex is the endpoint that stalls */
        GADGET_INTERRUPT, /* OUT: the data becomes a packet of the interrupt IN endpoint */
};

struct gadget;

struct gadget_options {
        const char *port;       /* "1-1" if NULL */
        uint8_t busnum, devnum; /* 1 and 2 if 0 */
        const char *serial;     /* "EMULATED0002" if NULL */
};

int gadget_new(struct gadget **ret, const struct gadget_options *options);
struct gadget *gadget_free(struct gadget *gadget); /* after the testbed */
DEFINE_CLEANUP(struct gadget, gadget_free)

struct emulated_device *gadget_device(struct gadget *gadget);

/* A packet for the interrupt IN endpoint, up to GADGET_INTERRUPT_PACKET bytes. */
int gadget_push_interrupt(struct gadget *gadget, const void *data, size_t size);

/* The oldest packet the interrupt OUT endpoint has got. Its size, -EAGAIN if there is none. */
int gadget_take_interrupt(struct gadget *gadget, void *data, size_t size);

/* The endpoint's next transfer stalls, and so all until the halt is cleared. */
void gadget_stall(struct gadget *gadget, uint8_t endpoint);

/* What was sent to a loopback and is not yet fetched, in bytes. */
size_t gadget_buffered(struct gadget *gadget, uint8_t out_endpoint);
