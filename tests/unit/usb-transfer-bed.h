#pragma once
/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A set of transfers on the fake's device, interfaces claimed, that counts its events. Include
 * after cmocka.h.
 */
#include "unit/usb-bed.h"
#include "usb/transfer.h"
#include "util/macro.h"

/* A share of usbfs memory that is never short in a test. */
#define SHARE ((size_t)1 << 20)

/* Endpoints of the fake. */
enum {
        BULK_IN = 0x81,
        BULK_OUT = 0x02,
        SILENT_IN = 0x83,
        INTERRUPT_IN = 0x84,
        INTERRUPT_OUT = 0x05,
        HALTED_IN = 0x88,
        BABBLING_IN = 0x89,
        SHORT_IN = 0x8a,
};

struct transfer_bed {
        struct usb_bed usb;
        libusb_device_handle *handle;
        struct usb_transfers *set;

        int completions, reaped, gone;
        struct usb_transfer *last;
        uint64_t order[64]; /* ids, as they completed */
        struct usb_transfer *made[64];
        size_t n_made;
        uint64_t pattern; /* what the next OUT transfer begins with */
};

static inline void on_bed_complete(void *userdata, struct usb_transfer *transfer)
{
        struct transfer_bed *bed = userdata;

        assert_int_equal(transfer->state, USB_TRANSFER_IDLE);
        bed->order[bed->completions++ % 64] = transfer->id;
        bed->last = transfer;
}

static inline void on_bed_reaped(void *userdata)
{
        ((struct transfer_bed *)userdata)->reaped++;
}

static inline void on_bed_gone(void *userdata)
{
        ((struct transfer_bed *)userdata)->gone++;
}

static inline void transfer_bed_open(struct transfer_bed *bed, const char *options, size_t memory)
{
        static const struct usb_transfer_events events = { on_bed_complete, on_bed_reaped,
                                                           on_bed_gone };

        *bed = (struct transfer_bed){ 0 };
        usb_bed_open(&bed->usb, options);
        assert_int_equal(libusb_wrap_sys_device(usb_loop_context(bed->usb.loop), 0, &bed->handle),
                         0);
        libusb_set_auto_detach_kernel_driver(bed->handle, 1);
        assert_int_equal(libusb_claim_interface(bed->handle, 0), 0);
        assert_int_equal(
                usb_transfers_new(&bed->set, bed->usb.base, bed->handle, memory, &events, bed), 0);
}

/* Nothing may be in flight. */
static inline void transfer_bed_close(struct transfer_bed *bed)
{
        for (size_t i = 0; i < bed->n_made; i++)
                usb_transfer_free(bed->made[i]);
        usb_transfers_free(bed->set);
        libusb_close(bed->handle);
        usb_bed_close(&bed->usb);
        assert_int_equal(bed_reported(&bed->usb.fake, "pattern-mismatches"), 0);
        assert_int_equal(bed_reported(&bed->usb.fake, "in-flight"), 0);
}

/* The bed frees it, unless it is abandoned. OUT transfers go on with the pattern. */
static inline struct usb_transfer *make_transfer(struct transfer_bed *bed, uint64_t id,
                                                 uint8_t endpoint, uint32_t length)
{
        struct usb_transfer *t = usb_transfer_new(bed->set, length);

        assert_non_null(t);
        t->id = id;
        t->endpoint = endpoint;
        t->length = length;
        t->packet_size = 512;
        t->type = (endpoint & 0x7f) == 0                                  ? USB_ENDPOINT_CONTROL
                  : endpoint == INTERRUPT_IN || endpoint == INTERRUPT_OUT ? USB_ENDPOINT_INTERRUPT
                                                                          : USB_ENDPOINT_BULK;
        for (uint32_t i = 0; endpoint == BULK_OUT && i < length; i++)
                t->data[i] = bed_pattern(bed->pattern++);

        assert_true(bed->n_made < ELEMENTS(bed->made));
        bed->made[bed->n_made++] = t;
        return t;
}

/* The owner does not wait any longer; the bed forgets it. */
static inline void abandon(struct transfer_bed *bed, struct usb_transfer *t)
{
        for (size_t i = 0; i < bed->n_made; i++)
                if (bed->made[i] == t)
                        bed->made[i] = NULL;
        usb_transfer_abandon(t);
}

static inline void submit(struct usb_transfer *t)
{
        assert_int_equal(usb_transfer_submit(t), 0);
}

/* Submits it, and waits for it. */
static inline void run_transfer(struct transfer_bed *bed, struct usb_transfer *t)
{
        int before = bed->completions;

        submit(t);
        RUN_UNTIL(bed->usb.base, bed->completions > before);
        assert_ptr_equal(bed->last, t);
}

/* Its data is the pattern from that offset on. */
static inline void assert_pattern(const struct usb_transfer *t, uint64_t offset, uint32_t length)
{
        for (uint32_t i = 0; i < length; i++)
                if (t->data[i] != bed_pattern(offset + i))
                        fail_msg("byte %u is 0x%02x", i, t->data[i]);
}
