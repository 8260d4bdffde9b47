#pragma once
/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Gets session processes. Two ways: systemd's socket, where each connection starts one hardened
 * unit; and, where PID 1 is not systemd, a fork of our own. A process got the first way is handed
 * an open device node; one got the second way opens it by path as the caller's own user.
 */
#include <stdbool.h>
#include <sys/types.h>

#include "util/cleanup.h"

struct launcher;

struct launched {
        int fd;     /* our end of the control socket: SOCK_SEQPACKET, non-blocking, close-on-exec */
        pid_t pid;  /* 0 if not known */
        int pid_fd; /* of a child of ours; else -1 */
};

/* Sessions come from the socket at that path. Returns 0 or -ENOMEM. */
int launcher_new_socket(struct launcher **ret, const char *path);

/*
 * Sessions are children: program, "--control=fd:3", and these arguments, which end with NULL (or
 * NULL for none).
 */
int launcher_new_fork(struct launcher **ret, const char *program, const char *const *arguments);

struct launcher *launcher_free(struct launcher *l);
DEFINE_CLEANUP(struct launcher, launcher_free)

/* Does it hand over open device nodes, rather than their paths? */
bool launcher_passes_node(const struct launcher *l);

/*
 * Has systemd start a process that waits for the next launch, unless one waits already: its start
 * is most of the time from a plug to the guest. Not with forks. Where it cannot be had, the launch
 * does without it, and tells why.
 */
void launcher_prepare(struct launcher *l);

/*
 * Returns 0 or a negative errno; does not block. -EAGAIN: as many sessions wait to be started as
 * the socket takes.
 */
int launcher_launch(struct launcher *l, struct launched *ret);

/* A child that has not been waited for, and will not be by the caller: it is reaped when it ends.
 */
void launcher_forget(struct launcher *l, pid_t pid);
