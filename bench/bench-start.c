/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Starts session processes as the daemon does, one after the other, each with a guest that has said
 * hello before:
 *
 *      bench-start COUNT WAIT COMMAND...
 *
 * COMMAND is the session's, which has the control socket at 3. It gets its order after WAIT ms, or
 * has it from the beginning. For each start a line:
 *
 *      PID BEGUN OFFERED
 *
 * by CLOCK_MONOTONIC in µs: when the process was made, or, if it had to wait, had its order; and
 * when device_connect had come, 0 for a session that has ended without. Where its time went,
 * bench/start has the kernel tell.
 */
#include <errno.h>
#include <event2/event.h>
#include <fcntl.h>
#include <inttypes.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "guest/guest.h"
#include "protocol/caps.h"
#include "session/control.h"
#include "util/cleanup.h"
#include "util/clock.h"

#define CONTROL_FD   3
#define DEADLINE_SEC 10

/* The fake's device. */
static const struct control_order order = {
        .number = 1,
        .purpose = CONTROL_REDIRECT,
        .usbfs_memory = 4 << 20,
        .greeting_sec = DEADLINE_SEC,
        .vendor = 0x1209,
        .product = 1,
        .bus = 1,
        .address = 2,
        .port = "1-1",
        .guest = "vm",
        .channel = "unix:/vm",
};

struct start {
        struct event_base *base;
        uint64_t offered;
};

static void die(const char *what, int error)
{
        fprintf(stderr, "bench-start: %s: %s\n", what, strerror(error));
        exit(1);
}

static void on_connect(void *userdata)
{
        struct start *s = userdata;

        s->offered = clock_usec(CLOCK_MONOTONIC);
        event_base_loopbreak(s->base);
}

static void on_end(void *userdata, enum link_end end, int detail)
{
        event_base_loopbreak(((struct start *)userdata)->base);
}

static const struct usb_guest_events events = { .on_connect = on_connect, .on_end = on_end };

static pid_t spawn(char **command, int control)
{
        posix_spawn_file_actions_t actions;
        pid_t pid;
        int r;

        posix_spawn_file_actions_init(&actions);
        posix_spawn_file_actions_adddup2(&actions, control, CONTROL_FD);
        posix_spawn_file_actions_addclosefrom_np(&actions, CONTROL_FD + 1);
        r = posix_spawn(&pid, command[0], &actions, NULL, command, environ);
        if (r != 0)
                die(command[0], r);
        posix_spawn_file_actions_destroy(&actions);
        return pid;
}

static void make_pair(int type, int pair[2])
{
        if (socketpair(AF_UNIX, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, pair) < 0)
                die("socketpair", errno);
}

static void give_order(int control, struct control_fds *fds)
{
        int r = control_send_order(control, &order, fds);

        if (r < 0)
                die("the order", -r);
        control_fds_close(fds);
}

static void start(char **command, unsigned wait_ms, struct event_base *base)
{
        static const struct usb_guest_config config = { .version = "bench-start", .caps = CAP_ALL };
        const struct timeval deadline = { .tv_sec = DEADLINE_SEC };
        struct control_fds fds = CONTROL_NO_FDS;
        struct start s = { .base = base };
        struct usb_guest *guest;
        int control[2], link[2], r;
        uint64_t begun;
        pid_t pid;

        make_pair(SOCK_SEQPACKET, control);
        make_pair(SOCK_STREAM, link);
        fds.guest = link[1];
        fds.node = open("/dev/null", O_RDWR | O_CLOEXEC);
        r = usb_guest_new(&guest, base, link[0], &config, &events, &s);
        if (r < 0)
                die("the guest", -r);
        event_base_loop(base, EVLOOP_NONBLOCK);

        if (wait_ms == 0)
                give_order(control[0], &fds);
        begun = clock_usec(CLOCK_MONOTONIC);
        pid = spawn(command, control[1]);
        close(control[1]);
        if (wait_ms > 0) {
                usleep(wait_ms * 1000);
                begun = clock_usec(CLOCK_MONOTONIC);
                give_order(control[0], &fds);
        }
        event_base_loopexit(base, &deadline);
        event_base_dispatch(base);

        usb_guest_free(guest); /* first: a session asked to end waits for its guest */
        close(control[0]);
        waitpid(pid, NULL, 0);
        printf("%i %" PRIu64 " %" PRIu64 "\n", (int)pid, begun, s.offered);
}

int main(int argc, char **argv)
{
        struct event_base *base;

        if (argc < 4) {
                fprintf(stderr, "Usage: bench-start COUNT WAIT COMMAND...\n");
                return 2;
        }

        for (int i = atoi(argv[1]); i > 0; i--) {
                base = event_base_new();
                start(argv + 3, (unsigned)atoi(argv[2]), base);
                event_base_free(base);
        }

        return 0;
}
