/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The reader, the keyboard and the one that is both, through libusb.
 */
#include <stdlib.h>
#include <string.h>

#include "emulated/fixture.h"
#include "emulated/token.h"
#include "emulated/world.h"

struct bed {
        struct world *world;
        libusb_context *usb;
        libusb_device_handle *handle;
        uint8_t sequence;
};

static int setup(void **state, const char *kind, uint16_t product)
{
        struct bed *bed = calloc(1, sizeof(*bed));

        assert_non_null(bed);
        assert_int_equal(world_new(&bed->world, true, NULL), 0);
        assert_int_equal(
                world_plug(bed->world, &(struct world_plug){ .kind = kind, .port = "1-1" }), 0);
        assert_int_equal(libusb_init(&bed->usb), 0);
        bed->handle = libusb_open_device_with_vid_pid(bed->usb, 0x1209, product);
        assert_non_null(bed->handle);
        libusb_set_auto_detach_kernel_driver(bed->handle, 1);
        *state = bed;
        return 0;
}

static int setup_reader(void **state)
{
        return setup(state, "reader", 0x0003);
}

static int setup_keyboard(void **state)
{
        return setup(state, "keyboard", 0x0004);
}

static int setup_composite(void **state)
{
        return setup(state, "composite", 0x0005);
}

static int teardown(void **state)
{
        struct bed *bed = *state;

        libusb_close(bed->handle);
        libusb_exit(bed->usb);
        world_free(bed->world);
        free(bed);
        return 0;
}

/* Sends a command without data, gets the answer: its size. */
static int ask(struct bed *bed, uint8_t command, uint8_t answer[64])
{
        uint8_t message[10] = { command, 0, 0, 0, 0, 0, ++bed->sequence };
        int n;

        assert_int_equal(libusb_bulk_transfer(bed->handle, TOKEN_CCID_OUT, message, sizeof(message),
                                              &n, DEADLINE_MS),
                         0);
        assert_int_equal(n, sizeof(message));
        assert_int_equal(
                libusb_bulk_transfer(bed->handle, TOKEN_CCID_IN, answer, 64, &n, DEADLINE_MS), 0);
        assert_true(n >= 10);
        assert_int_equal(answer[6], bed->sequence);
        assert_int_equal(answer[1], n - 10);
        return n;
}

static void reader_answers_for_its_card(void **state)
{
        struct bed *bed = *state;
        uint8_t answer[64];

        assert_int_equal(libusb_claim_interface(bed->handle, 0), 0);
        assert_int_equal(ask(bed, 0x65, answer), 10); /* GetSlotStatus */
        assert_int_equal(answer[0], 0x81);
        assert_int_equal(answer[7], 1); /* there, without power */

        assert_int_equal(ask(bed, 0x62, answer), 21); /* IccPowerOn */
        assert_int_equal(answer[0], 0x80);
        assert_int_equal(answer[7], 0);
        assert_memory_equal(answer + 10, "\x3b\x68\x00USBREDIR", 11);

        assert_int_equal(ask(bed, 0x65, answer), 10);
        assert_int_equal(answer[7], 0);

        assert_int_equal(ask(bed, 0x63, answer), 10); /* IccPowerOff */
        assert_int_equal(answer[7], 1);
        assert_int_equal(ask(bed, 0x6f, answer), 10); /* XfrBlock */
        assert_int_equal(answer[7], 0x41);
        assert_int_equal(ask(bed, 0x7f, answer), 10);
        assert_int_equal(answer[7], 0x41);
        assert_int_equal(answer[8], 0);
}

static void damaged_command_stalls(void **state)
{
        struct bed *bed = *state;
        uint8_t message[10] = { 0x65, 1 };
        int n;

        assert_int_equal(libusb_claim_interface(bed->handle, 0), 0);
        assert_int_equal(libusb_bulk_transfer(bed->handle, TOKEN_CCID_OUT, message, sizeof(message),
                                              &n, DEADLINE_MS),
                         LIBUSB_ERROR_PIPE);
}

static void reader_tells_once_that_a_card_is_in(void **state)
{
        struct bed *bed = *state;
        uint8_t notice[8];
        int n;

        assert_int_equal(libusb_claim_interface(bed->handle, 0), 0);
        assert_int_equal(libusb_interrupt_transfer(bed->handle, TOKEN_CCID_INTERRUPT, notice,
                                                   sizeof(notice), &n, DEADLINE_MS),
                         0);
        assert_int_equal(n, 2);
        assert_memory_equal(notice, "\x50\x03", 2);
        assert_int_equal(libusb_interrupt_transfer(bed->handle, TOKEN_CCID_INTERRUPT, notice,
                                                   sizeof(notice), &n, 20),
                         LIBUSB_ERROR_TIMEOUT);
}

static void reader_has_the_descriptor_of_its_class(void **state)
{
        struct bed *bed = *state;
        struct libusb_config_descriptor *config;
        const struct libusb_interface_descriptor *interface;

        assert_int_equal(
                libusb_get_active_config_descriptor(libusb_get_device(bed->handle), &config), 0);
        interface = &config->interface[0].altsetting[0];
        assert_int_equal(interface->bInterfaceClass, LIBUSB_CLASS_SMART_CARD);
        assert_int_equal(interface->bNumEndpoints, 3);
        assert_int_equal(interface->extra_length, 54);
        assert_int_equal(interface->extra[0], 54);
        assert_int_equal(interface->extra[1], 0x21);
        libusb_free_config_descriptor(config);
}

static void keyboard_has_a_report_descriptor_and_is_silent(void **state)
{
        struct bed *bed = *state;
        uint8_t data[128];
        int n;

        assert_int_equal(libusb_kernel_driver_active(bed->handle, 0), 1);
        assert_int_equal(libusb_claim_interface(bed->handle, 0), 0);
        assert_int_equal(libusb_control_transfer(bed->handle, 0x81, 6, 0x2200, 0, data,
                                                 sizeof(data), DEADLINE_MS),
                         63);
        assert_memory_equal(data, "\x05\x01\x09\x06", 4);
        assert_int_equal(
                libusb_control_transfer(bed->handle, 0x21, 0x0a, 0, 0, NULL, 0, DEADLINE_MS), 0);
        assert_int_equal(
                libusb_interrupt_transfer(bed->handle, TOKEN_KEYBOARD_INTERRUPT, data, 8, &n, 20),
                LIBUSB_ERROR_TIMEOUT);
}

static void composite_is_both(void **state)
{
        struct bed *bed = *state;
        uint8_t answer[64];

        assert_int_equal(libusb_kernel_driver_active(bed->handle, 0), 0);
        assert_int_equal(libusb_kernel_driver_active(bed->handle, 1), 1);
        assert_int_equal(libusb_claim_interface(bed->handle, 0), 0);
        assert_int_equal(libusb_claim_interface(bed->handle, 1), 0);
        assert_int_equal(ask(bed, 0x62, answer), 21);
}

int main(void)
{
#define ON(kind, test) cmocka_unit_test_setup_teardown(test, setup_##kind, teardown)
        const struct CMUnitTest tests[] = {
                ON(reader, reader_answers_for_its_card),
                ON(reader, damaged_command_stalls),
                ON(reader, reader_tells_once_that_a_card_is_in),
                ON(reader, reader_has_the_descriptor_of_its_class),
                ON(keyboard, keyboard_has_a_report_descriptor_and_is_silent),
                ON(composite, composite_is_both),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
