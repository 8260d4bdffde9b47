/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The emulated kernel, seen through plain libusb on the gadget: claims, drivers, configurations,
 * resets, and what goes away with the device.
 */
#include <fcntl.h>
#include <linux/usbdevice_fs.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "emulated/fixture.h"

static void claim_detaches_the_driver_and_release_attaches_it(void **state)
{
        struct fixture *fixture = *state;

        assert_driver(fixture, 0, "usbtest");
        fixture_claim(fixture, 0);
        assert_no_driver(fixture, 0);
        assert_true(emulated_is_claimed(fixture->device, 0));
        assert_driver(fixture, 1, "usbtest");

        assert_int_equal(libusb_release_interface(fixture->handle, 0), 0);
        assert_false(emulated_is_claimed(fixture->device, 0));
        assert_driver(fixture, 0, "usbtest");
}

static void claim_of_a_bound_interface_is_busy(void **state)
{
        struct fixture *fixture = *state;

        assert_int_equal(libusb_kernel_driver_active(fixture->handle, 0), 1);
        assert_int_equal(libusb_claim_interface(fixture->handle, 0), LIBUSB_ERROR_BUSY);
        assert_driver(fixture, 0, "usbtest");
}

static void claim_of_an_interface_of_another_client_is_busy(void **state)
{
        struct fixture *fixture = *state;
        libusb_device_handle *other;

        fixture_claim(fixture, 0);
        assert_int_equal(libusb_open(libusb_get_device(fixture->handle), &other), 0);
        assert_int_equal(libusb_claim_interface(other, 0), LIBUSB_ERROR_BUSY);
        assert_int_equal(emulated_clients(fixture->device), 2);
        libusb_close(other);
        assert_true(emulated_is_claimed(fixture->device, 0));
}

static void close_leaves_a_claimed_interface_without_driver(void **state)
{
        struct fixture *fixture = *state;

        fixture_claim(fixture, 0);
        libusb_set_auto_detach_kernel_driver(fixture->handle, 0);
        libusb_close(fixture->handle);
        fixture->handle = NULL;
        assert_true(emulated_wait_closed(fixture->device, DEADLINE_MS));
        assert_false(emulated_is_claimed(fixture->device, 0));
        assert_no_driver(fixture, 0);
}

static void descriptors_and_strings_are_those_of_the_device(void **state)
{
        struct fixture *fixture = *state;
        libusb_device *device = libusb_get_device(fixture->handle);
        struct libusb_config_descriptor *config;
        unsigned char text[64];

        assert_int_equal(libusb_get_device_speed(device), LIBUSB_SPEED_HIGH);
        assert_int_equal(libusb_get_bus_number(device), 1);
        assert_int_equal(libusb_get_port_number(device), 1);
        assert_int_equal(libusb_get_active_config_descriptor(device, &config), 0);
        assert_int_equal(config->bConfigurationValue, 1);
        assert_int_equal(config->bNumInterfaces, 2);
        assert_int_equal(config->interface[0].num_altsetting, 2);
        libusb_free_config_descriptor(config);
        assert_int_equal(libusb_get_string_descriptor_ascii(fixture->handle, 3, text, sizeof(text)),
                         12);
        assert_string_equal((char *)text, "EMULATED0002");
}

static void reading_the_node_gives_all_descriptors(void **state)
{
        uint8_t expected[1024], data[1024];
        ssize_t expected_size, n, size = 0;
        int fd;

        fd = open("/sys/bus/usb/devices/1-1/descriptors", O_RDONLY | O_CLOEXEC);
        assert_true(fd >= 0);
        expected_size = read(fd, expected, sizeof(expected));
        close(fd);
        assert_int_equal(expected_size, 18 + 78 + 32);

        fd = open("/dev/bus/usb/001/002", O_RDWR | O_CLOEXEC);
        assert_true(fd >= 0);
        while ((n = read(fd, data + size, 50)) > 0)
                size += n;
        close(fd);
        assert_int_equal(n, 0);
        assert_int_equal(size, expected_size);
        assert_memory_equal(data, expected, (size_t)size);
}

static void configuration_is_refused_while_a_driver_is_bound(void **state)
{
        struct fixture *fixture = *state;

        assert_int_equal(libusb_set_configuration(fixture->handle, 2), LIBUSB_ERROR_BUSY);
        assert_int_equal(emulated_configuration(fixture->device), 1);
}

static void new_configuration_binds_its_drivers(void **state)
{
        struct fixture *fixture = *state;
        int configuration;

        assert_int_equal(libusb_detach_kernel_driver(fixture->handle, 0), 0);
        assert_int_equal(libusb_detach_kernel_driver(fixture->handle, 1), 0);
        assert_int_equal(libusb_set_configuration(fixture->handle, 2), 0);
        assert_int_equal(libusb_get_configuration(fixture->handle, &configuration), 0);
        assert_int_equal(configuration, 2);
        assert_driver(fixture, 0, "usbtest");
        assert_int_equal(emulated_alt_setting(fixture->device, 1), -ENOENT);
        assert_int_equal(access("/sys/bus/usb/devices/1-1:2.0/driver", F_OK), 0);
        assert_int_not_equal(access("/sys/bus/usb/devices/1-1:1.0", F_OK), 0);
}

static void driver_link_in_sysfs_follows_the_driver(void **state)
{
        struct fixture *fixture = *state;

        assert_int_equal(access("/sys/bus/usb/devices/1-1:1.0/driver", F_OK), 0);
        assert_int_equal(libusb_detach_kernel_driver(fixture->handle, 0), 0);
        assert_int_not_equal(access("/sys/bus/usb/devices/1-1:1.0/driver", F_OK), 0);
        assert_int_equal(libusb_attach_kernel_driver(fixture->handle, 0), 0);
        assert_int_equal(access("/sys/bus/usb/devices/1-1:1.0/driver", F_OK), 0);
}

static void reset_through_libusb_keeps_the_claim(void **state)
{
        struct fixture *fixture = *state;

        fixture_claim(fixture, 0);
        assert_int_equal(libusb_reset_device(fixture->handle), 0);
        assert_true(emulated_is_claimed(fixture->device, 0));
        assert_int_equal(emulated_count(fixture->device, "RESET"), 1);
}

static void release_leaves_the_first_alt_setting(void **state)
{
        struct fixture *fixture = *state;

        fixture_claim(fixture, 0);
        assert_int_equal(libusb_set_interface_alt_setting(fixture->handle, 0, 1), 0);
        assert_int_equal(emulated_alt_setting(fixture->device, 0), 1);
        assert_int_equal(libusb_reset_device(fixture->handle), 0); /* releases, and claims again */
        assert_int_equal(emulated_alt_setting(fixture->device, 0), 0);
}

static void device_without_configuration_has_an_empty_attribute(void **state)
{
        struct fixture *fixture = *state;
        int configuration = -1;

        assert_int_equal(libusb_detach_kernel_driver(fixture->handle, 0), 0);
        assert_int_equal(libusb_detach_kernel_driver(fixture->handle, 1), 0);
        assert_int_equal(libusb_set_configuration(fixture->handle, -1), 0);
        assert_int_equal(libusb_get_configuration(fixture->handle, &configuration), 0);
        assert_int_equal(configuration, 0);
}

static void bare_reset_gives_a_claimed_interface_to_the_driver(void **state)
{
        struct fixture *fixture = *state;
        struct usbdevfs_disconnect_claim claim = { .interface = 0 };
        int fd;

        fd = open("/dev/bus/usb/001/002", O_RDWR | O_CLOEXEC);
        assert_true(fd >= 0);
        assert_int_equal(ioctl(fd, USBDEVFS_DISCONNECT_CLAIM, &claim), 0);
        assert_true(emulated_is_claimed(fixture->device, 0));
        assert_int_equal(ioctl(fd, USBDEVFS_RESET, NULL), 0);
        assert_false(emulated_is_claimed(fixture->device, 0));
        assert_driver(fixture, 0, "usbtest");
        close(fd);
}

static void fault_hits_the_chosen_calls(void **state)
{
        struct fixture *fixture = *state;

        libusb_detach_kernel_driver(fixture->handle, 0);
        assert_int_equal(emulated_fail(fixture->device, "CLAIMINTERFACE", EACCES, 1, 2), 0);
        for (int i = 0; i < 4; i++) {
                int r = libusb_claim_interface(fixture->handle, 0);

                assert_int_equal(r, i == 1 || i == 2 ? LIBUSB_ERROR_OTHER : 0);
                if (r == 0)
                        libusb_release_interface(fixture->handle, 0);
        }
        assert_int_equal(emulated_fail(fixture->device, "CLAIM", EACCES, 0, 1), -EINVAL);
        assert_int_equal(emulated_fail(fixture->device, "RESET", -EIO, 0, 1), -EINVAL);
}

static int LIBUSB_CALL on_hotplug(libusb_context *usb, libusb_device *device,
                                  libusb_hotplug_event event, void *userdata)
{
        int *left = userdata;

        *left = 1;
        return 1;
}

static void unplug_is_told_by_hotplug(void **state)
{
        struct fixture *fixture = *state;
        int left = 0;

        assert_int_equal(libusb_hotplug_register_callback(
                                 fixture->usb, LIBUSB_HOTPLUG_EVENT_DEVICE_LEFT, 0, GADGET_VENDOR,
                                 GADGET_PRODUCT, LIBUSB_HOTPLUG_MATCH_ANY, on_hotplug, &left, NULL),
                         0);
        emulated_unplug(fixture->device);
        fixture_run_until(fixture, &left);
}

int main(void)
{
#define ON_GADGET(test)                                                                            \
        cmocka_unit_test_setup_teardown(test, fixture_setup_gadget, fixture_teardown)
        const struct CMUnitTest tests[] = {
                ON_GADGET(claim_detaches_the_driver_and_release_attaches_it),
                ON_GADGET(claim_of_a_bound_interface_is_busy),
                ON_GADGET(claim_of_an_interface_of_another_client_is_busy),
                ON_GADGET(close_leaves_a_claimed_interface_without_driver),
                ON_GADGET(descriptors_and_strings_are_those_of_the_device),
                ON_GADGET(reading_the_node_gives_all_descriptors),
                ON_GADGET(configuration_is_refused_while_a_driver_is_bound),
                ON_GADGET(new_configuration_binds_its_drivers),
                ON_GADGET(driver_link_in_sysfs_follows_the_driver),
                ON_GADGET(reset_through_libusb_keeps_the_claim),
                ON_GADGET(release_leaves_the_first_alt_setting),
                ON_GADGET(device_without_configuration_has_an_empty_attribute),
                ON_GADGET(bare_reset_gives_a_claimed_interface_to_the_driver),
                ON_GADGET(fault_hits_the_chosen_calls),
                ON_GADGET(unplug_is_told_by_hotplug),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
