/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Every verb starts on a bed of its own, whose device is claimed unless the verb is about that, and
 * on which a guest has already done something: a reset is then a real one.
 */
#include "usb/verbs.h"

const char *verb_name(enum verb verb)
{
        static const char *const names[] = {
#define V(name) #name,
                VERBS(V)
#undef V
        };

        return names[verb];
}

static int open_it(struct bed *bed)
{
        return bed_open(bed, BED_MEMORY);
}

static int claim(struct bed *bed)
{
        return usb_device_claim(bed->usb);
}

static int set_configuration(struct bed *bed)
{
        return usb_device_set_configuration(bed->usb, 2);
}

static int set_alt(struct bed *bed)
{
        return usb_device_set_alt(bed->usb, 0, 1);
}

static int reset(struct bed *bed)
{
        return usb_device_reset(bed->usb);
}

static void halt(struct bed *bed)
{
        gadget_stall(bed->gadget, GADGET_BULK_IN);
        assert_int_equal(bed_wait(bed, bed_submit(bed, GADGET_BULK_IN, NULL, 512)),
                         USB_STATUS_STALL);
}

static int clear_halt(struct bed *bed)
{
        return usb_device_clear_halt(bed->usb, GADGET_BULK_IN);
}

static int control_in(struct bed *bed)
{
        return bed_wait(bed, bed_control(bed, 0x80, GADGET_ECHO, NULL, 64));
}

static int control_out(struct bed *bed)
{
        return bed_wait(bed, bed_control(bed, 0x00, GADGET_ECHO, "data", 4));
}

static int control_none(struct bed *bed)
{
        return bed_wait(bed, bed_control(bed, 0x00, GADGET_ECHO, NULL, 0));
}

static void fill(struct bed *bed)
{
        assert_int_equal(bed_wait(bed, bed_submit(bed, GADGET_BULK_OUT, "data", 4)), 0);
}

static int bulk_in(struct bed *bed)
{
        return bed_wait(bed, bed_submit(bed, GADGET_BULK_IN, NULL, 512));
}

static int bulk_out(struct bed *bed)
{
        return bed_wait(bed, bed_submit(bed, GADGET_BULK_OUT, "data", 4));
}

static void push(struct bed *bed)
{
        assert_int_equal(gadget_push_interrupt(bed->gadget, "ping", 4), 4);
}

static int interrupt_in(struct bed *bed)
{
        return bed_wait(bed, bed_submit(bed, GADGET_INTERRUPT_IN, NULL, 64));
}

static int interrupt_out(struct bed *bed)
{
        return bed_wait(bed, bed_submit(bed, GADGET_INTERRUPT_OUT, "pong", 4));
}

static void start_interrupt_in(struct bed *bed)
{
        assert_int_equal(bed_submit(bed, GADGET_INTERRUPT_IN, NULL, 64)->error, 0);
}

/* Comes back if the kernel has taken it back. */
static int cancel(struct bed *bed)
{
        bed_abandon(&bed->outcomes[0]);
        if (emulated_in_flight(bed->device, EMULATED_ALL_ENDPOINTS) == 0)
                bed_wait_idle(bed);
        return (int)usb_transfers_in_flight(usb_device_transfers(bed->usb), USB_ENDPOINTS_ALL);
}

static int release(struct bed *bed)
{
        return usb_device_release(bed->usb);
}

static void choose_2(struct bed *bed)
{
        assert_int_equal(usb_device_set_configuration(bed->usb, 2), 0);
}

static const struct {
        enum { PLUGGED, OPENED, CLAIMED } from;
        void (*prepare)(struct bed *bed);
        int (*run)(struct bed *bed);
} verbs[] = {
        [OPEN] = { PLUGGED, NULL, open_it },
        [CLAIM] = { OPENED, NULL, claim },
        [SET_CONFIGURATION] = { CLAIMED, NULL, set_configuration },
        [SET_ALT] = { CLAIMED, NULL, set_alt },
        [RESET] = { CLAIMED, NULL, reset },
        [CLEAR_HALT] = { CLAIMED, halt, clear_halt },
        [CONTROL_IN] = { CLAIMED, NULL, control_in },
        [CONTROL_OUT] = { CLAIMED, NULL, control_out },
        [CONTROL_NONE] = { CLAIMED, NULL, control_none },
        [BULK_IN] = { CLAIMED, fill, bulk_in },
        [BULK_OUT] = { CLAIMED, NULL, bulk_out },
        [INTERRUPT_IN] = { CLAIMED, push, interrupt_in },
        [INTERRUPT_OUT] = { CLAIMED, NULL, interrupt_out },
        [CANCEL] = { CLAIMED, start_interrupt_in, cancel },
        [RELEASE] = { CLAIMED, NULL, release },
        [RESTORE] = { CLAIMED, choose_2, release },
};

struct bed *verb_prepare(enum verb verb)
{
        struct bed *bed = bed_new();

        if (verbs[verb].from >= OPENED)
                assert_int_equal(bed_open(bed, BED_MEMORY), 0);
        if (verbs[verb].from >= CLAIMED) {
                assert_int_equal(usb_device_claim(bed->usb), 0);
                usb_device_touch(bed->usb);
        }
        if (verbs[verb].prepare)
                verbs[verb].prepare(bed);
        return bed;
}

int verb_run(enum verb verb, struct bed *bed)
{
        return verbs[verb].run(bed);
}
