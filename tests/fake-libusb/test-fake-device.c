/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The fake device itself: claims and kernel drivers, configurations and alternate settings,
 * faults on order, unplug.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "fake-libusb/bed.h"

#define BULK LIBUSB_TRANSFER_TYPE_BULK

static void kernel_driver_keeps_an_interface_until_detached(void **state)
{
        libusb_device_handle *other;
        struct bed bed;

        bed_open(&bed, "");
        assert_int_equal(libusb_wrap_sys_device(bed.context, 1, &other), 0);
        assert_int_equal(libusb_kernel_driver_active(bed.handle, 0), 1);
        assert_int_equal(libusb_claim_interface(other, 0), LIBUSB_ERROR_BUSY);
        assert_int_equal(libusb_detach_kernel_driver(other, 0), 0);
        assert_int_equal(libusb_detach_kernel_driver(other, 0), LIBUSB_ERROR_NOT_FOUND);
        assert_int_equal(libusb_claim_interface(other, 0), 0);
        assert_int_equal(libusb_claim_interface(other, 0), 0);
        assert_int_equal(libusb_claim_interface(bed.handle, 0), LIBUSB_ERROR_BUSY);
        assert_int_equal(libusb_attach_kernel_driver(other, 0), LIBUSB_ERROR_BUSY);
        assert_int_equal(libusb_release_interface(bed.handle, 0), LIBUSB_ERROR_NOT_FOUND);
        assert_int_equal(libusb_release_interface(other, 0), 0);
        assert_int_equal(libusb_kernel_driver_active(bed.handle, 0), 0);
        assert_int_equal(libusb_attach_kernel_driver(other, 0), 0);
        /* With auto-detach, which the bed switched on: */
        assert_int_equal(libusb_claim_interface(bed.handle, 0), 0);
        assert_int_equal(libusb_kernel_driver_active(bed.handle, 0), 0);
        assert_int_equal(libusb_release_interface(bed.handle, 0), 0);
        assert_int_equal(libusb_kernel_driver_active(bed.handle, 0), 1);
        assert_int_equal(libusb_claim_interface(bed.handle, 1), 0);
        assert_int_equal(libusb_claim_interface(bed.handle, 2), LIBUSB_ERROR_NOT_FOUND);
        assert_int_equal(libusb_claim_interface(bed.handle, 32), LIBUSB_ERROR_INVALID_PARAM);
        libusb_close(other);
        bed_close(&bed);
        assert_int_equal(bed_reported(&bed, "kernel-driver-0"), 1);
        assert_int_equal(bed_reported(&bed, "kernel-driver-1"), 0);
        assert_int_equal(bed_reported(&bed, "open-handles"), 0);
        assert_int_equal(bed_reported(&bed, "claimed-interfaces"), 0);
}

static void detached_kernel_drivers_can_be_attached(void **state)
{
        struct bed bed;

        bed_open(&bed, "kernel-driver=detached");
        assert_int_equal(libusb_kernel_driver_active(bed.handle, 0), 0);
        assert_int_equal(libusb_attach_kernel_driver(bed.handle, 0), 0);
        assert_int_equal(libusb_kernel_driver_active(bed.handle, 0), 1);
        assert_int_equal(libusb_kernel_driver_active(bed.handle, 1), 0);
        bed_close(&bed);
}

static void set_configuration_needs_free_interfaces(void **state)
{
        struct libusb_config_descriptor *config;
        struct bed bed;
        int value;

        bed_open_claimed(&bed, "");
        assert_int_equal(libusb_set_configuration(bed.handle, 2), LIBUSB_ERROR_BUSY);
        libusb_set_auto_detach_kernel_driver(bed.handle, 0);
        assert_int_equal(libusb_release_interface(bed.handle, 0), 0);
        assert_int_equal(libusb_release_interface(bed.handle, 1), 0);
        assert_int_equal(libusb_set_configuration(bed.handle, 3), LIBUSB_ERROR_NOT_FOUND);
        assert_int_equal(libusb_set_configuration(bed.handle, 2), 0);
        assert_int_equal(libusb_get_configuration(bed.handle, &value), 0);
        assert_int_equal(value, 2);
        assert_int_equal(libusb_kernel_driver_active(bed.handle, 0), 1);
        assert_int_equal(libusb_detach_kernel_driver(bed.handle, 0), 0);
        assert_int_equal(libusb_set_configuration(bed.handle, -1), 0);
        assert_int_equal(libusb_get_configuration(bed.handle, &value), 0);
        assert_int_equal(value, 0);
        assert_int_equal(
                libusb_get_active_config_descriptor(libusb_get_device(bed.handle), &config),
                LIBUSB_ERROR_NOT_FOUND);
        bed_close(&bed);
        assert_int_equal(bed_reported(&bed, "set-configuration-calls"), 4);
        assert_int_equal(bed_reported(&bed, "configuration"), 0);
}

static void alt_setting_decides_which_endpoints_work(void **state)
{
        struct libusb_transfer *iso, *nak;
        struct bed bed;
        int count = 0;

        bed_open_claimed(&bed, "");
        iso = bed_iso(&bed, 0x86, 2, 3072, &count);
        assert_int_equal(bed_run(&bed, iso), LIBUSB_TRANSFER_COMPLETED);
        assert_int_equal(iso->iso_packet_desc[0].actual_length, 1024);
        assert_int_equal(libusb_set_interface_alt_setting(bed.handle, 1, 2), 0);
        assert_int_equal(libusb_get_max_iso_packet_size(libusb_get_device(bed.handle), 0x86), 3072);
        assert_int_equal(bed_run(&bed, iso), LIBUSB_TRANSFER_COMPLETED);
        assert_int_equal(iso->iso_packet_desc[0].actual_length, 3072);
        assert_int_equal(libusb_set_interface_alt_setting(bed.handle, 1, 0), 0);
        assert_int_equal(libusb_submit_transfer(iso), LIBUSB_ERROR_IO);
        assert_int_equal(libusb_set_interface_alt_setting(bed.handle, 1, 3),
                         LIBUSB_ERROR_NOT_FOUND);
        /* Releasing ends what is submitted. */
        nak = bed_transfer(&bed, BULK, 0x83, 64, &count);
        assert_int_equal(libusb_submit_transfer(nak), 0);
        assert_int_equal(libusb_release_interface(bed.handle, 0), 0);
        bed_wait(&bed, &count, 1);
        assert_int_equal(nak->status, LIBUSB_TRANSFER_CANCELLED);
        assert_int_equal(libusb_submit_transfer(nak), LIBUSB_ERROR_IO);
        libusb_free_transfer(iso);
        libusb_free_transfer(nak);
        bed_close(&bed);
        assert_int_equal(bed_reported(&bed, "misuse"), 1);
}

static void streams_need_super_speed(void **state)
{
        struct libusb_ss_endpoint_companion_descriptor *companion;
        unsigned char endpoints[] = { 0x81, 0x02 };
        struct libusb_config_descriptor *config;
        struct libusb_transfer *t;
        struct bed bed;

        bed_open_claimed(&bed, "");
        assert_int_equal(libusb_alloc_streams(bed.handle, 4, endpoints, 2),
                         LIBUSB_ERROR_INVALID_PARAM);
        bed_close(&bed);

        bed_open_claimed(&bed, "speed=super,streams=8");
        assert_int_equal(libusb_get_device_speed(libusb_get_device(bed.handle)),
                         LIBUSB_SPEED_SUPER);
        assert_int_equal(
                libusb_get_active_config_descriptor(libusb_get_device(bed.handle), &config), 0);
        assert_int_equal(
                libusb_get_ss_endpoint_companion_descriptor(
                        bed.context, config->interface[0].altsetting[0].endpoint, &companion),
                0);
        assert_int_equal(companion->bmAttributes, 3);
        libusb_free_ss_endpoint_companion_descriptor(companion);
        libusb_free_config_descriptor(config);

        t = bed_transfer(&bed, LIBUSB_TRANSFER_TYPE_BULK_STREAM, 0x81, 512, NULL);
        libusb_transfer_set_stream_id(t, 3);
        assert_int_equal(libusb_transfer_get_stream_id(t), 3);
        assert_int_equal(libusb_submit_transfer(t), LIBUSB_ERROR_IO);
        assert_int_equal(libusb_alloc_streams(bed.handle, 20, endpoints, 2), 8);
        assert_int_equal(bed_run(&bed, t), LIBUSB_TRANSFER_COMPLETED);
        libusb_transfer_set_stream_id(t, 9);
        assert_int_equal(libusb_submit_transfer(t), LIBUSB_ERROR_IO);
        assert_int_equal(libusb_free_streams(bed.handle, endpoints, 2), 0);
        libusb_free_transfer(t);
        bed_close(&bed);
        assert_int_equal(bed_reported(&bed, "leaked-descriptors"), 0);
}

static void unplug_ends_everything(void **state)
{
        struct libusb_transfer *nak, *t;
        struct bed bed;
        int count = 0;

        bed_open_claimed(&bed, "unplug-after=2");
        nak = bed_transfer(&bed, BULK, 0x83, 64, &count);
        t = bed_transfer(&bed, BULK, 0x81, 64, NULL);
        assert_int_equal(libusb_submit_transfer(nak), 0);
        assert_int_equal(bed_run(&bed, t), LIBUSB_TRANSFER_COMPLETED);
        assert_int_equal(libusb_submit_transfer(t), LIBUSB_ERROR_NO_DEVICE);
        assert_int_equal(count, 0);
        assert_true(bed_is_readable(&bed));
        bed_round(&bed);
        assert_int_equal(count, 1);
        assert_int_equal(nak->status, LIBUSB_TRANSFER_NO_DEVICE);
        assert_false(bed_is_readable(&bed));
        assert_int_equal(libusb_release_interface(bed.handle, 0), LIBUSB_ERROR_NO_DEVICE);
        assert_int_equal(libusb_reset_device(bed.handle), LIBUSB_ERROR_NO_DEVICE);
        libusb_free_transfer(nak);
        libusb_free_transfer(t);
        bed_close(&bed);
        assert_int_equal(bed_reported(&bed, "unplugged"), 1);
        assert_int_equal(bed_reported(&bed, "submitted"), 2);
}

struct watched {
        int added;
        int removed;
};

static void on_added(int fd, short events, void *user_data)
{
        ((struct watched *)user_data)->added++;
}

static void on_removed(int fd, void *user_data)
{
        ((struct watched *)user_data)->removed++;
}

static void notifiers_tell_of_the_device_descriptor(void **state)
{
        struct watched watched = { 0 };
        struct libusb_transfer *t;
        struct bed bed;

        bed_open(&bed, "unplug-after=0");
        libusb_close(bed.handle);
        libusb_set_pollfd_notifiers(bed.context, on_added, on_removed, &watched);
        assert_int_equal(libusb_wrap_sys_device(bed.context, 0, &bed.handle), 0);
        assert_int_equal(watched.added, 1);
        t = bed_transfer(&bed, LIBUSB_TRANSFER_TYPE_BULK, 0x81, 64, NULL);
        assert_int_equal(libusb_submit_transfer(t), LIBUSB_ERROR_NO_DEVICE);
        assert_int_equal(watched.removed, 0);
        bed_round(&bed);
        assert_int_equal(watched.removed, 1);
        libusb_free_transfer(t);
        bed_close(&bed);
        assert_int_equal(watched.removed, 1);
}

static void faults_come_when_ordered(void **state)
{
        struct libusb_transfer *t, *none;
        struct bed bed;

        bed_open(&bed, "fail=claim_interface:LIBUSB_ERROR_BUSY@2x2,fail=reset_device:NOT_FOUND,"
                       "fail-alloc=2,complete=0x81:TIMED_OUT@2");
        assert_int_equal(libusb_claim_interface(bed.handle, 0), 0);
        assert_int_equal(libusb_claim_interface(bed.handle, 0), LIBUSB_ERROR_BUSY);
        assert_int_equal(libusb_claim_interface(bed.handle, 0), LIBUSB_ERROR_BUSY);
        assert_int_equal(libusb_claim_interface(bed.handle, 0), 0);
        t = bed_transfer(&bed, BULK, 0x81, 64, NULL);
        none = libusb_alloc_transfer(0);
        assert_null(none);
        assert_int_equal(bed_run(&bed, t), LIBUSB_TRANSFER_COMPLETED);
        assert_int_equal(bed_run(&bed, t), LIBUSB_TRANSFER_TIMED_OUT);
        assert_int_equal(bed_run(&bed, t), LIBUSB_TRANSFER_COMPLETED);
        assert_int_equal(libusb_reset_device(bed.handle), LIBUSB_ERROR_NOT_FOUND);
        assert_int_equal(libusb_submit_transfer(t), LIBUSB_ERROR_NO_DEVICE);
        libusb_free_transfer(t);
        bed_close(&bed);

        bed_open_claimed(&bed, "memory=1000");
        t = bed_transfer(&bed, BULK, 0x81, 1001, NULL);
        assert_int_equal(libusb_submit_transfer(t), LIBUSB_ERROR_NO_MEM);
        t->length = 1000;
        assert_int_equal(bed_run(&bed, t), LIBUSB_TRANSFER_COMPLETED);
        assert_int_equal(bed_run(&bed, t), LIBUSB_TRANSFER_COMPLETED);
        libusb_free_transfer(t);
        bed_close(&bed);
}

static void device_is_listed_unless_discovery_is_off(void **state)
{
        struct libusb_device_descriptor descriptor;
        libusb_device_handle *handle;
        libusb_device **list;
        uint8_t ports[7];
        struct bed bed;

        bed_open(&bed, "bus=3,address=9");
        assert_int_equal(libusb_get_bus_number(libusb_get_device(bed.handle)), 0);
        assert_int_equal(libusb_get_device_list(bed.context, &list), 1);
        assert_int_equal(libusb_get_bus_number(list[0]), 3);
        assert_int_equal(libusb_get_device_address(list[0]), 9);
        assert_int_equal(libusb_get_port_numbers(list[0], ports, 7), 1);
        assert_int_equal(libusb_get_device_descriptor(list[0], &descriptor), 0);
        assert_int_equal(descriptor.idVendor, 0x1209);
        assert_int_equal(libusb_open(list[0], &handle), 0);
        libusb_free_device_list(list, 1);
        libusb_close(handle);
        handle = libusb_open_device_with_vid_pid(bed.context, 0x1209, 0x0001);
        assert_non_null(handle);
        libusb_close(handle);
        assert_null(libusb_open_device_with_vid_pid(bed.context, 0x1209, 0x0002));
        assert_int_equal(libusb_set_option(bed.context, LIBUSB_OPTION_NO_DEVICE_DISCOVERY), 0);
        assert_int_equal(libusb_get_device_list(bed.context, &list), 0);
        libusb_free_device_list(list, 1);
        bed_close(&bed);
}

int main(void)
{
        static const struct CMUnitTest tests[] = {
                cmocka_unit_test(kernel_driver_keeps_an_interface_until_detached),
                cmocka_unit_test(detached_kernel_drivers_can_be_attached),
                cmocka_unit_test(set_configuration_needs_free_interfaces),
                cmocka_unit_test(alt_setting_decides_which_endpoints_work),
                cmocka_unit_test(streams_need_super_speed),
                cmocka_unit_test(unplug_ends_everything),
                cmocka_unit_test(notifiers_tell_of_the_device_descriptor),
                cmocka_unit_test(faults_come_when_ordered),
                cmocka_unit_test(device_is_listed_unless_discovery_is_off),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
