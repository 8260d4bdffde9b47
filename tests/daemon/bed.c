/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * hotplug.h and launcher.h are implemented here in place of the daemon's own.
 */
#include "daemon/bed.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "daemon/hotplug.h"
#include "daemon/launcher.h"
#include "util/cleanup.h"
#include "util/log.h"

#define TURNS_OF_SILENCE 20

static struct bed *the_bed;

/* hotplug.h */
struct hotplug {
        struct hotplug_events events;
        void *userdata;
        struct {
                struct device_info *info;
        } ports[64];
};

static struct hotplug the_hotplug;
static bool is_watched;

int hotplug_new(struct hotplug **ret, struct event_base *base, const struct hotplug_events *events,
                void *userdata)
{
        the_hotplug.events = *events;
        the_hotplug.userdata = userdata;
        is_watched = true;
        for (size_t i = 0; i < 64; i++)
                if (the_hotplug.ports[i].info)
                        events->on_device(userdata, the_hotplug.ports[i].info);
        *ret = &the_hotplug;
        return 0;
}

struct hotplug *hotplug_free(struct hotplug *h)
{
        is_watched = false;
        return NULL;
}

static struct device_info **find_port(const char *port)
{
        for (size_t i = 0; i < 64; i++)
                if (the_hotplug.ports[i].info &&
                    !strcmp(the_hotplug.ports[i].info->facts.port, port))
                        return &the_hotplug.ports[i].info;
        return NULL;
}

/* launcher.h */
struct launcher {
        int unused;
};

bool launcher_passes_node(const struct launcher *l)
{
        return false;
}

int launcher_launch(struct launcher *l, struct launched *ret)
{
        struct bed *bed = the_bed;
        int fds[2];

        if (bed->launch_error < 0)
                return bed->launch_error;
        assert_true(bed->n_sessions < BED_SESSIONS_MAX);
        assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fds),
                         0);
        bed->sessions[bed->n_sessions++] = (struct bed_session){ .fd = fds[1] };
        *ret = (struct launched){ .fd = fds[0], .pid_fd = -1 };
        return 0;
}

void launcher_forget(struct launcher *l, pid_t pid)
{
}

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
        bed->launcher = calloc(1, sizeof(*bed->launcher));
        bed->base = event_base_new();
        assert_non_null(bed->base);
        bed_write(bed, "filters.d/10-all.rules", "-1,-1,-1,-1,1\n");
        log_set_level(getenv("BED_LOG") ? LOG_LEVEL_DEBUG : LOG_LEVEL_ERROR);
}

void bed_start(struct bed *bed)
{
        static char etc[256], run[256];
        static const char *directories[] = { etc, NULL };
        struct manager_config config = { .directories = directories,
                                         .runtime_directory = run,
                                         .launcher = bed->launcher,
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
        bed->started = 0;
}

void bed_close(struct bed *bed)
{
        char command[128];

        bed->m = manager_free(bed->m);
        for (size_t i = 0; i < bed->n_sessions; i++)
                close_fd(bed->sessions[i].fd);
        for (size_t i = 0; i < bed->n_guests; i++)
                close_fd(bed->guests[i].listener);
        for (size_t i = 0; i < 64; i++) {
                free(the_hotplug.ports[i].info);
                the_hotplug.ports[i].info = NULL;
        }
        free(bed->launcher);
        event_base_free(bed->base);
        snprintf(command, sizeof(command), "rm -r %s", bed->directory);
        assert_int_equal(system(command), 0);
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

static void describe(struct device_info *info, const char *text)
{
        char copy[512], *word, *rest;
        unsigned class, subclass, protocol;

        snprintf(copy, sizeof(copy), "%s", text);
        for (word = strtok_r(copy, " ", &rest); word; word = strtok_r(NULL, " ", &rest)) {
                char *equals = strchr(word, '=');

                if (!equals) {
                        class = subclass = protocol = 0;
                        assert_true(sscanf(word, "%x/%x/%x", &class, &subclass, &protocol) > 0);
                        assert_int_equal(facts_add_interface(&info->facts, (uint8_t) class,
                                                             (uint8_t)subclass, (uint8_t)protocol),
                                         0);
                        continue;
                }
                *equals++ = '\0';
                if (!strcmp(word, "serial"))
                        facts_set_serial(&info->facts, equals);
                else if (!strcmp(word, "product"))
                        info->facts.product = (uint16_t)strtoul(equals, NULL, 16);
                else if (!strcmp(word, "settled"))
                        info->is_settled = *equals == '1';
                else
                        assert_int_equal(facts_add_property(&info->facts, word, equals), 0);
        }
}

void bed_plug(struct bed *bed, const char *port, const char *text)
{
        static uint8_t last_address = 1;
        struct device_info **place = find_port(port);
        struct device_info *info = calloc(1, sizeof(*info));

        assert_non_null(info);
        facts_set_port(&info->facts, port);
        info->facts.vendor = 0x1209;
        info->facts.product = 0x0001;
        info->bus = 1;
        info->address = place ? (*place)->address : ++last_address;
        info->configuration = 1;
        info->is_settled = true;
        describe(info, text);

        for (size_t i = 0; !place && i < 64; i++)
                if (!the_hotplug.ports[i].info)
                        place = &the_hotplug.ports[i].info;
        assert_non_null(place);
        free(*place);
        *place = info;
        if (is_watched)
                the_hotplug.events.on_device(the_hotplug.userdata, info);
}

void bed_unplug(struct bed *bed, const char *port)
{
        struct device_info **place = find_port(port);

        assert_non_null(place);
        free(*place);
        *place = NULL;
        if (is_watched)
                the_hotplug.events.on_removed(the_hotplug.userdata, port);
}

struct device *bed_device(struct bed *bed, const char *port)
{
        struct device *d = NULL;
        struct error error;

        if (manager_find_device(bed->m, port, &d, &error) < 0)
                return NULL;
        return d;
}

static void send_message(struct bed_session *s, struct control_message *message)
{
        assert_int_equal(control_send(s->fd, message, NULL, 0), 0);
}

static void on_message(struct bed *bed, struct bed_session *s, struct control_message *message,
                       struct control_fds *fds)
{
        struct control_message answer = { 0 };

        switch (message->type) {
        case CONTROL_START:
                assert_false(s->has_order);
                s->has_order = true;
                s->order = message->order;
                break;
        case CONTROL_END: s->is_asked_to_end = true; break;
        case CONTROL_MEMORY: s->memory = message->memory.usbfs_memory; break;
        case CONTROL_DESCRIBE:
                answer.type = CONTROL_STATUS;
                answer.status = s->status;
                send_message(s, &answer);
                answer.type = CONTROL_DESCRIPTION;
                answer.order = s->order;
                send_message(s, &answer);
                break;
        default: fail_msg("a session got message %i", (int)message->type);
        }
        control_fds_close(fds);
}

static bool serve_sessions(struct bed *bed)
{
        bool any = false;

        for (size_t i = 0; i < bed->n_sessions; i++) {
                struct bed_session *s = &bed->sessions[i];
                struct control_message message;
                struct control_fds fds = CONTROL_NO_FDS;

                if (s->fd < 0 || s->is_orphan ||
                    control_receive(s->fd, CONTROL_DAEMON, &message, &fds) < 0)
                        continue;
                on_message(bed, s, &message, &fds);
                any = true;
        }

        return any;
}

void bed_turn(struct bed *bed)
{
        struct timespec moment = { .tv_nsec = 1000000 };

        event_base_loop(bed->base, EVLOOP_NONBLOCK);
        if (!serve_sessions(bed))
                nanosleep(&moment, NULL);
}

void bed_settle(struct bed *bed)
{
        for (unsigned i = 0; i < TURNS_OF_SILENCE; i++)
                bed_turn(bed);
}

static struct bed_session *find_session(struct bed *bed, const char *port)
{
        for (size_t i = bed->n_sessions; i > 0; i--) {
                struct bed_session *s = &bed->sessions[i - 1];

                if (s->fd >= 0 && s->has_order && !strcmp(s->order.port, port))
                        return s;
        }
        return NULL;
}

struct bed_session *bed_session_of(struct bed *bed, const char *port)
{
        bed_until(bed, find_session(bed, port));
        return find_session(bed, port);
}

void bed_say_status(struct bed *bed, struct bed_session *s, enum link_state link,
                    enum device_state device)
{
        struct control_message message = { .type = CONTROL_STATUS };

        s->status.link_state = link;
        s->status.device_state = device;
        message.status = s->status;
        send_message(s, &message);
        bed_settle(bed);
}

void bed_say_ended(struct bed *bed, struct bed_session *s, enum session_reason reason,
                   bool returned)
{
        struct control_message message = { .type = CONTROL_ENDED };

        message.ended = (struct control_ended){ .reason = reason,
                                                .returned = returned,
                                                .message = "as the test says" };
        send_message(s, &message);
        bed_die(bed, s);
}

void bed_die(struct bed *bed, struct bed_session *s)
{
        s->fd = close_fd(s->fd);
        bed_settle(bed);
}

struct bed_session *bed_redirect(struct bed *bed, const char *port)
{
        struct bed_session *s = bed_session_of(bed, port);

        bed_say_status(bed, s, LINK_GREETING, DEVICE_NONE);
        bed_say_status(bed, s, LINK_UP, DEVICE_NONE);
        bed_say_status(bed, s, LINK_UP, DEVICE_CLAIMED);
        bed_say_status(bed, s, LINK_UP, DEVICE_OFFERED);
        bed_say_status(bed, s, LINK_UP, DEVICE_FORWARDING);
        bed_until(bed, bed_device(bed, port)->phase == DEVICE_IS_REDIRECTED);
        return s;
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
        const struct attach_options options = { .wait = wait };

        *answer = (struct bed_answer){ 0 };
        return manager_attach(bed->m, bed_device(bed, port), guest, &options, on_attached, answer,
                              &answer->error);
}

int bed_detach(struct bed *bed, const char *port, struct bed_answer *answer)
{
        *answer = (struct bed_answer){ 0 };
        return manager_detach(bed->m, bed_device(bed, port), on_detached, answer, &answer->error);
}
