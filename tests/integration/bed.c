/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The session as main.c makes it, without the sandbox, which cannot be opened again. While the
 * session runs, standard error is the report's log; a sanitizer's words go where they always go.
 */
#include "integration/bed.h"

#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "util/cleanup.h"

/* As a session has when it is alone on a machine: 16 MiB - 2. */
#define USBFS_MEMORY (14u * 1024 * 1024)

#define TICK_MS 100

/* There when the program was built with a sanitizer. */
void __sanitizer_set_report_fd(void *fd) __attribute__((weak));

/* Where standard error was, while a log takes its place. */
static int own_stderr = -1;

static void divert_stderr(int fd)
{
        if (own_stderr < 0) {
                own_stderr = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 100);
                assert_true(own_stderr >= 0);
                if (__sanitizer_set_report_fd)
                        __sanitizer_set_report_fd((void *)(intptr_t)own_stderr);
        }

        dup2(fd < 0 ? own_stderr : fd, STDERR_FILENO);
}

size_t count_descriptors(const char *directory)
{
        DIR *d = opendir(directory);
        size_t n = 0;

        if (!d)
                return 0;
        while (readdir(d))
                n++;
        closedir(d);
        return n;
}

static void on_tick(evutil_socket_t fd, short what, void *userdata)
{
}

static void turn(void *userdata)
{
        struct bed *b = userdata;

        bed_turn(b);
}

static void start(struct bed *b, int socket_fd, size_t usbfs_memory, struct transport *tls)
{
        struct session_config config = { .device_fd = 0, .usbfs_memory = usbfs_memory, .tls = tls };
        struct timeval tick = { .tv_usec = TICK_MS * 1000 };

        b->base = event_base_new();
        assert_non_null(b->base);
        b->tick = event_new(b->base, -1, EV_PERSIST, on_tick, b);
        assert_int_equal(event_add(b->tick, &tick), 0);
        assert_int_equal(usb_loop_new(&b->loop, b->base, false), 0);

        divert_stderr(b->report.log_fd);
        if (session_new(&b->session, &config, b->base, b->loop, socket_fd, &b->reason) < 0)
                b->is_over = true;
        divert_stderr(-1);
}

static void open_with(struct bed *b, const char *options, uint32_t caps, size_t usbfs_memory,
                      struct transport *tls)
{
        char text[512];
        int fds[2];

        *b = (struct bed){ 0 };
        divert_stderr(-1);
        b->descriptors = count_descriptors("/proc/self/fd");
        report_open(&b->report);
        snprintf(text, sizeof(text), "report-fd=%i%s%s", b->report.fd, *options ? "," : "",
                 options);
        assert_int_equal(setenv("FAKE_LIBUSB", text, 1), 0);
        assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fds),
                         0);

        guest_open(&b->guest, fds[0], caps);
        guest_set_turn(&b->guest, turn, b);
        start(b, fds[1], usbfs_memory, tls);
}

void bed_open_memory(struct bed *b, const char *options, uint32_t caps, size_t usbfs_memory)
{
        open_with(b, options, caps, usbfs_memory, NULL);
}

void bed_open_encrypted(struct bed *b, const char *options, struct transport *tls)
{
        open_with(b, options, CAP_ALL, USBFS_MEMORY, tls);
}

void bed_open(struct bed *b, const char *options, uint32_t caps)
{
        bed_open_memory(b, options, caps, USBFS_MEMORY);
}

void bed_open_greeted(struct bed *b, const char *options)
{
        bed_open(b, options, CAP_ALL);
        guest_greet(&b->guest);
}

static void run_loop(struct bed *b, int flags)
{
        if (b->is_over)
                return;

        divert_stderr(b->report.log_fd);
        event_base_loop(b->base, flags);
        divert_stderr(-1);

        if (!event_base_got_break(b->base))
                return;

        b->is_over = true;
        b->reason = b->session->reason;
        /* As the process would: the guest sees the end of file. */
        b->session = session_free(b->session);
}

void bed_turn(struct bed *b)
{
        run_loop(b, EVLOOP_ONCE);
}

void bed_poll(struct bed *b)
{
        run_loop(b, EVLOOP_NONBLOCK);
}

void bed_step(struct bed *b)
{
        run_loop(b, EVLOOP_ONCE | EVLOOP_NONBLOCK);
}

void bed_unplug(struct bed *b)
{
        void (*unplug)(libusb_context * context);

        unplug = (void (*)(libusb_context *))dlsym(RTLD_DEFAULT, "fake_libusb_unplug");
        assert_non_null(unplug);
        unplug(usb_loop_context(b->loop));
}

size_t bed_in_flight(const struct bed *b)
{
        return usb_transfers_in_flight(usb_device_transfers(b->session->device), USB_ENDPOINTS_ALL);
}

void bed_end(struct bed *b)
{
        divert_stderr(b->report.log_fd);
        session_end(b->session, REASON_ASKED, "by the test");
        divert_stderr(-1);
}

void bed_wait(struct bed *b)
{
        time_t end = time(NULL) + GUEST_DEADLINE_SEC;

        while (!b->is_over) {
                if (time(NULL) > end) {
                        report_read(&b->report);
                        fail_msg("the session does not end; log:\n%s", b->report.log);
                }
                bed_turn(b);
        }
}

enum session_reason bed_close_connected(struct bed *b)
{
        bed_wait(b);
        guest_close(&b->guest);
        session_free(b->session);
        usb_loop_free(b->loop);
        event_free(b->tick);
        event_base_free(b->base);
        report_read(&b->report);
        report_close(&b->report);
        assert_int_equal(count_descriptors("/proc/self/fd"), b->descriptors);
        return b->reason;
}

enum session_reason bed_close(struct bed *b)
{
        guest_hang_up(&b->guest);
        return bed_close_connected(b);
}

void bed_close_returned(struct bed *b, enum session_reason reason)
{
        enum session_reason ended = bed_close(b);

        if (ended != reason)
                fail_msg("ended because \"%s\", not \"%s\"; log:\n%s", session_reason_string(ended),
                         session_reason_string(reason), b->report.log);
        report_assert_returned(&b->report, 1);
}
