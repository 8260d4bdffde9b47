/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * One thread does all, so that what is asked of a hub keeps its order; a hub that is stuck delays
 * other claims, and nothing else. The hubs are that thread's own. It shares the queue with the
 * loop, under a lock that neither holds while it does anything that waits.
 *
 * A port has at most one job that waits: what is asked later takes its place. The thread, once
 * started, is the one that frees the queue, so nobody waits for it.
 */
#include "daemon/claimer.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <utlist.h>

#include "daemon/port-claims.h"
#include "util/thread.h"

enum action {
        ADOPT,
        CLAIM,
        RELEASE,
        TIDY,
};

enum state {
        WAITS,
        RUNS,
        IS_DONE,
};

struct job {
        enum action action;
        enum state state;
        char port[FACTS_PORT_MAX + 1]; /* "": of all */
        int fd;
        bool unknown;
        int error;
        struct job *prev, *next;
};

struct queue {
        pthread_mutex_t lock; /* of the jobs' list and states, and is_over */
        pthread_cond_t changed;
        struct job *jobs; /* in their order: done, running, waiting */
        bool is_over;
        int fd;                     /* eventfd: there are some that are done */
        struct port_claims *claims; /* the thread's */
};

/* What the loop knows of a port. */
struct port {
        char name[FACTS_PORT_MAX + 1];
        bool is_claimed;
        unsigned n_jobs; /* without their answer */
        struct port *prev, *next;
};

struct claimer {
        struct queue *queue;
        bool has_thread;
        struct event *event;
        struct port *ports; /* ours, or asked for */
        claimer_done done;
        void *userdata;
};

static void job_free(struct job *job)
{
        close_fd(job->fd);
        free(job);
}

static void queue_free(struct queue *q)
{
        struct job *job, *next;

        DL_FOREACH_SAFE (q->jobs, job, next)
                job_free(job);
        port_claims_free(q->claims);
        close_fd(q->fd);
        pthread_cond_destroy(&q->changed);
        pthread_mutex_destroy(&q->lock);
        free(q);
}

static struct queue *queue_new(void)
{
        struct queue *q = calloc(1, sizeof(*q));

        if (!q)
                return NULL;
        pthread_mutex_init(&q->lock, NULL);
        pthread_cond_init(&q->changed, NULL);
        q->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
        if (q->fd >= 0 && port_claims_new(&q->claims) == 0)
                return q;

        queue_free(q);
        return NULL;
}

static void run_job(struct port_claims *claims, struct job *job)
{
        switch (job->action) {
        case ADOPT: port_claims_adopt(claims, TAKE_FD(job->fd)); return;
        case CLAIM: job->error = port_claims_claim(claims, job->port); return;
        case RELEASE: port_claims_release(claims, job->port); return;
        case TIDY: port_claims_tidy(claims, job->unknown); return;
        }
}

static struct job *find_waiting(const struct queue *q)
{
        struct job *job;

        DL_FOREACH (q->jobs, job)
                if (job->state == WAITS)
                        return job;
        return NULL;
}

static void *run(void *argument)
{
        struct queue *q = argument;

        pthread_mutex_lock(&q->lock);
        while (!q->is_over) {
                struct job *job = find_waiting(q);

                if (!job) {
                        pthread_cond_wait(&q->changed, &q->lock);
                        continue;
                }
                job->state = RUNS;
                pthread_mutex_unlock(&q->lock);
                run_job(q->claims, job);
                pthread_mutex_lock(&q->lock);
                job->state = IS_DONE;
                eventfd_write(q->fd, 1);
        }
        pthread_mutex_unlock(&q->lock);
        queue_free(q);
        return NULL;
}

static struct port *find_port(const struct claimer *c, const char *name)
{
        struct port *port;

        DL_FOREACH (c->ports, port)
                if (!strcmp(port->name, name))
                        return port;
        return NULL;
}

static void forget_port(struct claimer *c, struct port *port)
{
        if (port->is_claimed || port->n_jobs > 0)
                return;

        DL_DELETE(c->ports, port);
        free(port);
}

static void take_in(struct claimer *c, const struct job *job)
{
        struct port *port = find_port(c, job->port);
        bool is_last;

        if (!port)
                return;

        is_last = --port->n_jobs == 0;
        port->is_claimed = job->action == CLAIM && job->error == 0;
        forget_port(c, port);
        if (is_last)
                c->done(c->userdata, job->port, job->error);
}

static struct job *take_done(struct queue *q)
{
        struct job *job;

        pthread_mutex_lock(&q->lock);
        job = q->jobs && q->jobs->state == IS_DONE ? q->jobs : NULL;
        if (job)
                DL_DELETE(q->jobs, job);
        pthread_mutex_unlock(&q->lock);
        return job;
}

static void on_done(evutil_socket_t fd, short what, void *userdata)
{
        struct claimer *c = userdata;
        eventfd_t count;
        struct job *job;

        eventfd_read(fd, &count);
        while ((job = take_done(c->queue))) {
                take_in(c, job);
                job_free(job);
        }
}

int claimer_new(struct claimer **ret, struct event_base *base, claimer_done done, void *userdata)
{
        CLEANUP(claimer_freep) struct claimer *c = calloc(1, sizeof(*c));

        if (!c)
                return -ENOMEM;
        c->done = done;
        c->userdata = userdata;
        c->queue = queue_new();
        if (!c->queue)
                return -ENOMEM;
        c->event = event_new(base, c->queue->fd, EV_READ | EV_PERSIST, on_done, c);
        if (!c->event || event_add(c->event, NULL) < 0)
                return -ENOMEM;

        *ret = TAKE(c);
        return 0;
}

struct claimer *claimer_free(struct claimer *c)
{
        struct port *port, *next;

        if (!c)
                return NULL;

        if (c->event)
                event_free(c->event);
        DL_FOREACH_SAFE (c->ports, port, next)
                free(port);
        if (c->has_thread) {
                pthread_mutex_lock(&c->queue->lock);
                c->queue->is_over = true;
                pthread_cond_signal(&c->queue->changed);
                pthread_mutex_unlock(&c->queue->lock);
        } else if (c->queue) {
                queue_free(c->queue);
        }
        free(c);
        return NULL;
}

static int start_thread(struct claimer *c)
{
        int r = c->has_thread ? 0 : thread_start(run, c->queue);

        c->has_thread = r == 0;
        return r;
}

/* One that waits, for the same port or to tidy too, is done as it is asked now. */
static bool merge(struct queue *q, const struct job *asked)
{
        struct job *job;

        DL_FOREACH (q->jobs, job)
                if (job->state == WAITS && job->action != ADOPT && !strcmp(job->port, asked->port))
                        break;
        if (!job || asked->action == ADOPT)
                return false;

        job->action = asked->action;
        job->unknown |= asked->unknown;
        if (job->action == TIDY) {
                DL_DELETE(q->jobs, job); /* after what was asked meanwhile */
                DL_APPEND(q->jobs, job);
        }
        return true;
}

/* The descriptor is taken. Returns 1, or 0 if it goes with one that waits, or a negative errno. */
static int ask(struct claimer *c, const struct job *asked)
{
        struct queue *q = c->queue;
        struct job *job = malloc(sizeof(*job));
        int r = job ? start_thread(c) : -ENOMEM;

        if (r < 0) {
                close_fd(asked->fd);
                free(job);
                return r;
        }

        *job = *asked;
        pthread_mutex_lock(&q->lock);
        r = !merge(q, job);
        if (r > 0)
                DL_APPEND(q->jobs, job);
        pthread_cond_signal(&q->changed);
        pthread_mutex_unlock(&q->lock);
        if (r == 0)
                free(job);
        return r;
}

static int ask_port(struct claimer *c, enum action action, const char *name)
{
        struct job job = { .action = action, .fd = -1 };
        struct port *port = find_port(c, name);
        int r;

        if (strlen(name) > FACTS_PORT_MAX)
                return -ENOENT;
        if (!port) {
                port = calloc(1, sizeof(*port));
                if (!port)
                        return -ENOMEM;
                strcpy(port->name, name);
                DL_APPEND(c->ports, port);
        }

        strcpy(job.port, name);
        r = ask(c, &job);
        port->n_jobs += r > 0;
        forget_port(c, port);
        return r < 0 ? r : 0;
}

void claimer_adopt(struct claimer *c, int fd)
{
        ask(c, &(struct job){ .action = ADOPT, .fd = fd });
}

void claimer_tidy(struct claimer *c, bool unknown)
{
        if (c->has_thread) /* else there is nothing of ours, nor of a former daemon */
                ask(c, &(struct job){ .action = TIDY, .fd = -1, .unknown = unknown });
}

int claimer_claim(struct claimer *c, const char *port)
{
        return ask_port(c, CLAIM, port);
}

int claimer_release(struct claimer *c, const char *port)
{
        return ask_port(c, RELEASE, port);
}

bool claimer_has(const struct claimer *c, const char *port)
{
        const struct port *known = find_port(c, port);

        return known && known->is_claimed;
}

bool claimer_knows(const struct claimer *c, const char *port)
{
        return find_port(c, port);
}
