/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A bed is used once: what a test breaks, no other sees. The event loop is the only thing that
 * waits, always for an event and never beyond the deadline. Transfers are kept until the bed is
 * closed, so that a second completion of one would be counted and not be a use after free.
 */
#include "usb/bed.h"

#include <stdlib.h>
#include <string.h>
#include <sys/time.h>

#include "util/macro.h"

static void on_complete(void *userdata, struct usb_transfer *t)
{
        struct bed *bed = userdata;
        struct bed_outcome *outcome;

        assert_true(t->id < bed->transfers);
        outcome = &bed->outcomes[t->id];
        assert_ptr_equal(outcome->transfer, t);
        assert_int_equal(t->state, USB_TRANSFER_IDLE);
        outcome->completions++;
        outcome->status = t->status;
        outcome->actual = t->actual;
        bed->completed++;
}

static void on_reaped(void *userdata)
{
        ((struct bed *)userdata)->reaped++;
}

static void on_gone(void *userdata)
{
        ((struct bed *)userdata)->gone++;
}

static const struct usb_transfer_events events = { on_complete, on_reaped, on_gone };

struct bed *bed_new(void)
{
        struct bed *bed = calloc(1, sizeof(*bed));

        assert_non_null(bed);
        assert_int_equal(gadget_new(&bed->gadget, &(struct gadget_options){ 0 }), 0);
        bed->device = gadget_device(bed->gadget);
        assert_int_equal(testbed_new(&bed->testbed), 0);
        assert_int_equal(testbed_plug(bed->testbed, bed->device, NULL), 0);
        bed->base = event_base_new();
        assert_non_null(bed->base);
        assert_int_equal(usb_loop_new(&bed->loop, bed->base, true), 0);
        return bed;
}

int bed_open(struct bed *bed, size_t memory)
{
        return usb_device_open_address(&bed->usb, bed->loop, bed->base, 1, 2, memory, &events, bed);
}

void bed_close(struct bed *bed)
{
        if (bed->usb) {
                bed_wait_idle(bed);
                for (size_t i = 0; i < bed->transfers; i++) {
                        struct bed_outcome *o = &bed->outcomes[i];

                        assert_int_equal(o->completions, o->error == 0 && !o->is_abandoned);
                        if (!o->is_abandoned)
                                usb_transfer_free(o->transfer);
                }
                bed->usb = usb_device_free(bed->usb);
        }
        bed->loop = usb_loop_free(bed->loop);
        assert_true(emulated_wait_closed(bed->device, BED_DEADLINE_MS));
        assert_int_equal(emulated_clients(bed->device), 0);
        assert_int_equal(emulated_in_flight(bed->device, EMULATED_ALL_ENDPOINTS), 0);
        assert_int_equal(emulated_abandoned(bed->device), 0);
        assert_int_equal(bed_state(bed).claimed, 0);
}

void bed_free(struct bed *bed)
{
        event_base_free(bed->base);
        testbed_free(bed->testbed);
        gadget_free(bed->gadget);
        free(bed);
}

int bed_setup_opened(void **state)
{
        struct bed *bed = bed_new();

        *state = bed;
        assert_int_equal(bed_open(bed, BED_MEMORY), 0);
        return 0;
}

int bed_setup_claimed(void **state)
{
        bed_setup_opened(state);
        assert_int_equal(usb_device_claim(((struct bed *)*state)->usb), 0);
        return 0;
}

int bed_teardown_claimed(void **state)
{
        struct bed *bed = *state;

        if (bed->usb)
                assert_int_equal(usb_device_release(bed->usb), 0);
        bed_close(bed);
        if (emulated_is_plugged(bed->device))
                bed_assert_state(bed, .bound = BED_ALL, .configuration = 1);
        bed_free(bed);
        return 0;
}

struct bed_state bed_state(const struct bed *bed)
{
        struct bed_state state = {
                .configuration = emulated_configuration(bed->device),
                .alt = emulated_alt_setting(bed->device, 0),
        };

        for (uint8_t i = 0; i < BED_INTERFACES; i++) {
                state.claimed |= (unsigned)emulated_is_claimed(bed->device, i) << i;
                state.bound |= (unsigned)(emulated_driver(bed->device, i) != NULL) << i;
        }
        return state;
}

void bed_assert_state_at(const struct bed *bed, struct bed_state want, const char *file, int line)
{
        struct bed_state is = bed_state(bed);

        if (is.claimed == want.claimed && is.bound == want.bound &&
            is.configuration == want.configuration && is.alt == want.alt)
                return;
        print_error("claimed %#x bound %#x configuration %d alt %d, not %#x %#x %d %d\n",
                    is.claimed, is.bound, is.configuration, is.alt, want.claimed, want.bound,
                    want.configuration, want.alt);
        _fail(file, line);
}

static struct bed_outcome *new_transfer(struct bed *bed, uint8_t endpoint,
                                        enum usb_endpoint_type type, const void *data,
                                        uint32_t size)
{
        struct usb_transfer *t = usb_transfer_new(usb_device_transfers(bed->usb), size);
        const struct usb_endpoint *e = usb_layout_endpoint(usb_device_layout(bed->usb), endpoint);
        struct bed_outcome *outcome = &bed->outcomes[bed->transfers];

        assert_non_null(t);
        assert_true(bed->transfers < BED_TRANSFERS_MAX);
        t->id = bed->transfers++;
        t->type = type;
        t->endpoint = endpoint;
        t->packet_size = e->max_packet_size;
        t->length = size;
        memset(t->data, 0, size);
        if (data)
                memcpy(t->data, data, size);
        *outcome = (struct bed_outcome){ .transfer = t };
        return outcome;
}

static struct bed_outcome *submit(struct bed *bed, struct bed_outcome *outcome)
{
        unsigned completed = bed->completed;

        outcome->error = usb_transfer_submit(outcome->transfer);
        assert_int_equal(bed->completed, completed);
        if (outcome->error < 0)
                assert_int_equal(outcome->transfer->state, USB_TRANSFER_IDLE);
        return outcome;
}

struct bed_outcome *bed_submit(struct bed *bed, uint8_t endpoint, const void *data, uint32_t size)
{
        const struct usb_endpoint *e = usb_layout_endpoint(usb_device_layout(bed->usb), endpoint);

        usb_device_touch(bed->usb);
        return submit(bed, new_transfer(bed, endpoint, e->type, data, size));
}

struct bed_outcome *bed_control(struct bed *bed, uint8_t endpoint, uint8_t request,
                                const void *data, uint16_t size)
{
        struct bed_outcome *outcome;

        outcome = new_transfer(bed, endpoint, USB_ENDPOINT_CONTROL, data, size);
        *usb_transfer_setup(outcome->transfer) = (struct libusb_control_setup){
                .bmRequestType = (uint8_t)(endpoint | LIBUSB_REQUEST_TYPE_VENDOR),
                .bRequest = request,
                .wLength = libusb_cpu_to_le16(size),
        };
        usb_device_touch(bed->usb);
        return submit(bed, outcome);
}

void bed_abandon(struct bed_outcome *outcome)
{
        outcome->is_abandoned = true;
        usb_transfer_abandon(outcome->transfer);
}

static void on_deadline(evutil_socket_t fd, short what, void *userdata)
{
        *(bool *)userdata = true;
}

void bed_run_until(struct bed *bed, bool (*is_so)(struct bed *bed, void *userdata), void *userdata)
{
        struct timeval limit = { .tv_sec = BED_DEADLINE_MS / 1000 };
        bool is_late = false;
        struct event *deadline = event_new(bed->base, -1, 0, on_deadline, &is_late);

        assert_int_equal(event_add(deadline, &limit), 0);
        while (!is_so(bed, userdata)) {
                assert_false(is_late);
                assert_int_equal(event_base_loop(bed->base, EVLOOP_ONCE), 0);
        }
        event_free(deadline);
}

static bool is_complete(struct bed *bed, void *userdata)
{
        return ((struct bed_outcome *)userdata)->completions > 0;
}

int bed_wait(struct bed *bed, struct bed_outcome *outcome)
{
        if (outcome->error < 0)
                return outcome->error;
        bed_run_until(bed, is_complete, outcome);
        return (int)outcome->status;
}

static bool is_idle(struct bed *bed, void *userdata)
{
        return usb_transfers_in_flight(usb_device_transfers(bed->usb), USB_ENDPOINTS_ALL) == 0 &&
               !usb_transfers_oldest(usb_device_transfers(bed->usb), USB_ENDPOINTS_ALL);
}

void bed_wait_idle(struct bed *bed)
{
        bed_run_until(bed, is_idle, NULL);
        bed_run_ready(bed);
}

void bed_run_ready(struct bed *bed)
{
        event_base_loop(bed->base, EVLOOP_NONBLOCK);
}
