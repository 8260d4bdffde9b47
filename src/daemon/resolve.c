/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * getaddrinfo(3) knows all that nsswitch.conf names, and blocks; so it runs in a thread, which ends
 * when there is nothing more to look up. A numeric address needs none.
 *
 * All who ask for one name share one job: many channels of a guest are one lookup, and a name whose
 * lookup hangs takes one thread, however often it is asked for. The lock guards the list of jobs,
 * and all of each but its name and its descriptor, which do not change. Nobody waits with the lock
 * held. A job that is done is no more in the list, its result does not change any more, and its
 * descriptor is readable. It is freed by the last who has it: those who asked, or its thread.
 */
#include "daemon/resolve.h"

#include <errno.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>
#include <utlist.h>

#include "util/thread.h"

struct job {
        char *host;
        int fd; /* eventfd */
        unsigned users;
        bool is_running, is_done;

        struct addrinfo *list;
        char message[128]; /* without a list */

        struct job *prev, *next;
};

struct resolve {
        struct job *job;
        struct event *event;
        resolve_done done;
        void *userdata;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct job *jobs; /* those that run, and those that wait to be run, in order */
static unsigned n_threads;

static struct job *job_free(struct job *job)
{
        if (!job)
                return NULL;

        if (job->list)
                freeaddrinfo(job->list);
        close_fd(job->fd);
        free(job->host);
        free(job);
        return NULL;
}
DEFINE_CLEANUP(struct job, job_free)

static int job_new(struct job **ret, const char *host)
{
        CLEANUP(job_freep) struct job *job = NULL;

        job = calloc(1, sizeof(*job));
        if (!job)
                return -ENOMEM;

        job->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
        if (job->fd < 0)
                return -errno;
        job->host = strdup(host);
        if (!job->host)
                return -ENOMEM;

        *ret = TAKE(job);
        return 0;
}

static int look_up(const char *host, int flags, struct addrinfo **ret_list)
{
        struct addrinfo hints = { .ai_family = AF_UNSPEC,
                                  .ai_socktype = SOCK_STREAM,
                                  .ai_flags = flags };

        /* The port is the caller's business; one of the two must be given. */
        return getaddrinfo(host[0] ? host : NULL, host[0] ? NULL : "0", &hints, ret_list);
}

static void job_set_done(struct job *job, struct addrinfo *list, const char *message)
{
        uint64_t one = 1;

        job->list = list;
        snprintf(job->message, sizeof(job->message), "%s", message);
        job->is_done = true;
        while (write(job->fd, &one, sizeof(one)) < 0 && errno == EINTR)
                ;
}

/* With the lock held, but not meanwhile. */
static void job_run(struct job *job)
{
        struct addrinfo *list = NULL;
        char buffer[128];
        const char *message = "";
        int r;

        job->is_running = true;
        pthread_mutex_unlock(&lock);
        r = look_up(job->host, AI_ADDRCONFIG, &list);
        if (r == EAI_SYSTEM)
                message = strerror_r(errno, buffer, sizeof(buffer));
        else if (r != 0)
                message = gai_strerror(r);
        pthread_mutex_lock(&lock);

        DL_DELETE(jobs, job);
        job_set_done(job, r == 0 ? list : NULL, message);
        if (job->users == 0)
                job_free(job);
}

static struct job *first_waiting(void)
{
        struct job *job;

        DL_FOREACH (jobs, job)
                if (!job->is_running)
                        break;
        return job;
}

static void *run_jobs(void *unused)
{
        struct job *job;

        pthread_mutex_lock(&lock);
        while ((job = first_waiting()))
                job_run(job);
        n_threads--;
        pthread_mutex_unlock(&lock);
        return NULL;
}

/* With the lock held: a job for that name, the one there is or a new one. */
static int join_job(struct job **ret, const char *host)
{
        CLEANUP(job_freep) struct job *new = NULL;
        struct job *job;
        int r;

        DL_FOREACH (jobs, job)
                if (!strcmp(job->host, host)) {
                        job->users++;
                        *ret = job;
                        return 0;
                }

        r = job_new(&new, host);
        if (r < 0)
                return r;

        if (n_threads < RESOLVE_LOOKUPS_MAX) {
                r = thread_start(run_jobs, NULL);
                if (r == 0)
                        n_threads++;
                else if (n_threads == 0) /* with any thread at all its turn comes */
                        return r;
        }

        new->users = 1;
        DL_APPEND(jobs, new);
        *ret = TAKE(new);
        return 0;
}

/* -ENOENT if the text is no number. */
static int numeric_job(struct job **ret, const char *host)
{
        CLEANUP(job_freep) struct job *new = NULL;
        struct addrinfo *list;
        int r;

        if (look_up(host, AI_NUMERICHOST, &list) != 0)
                return -ENOENT;

        r = job_new(&new, host);
        if (r < 0) {
                freeaddrinfo(list);
                return r;
        }

        new->users = 1;
        job_set_done(new, list, "");
        *ret = TAKE(new);
        return 0;
}

/* With the lock held. A job that runs is its thread's to free. */
static void leave_job(struct job *job)
{
        if (--job->users > 0)
                return;

        if (!job->is_running && !job->is_done)
                DL_DELETE(jobs, job);
        if (!job->is_running || job->is_done)
                job_free(job);
}

static void on_done(evutil_socket_t fd, short what, void *userdata)
{
        struct resolve *r = userdata;
        const struct addrinfo *list;

        pthread_mutex_lock(&lock);
        list = r->job->list;
        pthread_mutex_unlock(&lock);
        r->done(r->userdata, list, r->job->message);
}

int resolve_new(struct resolve **ret, struct event_base *base, const char *host, resolve_done done,
                void *userdata)
{
        CLEANUP(resolve_freep) struct resolve *new = NULL;
        int r;

        new = calloc(1, sizeof(*new));
        if (!new)
                return -ENOMEM;

        *new = (struct resolve){ .done = done, .userdata = userdata };

        r = numeric_job(&new->job, host);
        if (r == -ENOENT) {
                pthread_mutex_lock(&lock);
                r = join_job(&new->job, host);
                pthread_mutex_unlock(&lock);
        }
        if (r < 0)
                return r;

        new->event = event_new(base, new->job->fd, EV_READ, on_done, new);
        if (!new->event || event_add(new->event, NULL) < 0)
                return -ENOMEM;

        *ret = TAKE(new);
        return 0;
}

struct resolve *resolve_free(struct resolve *r)
{
        if (!r)
                return NULL;

        if (r->event)
                event_free(r->event);
        if (r->job) {
                pthread_mutex_lock(&lock);
                leave_job(r->job);
                pthread_mutex_unlock(&lock);
        }
        free(r);
        return NULL;
}
