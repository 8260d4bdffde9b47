/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A daemon that is told to end does not know whether another one follows. Process 1 does: while a
 * unit is stopped, its job says what for. No answer, in time, means that one follows.
 */
#include <errno.h>
#include <string.h>

#include "dbus/internal.h"
#include "util/cleanup.h"
#include "util/clock.h"

#define SYSTEMD_NAME "org.freedesktop.systemd1"
#define SYSTEMD_PATH "/org/freedesktop/systemd1"

/* Process 1 is asked, which answers at once or is not to be waited for. */
#define ANSWER_SEC 2

static void answer(struct bus *bus, bool is_last)
{
        bus->on_stop(bus->stop_userdata, is_last);
}

static int ask(struct bus *bus, sd_bus_message *m, sd_bus_message_handler_t on_reply)
{
        int r;

        r = sd_bus_call_async(bus->connection, NULL, m, on_reply, bus, ANSWER_SEC * USEC_PER_SEC);
        if (r >= 0)
                bus_loop_wake(bus->loop);
        return r;
}

static int ask_property(struct bus *bus, const char *path, const char *interface,
                        const char *property, sd_bus_message_handler_t on_reply)
{
        CLEANUP(sd_bus_message_unrefp) sd_bus_message *m = NULL;
        int r;

        r = sd_bus_message_new_method_call(bus->connection, &m, SYSTEMD_NAME, path,
                                           "org.freedesktop.DBus.Properties", "Get");
        if (r >= 0)
                r = sd_bus_message_append(m, "ss", interface, property);
        return r < 0 ? r : ask(bus, m, on_reply);
}

static int on_type(sd_bus_message *reply, void *userdata, sd_bus_error *ret_error)
{
        const char *type = "";

        answer(userdata, sd_bus_message_read(reply, "v", "s", &type) > 0 && !strcmp(type, "stop"));
        return 0;
}

/* Without a job it was a signal: systemd does not start us again then. */
static int on_job(sd_bus_message *reply, void *userdata, sd_bus_error *ret_error)
{
        const char *path = NULL;
        uint32_t number = 0;

        if (sd_bus_message_read(reply, "v", "(uo)", &number, &path) <= 0)
                answer(userdata, false);
        else if (number == 0)
                answer(userdata, true);
        else if (ask_property(userdata, path, SYSTEMD_NAME ".Job", "JobType", on_type) < 0)
                answer(userdata, false);
        return 0;
}

static int on_unit(sd_bus_message *reply, void *userdata, sd_bus_error *ret_error)
{
        const char *path = NULL;

        if (sd_bus_message_read(reply, "o", &path) <= 0 ||
            ask_property(userdata, path, SYSTEMD_NAME ".Unit", "Job", on_job) < 0)
                answer(userdata, false);
        return 0;
}

/* Its unit is asked for, not looked up: what is in /proc of process 1 is hidden from us. */
void bus_ask_stop(struct bus *bus, void (*on_stop)(void *userdata, bool is_last), void *userdata)
{
        CLEANUP(sd_bus_message_unrefp) sd_bus_message *m = NULL;
        const uint32_t own = 0;
        int r = -ENOTCONN;

        bus->on_stop = on_stop;
        bus->stop_userdata = userdata;
        if (bus->connection)
                r = sd_bus_message_new_method_call(bus->connection, &m, SYSTEMD_NAME, SYSTEMD_PATH,
                                                   SYSTEMD_NAME ".Manager", "GetUnitByPID");
        if (r >= 0)
                r = sd_bus_message_append(m, "u", own);
        if (r < 0 || ask(bus, m, on_unit) < 0)
                answer(bus, false);
}
