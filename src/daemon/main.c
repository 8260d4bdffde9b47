/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * usbredird: wires the manager, its bus, the signals and the service manager together. An end by
 * signal leaves the sessions to systemd's fd store, from which the next daemon takes them up; those
 * that are our children have nobody else, and are ended and waited for. So is what is held, unless
 * another daemon follows.
 */
#include <errno.h>
#include <event2/event.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <systemd/sd-daemon.h>
#include <unistd.h>

#include "daemon/activation.h"
#include "daemon/judge.h"
#include "daemon/launcher.h"
#include "daemon/manager.h"
#include "daemon/options.h"
#include "dbus/bus.h"
#include "util/cleanup.h"
#include "util/clock.h"
#include "util/log.h"
#include "util/macro.h"

/* How long the bus may take before the daemon calls itself ready without it. */
#define BUS_SEC 5

/* How long children may take to return their devices. */
#define STOP_SEC 15

struct program {
        struct daemon_options options;
        const char *directories[2];
        struct event_base *base;
        struct launcher *launcher;
        struct manager *manager;
        struct bus *bus;
        struct event *signals[3], *deadline;

        bool is_started, has_bus, is_ready, is_stopping;
        char status[128];
        int exit_code;
};

static void update_status(struct program *p)
{
        unsigned devices = 0, redirected = 0, waiting = 0;
        char status[sizeof(p->status)];

        for (const struct device *d = manager_devices(p->manager); d; d = d->next) {
                devices++;
                redirected += d->phase == DEVICE_IS_REDIRECTED;
                waiting += d->phase == DEVICE_IS_WAITING || d->phase == DEVICE_IS_STARTING;
        }
        snprintf(status, sizeof(status), "%u devices, %u redirected, %u waiting%s", devices,
                 redirected, waiting,
                 manager_is_disabled(p->manager) ? "; disabled"
                 : manager_is_paused(p->manager) ? "; paused"
                                                 : "");
        if (p->is_ready && strcmp(status, p->status) != 0)
                sd_notifyf(0, "STATUS=%s", status);
        strcpy(p->status, status);
}

static void check_ready(struct program *p)
{
        if (p->is_ready || !p->is_started || !p->has_bus)
                return;

        event_del(p->deadline);
        update_status(p);
        p->is_ready = true;
        sd_notifyf(0, "READY=1\nSTATUS=%s", p->status);
        log_info("ready: %s", p->status);
}

static void on_started(void *userdata)
{
        struct program *p = userdata;

        p->is_started = true;
        check_ready(p);
}

static void on_changed(void *userdata)
{
        struct program *p = userdata;

        update_status(p);
        if (p->is_stopping && manager_has_returned_all(p->manager))
                event_base_loopbreak(p->base);
}

static void on_bus_ready(void *userdata)
{
        struct program *p = userdata;

        p->has_bus = true;
        check_ready(p);
}

static void on_bus_refused(void *userdata, const struct error *error)
{
        struct program *p = userdata;

        log_error("%s", error->text);
        p->exit_code = EXIT_FAILURE;
        event_base_loopbreak(p->base);
}

/* The bus is late, or children do not end. */
static void on_deadline(evutil_socket_t fd, short what, void *userdata)
{
        struct program *p = userdata;

        if (p->is_stopping) {
                log_error("devices have not been returned within %i s", STOP_SEC);
                event_base_loopbreak(p->base);
                return;
        }

        log_warning("no bus within %i s: going on without it", BUS_SEC);
        p->has_bus = true;
        check_ready(p);
}

static void on_reload(void *userdata, bool is_over)
{
        if (is_over)
                sd_notify(0, "READY=1");
        else
                sd_notifyf(0, "RELOADING=1\nMONOTONIC_USEC=%" PRIu64, clock_usec(CLOCK_MONOTONIC));
}

/* What is held goes on to be with the next daemon; without one it is the host's. */
static void on_stop(void *userdata, bool is_last)
{
        struct program *p = userdata;

        log_info(is_last ? "no other daemon follows: what is held is given back"
                         : "another daemon follows: what is held stays so");
        if (is_last)
                manager_stop(p->manager);
        else
                event_base_loopbreak(p->base);
}

static void stop(struct program *p)
{
        struct timeval delay = { .tv_sec = STOP_SEC };

        sd_notify(0, "STOPPING=1");
        if (manager_has_returned_all(p->manager) || p->is_stopping ||
            (launcher_passes_node(p->launcher) && !manager_holds_any(p->manager))) {
                event_base_loopbreak(p->base);
                return;
        }

        p->is_stopping = true;
        event_add(p->deadline, &delay);
        if (launcher_passes_node(p->launcher))
                bus_ask_stop(p->bus, on_stop, p);
        else
                manager_stop(p->manager);
}

static void on_signal(evutil_socket_t number, short what, void *userdata)
{
        struct program *p = userdata;
        struct error error;

        log_info("%s", strsignal(number));
        if (number == SIGHUP)
                manager_reload(p->manager, &error); /* what is wrong has been logged */
        else
                stop(p);
}

static int watch_signals(struct program *p)
{
        static const int numbers[ELEMENTS(p->signals)] = { SIGTERM, SIGINT, SIGHUP };

        signal(SIGPIPE, SIG_IGN);
        for (size_t i = 0; i < ELEMENTS(numbers); i++) {
                p->signals[i] = evsignal_new(p->base, numbers[i], on_signal, p);
                if (!p->signals[i] || event_add(p->signals[i], NULL) < 0)
                        return -ENOMEM;
        }

        return 0;
}

static int make_launcher(struct program *p)
{
        static const char *const no_sandbox[] = { "--no-sandbox", NULL };
        const struct daemon_options *options = &p->options;
        struct stat status;

        if (!options->session_program && stat(options->session_socket, &status) == 0 &&
            S_ISSOCK(status.st_mode))
                return launcher_new_socket(&p->launcher, options->session_socket);

        return launcher_new_fork(&p->launcher, options->session_program ?: SESSION_PROGRAM,
                                 options->no_sandbox ? no_sandbox : NULL);
}

static int make_directory(const char *path)
{
        if (mkdir(path, 0755) == 0 || errno == EEXIST)
                return 0;

        log_error("cannot make %s: %s", path, strerror(errno));
        return -errno;
}

/* Those of the configuration. */
static const char *const *get_directories(struct program *p)
{
        if (!p->options.config_directory)
                return config_directories;

        p->directories[0] = p->options.config_directory;
        return p->directories;
}

static int set_up(struct program *p)
{
        static const struct bus_events bus_events = { on_bus_ready, on_bus_refused };
        const struct bus_config bus = { .address = p->options.bus_address };
        struct manager_config config = {
                .directories = get_directories(p),
                .runtime_directory = p->options.runtime_directory,
                .on_started = on_started,
                .on_changed = on_changed,
                .on_reload = on_reload,
                .userdata = p,
        };
        struct timeval delay = { .tv_sec = BUS_SEC };
        struct error error;

        p->base = event_base_new();
        p->deadline = p->base ? event_new(p->base, -1, 0, on_deadline, p) : NULL;
        if (!p->deadline || watch_signals(p) < 0 || make_launcher(p) < 0) {
                log_error("out of memory");
                return -ENOMEM;
        }
        config.launcher = p->launcher;
        if (make_directory(p->options.runtime_directory) < 0)
                return -EIO;

        if (manager_new(&p->manager, p->base, &config, &error) < 0) {
                log_error("not started: %s", error.text);
                return -EINVAL;
        }

        activation_check(manager_config(p->manager));
        event_add(p->deadline, &delay);
        return bus_new(&p->bus, p->base, p->manager, &bus, &bus_events, p);
}

static void tear_down(struct program *p)
{
        if (p->manager)
                manager_leave(p->manager);
        bus_free(p->bus);
        manager_free(p->manager);
        launcher_free(p->launcher);
        for (size_t i = 0; i < ELEMENTS(p->signals); i++)
                if (p->signals[i])
                        event_free(p->signals[i]);
        if (p->deadline)
                event_free(p->deadline);
        if (p->base)
                event_base_free(p->base);
}

int main(int argc, char **argv)
{
        CLEANUP(stored_clear) struct stored stored = { 0 };
        struct program program = { .exit_code = EXIT_SUCCESS };
        int r;

        log_set_name("usbredird");
        switch (daemon_options_parse(argc, argv, &program.options)) {
        case DAEMON_OPTIONS_RUN: break;
        case DAEMON_OPTIONS_DONE: return EXIT_SUCCESS;
        case DAEMON_OPTIONS_USAGE: return 2;
        }

        if (program.options.judge)
                return judge_print(&program.options, get_directories(&program)) < 0;

        activation_take(&stored);
        r = set_up(&program);
        for (size_t i = 0; r == 0 && i < stored.n_hubs; i++)
                manager_adopt_hub(program.manager, stored.hubs[i]);
        if (r == 0)
                r = manager_start(program.manager, stored.sessions, stored.n_sessions);
        if (r == 0)
                event_base_dispatch(program.base);
        else
                program.exit_code = EXIT_FAILURE;

        tear_down(&program);
        return program.exit_code;
}
