/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The stick as a host's mass-storage driver uses it: command blocks, data and status by libusb.
 */
#include <endian.h>
#include <string.h>

#include "emulated/fixture.h"
#include "util/macro.h"

enum { STATUS_PASSED = 0, STATUS_FAILED = 1, STATUS_PHASE_ERROR = 2 };

struct command {
        uint8_t cdb[16];
        size_t cdb_length;
        bool in;
};

static void send_command(struct fixture *fixture, const struct command *command, size_t size)
{
        uint8_t block[31] = "USBC\1\2\3\4";

        block[8] = (uint8_t)size;
        block[9] = (uint8_t)(size >> 8);
        block[12] = command->in ? 0x80 : 0;
        block[14] = (uint8_t)command->cdb_length;
        memcpy(block + 15, command->cdb, command->cdb_length);
        assert_int_equal(fixture_bulk(fixture, STICK_OUT, block, sizeof(block)), sizeof(block));
}

/* The status, and what the device says it has not moved. */
static uint8_t get_status(struct fixture *fixture, size_t *ret_residue)
{
        uint8_t block[13];
        uint32_t residue;

        assert_int_equal(fixture_bulk(fixture, STICK_IN, block, sizeof(block)), sizeof(block));
        assert_memory_equal(block, "USBS\1\2\3\4", 8);
        memcpy(&residue, block + 8, sizeof(residue));
        *ret_residue = le32toh(residue);
        return block[12];
}

/* A whole command, recovering from a stalled data phase. Gives the status. */
static uint8_t run_command(struct fixture *fixture, const struct command *command, void *data,
                           size_t size, size_t *ret_moved)
{
        uint8_t endpoint = command->in ? STICK_IN : STICK_OUT;
        size_t residue;
        uint8_t status;

        send_command(fixture, command, size);
        if (size > 0 && fixture_bulk(fixture, endpoint, data, size) < (int)size) {
                if (!emulated_is_halted(fixture->device, endpoint))
                        assert_int_equal(fixture_bulk(fixture, endpoint, data, 13),
                                         LIBUSB_ERROR_PIPE);
                assert_int_equal(libusb_clear_halt(fixture->handle, endpoint), 0);
        }
        status = get_status(fixture, &residue);
        *ret_moved = size - residue;
        return status;
}

static void firmware_finds_a_boot_sector(void **state)
{
        struct fixture *fixture = *state;
        const struct command read = { { 0x28, 0, 0, 0, 0, 0, 0, 0, 1 }, 10, true };
        uint8_t sector[512];
        size_t moved;

        fixture_claim(fixture, 0);
        assert_int_equal(run_command(fixture, &read, sector, sizeof(sector), &moved),
                         STATUS_PASSED);
        assert_int_equal(moved, 512);
        assert_int_equal(sector[510], 0x55);
        assert_int_equal(sector[511], 0xaa);
        assert_int_equal(stick_blocks_read(fixture->stick), 1);
}

static void what_is_written_is_read_again(void **state)
{
        struct fixture *fixture = *state;
        const struct command write = { { 0x2a, 0, 0, 0, 0, 8, 0, 0, 16 }, 10, false };
        const struct command read_16 = { { 0x88, [9] = 8, [13] = 16 }, 16, true };
        uint8_t out[16 * 512], in[16 * 512] = { 0 };
        size_t moved;

        fixture_claim(fixture, 0);
        memset(out, 0x5a, sizeof(out));
        assert_int_equal(run_command(fixture, &write, out, sizeof(out), &moved), STATUS_PASSED);
        assert_int_equal(run_command(fixture, &read_16, in, sizeof(in), &moved), STATUS_PASSED);
        assert_memory_equal(in, out, sizeof(out));
        assert_int_equal(stick_blocks_written(fixture->stick), 16);
}

static void inquiries_are_answered(void **state)
{
        static const struct {
                const char *name;
                struct command command;
                size_t want;
        } cases[] = {
                { "INQUIRY", { { 0x12, 0, 0, 0, 255 }, 6, true }, 36 },
                { "pages", { { 0x12, 1, 0, 0, 255 }, 6, true }, 7 },
                { "serial", { { 0x12, 1, 0x80, 0, 255 }, 6, true }, 16 },
                { "designators", { { 0x12, 1, 0x83, 0, 255 }, 6, true }, 28 },
                { "READ CAPACITY 16", { { 0x9e, 0x10, [13] = 255 }, 16, true }, 32 },
                { "MODE SENSE 6", { { 0x1a, 0, 0x3f, 0, 255 }, 6, true }, 4 },
                { "MODE SENSE 10", { { 0x5a, 0, 0x3f, [8] = 255 }, 10, true }, 8 },
                { "REPORT LUNS", { { 0xa0, [9] = 255 }, 12, true }, 16 },
                { "REQUEST SENSE", { { 0x03, 0, 0, 0, 255 }, 6, true }, 18 },
        };
        struct fixture *fixture = *state;

        fixture_claim(fixture, 0);
        for (size_t i = 0; i < ELEMENTS(cases); i++) {
                uint8_t data[255];
                size_t moved;

                print_message("%s\n", cases[i].name);
                assert_int_equal(
                        run_command(fixture, &cases[i].command, data, sizeof(data), &moved),
                        STATUS_PASSED);
                assert_int_equal(moved, cases[i].want);
        }
}

static void unknown_command_leaves_sense_data(void **state)
{
        struct fixture *fixture = *state;
        const struct command unknown = { { 0xee }, 6, true };
        const struct command sense = { { 0x03, 0, 0, 0, 18 }, 6, true };
        uint8_t data[18];
        size_t moved;

        fixture_claim(fixture, 0);
        assert_int_equal(run_command(fixture, &unknown, data, sizeof(data), &moved), STATUS_FAILED);
        assert_int_equal(moved, 0);
        assert_int_equal(run_command(fixture, &sense, data, sizeof(data), &moved), STATUS_PASSED);
        assert_int_equal(data[2], 5);
        assert_int_equal(data[12], 0x20);
        assert_int_equal(run_command(fixture, &sense, data, sizeof(data), &moved), STATUS_PASSED);
        assert_int_equal(data[2], 0);
}

static void reading_past_the_end_fails(void **state)
{
        struct fixture *fixture = *state;
        const struct command read = { { 0x28, 0, 0, 0, 0x08, 0x00, 0, 0, 1 }, 10, true };
        uint8_t data[512];
        size_t moved;

        fixture_claim(fixture, 0);
        assert_int_equal(run_command(fixture, &read, data, sizeof(data), &moved), STATUS_FAILED);
        assert_int_equal(moved, 0);
}

static void wrong_direction_is_a_phase_error(void **state)
{
        struct fixture *fixture = *state;
        const struct command read_by_writing = { { 0x28, 0, 0, 0, 0, 0, 0, 0, 1 }, 10, false };
        uint8_t data[512] = { 0 };
        size_t moved;

        fixture_claim(fixture, 0);
        assert_int_equal(run_command(fixture, &read_by_writing, data, sizeof(data), &moved),
                         STATUS_PHASE_ERROR);
}

static void invalid_command_block_needs_reset_recovery(void **state)
{
        struct fixture *fixture = *state;
        const struct command ready = { { 0x00 }, 6, true };
        uint8_t block[31] = "JUNK", status[13];
        size_t moved;

        fixture_claim(fixture, 0);
        assert_int_equal(fixture_bulk(fixture, STICK_OUT, block, sizeof(block)), LIBUSB_ERROR_PIPE);
        assert_int_equal(libusb_clear_halt(fixture->handle, STICK_OUT), 0);
        assert_int_equal(fixture_bulk(fixture, STICK_OUT, block, sizeof(block)), LIBUSB_ERROR_PIPE);
        assert_int_equal(fixture_bulk(fixture, STICK_IN, status, sizeof(status)),
                         LIBUSB_ERROR_PIPE);

        assert_int_equal(
                libusb_control_transfer(fixture->handle, 0x21, 0xff, 0, 0, NULL, 0, DEADLINE_MS),
                0);
        assert_int_equal(libusb_clear_halt(fixture->handle, STICK_IN), 0);
        assert_int_equal(libusb_clear_halt(fixture->handle, STICK_OUT), 0);
        assert_int_equal(run_command(fixture, &ready, NULL, 0, &moved), STATUS_PASSED);
}

static void one_unit_is_told(void **state)
{
        struct fixture *fixture = *state;
        uint8_t max_lun = 0xff;

        fixture_claim(fixture, 0);
        assert_int_equal(libusb_control_transfer(fixture->handle, 0xa1, 0xfe, 0, 0, &max_lun, 1,
                                                 DEADLINE_MS),
                         1);
        assert_int_equal(max_lun, 0);
}

static void super_speed_stick_has_companion_descriptors(void **state)
{
        struct fixture *fixture = *state;
        libusb_device *device = libusb_get_device(fixture->handle);
        struct libusb_ss_endpoint_companion_descriptor *companion;
        struct libusb_bos_descriptor *bos;
        struct libusb_config_descriptor *config;

        assert_int_equal(libusb_get_device_speed(device), LIBUSB_SPEED_SUPER);
        assert_int_equal(libusb_get_active_config_descriptor(device, &config), 0);
        assert_int_equal(libusb_get_ss_endpoint_companion_descriptor(
                                 NULL, &config->interface[0].altsetting[0].endpoint[0], &companion),
                         0);
        libusb_free_ss_endpoint_companion_descriptor(companion);
        assert_int_equal(config->interface[0].altsetting[0].endpoint[1].wMaxPacketSize, 1024);
        libusb_free_config_descriptor(config);
        assert_int_equal(libusb_get_bos_descriptor(fixture->handle, &bos), 0);
        assert_int_equal(bos->bNumDeviceCaps, 2);
        libusb_free_bos_descriptor(bos);
}

int main(void)
{
#define ON_STICK(test) cmocka_unit_test_setup_teardown(test, fixture_setup_stick, fixture_teardown)
        const struct CMUnitTest tests[] = {
                ON_STICK(firmware_finds_a_boot_sector),
                ON_STICK(what_is_written_is_read_again),
                ON_STICK(inquiries_are_answered),
                ON_STICK(unknown_command_leaves_sense_data),
                ON_STICK(reading_past_the_end_fails),
                ON_STICK(wrong_direction_is_a_phase_error),
                ON_STICK(invalid_command_block_needs_reset_recovery),
                ON_STICK(one_unit_is_told),
                cmocka_unit_test_setup_teardown(super_speed_stick_has_companion_descriptors,
                                                fixture_setup_super_stick, fixture_teardown),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
