/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Transfers on the gadget through plain libusb: data, NAKs, cancelling, stalls, injected status,
 * and what an unplugging does to them.
 */
#include <fcntl.h>
#include <linux/usbdevice_fs.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "emulated/fixture.h"
#include "util/macro.h"

#define VENDOR_OUT ((uint8_t)(LIBUSB_ENDPOINT_OUT | LIBUSB_REQUEST_TYPE_VENDOR))
#define VENDOR_IN  ((uint8_t)(LIBUSB_ENDPOINT_IN | LIBUSB_REQUEST_TYPE_VENDOR))

/* An asynchronous transfer that the test waits for. */
struct pending {
        struct libusb_transfer *transfer;
        uint8_t buffer[GADGET_INTERRUPT_PACKET];
        int done;
};

static void on_done(struct libusb_transfer *transfer)
{
        struct pending *pending = transfer->user_data;

        pending->done = 1;
}

static void submit_interrupt_in(struct fixture *fixture, struct pending *pending)
{
        *pending = (struct pending){ .transfer = libusb_alloc_transfer(0) };
        assert_non_null(pending->transfer);
        libusb_fill_interrupt_transfer(pending->transfer, fixture->handle, GADGET_INTERRUPT_IN,
                                       pending->buffer, sizeof(pending->buffer), on_done, pending,
                                       0);
        assert_int_equal(libusb_submit_transfer(pending->transfer), 0);
        assert_true(emulated_wait_in_flight(fixture->device, GADGET_INTERRUPT_IN, 1, DEADLINE_MS));
}

static void vendor_request_echoes(void **state)
{
        struct fixture *fixture = *state;
        unsigned char out[GADGET_ECHO_MAX], in[GADGET_ECHO_MAX];

        for (size_t i = 0; i < sizeof(out); i++)
                out[i] = (unsigned char)(i * 7);
        assert_int_equal(libusb_control_transfer(fixture->handle, VENDOR_OUT, GADGET_ECHO, 0, 0,
                                                 out, sizeof(out), DEADLINE_MS),
                         sizeof(out));
        assert_int_equal(libusb_control_transfer(fixture->handle, VENDOR_IN, GADGET_ECHO, 0, 0, in,
                                                 sizeof(in), DEADLINE_MS),
                         sizeof(in));
        assert_memory_equal(in, out, sizeof(out));
        assert_int_equal(libusb_control_transfer(fixture->handle, VENDOR_IN, GADGET_REFUSE, 0, 0,
                                                 in, sizeof(in), DEADLINE_MS),
                         LIBUSB_ERROR_PIPE);
}

static void hanging_request_times_out(void **state)
{
        struct fixture *fixture = *state;

        assert_int_equal(libusb_control_transfer(fixture->handle, VENDOR_OUT, GADGET_HANG, 0, 0,
                                                 NULL, 0, 50),
                         LIBUSB_ERROR_TIMEOUT);
        assert_int_equal(emulated_in_flight(fixture->device, EMULATED_ALL_ENDPOINTS), 0);
}

static void bulk_loopback_returns_what_was_sent(void **state)
{
        static const size_t sizes[] = { 1, 511, 512, 513, 16384, 1 << 20 };
        struct fixture *fixture = *state;
        unsigned char *out = malloc(1 << 20), *in = malloc(1 << 20);

        fixture_claim(fixture, 0);
        for (size_t i = 0; i < ELEMENTS(sizes); i++) {
                memset(out, (int)i + 1, sizes[i]);
                memset(in, 0, sizes[i]);
                assert_int_equal(fixture_bulk(fixture, GADGET_BULK_OUT, out, sizes[i]), sizes[i]);
                assert_int_equal(gadget_buffered(fixture->gadget, GADGET_BULK_OUT), sizes[i]);
                assert_int_equal(fixture_bulk(fixture, GADGET_BULK_IN, in, sizes[i]), sizes[i]);
                assert_memory_equal(in, out, sizes[i]);
        }
        free(out);
        free(in);
}

static void transfer_beyond_the_memory_limit_of_usbfs_is_refused(void **state)
{
        const size_t size = (16 << 20) + 1;
        struct fixture *fixture = *state;
        unsigned char *out = calloc(1, size);

        fixture_claim(fixture, 0);
        assert_int_equal(fixture_bulk(fixture, GADGET_BULK_OUT, out, size), LIBUSB_ERROR_NO_MEM);
        assert_int_equal(fixture_bulk(fixture, GADGET_BULK_OUT, out, 1), 1);
        free(out);
}

static void interrupt_in_waits_until_something_is_pushed(void **state)
{
        struct fixture *fixture = *state;
        struct pending pending;

        fixture_claim(fixture, 1);
        submit_interrupt_in(fixture, &pending);
        assert_int_equal(pending.done, 0);
        assert_int_equal(gadget_push_interrupt(fixture->gadget, "ping", 4), 4);
        fixture_run_until(fixture, &pending.done);
        assert_int_equal(pending.transfer->status, LIBUSB_TRANSFER_COMPLETED);
        assert_int_equal(pending.transfer->actual_length, 4);
        assert_memory_equal(pending.buffer, "ping", 4);
        libusb_free_transfer(pending.transfer);
}

static void interrupt_out_arrives(void **state)
{
        struct fixture *fixture = *state;
        unsigned char out[4] = "pong", in[GADGET_INTERRUPT_PACKET];
        int transferred;

        fixture_claim(fixture, 1);
        assert_int_equal(libusb_interrupt_transfer(fixture->handle, GADGET_INTERRUPT_OUT, out,
                                                   sizeof(out), &transferred, DEADLINE_MS),
                         0);
        assert_int_equal(gadget_take_interrupt(fixture->gadget, in, sizeof(in)), 4);
        assert_memory_equal(in, out, 4);
        assert_int_equal(gadget_take_interrupt(fixture->gadget, in, sizeof(in)), -EAGAIN);
}

static void cancelled_transfer_is_no_longer_in_flight(void **state)
{
        struct fixture *fixture = *state;
        struct pending pending;

        fixture_claim(fixture, 1);
        submit_interrupt_in(fixture, &pending);
        assert_int_equal(libusb_cancel_transfer(pending.transfer), 0);
        fixture_run_until(fixture, &pending.done);
        assert_int_equal(pending.transfer->status, LIBUSB_TRANSFER_CANCELLED);
        assert_int_equal(emulated_in_flight(fixture->device, EMULATED_ALL_ENDPOINTS), 0);
        assert_int_equal(emulated_count(fixture->device, "DISCARDURB"), 1);
        libusb_free_transfer(pending.transfer);
}

static void stalled_endpoint_stalls_until_its_halt_is_cleared(void **state)
{
        struct fixture *fixture = *state;
        unsigned char data[8] = { 0 };

        fixture_claim(fixture, 0);
        gadget_stall(fixture->gadget, GADGET_BULK_OUT);
        for (int i = 0; i < 2; i++)
                assert_int_equal(fixture_bulk(fixture, GADGET_BULK_OUT, data, sizeof(data)),
                                 LIBUSB_ERROR_PIPE);
        assert_true(emulated_is_halted(fixture->device, GADGET_BULK_OUT));
        assert_false(emulated_is_halted(fixture->device, GADGET_BULK_IN));
        assert_int_equal(libusb_clear_halt(fixture->handle, GADGET_BULK_OUT), 0);
        assert_int_equal(fixture_bulk(fixture, GADGET_BULK_OUT, data, sizeof(data)), sizeof(data));
}

static void alt_setting_brings_other_endpoints(void **state)
{
        struct fixture *fixture = *state;
        unsigned char data[8] = "alt";

        fixture_claim(fixture, 0);
        assert_int_equal(fixture_bulk(fixture, GADGET_ALT_BULK_OUT, data, sizeof(data)),
                         LIBUSB_ERROR_IO);
        assert_int_equal(libusb_set_interface_alt_setting(fixture->handle, 0, 1), 0);
        assert_int_equal(emulated_alt_setting(fixture->device, 0), 1);
        assert_int_equal(fixture_bulk(fixture, GADGET_ALT_BULK_OUT, data, sizeof(data)),
                         sizeof(data));
        assert_int_equal(libusb_set_interface_alt_setting(fixture->handle, 0, 2),
                         LIBUSB_ERROR_NOT_FOUND);
}

/* A thread inside a REAPURB that has to wait. */
struct reaper {
        int fd;
        int result;
        struct usbdevfs_urb *urb;
};

static void *reap(void *userdata)
{
        struct reaper *reaper = userdata;

        reaper->result = ioctl(reaper->fd, USBDEVFS_REAPURB, &reaper->urb);
        return NULL;
}

static void blocking_reap_waits_for_a_urb(void **state)
{
        struct fixture *fixture = *state;
        struct usbdevfs_disconnect_claim claim = { .interface = 1 };
        uint8_t buffer[GADGET_INTERRUPT_PACKET];
        struct usbdevfs_urb urb = {
                .type = USBDEVFS_URB_TYPE_INTERRUPT,
                .endpoint = GADGET_INTERRUPT_IN,
                .buffer = buffer,
                .buffer_length = sizeof(buffer),
        };
        struct reaper reaper;
        pthread_t thread;

        reaper.fd = open("/dev/bus/usb/001/002", O_RDWR | O_CLOEXEC);
        assert_true(reaper.fd >= 0);
        assert_int_equal(ioctl(reaper.fd, USBDEVFS_DISCONNECT_CLAIM, &claim), 0);
        assert_int_equal(ioctl(reaper.fd, USBDEVFS_SUBMITURB, &urb), 0);
        assert_int_equal(pthread_create(&thread, NULL, reap, &reaper), 0);
        assert_true(emulated_wait_count(fixture->device, "REAPURB", 1, DEADLINE_MS));
        assert_int_equal(gadget_push_interrupt(fixture->gadget, "late", 4), 4);
        pthread_join(thread, NULL);
        assert_int_equal(reaper.result, 0);
        assert_ptr_equal(reaper.urb, &urb);
        assert_int_equal(urb.status, 0);
        assert_int_equal(urb.actual_length, 4);
        assert_memory_equal(buffer, "late", 4);
        close(reaper.fd);
}

static void fault_of_a_urb_is_its_status(void **state)
{
        struct fixture *fixture = *state;
        unsigned char data[8] = { 0 };

        fixture_claim(fixture, 0);
        assert_int_equal(emulated_fail(fixture->device, "URB-81", EOVERFLOW, 0, 1), 0);
        assert_int_equal(fixture_bulk(fixture, GADGET_BULK_OUT, data, sizeof(data)), sizeof(data));
        assert_int_equal(fixture_bulk(fixture, GADGET_BULK_IN, data, sizeof(data)),
                         LIBUSB_ERROR_OVERFLOW);
        assert_int_equal(fixture_bulk(fixture, GADGET_BULK_IN, data, sizeof(data)), sizeof(data));
}

static void unplug_ends_transfers_and_all_ioctls(void **state)
{
        struct fixture *fixture = *state;
        struct pending pending;
        int r;

        fixture_claim(fixture, 1);
        submit_interrupt_in(fixture, &pending);
        emulated_unplug(fixture->device);
        fixture_run_until(fixture, &pending.done);
        assert_int_equal(pending.transfer->status, LIBUSB_TRANSFER_NO_DEVICE);
        libusb_free_transfer(pending.transfer);

        assert_int_equal(libusb_claim_interface(fixture->handle, 0), LIBUSB_ERROR_NO_DEVICE);
        /* Of a reset's ENODEV libusb makes the first, until its own thread has seen the removal. */
        r = libusb_reset_device(fixture->handle);
        assert_true(r == LIBUSB_ERROR_NOT_FOUND || r == LIBUSB_ERROR_NO_DEVICE);
        assert_false(emulated_is_plugged(fixture->device));
        assert_int_not_equal(access("/dev/bus/usb/001/002", F_OK), 0);
        assert_int_not_equal(access("/sys/bus/usb/devices/1-1", F_OK), 0);
}

int main(void)
{
#define ON_GADGET(test)                                                                            \
        cmocka_unit_test_setup_teardown(test, fixture_setup_gadget, fixture_teardown)
        const struct CMUnitTest tests[] = {
                ON_GADGET(vendor_request_echoes),
                ON_GADGET(hanging_request_times_out),
                ON_GADGET(bulk_loopback_returns_what_was_sent),
                ON_GADGET(transfer_beyond_the_memory_limit_of_usbfs_is_refused),
                ON_GADGET(interrupt_in_waits_until_something_is_pushed),
                ON_GADGET(interrupt_out_arrives),
                ON_GADGET(cancelled_transfer_is_no_longer_in_flight),
                ON_GADGET(stalled_endpoint_stalls_until_its_halt_is_cleared),
                ON_GADGET(alt_setting_brings_other_endpoints),
                ON_GADGET(blocking_reap_waits_for_a_urb),
                ON_GADGET(fault_of_a_urb_is_its_status),
                ON_GADGET(unplug_ends_transfers_and_all_ioctls),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
