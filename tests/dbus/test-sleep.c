/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * logind says that the machine goes to sleep, and is held up until the devices are returned.
 */
#include "dbus/bed.h"

#include <poll.h>
#include <unistd.h>

#define LOGIND         "org.freedesktop.login1"
#define LOGIND_PATH    "/org/freedesktop/login1"
#define LOGIND_MANAGER LOGIND ".Manager"

struct logind {
        struct caller connection;
        int lock; /* reads end of file when nobody holds it up; -1: never held up */
        unsigned n_asked, n_locks;
        bool refuses;
};

static int inhibit(sd_bus_message *m, void *userdata, sd_bus_error *ret_error)
{
        const char *what, *who, *why, *mode;
        struct logind *logind = userdata;
        int pipe_fds[2], r;

        assert_true(sd_bus_message_read(m, "ssss", &what, &who, &why, &mode) > 0);
        assert_string_equal(what, "sleep");
        assert_string_equal(who, "usbredird");
        assert_string_equal(mode, "delay");
        logind->n_asked++;
        if (logind->refuses)
                return sd_bus_reply_method_errorf(m, FREEDESKTOP "Error.AccessDenied", "no");

        assert_int_equal(pipe(pipe_fds), 0);
        close_fd(logind->lock);
        logind->lock = pipe_fds[0];
        logind->n_locks++;
        r = sd_bus_reply_method_return(m, "h", pipe_fds[1]);
        close(pipe_fds[1]);
        return r;
}

static const sd_bus_vtable vtable[] = {
        SD_BUS_VTABLE_START(0),
        SD_BUS_METHOD("Inhibit", "ssss", "h", inhibit, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_SIGNAL("PrepareForSleep", "b", 0),
        SD_BUS_VTABLE_END,
};

static int on_name(sd_bus_message *m, void *userdata, sd_bus_error *ret_error)
{
        *(bool *)userdata = true;
        return 0;
}

static struct bed *begin(struct logind *logind, bool refuses)
{
        struct bed *bed = bed_new("");
        bool is_there = false;

        *logind = (struct logind){ .lock = -1, .refuses = refuses };
        caller_connect(&logind->connection, bed);
        assert_true(sd_bus_add_object_vtable(logind->connection.bus, NULL, LOGIND_PATH,
                                             LOGIND_MANAGER, vtable, logind) >= 0);
        assert_true(sd_bus_request_name_async(logind->connection.bus, NULL, LOGIND, 0, on_name,
                                              &is_there) >= 0);
        bus_loop_wake(logind->connection.loop);
        RUN_UNTIL(bed->base, is_there);
        bed_start_bus(bed, false);
        RUN_UNTIL(bed->base, logind->n_asked == 1); /* and so it listens */
        return bed;
}

static void end(struct bed *bed, struct logind *logind)
{
        caller_disconnect(&logind->connection);
        close_fd(logind->lock);
        bed_free(bed);
}

static void say(struct logind *logind, bool begins)
{
        assert_true(sd_bus_emit_signal(logind->connection.bus, LOGIND_PATH, LOGIND_MANAGER,
                                       "PrepareForSleep", "b", begins) >= 0);
        bus_loop_wake(logind->connection.loop);
}

static bool is_held_up(const struct logind *logind)
{
        struct pollfd fd = { .fd = logind->lock };

        return poll(&fd, 1, 0) == 0;
}

static bool was_asked(const struct bed *bed, const char *what)
{
        return !strcmp(bed->manager->asked, what);
}

static void sleep_waits_until_devices_are_returned(void **state)
{
        struct logind logind;
        struct bed *bed = begin(&logind, false);

        say(&logind, true);
        RUN_UNTIL(bed->base, was_asked(bed, "sleep"));
        assert_true(is_held_up(&logind));
        bed->manager->on_asleep(bed->manager->asleep_userdata);
        assert_false(is_held_up(&logind));

        say(&logind, false);
        RUN_UNTIL(bed->base, was_asked(bed, "awake"));
        RUN_UNTIL(bed->base, logind.n_locks == 2); /* for the next time */
        assert_true(is_held_up(&logind));
        end(bed, &logind);
}

static void without_the_right_to_hold_it_up_sleep_is_noted(void **state)
{
        struct logind logind;
        struct bed *bed = begin(&logind, true);

        say(&logind, true);
        RUN_UNTIL(bed->base, was_asked(bed, "sleep"));
        bed->manager->on_asleep(bed->manager->asleep_userdata);
        say(&logind, false);
        RUN_UNTIL(bed->base, was_asked(bed, "awake"));
        end(bed, &logind);
}

/* Nobody would tell that the machine is awake again. */
static void without_a_bus_the_machine_is_awake(void **state)
{
        struct logind logind;
        struct bed *bed = begin(&logind, false);

        say(&logind, true);
        RUN_UNTIL(bed->base, was_asked(bed, "sleep"));
        caller_disconnect(&logind.connection);
        caller_disconnect(&bed->caller);
        private_bus_stop(&bed->private_bus);
        RUN_UNTIL(bed->base, was_asked(bed, "awake"));
        close_fd(logind.lock);
        bed_free(bed);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(sleep_waits_until_devices_are_returned),
                cmocka_unit_test(without_the_right_to_hold_it_up_sleep_is_noted),
                cmocka_unit_test(without_a_bus_the_machine_is_awake),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
