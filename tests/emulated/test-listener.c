/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Programs that listen for devices with libudev, several at the same time.
 */
#include <fcntl.h>
#include <glob.h>
#include <libudev.h>
#include <poll.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>

#include "emulated/fixture.h"
#include "emulated/world.h"

enum { LISTENER_FD = 700 };

/* Listens with the descriptor the other programs have too; 0 if it heard of the stick. */
static int run_listener(void)
{
        struct udev *udev = udev_new();
        struct udev_monitor *monitor;
        struct pollfd poll_monitor = { .fd = LISTENER_FD, .events = POLLIN };
        struct udev_device *device;
        int r;

        for (int fd = open("/", O_RDONLY); fd < LISTENER_FD - 1; fd = dup(fd))
                if (fd < 0)
                        return 3;
        monitor = udev_monitor_new_from_netlink(udev, "udev");
        if (udev_monitor_get_fd(monitor) != LISTENER_FD)
                return 4;
        if (udev_monitor_enable_receiving(monitor) < 0 || write(STDOUT_FILENO, "", 1) != 1 ||
            poll(&poll_monitor, 1, DEADLINE_MS) != 1)
                return 1;
        device = udev_monitor_receive_device(monitor);
        r = device && strcmp(udev_device_get_sysname(device), "1-1") == 0 ? 0 : 2;
        udev_device_unref(device);
        udev_monitor_unref(monitor);
        udev_unref(udev);
        return r;
}

/* A program of its own: a mere child would inherit the locks of the testbed's threads. */
static pid_t start_listener(int ready)
{
        pid_t child = fork();

        if (child == 0) {
                dup2(ready, STDOUT_FILENO);
                execl("/proc/self/exe", "test-listener", "listen", NULL);
                _exit(5);
        }
        assert_true(child > 0);
        return child;
}

/* The name that the next child will take is free again. */
static void wait_until_heard(struct world *world)
{
        time_t end = time(NULL) + DEADLINE_MS / 1000;
        char pattern[64];
        glob_t found;
        int r;

        snprintf(pattern, sizeof(pattern), "%s/event*", world_root(world));
        do {
                r = glob(pattern, 0, NULL, &found);
                globfree(&found);
                assert_true(time(NULL) <= end);
        } while (r == 0);
        assert_int_equal(r, GLOB_NOMATCH);
}

static void every_process_hears_of_it(void **state)
{
        struct world *world = *state;
        pid_t children[3];
        int ready[2];
        struct world_plug stick = { .kind = "stick", .port = "1-1" };

        assert_int_equal(pipe2(ready, O_CLOEXEC), 0);
        for (size_t i = 0; i < 3; i++) {
                char byte;

                children[i] = start_listener(ready[1]);
                assert_int_equal(read(ready[0], &byte, 1), 1);
                wait_until_heard(world);
        }
        assert_int_equal(world_plug(world, &stick), 0);
        for (size_t i = 0; i < 3; i++) {
                int status;

                assert_int_equal(waitpid(children[i], &status, 0), children[i]);
                assert_int_equal(status, 0);
        }
        close(ready[0]);
        close(ready[1]);
}

static int setup(void **state)
{
        return world_new((struct world **)state, true, NULL);
}

static int teardown(void **state)
{
        world_free(*state);
        return 0;
}

int main(int argc, char **argv)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup_teardown(every_process_hears_of_it, setup, teardown),
        };

        if (argc > 1)
                return run_listener();
        return cmocka_run_group_tests(tests, NULL, NULL);
}
