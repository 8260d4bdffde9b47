/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The world by its commands, and what it must not do: grow.
 */
#include <dirent.h>
#include <malloc.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "emulated/control.h"
#include "emulated/fixture.h"
#include "sanitized.h"

struct bed {
        struct world *world;
        struct control *control;
};

static int setup(void **state)
{
        struct bed *bed = calloc(1, sizeof(*bed));

        assert_non_null(bed);
        assert_int_equal(world_new(&bed->world, true, NULL), 0);
        assert_int_equal(control_new(&bed->control, bed->world), 0);
        *state = bed;
        return 0;
}

static int teardown(void **state)
{
        struct bed *bed = *state;

        control_free(bed->control);
        world_free(bed->world);
        free(bed);
        return 0;
}

static const char *run(struct bed *bed, const char *command)
{
        static char line[CONTROL_LINE_MAX];
        time_t end = time(NULL) + 60;
        const char *text;
        int wait_ms;

        snprintf(line, sizeof(line), "%s", command);
        control_begin(bed->control, line);
        while (!(text = control_run(bed->control, &wait_ms))) {
                assert_true(wait_ms > 0 && time(NULL) < end);
                nanosleep(&(struct timespec){ .tv_nsec = wait_ms * 1000000L }, NULL);
        }
        return text;
}

static void commands_are_answered(void **state)
{
        static const struct {
                const char *in, *want;
        } cases[] = {
                { "list", "ok" },
                { "plug stick 1-1 serial=ABC", "ok 1-1 devnum=2" },
                { "plug  reader\t2-1 USBREDIR_GUEST=vm1 ", "ok 2-1 devnum=2" },
                { "list", "ok 1-1=stick,2,ABC 2-1=reader,2,EMULATED0003" },
                { "plug stick 1-1", "error something is plugged in at 1-1" },
                { "plug stick 1-2 serial= id=abcd:0102", "ok 1-2 devnum=3" },
                { "await 1-1 interface.0.driver=usb-storage", "ok 1-1" },
                { "await 1-1 interface.0.driver=usb 0",
                  "error 1-1: not interface.0.driver=usb in time" },
                { "change 1-1 A=B", "ok 1-1" },
                { "change 1-1 a=B", "error a=B: not NAME=VALUE" },
                { "change 1-8 A=B", "error nothing is plugged in at 1-8" },
                { "unplug 1-1", "ok 1-1" },
                { "unplug 1-1", "error nothing is plugged in at 1-1" },
                { "await 1-1 plugged=no", "ok 1-1" },
                { "list", "ok 1-2=stick,3, 2-1=reader,2,EMULATED0003" },
                { "plug keyboard 1-1 serial=a\\x20b\\x01", "ok 1-1 devnum=4" },
                { "list", "ok 1-1=keyboard,4,a b? 1-2=stick,3, 2-1=reader,2,EMULATED0003" },
                { "fail 1-1 RESET=EIO", "ok 1-1" },
                { "fail 1-1 RESET", "error RESET: not NAME=ERRNO[@N[xTIMES]]" },
                { "fail 16-16 RESET=EIO", "error nothing was ever plugged in at 16-16" },
                { "report 16-16 /dev/null", "error nothing was ever plugged in at 16-16" },
                { "report 1-1 /", "error cannot write /: Is a directory" },
                { "report 1-1 /dev/null", "ok 1-1" },
                { "plug toaster 1-3",
                  "error toaster at 1-3: wrong kind, port (1-1 to 16-16) or fault" },
                { "plug stick 1-17",
                  "error stick at 1-17: wrong kind, port (1-1 to 16-16) or fault" },
                { "plug stick 1-01",
                  "error stick at 1-01: wrong kind, port (1-1 to 16-16) or fault" },
                { "plug stick 16-16", "ok 16-16 devnum=2" },
                { "unplug 16-16", "ok 16-16" },
                { "plug stick 1-3 colour=red", "error colour=red: no such key, or a wrong value" },
                { "plug stick 1-3 id=12345:1", "error id=12345:1: no such key, or a wrong value" },
                { "plug stick", "error plug: too few or too many words" },
                { "storm x 1", "error COUNT and SEED are numbers" },
                { "storm 1 1 17-1", "error not ports, or more than 16" },
                { "dance", "error no such command" },
                { "", "error no such command" },
                { "quit", "ok" },
        };
        struct bed *bed = *state;

        for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
                assert_false(control_is_over(bed->control));
                assert_string_equal(run(bed, cases[i].in), cases[i].want);
        }
        assert_true(control_is_over(bed->control));
}

static void number_of_the_device_is_as_told(void **state)
{
        struct bed *bed = *state;
        libusb_context *usb;
        libusb_device_handle *handle;

        assert_string_equal(run(bed, "plug stick 3-4 id=abcd:0102"), "ok 3-4 devnum=2");
        assert_int_equal(libusb_init(&usb), 0);
        handle = libusb_open_device_with_vid_pid(usb, 0xabcd, 0x0102);
        assert_non_null(handle);
        assert_int_equal(libusb_get_bus_number(libusb_get_device(handle)), 3);
        assert_int_equal(libusb_get_port_number(libusb_get_device(handle)), 4);
        libusb_close(handle);
        libusb_exit(usb);
}

static void libusb_sees_all_devices(void **state)
{
        struct bed *bed = *state;
        libusb_context *usb;
        libusb_device **devices;

        run(bed, "plug stick 1-1");
        run(bed, "plug gadget 2-8");
        run(bed, "plug reader 4-1");
        assert_int_equal(libusb_init(&usb), 0);
        assert_int_equal(libusb_get_device_list(usb, &devices), WORLD_HUBS + 3);
        libusb_free_device_list(devices, 1);
        libusb_exit(usb);
}

static void storm_is_the_same_for_the_same_seed(void **state)
{
        struct bed *bed = *state;
        char first[CONTROL_LINE_MAX];
        void *other;

        snprintf(first, sizeof(first), "%s", run(bed, "storm 60 42"));
        assert_memory_equal(first, "ok ", 3);
        assert_non_null(strstr(first, "STORM"));
        assert_string_equal(run(bed, "list"), first);
        assert_string_not_equal(run(bed, "storm 60 43"), first);
        teardown(state);
        setup(&other);
        *state = other;
        bed = other;
        assert_string_equal(run(bed, "storm 60 42"), first);
        snprintf(first, sizeof(first), "%s", run(bed, "storm 1 2 3-3"));
        assert_non_null(strstr(first, " 3-3="));
        assert_string_equal(run(bed, "list"), first);
}

static void device_that_is_open_goes_when_it_is_closed(void **state)
{
        struct bed *bed = *state;
        libusb_context *usb;
        libusb_device_handle *handle;

        run(bed, "plug gadget 1-1");
        assert_int_equal(libusb_init(&usb), 0);
        handle = libusb_open_device_with_vid_pid(usb, GADGET_VENDOR, GADGET_PRODUCT);
        assert_non_null(handle);
        run(bed, "unplug 1-1");
        assert_string_equal(run(bed, "await 1-1 clients.open=1"), "ok 1-1");
        assert_string_equal(run(bed, "plug stick 1-1"), "ok 1-1 devnum=3");
        assert_int_equal(world_leftovers(bed->world), 1);
        assert_int_equal(libusb_claim_interface(handle, 0), LIBUSB_ERROR_NO_DEVICE);
        libusb_close(handle);
        libusb_exit(usb);
        for (time_t end = time(NULL) + 5; world_leftovers(bed->world) > 0;)
                assert_true(time(NULL) <= end);
        assert_string_equal(run(bed, "list"), "ok 1-1=stick,3,EMULATED0001");
}

static size_t count_descriptors(void)
{
        DIR *directory = opendir("/proc/self/fd");
        size_t count = 0;

        assert_non_null(directory);
        while (readdir(directory))
                count++;
        closedir(directory);
        return count;
}

static void plug_and_unplug(struct bed *bed, unsigned times)
{
        static const char *const commands[] = {
                "plug stick 1-1",  "plug composite 2-2", "unplug 1-1",
                "plug gadget 1-1", "unplug 2-2",         "unplug 1-1",
        };

        for (unsigned i = 0; i < times; i++)
                for (size_t j = 0; j < sizeof(commands) / sizeof(commands[0]); j++)
                        assert_memory_equal(run(bed, commands[j]), "ok ", 3);
}

static void world_does_not_grow(void **state)
{
        const size_t enough = 128 << 10; /* 500 forgotten devices would be more */
        struct bed *bed = *state;
        size_t descriptors, memory;

        plug_and_unplug(bed, 20);
        descriptors = count_descriptors();
        memory = mallinfo2().uordblks;
        plug_and_unplug(bed, 170); /* 510 times */
        /* One device is left in each of the two ports. */
        assert_in_range(count_descriptors(), 0, descriptors + 2);
        if (!IS_SANITIZED)
                assert_in_range(mallinfo2().uordblks, 0, memory + enough);
}

int main(void)
{
#define IN_WORLD(test) cmocka_unit_test_setup_teardown(test, setup, teardown)
        const struct CMUnitTest tests[] = {
                IN_WORLD(commands_are_answered),
                IN_WORLD(number_of_the_device_is_as_told),
                IN_WORLD(libusb_sees_all_devices),
                IN_WORLD(storm_is_the_same_for_the_same_seed),
                IN_WORLD(device_that_is_open_goes_when_it_is_closed),
                IN_WORLD(world_does_not_grow),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
