/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Whether another daemon follows: systemd is asked for the job of our unit.
 */
#include "dbus/bed.h"

#include <string.h>

#define SYSTEMD      "org.freedesktop.systemd1"
#define SYSTEMD_PATH "/org/freedesktop/systemd1"
#define UNIT_PATH    SYSTEMD_PATH "/unit/usbredird_2eservice"
#define JOB_PATH     SYSTEMD_PATH "/job/7"

struct systemd {
        struct caller connection;
        const char *job; /* its type; NULL: none */
};

struct answer {
        unsigned n;
        bool is_last;
};

static int get_unit(sd_bus_message *m, void *userdata, sd_bus_error *ret_error)
{
        uint32_t pid = 1;

        assert_true(sd_bus_message_read(m, "u", &pid) > 0);
        assert_int_equal(pid, 0);
        return sd_bus_reply_method_return(m, "o", UNIT_PATH);
}

static int get_job(sd_bus *bus, const char *path, const char *interface, const char *property,
                   sd_bus_message *reply, void *userdata, sd_bus_error *ret_error)
{
        const struct systemd *systemd = userdata;

        return sd_bus_message_append(reply, "(uo)", systemd->job ? 7 : 0,
                                     systemd->job ? JOB_PATH : "/");
}

static int get_type(sd_bus *bus, const char *path, const char *interface, const char *property,
                    sd_bus_message *reply, void *userdata, sd_bus_error *ret_error)
{
        return sd_bus_message_append(reply, "s", ((const struct systemd *)userdata)->job);
}

static const sd_bus_vtable manager_vtable[] = {
        SD_BUS_VTABLE_START(0),
        SD_BUS_METHOD("GetUnitByPID", "u", "o", get_unit, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_VTABLE_END,
};

static const sd_bus_vtable unit_vtable[] = {
        SD_BUS_VTABLE_START(0),
        SD_BUS_PROPERTY("Job", "(uo)", get_job, 0, 0),
        SD_BUS_VTABLE_END,
};

static const sd_bus_vtable job_vtable[] = {
        SD_BUS_VTABLE_START(0),
        SD_BUS_PROPERTY("JobType", "s", get_type, 0, 0),
        SD_BUS_VTABLE_END,
};

static int on_name(sd_bus_message *m, void *userdata, sd_bus_error *ret_error)
{
        *(bool *)userdata = true;
        return 0;
}

static void systemd_start(struct systemd *systemd, struct bed *bed)
{
        bool is_there = false;
        sd_bus *bus;

        caller_connect(&systemd->connection, bed);
        bus = systemd->connection.bus;
        assert_true(sd_bus_add_object_vtable(bus, NULL, SYSTEMD_PATH, SYSTEMD ".Manager",
                                             manager_vtable, systemd) >= 0);
        assert_true(sd_bus_add_object_vtable(bus, NULL, UNIT_PATH, SYSTEMD ".Unit", unit_vtable,
                                             systemd) >= 0);
        assert_true(sd_bus_add_object_vtable(bus, NULL, JOB_PATH, SYSTEMD ".Job", job_vtable,
                                             systemd) >= 0);
        assert_true(sd_bus_request_name_async(bus, NULL, SYSTEMD, 0, on_name, &is_there) >= 0);
        bus_loop_wake(systemd->connection.loop);
        RUN_UNTIL(bed->base, is_there);
}

static void on_stop(void *userdata, bool is_last)
{
        struct answer *answer = userdata;

        answer->n++;
        answer->is_last = is_last;
}

static bool ask(struct bed *bed)
{
        struct answer answer = { 0 };

        bus_ask_stop(bed->bus, on_stop, &answer);
        RUN_UNTIL(bed->base, answer.n > 0);
        run_ready(bed->base);
        assert_int_equal(answer.n, 1);
        return answer.is_last;
}

static void only_a_stop_is_the_end(void **state)
{
        struct systemd systemd = { 0 };
        struct bed *bed = *state;

        assert_false(ask(bed)); /* nobody is there to be asked */
        systemd_start(&systemd, bed);
        systemd.job = "stop";
        assert_true(ask(bed));
        systemd.job = "restart";
        assert_false(ask(bed));
        systemd.job = NULL; /* somebody has sent the signal */
        assert_true(ask(bed));
        caller_disconnect(&systemd.connection);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup_teardown(only_a_stop_is_the_end, bed_setup, bed_teardown),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
