#pragma once
/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The real usbredir-session, sandbox and all, on the fake libusb, with a guest on the other end of
 * a socket pair. It is found in top_builddir, as "make check" sets it, or in the current directory.
 */
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "integration/guest.h"
#include "integration/report.h"
#include "sanitized.h"
#include "session/reason.h"

/* More arguments than these are not passed on. */
#define PROCESS_ARGUMENTS_MAX 8

/* KiB by which a session may grow that holds nothing more; a sanitizer keeps freed memory. */
#define PROCESS_MEMORY_SLACK (IS_SANITIZED ? 64 * 1024 : 512)

struct process {
        struct guest guest;
        struct report report;
        pid_t pid;
        int pid_fd;
};

/*
 * Starts it with these options of the fake, and arguments beside --device, --to and --user (NULL,
 * or up to a NULL).
 */
void process_start(struct process *p, const char *options, const char *const *arguments,
                   uint32_t caps);

void process_signal(struct process *p, int signal);

/* Waits for its end, reads the report, frees everything but that. Returns the exit code. */
int process_end(struct process *p);

/* Peak and present memory in KiB: "VmHWM", "VmRSS". */
size_t process_memory(const struct process *p, const char *key);

/* Does it wait for something? */
bool process_is_asleep(const struct process *p);

/* Open descriptors; 0 where the kernel does not show them to us. */
size_t process_descriptors(const struct process *p);
