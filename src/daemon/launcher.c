/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Two ways behind one struct. With the first, one process may wait for its order: it has nothing of
 * a device or a guest, and ends with the daemon. The child of the second has the control socket at
 * 3, standard error, and nothing else of ours: whatever the daemon has open (guests' sockets, the
 * bus) is none of its business. It ends by itself when its socket closes; whoever forgets it leaves
 * it here, to be reaped when the next one starts.
 */
#include "daemon/launcher.h"

#include <errno.h>
#include <signal.h>
#include <spawn.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>
#include <utlist.h>

#include "util/cleanup.h"

#define CHILD_CONTROL_FD 3
#define CHILD_CONTROL    "--control=fd:3"

/* A child that nobody waits for any more. */
struct orphan {
        pid_t pid;
        struct orphan *next;
};

struct launcher {
        char *path;       /* of the socket, or NULL */
        int waiting;      /* control socket of the process that waits for an order, or -1 */
        char **arguments; /* of the program, which is the first; or NULL */
        struct orphan *orphans;
};

int launcher_new_socket(struct launcher **ret, const char *path)
{
        CLEANUP(launcher_freep) struct launcher *l = NULL;

        l = calloc(1, sizeof(*l));
        if (!l)
                return -ENOMEM;
        l->waiting = -1;
        l->path = strdup(path);
        if (!l->path)
                return -ENOMEM;

        *ret = TAKE(l);
        return 0;
}

int launcher_new_fork(struct launcher **ret, const char *program, const char *const *arguments)
{
        CLEANUP(launcher_freep) struct launcher *l = NULL;
        size_t n = 0;

        while (arguments && arguments[n])
                n++;

        l = calloc(1, sizeof(*l));
        if (!l)
                return -ENOMEM;
        l->waiting = -1;
        l->arguments = calloc(n + 3, sizeof(*l->arguments));
        if (!l->arguments)
                return -ENOMEM;

        for (size_t i = 0; i < n + 2; i++) {
                l->arguments[i] = strdup(i == 0   ? program
                                         : i == 1 ? CHILD_CONTROL
                                                  : arguments[i - 2]);
                if (!l->arguments[i])
                        return -ENOMEM;
        }

        *ret = TAKE(l);
        return 0;
}

/* Those that have ended; init gets the others when we end. */
static void reap_orphans(struct launcher *l)
{
        struct orphan *orphan, *next;

        LL_FOREACH_SAFE (l->orphans, orphan, next) {
                if (waitpid(orphan->pid, NULL, WNOHANG) == 0)
                        continue;
                LL_DELETE(l->orphans, orphan);
                free(orphan);
        }
}

struct launcher *launcher_free(struct launcher *l)
{
        struct orphan *orphan, *next;

        if (!l)
                return NULL;

        reap_orphans(l);
        LL_FOREACH_SAFE (l->orphans, orphan, next)
                free(orphan);
        for (size_t i = 0; l->arguments && l->arguments[i]; i++)
                free(l->arguments[i]);
        free(l->arguments);
        close_fd(l->waiting);
        free(l->path);
        free(l);
        return NULL;
}

bool launcher_passes_node(const struct launcher *l)
{
        return l->path;
}

static int connect_to(const char *path, int *ret_fd)
{
        struct sockaddr_un address = { .sun_family = AF_UNIX };
        CLEANUP(close_fdp) int fd = -1;

        if (strlen(path) >= sizeof(address.sun_path))
                return -ENAMETOOLONG;
        memcpy(address.sun_path, path, strlen(path) + 1);

        fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        if (fd < 0 || connect(fd, (struct sockaddr *)&address, sizeof(address)) < 0)
                return -errno;

        *ret_fd = TAKE_FD(fd);
        return 0;
}

/* It has nothing to say before its order: what there is to read is its end. */
static bool waits(int fd)
{
        char byte;

        return recv(fd, &byte, sizeof(byte), MSG_PEEK) < 0 && errno == EAGAIN;
}

static void drop_if_dead(struct launcher *l)
{
        if (l->waiting >= 0 && !waits(l->waiting))
                l->waiting = close_fd(l->waiting);
}

void launcher_prepare(struct launcher *l)
{
        if (!l->path)
                return;

        drop_if_dead(l);
        if (l->waiting < 0)
                connect_to(l->path, &l->waiting);
}

static int get_from_systemd(struct launcher *l, struct launched *ret)
{
        int r = 0;

        drop_if_dead(l);
        if (l->waiting < 0)
                r = connect_to(l->path, &l->waiting);
        if (r < 0)
                return r;

        *ret = (struct launched){ .fd = TAKE_FD(l->waiting), .pid_fd = -1 };
        return 0;
}

/* As a program is usually begun: no signal blocked, none ignored. */
static int set_signals(posix_spawnattr_t *attributes)
{
        sigset_t set;
        int r;

        sigemptyset(&set);
        r = posix_spawnattr_setsigmask(attributes, &set);
        sigfillset(&set);
        sigdelset(&set, SIGKILL);
        sigdelset(&set, SIGSTOP);
        if (r == 0)
                r = posix_spawnattr_setsigdefault(attributes, &set);
        if (r == 0)
                r = posix_spawnattr_setflags(attributes,
                                             POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);

        return r;
}

static int spawn(char **arguments, int fd, pid_t *ret_pid)
{
        posix_spawn_file_actions_t actions;
        posix_spawnattr_t attributes;
        int r;

        r = posix_spawn_file_actions_init(&actions);
        if (r != 0)
                return -r;
        r = posix_spawnattr_init(&attributes);
        if (r != 0) {
                posix_spawn_file_actions_destroy(&actions);
                return -r;
        }

        r = set_signals(&attributes);
        if (r == 0)
                r = posix_spawn_file_actions_adddup2(&actions, fd, CHILD_CONTROL_FD);
        if (r == 0)
                r = posix_spawn_file_actions_addclosefrom_np(&actions, CHILD_CONTROL_FD + 1);
        if (r == 0)
                r = posix_spawn(ret_pid, arguments[0], &actions, &attributes, arguments, environ);

        posix_spawnattr_destroy(&attributes);
        posix_spawn_file_actions_destroy(&actions);
        return -r;
}

static int start_child(struct launcher *l, struct launched *ret)
{
        CLEANUP(close_fdp) int ours = -1, theirs = -1;
        int pair[2], pid_fd, r;
        pid_t pid;

        if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, pair) < 0)
                return -errno;
        ours = pair[0];
        theirs = pair[1];

        r = spawn(l->arguments, theirs, &pid);
        if (r < 0)
                return r;

        pid_fd = (int)syscall(SYS_pidfd_open, pid, 0);
        if (pid_fd < 0) {
                r = -errno;
                launcher_forget(l, pid);
                return r;
        }

        *ret = (struct launched){ .fd = TAKE_FD(ours), .pid = pid, .pid_fd = pid_fd };
        return 0;
}

int launcher_launch(struct launcher *l, struct launched *ret)
{
        reap_orphans(l);
        return l->path ? get_from_systemd(l, ret) : start_child(l, ret);
}

void launcher_forget(struct launcher *l, pid_t pid)
{
        struct orphan *orphan;

        if (waitpid(pid, NULL, WNOHANG) != 0)
                return;

        /* Without memory it stays a zombie until we end: harmless. */
        orphan = malloc(sizeof(*orphan));
        if (orphan) {
                orphan->pid = pid;
                LL_PREPEND(l->orphans, orphan);
        }
}
