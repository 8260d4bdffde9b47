/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A disk is opened with O_EXCL: whoever has mounted it, or a partition of it, has it for himself,
 * and we get EBUSY, before anything is asked of the disk. One that is free is really opened, which
 * asks it whether its medium is there, and waits while the kernel tries to bring a broken one back:
 * so a thread does it. With O_NONBLOCK a drive without a medium is no error, and no tray is closed.
 *
 * The job is freed by the last who has it, the thread or who asked. The thread writes the result,
 * then makes the descriptor readable.
 */
#include "daemon/disk-probe.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "daemon/guard-private.h"
#include "util/log.h"
#include "util/thread.h"

struct job {
        const struct guard_scope *scope;
        char names[GUARD_DISKS_MAX][GUARD_NAME_SIZE];
        size_t n, last; /* the one that was tried last */
        int error;      /* of that one: 0 or a negative errno */
        int fd;         /* eventfd */
        int users;
};

struct disk_probe {
        struct job *job;
        struct event *event;
        disk_probe_done done;
        void *userdata;
};

static int n_running; /* in all threads */

static void job_unref(struct job *job)
{
        if (__atomic_sub_fetch(&job->users, 1, __ATOMIC_ACQ_REL) > 0)
                return;

        close_fd(job->fd);
        free(job);
}

int disk_probe_try(const char *path)
{
        CLEANUP(close_fdp) int fd = open(path, O_RDONLY | O_EXCL | O_NONBLOCK | O_CLOEXEC);

        return fd < 0 ? -errno : 0;
}

static int try_disk(const struct job *job, size_t i)
{
        char path[PATH_MAX];

        snprintf(path, sizeof(path), "%s/%s", job->scope->dev, job->names[i]);
        return job->scope->try_disk(path);
}

static void *run_job(void *argument)
{
        struct job *job = argument;
        uint64_t one = 1;
        size_t i = 0;

        for (; i < job->n && job->error != -EBUSY; i++)
                job->error = try_disk(job, i);
        job->last = i - 1;
        while (write(job->fd, &one, sizeof(one)) < 0 && errno == EINTR)
                ;
        __atomic_sub_fetch(&n_running, 1, __ATOMIC_ACQ_REL);
        job_unref(job);
        return NULL;
}

static void on_done(evutil_socket_t fd, short what, void *userdata)
{
        struct disk_probe *p = userdata;
        char reason[GUARD_REASON_SIZE] = "";
        const struct job *job = p->job;
        eventfd_t count;

        eventfd_read(fd, &count); /* whose thread has written all before */
        if (what & EV_TIMEOUT)
                snprintf(reason, sizeof(reason), "its disk %s does not answer: unplug it",
                         job->names[0]);
        else if (job->error == -EBUSY)
                snprintf(reason, sizeof(reason),
                         "its disk %s is in use, by a mount in another namespace or a program that "
                         "has it for itself: end that (see lsblk, lsns -t mnt)",
                         job->names[job->last]);
        else if (job->error == -EPERM || job->error == -EACCES)
                log_warning("%s/%s may not be opened: whether it is in use elsewhere is not known",
                            job->scope->dev, job->names[job->last]);
        p->done(p->userdata, reason);
}

static int start_job(struct job *job)
{
        int r = -EAGAIN;

        job->users++; /* the thread */
        if (__atomic_add_fetch(&n_running, 1, __ATOMIC_ACQ_REL) <= DISK_PROBES_MAX)
                r = thread_start(run_job, job);
        if (r < 0) {
                __atomic_sub_fetch(&n_running, 1, __ATOMIC_ACQ_REL);
                job->users--;
        }
        return r;
}

int disk_probe_new(struct disk_probe **ret, struct event_base *base,
                   const struct guard_scope *scope, char names[][GUARD_NAME_SIZE], size_t n,
                   disk_probe_done done, void *userdata)
{
        static const struct timeval deadline = { .tv_sec = DISK_PROBE_SEC };
        CLEANUP(disk_probe_freep) struct disk_probe *p = calloc(1, sizeof(*p));
        int r;

        if (!p)
                return -ENOMEM;
        p->done = done;
        p->userdata = userdata;
        p->job = calloc(1, sizeof(*p->job));
        if (!p->job)
                return -ENOMEM;

        p->job->users = 1;
        p->job->n = n;
        p->job->scope = scope;
        memcpy(p->job->names, names, n * sizeof(*names));
        p->job->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
        if (p->job->fd < 0)
                return -errno;
        p->event = event_new(base, p->job->fd, EV_READ, on_done, p);
        if (!p->event || event_add(p->event, &deadline) < 0)
                return -ENOMEM;
        r = start_job(p->job);
        if (r < 0)
                return r;

        *ret = TAKE(p);
        return 0;
}

struct disk_probe *disk_probe_free(struct disk_probe *p)
{
        if (!p)
                return NULL;

        if (p->event)
                event_free(p->event);
        if (p->job)
                job_unref(p->job);
        free(p);
        return NULL;
}
