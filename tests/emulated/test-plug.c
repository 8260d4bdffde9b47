/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What programs are told when devices come, change and go, and what they find then: with libudev's
 * monitor, in sysfs, and by libusb.
 */
#include <libudev.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include "emulated/fixture.h"
#include "emulated/world.h"

struct bed {
        struct world *world;
        struct udev *udev;
        struct udev_monitor *monitor;
};

static struct udev_monitor *listen_for_usb(struct udev *udev)
{
        struct udev_monitor *monitor = udev_monitor_new_from_netlink(udev, "udev");

        assert_non_null(monitor);
        assert_true(udev_monitor_filter_add_match_subsystem_devtype(monitor, "usb", NULL) >= 0);
        assert_true(udev_monitor_enable_receiving(monitor) >= 0);
        return monitor;
}

static int setup(void **state)
{
        struct bed *bed = calloc(1, sizeof(*bed));

        assert_non_null(bed);
        assert_int_equal(world_new(&bed->world, true, NULL), 0);
        bed->udev = udev_new();
        bed->monitor = listen_for_usb(bed->udev);
        *state = bed;
        return 0;
}

static int teardown(void **state)
{
        struct bed *bed = *state;

        udev_monitor_unref(bed->monitor);
        udev_unref(bed->udev);
        world_free(bed->world);
        free(bed);
        return 0;
}

static struct udev_device *receive(struct udev_monitor *monitor)
{
        struct pollfd poll_monitor = { .fd = udev_monitor_get_fd(monitor), .events = POLLIN };

        assert_int_equal(poll(&poll_monitor, 1, DEADLINE_MS), 1);
        return udev_monitor_receive_device(monitor);
}

/* The next events are these: "add 1-1" and so on, separated by commas. */
static void assert_events(struct bed *bed, const char *expected)
{
        CLEANUP(freep) char *rest = strdup(expected);
        char *word, *from = rest;

        while ((word = strtok_r(from, ",", &from))) {
                struct udev_device *device = receive(bed->monitor);
                char text[64];

                assert_non_null(device);
                snprintf(text, sizeof(text), "%s %s", udev_device_get_action(device),
                         udev_device_get_sysname(device));
                assert_string_equal(text, word);
                udev_device_unref(device);
        }
}

static void assert_no_events(struct bed *bed)
{
        assert_null(udev_monitor_receive_device(bed->monitor));
}

static void plug(struct bed *bed, const char *kind, const char *port)
{
        assert_int_equal(world_plug(bed->world, &(struct world_plug){ .kind = kind, .port = port }),
                         0);
}

#define STICK_COMES "add 1-1,add 1-1:1.0,bind 1-1:1.0,bind 1-1"
#define STICK_GOES  "unbind 1-1:1.0,remove 1-1:1.0,unbind 1-1,remove 1-1"

static void events_have_the_order_of_linux(void **state)
{
        struct bed *bed = *state;

        plug(bed, "stick", "1-1");
        assert_events(bed, STICK_COMES);
        assert_int_equal(world_unplug(bed->world, "1-1"), 0);
        assert_events(bed, STICK_GOES);
        plug(bed, "composite", "2-3");
        assert_events(bed, "add 2-3,add 2-3:1.0,add 2-3:1.1,bind 2-3:1.1,bind 2-3");
        assert_no_events(bed);
}

static void device_is_told_of_before_it_has_a_driver(void **state)
{
        struct bed *bed = *state;
        struct udev_device *device;

        plug(bed, "stick", "1-1");
        device = receive(bed->monitor);
        assert_string_equal(udev_device_get_action(device), "add");
        assert_null(udev_device_get_property_value(device, "DRIVER"));
        udev_device_unref(device);
        for (int i = 0; i < 2; i++)
                udev_device_unref(receive(bed->monitor));
        device = receive(bed->monitor);
        assert_string_equal(udev_device_get_property_value(device, "DRIVER"), "usb");
        udev_device_unref(device);
}

static void properties_are_those_of_udev(void **state)
{
        static const struct {
                const char *kind, *port, *name, *value;
        } cases[] = {
                { "stick", "1-1", "DEVTYPE", "usb_device" },
                { "stick", "1-1", "DEVNAME", "/dev/bus/usb/001/002" },
                { "stick", "1-1", "BUSNUM", "001" },
                { "stick", "1-1", "DEVNUM", "002" },
                { "stick", "1-1", "PRODUCT", "1209/1/100" },
                { "stick", "1-1", "TYPE", "0/0/0" },
                { "stick", "1-1", "ID_BUS", "usb" },
                { "stick", "1-1", "ID_VENDOR_ID", "1209" },
                { "stick", "1-1", "ID_MODEL_ID", "0001" },
                { "stick", "1-1", "ID_MODEL", "Emulated_stick" },
                { "stick", "1-1", "ID_SERIAL_SHORT", "EMULATED0001" },
                { "stick", "1-1", "ID_USB_INTERFACES", ":080650:" },
                { "stick", "1-1", "ID_PATH", "pci-0000:00:14.0-usb-0:1" },
                { "stick", "2-3", "ID_PATH", "pci-0000:00:15.0-usb-0:3" },
                { "stick", "1-1", "USBREDIR_AUTO", NULL },
                { "gadget", "1-1", "ID_USB_INTERFACES", ":ff0000:" },
                { "reader", "1-1", "ID_USB_INTERFACES", ":0b0000:" },
                { "reader", "1-1", "USBREDIR_AUTO", "1" },
                { "keyboard", "1-1", "ID_USB_INTERFACES", ":030101:" },
                { "composite", "1-1", "ID_USB_INTERFACES", ":0b0000:030101:" },
                { "composite", "1-1", "USBREDIR_AUTO", "1" },
        };
        for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
                struct udev_device *device, *found;
                const char *value;
                struct bed *bed;

                setup((void **)&bed);
                plug(bed, cases[i].kind, cases[i].port);
                device = receive(bed->monitor);
                found = udev_device_new_from_subsystem_sysname(bed->udev, "usb", cases[i].port);
                value = udev_device_get_property_value(device, cases[i].name);
                print_message("%s of %s\n", cases[i].name, cases[i].kind);
                if (cases[i].value) {
                        assert_string_equal(value, cases[i].value);
                        assert_string_equal(udev_device_get_property_value(found, cases[i].name),
                                            cases[i].value);
                } else {
                        assert_null(value);
                }
                udev_device_unref(found);
                udev_device_unref(device);
                teardown((void **)&bed);
        }
}

static void properties_on_the_command_replace_and_add(void **state)
{
        const char *const properties[] = { "USBREDIR_AUTO=", "ID_MODEL=Other", "USBREDIR_GUEST=vm1",
                                           NULL };
        struct world_plug what = { .kind = "reader", .port = "1-1", .properties = properties };
        const char *const changed[] = { "USBREDIR_GUEST=vm2", NULL };
        struct bed *bed = *state;
        struct udev_device *device;

        assert_int_equal(world_plug(bed->world, &what), 0);
        device = receive(bed->monitor);
        assert_null(udev_device_get_property_value(device, "USBREDIR_AUTO"));
        assert_string_equal(udev_device_get_property_value(device, "ID_MODEL"), "Other");
        assert_string_equal(udev_device_get_property_value(device, "USBREDIR_GUEST"), "vm1");
        udev_device_unref(device);
        assert_events(bed, "add 1-1:1.0,bind 1-1");

        assert_int_equal(world_change(bed->world, "1-1", changed), 0);
        device = receive(bed->monitor);
        assert_string_equal(udev_device_get_action(device), "change");
        assert_string_equal(udev_device_get_property_value(device, "USBREDIR_GUEST"), "vm2");
        assert_string_equal(udev_device_get_property_value(device, "USBREDIR_AUTO"), "1");
        udev_device_unref(device);
}

static void sysfs_has_the_attributes(void **state)
{
        static const struct {
                const char *device, *name, *value;
        } cases[] = {
                { "1-1", "busnum", "1" },
                { "1-1", "devnum", "2" },
                { "1-1", "idVendor", "1209" },
                { "1-1", "idProduct", "0005" },
                { "1-1", "bcdDevice", "0100" },
                { "1-1", "bDeviceClass", "00" },
                { "1-1", "bConfigurationValue", "1" },
                { "1-1", "bNumInterfaces", " 2" },
                { "1-1", "speed", "12" },
                { "1-1", "manufacturer", "usbredir" },
                { "1-1", "product", "Emulated token" },
                { "1-1", "serial", "EMULATED0005" },
                { "1-1", "authorized", "1" },
                { "1-1:1.0", "bInterfaceNumber", "00" },
                { "1-1:1.0", "bInterfaceClass", "0b" },
                { "1-1:1.1", "bInterfaceClass", "03" },
                { "1-1:1.1", "bInterfaceSubClass", "01" },
                { "1-1:1.1", "bInterfaceProtocol", "01" },
                { "usb1", "bDeviceClass", "09" },
                { "usb4", "devnum", "1" },
        };
        struct bed *bed = *state;

        plug(bed, "composite", "1-1");
        for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
                struct udev_device *device =
                        udev_device_new_from_subsystem_sysname(bed->udev, "usb", cases[i].device);

                assert_non_null(device);
                print_message("%s of %s\n", cases[i].name, cases[i].device);
                assert_string_equal(udev_device_get_sysattr_value(device, cases[i].name),
                                    cases[i].value);
                udev_device_unref(device);
        }
        assert_int_not_equal(access("/sys/bus/usb/devices/1-1:1.0/driver", F_OK), 0);
        assert_int_equal(access("/sys/bus/usb/devices/1-1:1.1/driver", F_OK), 0);
}

static void unplugged_device_is_gone_from_sysfs(void **state)
{
        struct bed *bed = *state;

        plug(bed, "stick", "1-1");
        assert_int_equal(access("/sys/bus/usb/devices/1-1/idVendor", F_OK), 0);
        assert_int_equal(access("/dev/bus/usb/001/002", F_OK), 0);
        assert_int_equal(world_unplug(bed->world, "1-1"), 0);
        assert_int_not_equal(access("/sys/bus/usb/devices/1-1", F_OK), 0);
        assert_int_not_equal(access("/sys/bus/usb/devices/1-1:1.0", F_OK), 0);
        assert_int_not_equal(access("/sys/devices/pci0000:00/0000:00:14.0/usb1/1-1", F_OK), 0);
        assert_int_not_equal(access("/dev/bus/usb/001/002", F_OK), 0);
        assert_int_equal(world_unplug(bed->world, "1-1"), -ENODEV);
}

static void replugged_device_gets_the_next_number(void **state)
{
        struct bed *bed = *state;

        for (unsigned devnum = 2; devnum <= 127; devnum++) {
                plug(bed, "keyboard", "1-1");
                assert_int_equal(emulated_description(world_device(bed->world, "1-1"))->devnum,
                                 devnum);
                if (devnum == 2)
                        plug(bed, "stick", "2-1"); /* buses count for themselves */
                assert_int_equal(world_unplug(bed->world, "1-1"), 0);
        }
        assert_int_equal(emulated_description(world_device(bed->world, "2-1"))->devnum, 2);
        plug(bed, "keyboard", "1-2");
        plug(bed, "keyboard", "1-1");
        assert_int_equal(emulated_description(world_device(bed->world, "1-2"))->devnum, 2);
        assert_int_equal(emulated_description(world_device(bed->world, "1-1"))->devnum, 3);
}

static void port_takes_one_device(void **state)
{
        struct world_plug what = { .kind = "stick", .port = "1-1" };
        static const char *const wrong[] = {
                "", "1", "0-1", "17-1", "1-0", "1-17", "1-1.1", "111-1"
        };
        struct bed *bed = *state;

        assert_int_equal(world_plug(bed->world, &what), 0);
        assert_int_equal(world_plug(bed->world, &what), -EEXIST);
        for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
                what.port = wrong[i];
                assert_int_equal(world_plug(bed->world, &what), -EINVAL);
        }
}

static void claiming_binds_usbfs_and_releasing_the_driver(void **state)
{
        struct bed *bed = *state;
        libusb_device_handle *handle;
        struct udev_device *device;
        libusb_context *usb;

        plug(bed, "stick", "1-1");
        assert_events(bed, STICK_COMES);
        assert_int_equal(libusb_init(&usb), 0);
        handle = libusb_open_device_with_vid_pid(usb, STICK_VENDOR, STICK_PRODUCT);
        assert_non_null(handle);
        libusb_set_auto_detach_kernel_driver(handle, 1);

        assert_int_equal(libusb_claim_interface(handle, 0), 0);
        assert_events(bed, "unbind 1-1:1.0");
        device = receive(bed->monitor);
        assert_string_equal(udev_device_get_action(device), "bind");
        assert_string_equal(udev_device_get_property_value(device, "DRIVER"), "usbfs");
        udev_device_unref(device);

        assert_int_equal(libusb_release_interface(handle, 0), 0);
        assert_events(bed, "unbind 1-1:1.0");
        device = receive(bed->monitor);
        assert_string_equal(udev_device_get_action(device), "bind");
        assert_string_equal(udev_device_get_property_value(device, "DRIVER"), "usb-storage");
        udev_device_unref(device);
        assert_no_events(bed);
        libusb_close(handle);
        libusb_exit(usb);
}

/* A kernel's socket holds thousands of events, a unix socket perhaps ten. */
static void events_wait_for_a_slow_listener(void **state)
{
        struct bed *bed = *state;

        for (int i = 0; i < 100; i++) {
                plug(bed, "stick", "1-1");
                assert_int_equal(world_unplug(bed->world, "1-1"), 0);
        }
        for (int i = 0; i < 100; i++)
                assert_events(bed, STICK_COMES "," STICK_GOES);
        assert_no_events(bed);
}

static void listener_of_one_devtype_hears_only_that(void **state)
{
        struct bed *bed = *state;
        struct udev_monitor *monitor = udev_monitor_new_from_netlink(bed->udev, "udev");
        static const char *const actions[] = { "add", "bind" };

        udev_monitor_filter_add_match_subsystem_devtype(monitor, "usb", "usb_device");
        assert_true(udev_monitor_enable_receiving(monitor) >= 0);
        plug(bed, "composite", "1-1");
        for (size_t i = 0; i < 2; i++) {
                struct udev_device *device = receive(monitor);

                assert_string_equal(udev_device_get_action(device), actions[i]);
                assert_string_equal(udev_device_get_sysname(device), "1-1");
                udev_device_unref(device);
        }
        assert_null(udev_monitor_receive_device(monitor));
        udev_monitor_unref(monitor);
}

int main(void)
{
#define IN_WORLD(test) cmocka_unit_test_setup_teardown(test, setup, teardown)
        const struct CMUnitTest tests[] = {
                IN_WORLD(events_have_the_order_of_linux),
                IN_WORLD(device_is_told_of_before_it_has_a_driver),
                cmocka_unit_test(properties_are_those_of_udev),
                IN_WORLD(properties_on_the_command_replace_and_add),
                IN_WORLD(sysfs_has_the_attributes),
                IN_WORLD(unplugged_device_is_gone_from_sysfs),
                IN_WORLD(replugged_device_gets_the_next_number),
                IN_WORLD(port_takes_one_device),
                IN_WORLD(claiming_binds_usbfs_and_releasing_the_driver),
                IN_WORLD(events_wait_for_a_slow_listener),
                IN_WORLD(listener_of_one_devtype_hears_only_that),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
