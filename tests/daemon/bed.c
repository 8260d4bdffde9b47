/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Files, guests, the manager and what it says; bed-hotplug.c and bed-session.c have the rest.
 */
#include "daemon/bed.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "daemon/bed-private.h"
#include "util/cleanup.h"
#include "util/log.h"

#define TURNS_OF_SILENCE 20

struct bed *the_bed;

/* The observer */
static void on_added(void *userdata, struct redirection *r)
{
        the_bed->sessions_added++;
}

static void on_ended(void *userdata, struct redirection *r, enum session_reason reason,
                     const char *message)
{
        the_bed->sessions_ended++;
        the_bed->last_reason = reason;
}

static void on_started(void *userdata)
{
        the_bed->started++;
}

static const struct manager_observer observer = {
        .session_added = on_added,
        .session_ended = on_ended,
};

static void make_path(const struct bed *bed, char path[256], const char *folder, const char *name)
{
        snprintf(path, 256, "%s/%s%s", bed->directory, folder, name);
}

void bed_write(struct bed *bed, const char *name, const char *text)
{
        char path[256];
        FILE *file;

        make_path(bed, path, "etc/", name);
        if (!text) {
                assert_int_equal(unlink(path), 0);
                return;
        }
        file = fopen(path, "we");
        assert_non_null(file);
        assert_true(fputs(text, file) >= 0);
        assert_int_equal(fclose(file), 0);
}

static int no_route(const struct sockaddr_storage *peer)
{
        return -ENETUNREACH;
}

static int is_free(const char *path)
{
        return 0;
}

static void make_scope(struct bed *bed)
{
        static char sys[256], proc[256], dev[256];

        make_path(bed, sys, "", "sys");
        make_path(bed, proc, "", "proc");
        make_path(bed, dev, "", "dev");
        bed->scope = (struct guard_scope){ sys, proc, dev, no_route, is_free };
}

void bed_open(struct bed *bed)
{
        static const char *const directories[] = { "etc", "run", "etc/guests.d", "etc/filters.d",
                                                   "etc/usbredird.conf.d" };
        char path[256];

        *bed = (struct bed){ 0 };
        the_bed = bed;
        strcpy(bed->directory, "/tmp/test-daemon-XXXXXX");
        assert_non_null(mkdtemp(bed->directory));
        for (size_t i = 0; i < sizeof(directories) / sizeof(*directories); i++) {
                make_path(bed, path, "", directories[i]);
                assert_int_equal(mkdir(path, 0755), 0);
        }
        make_scope(bed);
        bed->launcher = calloc(1, sizeof(*bed->launcher));
        bed->base = event_base_new();
        assert_non_null(bed->base);
        bed_write(bed, "filters.d/10-all.rules", "-1,-1,-1,-1,1\n");
        bed_refuse_claims(0);
        log_set_level(getenv("BED_LOG") ? LOG_LEVEL_DEBUG : LOG_LEVEL_ERROR);
}

void bed_start(struct bed *bed)
{
        static char etc[256], run[256];
        static const char *directories[] = { etc, NULL };
        struct manager_config config = { .directories = directories,
                                         .runtime_directory = run,
                                         .launcher = bed->launcher,
                                         .guard_scope = &bed->scope,
                                         .on_started = on_started };
        int fds[BED_SESSIONS_MAX];
        size_t n = 0;

        make_path(bed, etc, "", "etc");
        make_path(bed, run, "", "run");
        if (manager_new(&bed->m, bed->base, &config, &bed->error) < 0)
                fail_msg("%s", bed->error.text);
        manager_observe(bed->m, &observer, bed);
        log_set_level(getenv("BED_LOG") ? LOG_LEVEL_DEBUG : LOG_LEVEL_ERROR);

        /* As systemd's fd store would: the daemon's ends of those that still run. */
        for (size_t i = 0; i < bed->n_sessions; i++) {
                struct bed_session *s = &bed->sessions[i];

                if (s->fd >= 0 && s->is_orphan) {
                        int pair[2];

                        assert_int_equal(socketpair(AF_UNIX,
                                                    SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC,
                                                    0, pair),
                                         0);
                        close(s->fd);
                        s->fd = pair[1];
                        s->is_orphan = false;
                        fds[n++] = pair[0];
                }
        }
        assert_int_equal(manager_start(bed->m, fds, n), 0);
        bed_until(bed, bed->started);
}

void bed_kill_daemon(struct bed *bed)
{
        /* Those that run are kept by the fd store: marked, and given a new pair at the start. */
        for (size_t i = 0; i < bed->n_sessions; i++)
                if (bed->sessions[i].fd >= 0 && bed->sessions[i].has_order)
                        bed->sessions[i].is_orphan = true;
        bed->m = manager_free(bed->m);
        bed_end_claims();
        bed->started = 0;
}

void bed_close(struct bed *bed)
{
        char command[128];

        bed->m = manager_free(bed->m);
        bed_end_claims();
        for (size_t i = 0; i < bed->n_sessions; i++)
                close_fd(bed->sessions[i].fd);
        for (size_t i = 0; i < bed->n_guests; i++)
                close_fd(bed->guests[i].listener);
        bed_unplug_all();
        free(bed->launcher);
        event_base_free(bed->base);
        snprintf(command, sizeof(command), "rm -r %s", bed->directory);
        assert_int_equal(system(command), 0);
        assert_false(bed_is_claimed("1-1"));
        the_bed = NULL;
}

int bed_setup(void **state)
{
        struct bed *bed = calloc(1, sizeof(*bed));

        assert_non_null(bed);
        bed_open(bed);
        *state = bed;
        return 0;
}

int bed_teardown(void **state)
{
        bed_close(*state);
        free(*state);
        return 0;
}

void bed_add_guest(struct bed *bed, const char *name, int channels)
{
        struct bed_guest *g = &bed->guests[bed->n_guests++];
        char text[2048] = "[Guest]\n", file[64];

        *g = (struct bed_guest){ .listener = -1, .channels = channels };
        snprintf(g->name, sizeof(g->name), "%s", name);
        for (int i = 0; i < channels; i++) {
                size_t used = strlen(text);

                /* One socket serves all: each channel's path is a link to it. */
                snprintf(text + used, sizeof(text) - used, "Channel=unix:%s/%s-%d\n",
                         bed->directory, name, i);
        }
        strcat(text, "[Reconnect]\nInitialDelaySec=1\nMaxDelaySec=1\n");
        snprintf(file, sizeof(file), "guests.d/%s.conf", name);
        bed_write(bed, file, text);
}

static struct bed_guest *find_guest(struct bed *bed, const char *name)
{
        for (size_t i = 0; i < bed->n_guests; i++)
                if (!strcmp(bed->guests[i].name, name))
                        return &bed->guests[i];
        fail_msg("no guest %s", name);
        return NULL;
}

void bed_open_guest(struct bed *bed, const char *name)
{
        struct bed_guest *g = find_guest(bed, name);
        struct sockaddr_un address = { .sun_family = AF_UNIX };
        char link[256];

        snprintf(address.sun_path, sizeof(address.sun_path), "%s/%s", bed->directory, name);
        unlink(address.sun_path);
        g->listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        assert_true(g->listener >= 0);
        assert_int_equal(bind(g->listener, (struct sockaddr *)&address, sizeof(address)), 0);
        assert_int_equal(listen(g->listener, 128), 0);
        for (int i = 0; i < g->channels; i++) {
                snprintf(link, sizeof(link), "%s/%s-%d", bed->directory, name, i);
                unlink(link);
                assert_int_equal(symlink(address.sun_path, link), 0);
        }
}

void bed_close_guest(struct bed *bed, const char *name)
{
        struct bed_guest *g = find_guest(bed, name);

        g->listener = close_fd(g->listener);
}

struct device *bed_device(struct bed *bed, const char *port)
{
        struct device *d = NULL;
        struct error error;

        if (manager_find_device(bed->m, port, &d, &error) < 0)
                return NULL;
        return d;
}

void bed_turn(struct bed *bed)
{
        struct timespec moment = { .tv_nsec = 1000000 };

        event_base_loop(bed->base, EVLOOP_NONBLOCK);
        if (!bed_serve_sessions(bed))
                nanosleep(&moment, NULL);
}

void bed_settle(struct bed *bed)
{
        for (unsigned i = 0; i < TURNS_OF_SILENCE; i++)
                bed_turn(bed);
}

static void on_attached(void *userdata, struct redirection *r, const struct error *error)
{
        struct bed_answer *answer = userdata;

        assert_false(answer->has_come);
        answer->has_come = true;
        answer->is_error = !r;
        if (r)
                answer->session = r->number;
        else
                answer->error = *error;
}

static void on_detached(void *userdata, const struct error *error)
{
        struct bed_answer *answer = userdata;

        assert_false(answer->has_come);
        answer->has_come = true;
        answer->is_error = error;
        if (error)
                answer->error = *error;
}

int bed_attach(struct bed *bed, const char *port, const char *guest, bool wait,
               struct bed_answer *answer)
{
        const struct attach_options options = { .wait = wait, .force = bed->forces };

        return bed_attach_with(bed, port, guest, &options, answer);
}

int bed_attach_with(struct bed *bed, const char *port, const char *guest,
                    const struct attach_options *options, struct bed_answer *answer)
{
        *answer = (struct bed_answer){ 0 };
        return manager_attach(bed->m, bed_device(bed, port), guest, options, on_attached, answer,
                              &answer->error);
}

int bed_detach(struct bed *bed, const char *port, struct bed_answer *answer)
{
        *answer = (struct bed_answer){ 0 };
        return manager_detach(bed->m, bed_device(bed, port), on_detached, answer, &answer->error);
}
