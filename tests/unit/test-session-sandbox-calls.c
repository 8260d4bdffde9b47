/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * System calls that a session has no use for, one in each child: all of them end the process.
 */
#include "config.h"

#include <linux/usbdevice_fs.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>

#include <cmocka.h>

#include "unit/sandbox-bed.h"
#include "util/macro.h"

static void call_open(void)
{
        syscall(SYS_open, "/dev/null", O_RDONLY);
}

static void call_openat2(void)
{
        syscall(437, AT_FDCWD, "/dev/null", NULL, 0);
}

static void call_socket(void)
{
        socket(AF_INET, SOCK_STREAM, 0);
}

static void call_connect(void)
{
        struct sockaddr to = { .sa_family = AF_UNIX };

        connect(pair[0], &to, sizeof(to));
}

static void call_bind(void)
{
        struct sockaddr at = { .sa_family = AF_UNIX };

        bind(pair[0], &at, sizeof(at));
}

static void call_accept(void)
{
        accept(pair[0], NULL, NULL);
}

static void call_fork(void)
{
        syscall(SYS_fork);
}

static void call_clone(void)
{
        syscall(SYS_clone, SIGCHLD, NULL, NULL, NULL, NULL);
}

static void call_execve(void)
{
        char *words[] = { (char *)"/bin/true", NULL };

        execve(words[0], words, words + 1);
}

static void call_execveat(void)
{
        char *words[] = { (char *)"x", NULL };

        syscall(SYS_execveat, null_fd, "", words, words + 1, AT_EMPTY_PATH);
}

static void call_ptrace(void)
{
        ptrace(PTRACE_ATTACH, getppid(), NULL, NULL);
}

static void call_process_vm_readv(void)
{
        syscall(SYS_process_vm_readv, 1, NULL, 0, NULL, 0, 0);
}

static void call_kill(void)
{
        syscall(SYS_kill, 1, 0);
}

static void call_prctl(void)
{
        prctl(PR_SET_DUMPABLE, 1, 0, 0, 0);
}

static void call_setuid(void)
{
        syscall(SYS_setuid, 0);
}

static void call_unshare(void)
{
        unshare(CLONE_NEWUSER);
}

static void call_unlink(void)
{
        unlink("/tmp/nothing-here");
}

static void call_bpf(void)
{
        syscall(SYS_bpf, 0, NULL, 0);
}

static void call_io_uring(void)
{
        syscall(425, 1, NULL);
}

static void map_executable(void)
{
        mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
}

static void protect_executable(void)
{
        static uint8_t page[8192];

        mprotect((void *)(((uintptr_t)page + 4095) & ~(uintptr_t)4095), 4096,
                 PROT_READ | PROT_EXEC);
}

static void push_input(void)
{
        ioctl(null_fd, TIOCSTI, "x");
}

static void disconnect_signal(void)
{
        ioctl(null_fd, USBDEVFS_DISCSIGNAL, NULL);
}

static void claim_port(void)
{
        ioctl(null_fd, USBDEVFS_CLAIM_PORT, NULL);
}

static void reap_and_wait(void)
{
        ioctl(null_fd, USBDEVFS_REAPURB, NULL);
}

/* The kernel sees 32 bits of the request; so does the filter. */
static void push_input_with_high_bits(void)
{
        syscall(SYS_ioctl, null_fd, (uint64_t)TIOCSTI | (uint64_t)1 << 32, "x");
}

static void set_owner(void)
{
        fcntl(pair[0], F_SETOWN, 1);
}

static void take_lease(void)
{
        fcntl(null_fd, F_SETLEASE, F_WRLCK);
}

#if defined(__x86_64__)
/* The other numbering of this architecture. */
static void call_x32(void)
{
        syscall(0x40000000 | SYS_getpid);
}
#endif

static void (*forbidden)(void);

static void do_what_is_forbidden(void)
{
        close_sandbox();
        forbidden();
}

static void everything_else_ends_the_process(void **state)
{
        static const struct {
                const char *name;
                void (*run)(void);
        } cases[] = {
#define CASE(run) { #run, run }
                CASE(call_open),
                CASE(call_openat2),
                CASE(call_socket),
                CASE(call_connect),
                CASE(call_bind),
                CASE(call_accept),
                CASE(call_fork),
                CASE(call_clone),
                CASE(call_execve),
                CASE(call_execveat),
                CASE(call_ptrace),
                CASE(call_process_vm_readv),
                CASE(call_kill),
                CASE(call_prctl),
                CASE(call_setuid),
                CASE(call_unshare),
                CASE(call_unlink),
                CASE(call_bpf),
                CASE(call_io_uring),
                CASE(map_executable),
                CASE(protect_executable),
                CASE(push_input),
                CASE(push_input_with_high_bits),
                CASE(disconnect_signal),
                CASE(claim_port),
                CASE(reap_and_wait),
                CASE(set_owner),
                CASE(take_lease),
#if defined(__x86_64__)
                CASE(call_x32),
#endif
#undef CASE
        };

        for (size_t i = 0; i < ELEMENTS(cases); i++) {
                int status;

                forbidden = cases[i].run;
                status = run_child(do_what_is_forbidden);
                if (!WIFSIGNALED(status) || WTERMSIG(status) != SIGSYS)
                        fail_msg("%s: status 0x%04x", cases[i].name, status);
        }
}

/* The thread's call ends the process before. */
#define DEADLINE_SEC 30

static void *wait_and_call(void *unused)
{
        char byte;

        CHECK(read(pair[1], &byte, 1) == 1);
        call_socket();
        return NULL;
}

/* A thread that was there before is in it too. */
static void call_from_another_thread(void)
{
        pthread_t thread;

        CHECK(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) == 0);
        CHECK(pthread_create(&thread, NULL, wait_and_call, NULL) == 0);
        CHECK(sandbox_close() == 0);
        CHECK(write(pair[0], "x", 1) == 1);
        poll(NULL, 0, DEADLINE_SEC * 1000);
}

static void every_thread_is_inside(void **state)
{
        int status = run_child(call_from_another_thread);

        assert_true(WIFSIGNALED(status));
        assert_int_equal(WTERMSIG(status), SIGSYS);
}

int main(void)
{
        static const struct CMUnitTest tests[] = {
                cmocka_unit_test(everything_else_ends_the_process),
                cmocka_unit_test(every_thread_is_inside),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
