#pragma once
/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * For tests of src/usb with the real libusb: the gadget plugged into a testbed, opened through
 * usb_device_open_address() on an event loop, and a record of what became of each transfer.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <event2/event.h>

#include "emulated/gadget.h"
#include "emulated/testbed.h"
#include "usb/device.h"

enum {
        BED_DEADLINE_MS = 30000,
        BED_MEMORY = 14 << 20, /* the share of usbfs memory, unless a test says otherwise */
        BED_TRANSFERS_MAX = 16,
        BED_INTERFACES = 2, /* of the gadget's first configuration */
        BED_ALL = (1 << BED_INTERFACES) - 1,
};

/* What has become of a transfer; its id is the index. */
struct bed_outcome {
        struct usb_transfer *transfer; /* until bed_close() */
        int error;                     /* of the submission */
        bool is_abandoned;
        unsigned completions;
        enum usb_status status;
        uint32_t actual;
};

struct bed {
        struct testbed *testbed;
        struct gadget *gadget;
        struct emulated_device *device;
        struct event_base *base;
        struct usb_loop *loop;
        struct usb_device *usb; /* NULL before bed_open() */

        struct bed_outcome outcomes[BED_TRANSFERS_MAX];
        size_t transfers;
        unsigned completed, reaped, gone; /* calls of the events */
};

/* The emulated device's side: interfaces as masks, the configuration, the alt setting of 0. */
struct bed_state {
        unsigned claimed, bound;
        int configuration, alt;
};

/* The gadget is plugged in, and nobody has it open. */
struct bed *bed_new(void);
int bed_open(struct bed *bed, size_t memory); /* result of usb_device_open_address() */

/*
 * Waits for what is in flight, closes the device without giving it back, and fails if anything is
 * left: a claim, a URB, an open node, a transfer that was not completed exactly once.
 */
void bed_close(struct bed *bed);
void bed_free(struct bed *bed);

/* With cmocka: *state is the bed, opened and claimed; the end gives the device back first. */
int bed_setup_claimed(void **state);
int bed_teardown_claimed(void **state);
int bed_setup_opened(void **state);

struct bed_state bed_state(const struct bed *bed);
#define bed_assert_state(bed, ...)                                                                 \
        bed_assert_state_at(bed, (struct bed_state){ __VA_ARGS__ }, __FILE__, __LINE__)
void bed_assert_state_at(const struct bed *bed, struct bed_state want, const char *file, int line);

/*
 * Submits a transfer and returns its record. Data may be NULL: zeroes, or room. A control
 * transfer is a vendor request to the device; its direction is the endpoint's (00 or 80).
 */
struct bed_outcome *bed_submit(struct bed *bed, uint8_t endpoint, const void *data, uint32_t size);
struct bed_outcome *bed_control(struct bed *bed, uint8_t endpoint, uint8_t request,
                                const void *data, uint16_t size);
void bed_abandon(struct bed_outcome *outcome);

/* Runs the event loop until the condition holds; fails after the deadline. */
void bed_run_until(struct bed *bed, bool (*is_so)(struct bed *bed, void *userdata), void *userdata);
/* Until the transfer has completed; its status, or the error of its submission. */
int bed_wait(struct bed *bed, struct bed_outcome *outcome);
/* Until none is in flight. */
void bed_wait_idle(struct bed *bed);
/* Runs what is ready now. */
void bed_run_ready(struct bed *bed);
