/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The seccomp list is what libusb on an open descriptor, libevent and the C library need while a
 * session runs; it was found by running them. A call that is not on it is a bug or an attack, and
 * ends the process. A few that libraries try and can do without fail softly instead.
 */
#include "session/sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/usbdevice_fs.h>
#include <pwd.h>
#include <seccomp.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "util/macro.h"

#define CALL(name) SCMP_SYS(name)

static const int allowed[] = {
        /* memory */
        CALL(brk),
        CALL(munmap),
        CALL(mremap),
        CALL(madvise),
        /* time, and the loop */
        CALL(clock_gettime),
        CALL(gettimeofday),
        CALL(poll),
        CALL(ppoll),
        CALL(epoll_wait),
        CALL(epoll_pwait),
        CALL(epoll_ctl),
        CALL(timerfd_create),
        CALL(timerfd_settime),
        CALL(timerfd_gettime),
        CALL(nanosleep),
        CALL(clock_nanosleep),
        CALL(futex),
        /* open descriptors */
        CALL(read),
        CALL(write),
        CALL(readv),
        CALL(writev),
        CALL(recvmsg),
        CALL(sendmsg),
        CALL(recvfrom),
        CALL(sendto),
        CALL(shutdown),
        CALL(close),
        CALL(lseek),
        CALL(fstat),
        CALL(newfstatat),
        CALL(getsockopt),
        CALL(setsockopt),
        /* signals, and the end */
        CALL(rt_sigreturn),
        CALL(rt_sigprocmask),
        CALL(rt_sigaction),
        CALL(restart_syscall),
        CALL(exit),
        CALL(exit_group),
        CALL(getpid),
        CALL(gettid),
        CALL(tgkill),
        CALL(getrandom),
};

/* With EACCES: libraries ask, and go on without. */
static const int refused[] = { CALL(readlink), CALL(openat), CALL(uname), CALL(statfs) };

static const int fcntl_commands[] = { F_GETFD, F_SETFD, F_GETFL, F_SETFL, F_DUPFD_CLOEXEC };

/* As a 32-bit argument: ioctl requests are unsigned int to the kernel. */
static const unsigned ioctls[] = {
        (unsigned)USBDEVFS_CONTROL,
        (unsigned)USBDEVFS_SETINTERFACE,
        (unsigned)USBDEVFS_SETCONFIGURATION,
        (unsigned)USBDEVFS_GETDRIVER,
        (unsigned)USBDEVFS_SUBMITURB,
        (unsigned)USBDEVFS_DISCARDURB,
        (unsigned)USBDEVFS_REAPURBNDELAY,
        (unsigned)USBDEVFS_CLAIMINTERFACE,
        (unsigned)USBDEVFS_RELEASEINTERFACE,
        (unsigned)USBDEVFS_CONNECTINFO,
        (unsigned)USBDEVFS_IOCTL,
        (unsigned)USBDEVFS_RESET,
        (unsigned)USBDEVFS_CLEAR_HALT,
        (unsigned)USBDEVFS_GET_CAPABILITIES,
        (unsigned)USBDEVFS_DISCONNECT_CLAIM,
        (unsigned)USBDEVFS_ALLOC_STREAMS,
        (unsigned)USBDEVFS_FREE_STREAMS,
        (unsigned)USBDEVFS_GET_SPEED,
};

/* The list, until it is in force. */
static scmp_filter_ctx prepared;

int sandbox_drop_root(const char *user, char *message, size_t size)
{
        struct passwd *entry;

        if (geteuid() != 0)
                return 0;

        errno = 0;
        entry = getpwnam(user);
        if (!entry || entry->pw_uid == 0) {
                snprintf(message, size,
                         "user '%s' %s: create it, or name another one with --user=NAME", user,
                         entry ? "is root" : "does not exist");
                return -ENOENT;
        }

        if (setgroups(0, NULL) < 0 || setresgid(entry->pw_gid, entry->pw_gid, entry->pw_gid) < 0 ||
            setresuid(entry->pw_uid, entry->pw_uid, entry->pw_uid) < 0) {
                int error = errno;

                snprintf(message, size, "cannot become user '%s': %s", user, strerror(error));
                return -error;
        }

        return 0;
}

static int fill(scmp_filter_ctx filter)
{
        int r = 0;

        for (size_t i = 0; r == 0 && i < ELEMENTS(allowed); i++)
                r = seccomp_rule_add(filter, SCMP_ACT_ALLOW, allowed[i], 0);
        for (size_t i = 0; r == 0 && i < ELEMENTS(refused); i++)
                r = seccomp_rule_add(filter, SCMP_ACT_ERRNO(EACCES), refused[i], 0);
        for (size_t i = 0; r == 0 && i < ELEMENTS(fcntl_commands); i++)
                r = seccomp_rule_add(filter, SCMP_ACT_ALLOW, CALL(fcntl), 1,
                                     SCMP_A1(SCMP_CMP_EQ, (scmp_datum_t)fcntl_commands[i]));
        for (size_t i = 0; r == 0 && i < ELEMENTS(ioctls); i++)
                r = seccomp_rule_add(
                        filter, SCMP_ACT_ALLOW, CALL(ioctl), 1,
                        SCMP_A1(SCMP_CMP_MASKED_EQ, UINT32_MAX, (scmp_datum_t)ioctls[i]));
        if (r == 0)
                r = seccomp_rule_add(filter, SCMP_ACT_ALLOW, CALL(mmap), 1,
                                     SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0));
        if (r == 0)
                r = seccomp_rule_add(filter, SCMP_ACT_ALLOW, CALL(mprotect), 1,
                                     SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0));

        return r;
}

int sandbox_prepare(void)
{
        scmp_filter_ctx filter;
        int r;

        if (prepared)
                return 0;

        filter = seccomp_init(SCMP_ACT_KILL_PROCESS);
        if (!filter)
                return -ENOMEM;

        r = seccomp_attr_set(filter, SCMP_FLTATR_CTL_TSYNC, 1);
        if (r == 0)
                r = fill(filter);
        if (r < 0) {
                seccomp_release(filter);
                return r;
        }

        prepared = filter;
        return 0;
}

int sandbox_close(void)
{
        struct rlimit none = { 0 };
        int r;

        if (setrlimit(RLIMIT_CORE, &none) < 0 || prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0 ||
            prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
                return -errno;

        r = sandbox_prepare();
        if (r == 0)
                r = seccomp_load(prepared);
        seccomp_release(prepared);
        prepared = NULL;
        return r;
}
