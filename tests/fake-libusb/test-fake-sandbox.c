/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The fake inside a sandbox: after libusb_init() a child allows itself the few system calls
 * that README.md promises, is killed for any other, and does everything a session does.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>
#include <seccomp.h>

#include "fake-libusb/bed.h"
#include "sanitized.h"
#include "util/macro.h"

#define CHECK(expression)                                                                          \
        do {                                                                                       \
                if (!(expression))                                                                 \
                        _exit(__LINE__ % 200 + 1);                                                 \
        } while (0)

static void sandbox(void)
{
        static const int allowed[] = {
                SCMP_SYS(read),          SCMP_SYS(write),
                SCMP_SYS(poll),          SCMP_SYS(timerfd_settime),
                SCMP_SYS(clock_gettime), SCMP_SYS(brk),
                SCMP_SYS(munmap),        SCMP_SYS(mremap),
                SCMP_SYS(futex),         SCMP_SYS(close),
                SCMP_SYS(exit_group),
        };
        scmp_filter_ctx filter;

        filter = seccomp_init(SCMP_ACT_KILL_PROCESS);
        CHECK(filter);
        for (size_t i = 0; i < ELEMENTS(allowed); i++)
                CHECK(!seccomp_rule_add(filter, SCMP_ACT_ALLOW, allowed[i], 0));
        CHECK(!seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(mmap), 1,
                                SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0)));
        CHECK(!seccomp_load(filter));
        seccomp_release(filter);
}

static void on_done(struct libusb_transfer *transfer)
{
        ++*(int *)transfer->user_data;
}

static enum libusb_transfer_status run(libusb_context *context, struct libusb_transfer *transfer,
                                       bool cancel)
{
        int done = 0;

        transfer->callback = on_done;
        transfer->user_data = &done;
        CHECK(!libusb_submit_transfer(transfer));
        CHECK(!cancel || !libusb_cancel_transfer(transfer));
        while (!done)
                CHECK(!libusb_handle_events(context));
        return transfer->status;
}

static void live(void)
{
        struct libusb_config_descriptor *config;
        struct libusb_transfer *t;
        libusb_device_handle *handle;
        libusb_context *context;
        static unsigned char buffer[65536];

        setenv("FAKE_LIBUSB", "rate=1000,report-fd=2", 1);
        CHECK(!libusb_set_option(NULL, LIBUSB_OPTION_NO_DEVICE_DISCOVERY));
        CHECK(!libusb_init(&context));
        sandbox();
        CHECK(!libusb_wrap_sys_device(context, 0, &handle));
        CHECK(!libusb_set_auto_detach_kernel_driver(handle, 1));
        CHECK(!libusb_get_active_config_descriptor(libusb_get_device(handle), &config));
        libusb_free_config_descriptor(config);
        CHECK(!libusb_claim_interface(handle, 0));
        CHECK(!libusb_reset_device(handle));
        t = libusb_alloc_transfer(0);
        CHECK(t);
        libusb_fill_bulk_transfer(t, handle, 0x81, buffer, sizeof(buffer), NULL, NULL, 5000);
        for (int i = 0; i < 100; i++)
                CHECK(run(context, t, false) == LIBUSB_TRANSFER_COMPLETED);
        t->endpoint = 0x83;
        CHECK(run(context, t, true) == LIBUSB_TRANSFER_CANCELLED);
        t->timeout = 3;
        CHECK(run(context, t, false) == LIBUSB_TRANSFER_TIMED_OUT);
        t->endpoint = 0x84;
        t->type = LIBUSB_TRANSFER_TYPE_INTERRUPT;
        for (int i = 0; i < 10; i++)
                CHECK(run(context, t, false) == LIBUSB_TRANSFER_COMPLETED);
        libusb_free_transfer(t);
        CHECK(libusb_control_transfer(handle, 0xc0, 1, 0, 0, buffer, 4096, 100) == 4096);
        CHECK(!libusb_release_interface(handle, 0));
        libusb_close(handle);
        libusb_exit(context);
        _exit(0);
}

static void lives_with_the_promised_system_calls(void **state)
{
        int status;
        pid_t pid;

#if IS_SANITIZED
        skip();
#endif
        pid = fork();
        assert_true(pid >= 0);
        if (!pid)
                live();
        assert_int_equal(waitpid(pid, &status, 0), pid);
        assert_false(WIFSIGNALED(status));
        assert_int_equal(WEXITSTATUS(status), 0);
}

int main(void)
{
        static const struct CMUnitTest tests[] = {
                cmocka_unit_test(lives_with_the_promised_system_calls),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
