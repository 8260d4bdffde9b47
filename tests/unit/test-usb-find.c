/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The three forms of a device's name, against a /sys of our own: a tmpfs over it, in a mount
 * namespace that only this process sees. Where that may not be made the tests are skipped.
 */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "usb/find.h"
#include "util/macro.h"

#define DEVICES "/sys/bus/usb/devices"

static void write_file(const char *device, const char *name, const char *text)
{
        char path[256];
        int fd;

        snprintf(path, sizeof(path), DEVICES "/%s/%s", device, name);
        fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
        assert_true(fd >= 0);
        assert_int_equal(write(fd, text, strlen(text)), strlen(text));
        close(fd);
}

static void add_device(const char *name, const char *bus, const char *address, const char *vendor,
                       const char *product)
{
        char path[256];

        snprintf(path, sizeof(path), DEVICES "/%s", name);
        assert_int_equal(mkdir(path, 0755), 0);
        write_file(name, "busnum", bus);
        write_file(name, "devnum", address);
        write_file(name, "idVendor", vendor);
        write_file(name, "idProduct", product);
}

/* What a machine with two buses has. */
static void add_devices(void)
{
        char name[32], address[16];

        add_device("usb1", "1\n", "1\n", "1d6b\n", "0002\n");
        add_device("1-1", "1\n", "2\n", "046d\n", "c52b\n");
        add_device("1-1.4", "1\n", "12\n", "0781\n", "5583\n");
        add_device("1-1:1.0", "1\n", "2\n", "046d\n", "c52b\n");
        add_device("2-1", "2\n", "2\n", "0781\n", "5583\n");
        add_device("10-3.1.2", "10\n", "127\n", "ABCD\n", "00ef\n");
        assert_int_equal(rename(DEVICES "/1-1.4", "/sys/far"), 0);
        assert_int_equal(symlink("../../../far", DEVICES "/1-1.4"), 0);

        /* What is going away, or was never right. */
        assert_int_equal(mkdir(DEVICES "/3-1", 0755), 0);
        add_device("3-2", "3\n", "", "1111\n", "1111\n");
        add_device("3-3", "3\n", "x\n", "1111\n", "1111\n");
        add_device("3-4", "256\n", "1\n", "1111\n", "1111\n");
        add_device("3-5", "3\n", "5\n", "11111\n", "1111\n");
        add_device("3-1.1.1.1.1.1.1.1.1.1.1.1.1.1.1", "3\n", "6\n", "1111\n", "1111\n");
        add_device("3-1.1.1.1.1.1.1.1.1.1.1.1.1.1.10", "3\n", "7\n", "1111\n", "1111\n");

        for (int i = 1; i <= 40; i++) {
                snprintf(name, sizeof(name), "4-1.%i.1.1.1", i);
                snprintf(address, sizeof(address), "%i\n", i);
                add_device(name, "4\n", address, "2222\n", "3333\n");
        }
}

static bool write_map(const char *name, const char *text)
{
        int fd = open(name, O_WRONLY | O_CLOEXEC);
        bool done = fd >= 0 && write(fd, text, strlen(text)) > 0;

        if (fd >= 0)
                close(fd);
        return done;
}

/* Only root may mount; whoever may not is root of a user namespace, if there are such. */
static bool enter_namespace(void)
{
        char uid_map[32], gid_map[32];

        snprintf(uid_map, sizeof(uid_map), "0 %u 1", geteuid());
        snprintf(gid_map, sizeof(gid_map), "0 %u 1", getegid());
        if (unshare(CLONE_NEWNS) == 0)
                return true;

        return unshare(CLONE_NEWUSER | CLONE_NEWNS) == 0 &&
               write_map("/proc/self/setgroups", "deny") &&
               write_map("/proc/self/uid_map", uid_map) && write_map("/proc/self/gid_map", gid_map);
}

/* A /sys with nothing in it but what the tests put there. */
static int make_sys(void **state)
{
        static int made = 1;

        if (!enter_namespace() || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
            mount("tmpfs", "/sys", "tmpfs", 0, NULL) < 0)
                return 0;

        *state = &made;
        return 0;
}

static void need_sys(void **state)
{
        if (!*state)
                skip();
}

static void without_usb_there_is_no_device(void **state)
{
        struct usb_place place;
        char message[512] = "";

        need_sys(state);
        assert_int_equal(usb_find("1-1", &place, message, sizeof(message)), -ENODEV);
        assert_string_equal(message, "there is no USB device 1-1: \"lsusb -t\" lists them");

        assert_int_equal(mkdir("/sys/bus", 0755), 0);
        assert_int_equal(mkdir("/sys/bus/usb", 0755), 0);
        assert_int_equal(mkdir(DEVICES, 0755), 0);
        add_devices();
}

static void finds_by_each_of_the_three_forms(void **state)
{
        static const struct {
                const char *in;
                struct usb_place want;
        } cases[] = {
                { "1-1", { "1-1", 1, 2, 0x046d, 0xc52b } },
                { "1-1.4", { "1-1.4", 1, 12, 0x0781, 0x5583 } },
                { "2-1", { "2-1", 2, 2, 0x0781, 0x5583 } },
                { "10-3.1.2", { "10-3.1.2", 10, 127, 0xabcd, 0x00ef } },
                { "046d:c52b", { "1-1", 1, 2, 0x046d, 0xc52b } },
                { "046D:C52B", { "1-1", 1, 2, 0x046d, 0xc52b } },
                { "abcd:00ef", { "10-3.1.2", 10, 127, 0xabcd, 0x00ef } },
                { "1/12", { "1-1.4", 1, 12, 0x0781, 0x5583 } },
                { "001/012", { "1-1.4", 1, 12, 0x0781, 0x5583 } },
                { "010/127", { "10-3.1.2", 10, 127, 0xabcd, 0x00ef } },
        };

        need_sys(state);
        for (size_t i = 0; i < ELEMENTS(cases); i++) {
                struct usb_place place = { 0 };
                char message[512] = "";

                if (usb_find(cases[i].in, &place, message, sizeof(message)) < 0)
                        fail_msg("%s: %s", cases[i].in, message);
                assert_string_equal(place.port, cases[i].want.port);
                assert_int_equal(place.bus, cases[i].want.bus);
                assert_int_equal(place.address, cases[i].want.address);
                assert_int_equal(place.vendor, cases[i].want.vendor);
                assert_int_equal(place.product, cases[i].want.product);
                assert_string_equal(message, "");
        }
}

static void says_so_when_there_is_none(void **state)
{
        static const char *const names[] = {
                "1-2",       "1-1.4.1",   "01-1", "1-1.",      "9-1",
                "046d:c52c", "c52b:046d", "1/3",  "2/12",      "0/2",
                "999/999",   "1d6b:0002", "1/1",  "3-1",       "3-2",
                "3-3",       "3-4",       "3-5",  "1111:1111", "3-1.1.1.1.1.1.1.1.1.1.1.1.1.1.10",
        };

        need_sys(state);
        for (size_t i = 0; i < ELEMENTS(names); i++) {
                struct usb_place place = { 0 };
                char message[512] = "", want[512];
                int r = usb_find(names[i], &place, message, sizeof(message));

                /* A port path of 31 characters is the longest there is room for. */
                if (!strcmp(names[i], "1111:1111")) {
                        assert_int_equal(r, 0);
                        assert_int_equal(place.address, 6);
                        continue;
                }
                if (r != -ENODEV)
                        fail_msg("%s: %i", names[i], r);
                snprintf(want, sizeof(want), "there is no USB device %s: \"lsusb -t\" lists them",
                         names[i]);
                assert_string_equal(message, want);
                assert_string_equal(place.port, "");
        }
}

static void names_the_candidates_of_what_is_ambiguous(void **state)
{
        struct usb_place place = { 0 };
        char message[512] = "";

        need_sys(state);
        assert_int_equal(usb_find("0781:5583", &place, message, sizeof(message)), -ENOTUNIQ);
        if (strcmp(message, "0781:5583 is not one device: say which by its port: 1-1.4, 2-1") &&
            strcmp(message, "0781:5583 is not one device: say which by its port: 2-1, 1-1.4"))
                fail_msg("%s", message);
        assert_string_equal(place.port, "");

        assert_int_equal(usb_find("2222:3333", &place, message, sizeof(message)), -ENOTUNIQ);
        assert_non_null(strstr(message, ".1.1.1, 4-1."));
        assert_int_equal(usb_find("2222:3333", &place, message, 20), -ENOTUNIQ);
        assert_string_equal(message, "2222:3333 is not on");
}

static void refuses_what_has_none_of_the_forms(void **state)
{
        static const char *const names[] = {
                "",           " ",         "1",          "a",          "-",          "1-",
                "-1",         "1-a",       "a-1",        "1-1a",       "1-1:1.0",    "1 - 1",
                " 1-1",       "1-1 ",      "1- 1",       "1--1",       "-1-1",       "+1-1",
                "1234-1",     "1-1234-1",  ":",          "046d",       "046d:",      ":c52b",
                "46d:c52b",   "046d:52b",  "0046d:c52b", "046d:0c52b", "046d:c52b ", " 46d:c52b",
                "-46d:c52b",  "0x46:c52b", "046d:-52b",  "046d: 52b",  "046d:0x2b",  "046g:c52b",
                "046d:c52b:", "046d c52b", "/",          "1/",         "/1",         "1/2/3",
                "1/2 ",       " 1/2",      "1/ 2",       "-1/2",       "1/-2",       "+1/2",
                "1234/1",     "1/1234",    "0x1/2",      "1/a",        "fd:5",       "usb1",
        };

        need_sys(state);
        for (size_t i = 0; i < ELEMENTS(names); i++) {
                struct usb_place place = { 0 };
                char message[512] = "", want[512];
                int r = usb_find(names[i], &place, message, sizeof(message));

                if (r != -EINVAL)
                        fail_msg("'%s': %i", names[i], r);
                snprintf(want, sizeof(want),
                         "'%s' names no device: give its port (1-1.4), VVVV:PPPP or BBB/DDD",
                         names[i]);
                assert_string_equal(message, want);
                assert_string_equal(place.port, "");
        }
}

int main(void)
{
        static const struct CMUnitTest tests[] = {
                cmocka_unit_test(without_usb_there_is_no_device),
                cmocka_unit_test(finds_by_each_of_the_three_forms),
                cmocka_unit_test(says_so_when_there_is_none),
                cmocka_unit_test(names_the_candidates_of_what_is_ambiguous),
                cmocka_unit_test(refuses_what_has_none_of_the_forms),
        };

        return cmocka_run_group_tests(tests, make_sys, NULL);
}
