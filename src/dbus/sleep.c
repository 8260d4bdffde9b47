/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * logind's PrepareForSleep, and a lock that has it wait until devices are returned (5 s, unless
 * logind.conf says more). Without a logind, or without the right to hold it up, nothing fails: the
 * machine then sleeps when it likes.
 */
#include <fcntl.h>
#include <string.h>

#include "dbus/internal.h"
#include "util/cleanup.h"
#include "util/log.h"

#define LOGIND_NAME      "org.freedesktop.login1"
#define LOGIND_PATH      "/org/freedesktop/login1"
#define LOGIND_INTERFACE "org.freedesktop.login1.Manager"

static int on_lock(sd_bus_message *reply, void *userdata, sd_bus_error *ret_error)
{
        struct bus *bus = userdata;
        int fd = -1;

        if (sd_bus_message_is_method_error(reply, NULL) ||
            sd_bus_message_read(reply, "h", &fd) < 0) {
                const sd_bus_error *error = sd_bus_message_get_error(reply);

                log_debug("sleep is not held up: %s", error ? error->message : "no descriptor");
                return 0;
        }

        close_fd(bus->sleep_lock);
        bus->sleep_lock = fcntl(fd, F_DUPFD_CLOEXEC, 3);
        return 0;
}

static void take_lock(struct bus *bus)
{
        sd_bus_call_method_async(bus->connection, NULL, LOGIND_NAME, LOGIND_PATH, LOGIND_INTERFACE,
                                 "Inhibit", on_lock, bus, "ssss", "sleep", "usbredird",
                                 "USB devices are returned by their guests", "delay");
}

static void on_asleep(void *userdata)
{
        struct bus *bus = userdata;

        bus->sleep_lock = close_fd(bus->sleep_lock);
}

static int on_prepare(sd_bus_message *signal, void *userdata, sd_bus_error *ret_error)
{
        struct bus *bus = userdata;
        int begins;

        if (sd_bus_message_read(signal, "b", &begins) < 0)
                return 0;

        if (begins) {
                manager_sleep(bus->manager, on_asleep, bus);
        } else {
                manager_awake(bus->manager);
                take_lock(bus);
        }
        return 0;
}

int sleep_watch(struct bus *bus)
{
        int r;

        r = sd_bus_match_signal_async(bus->connection, NULL, LOGIND_NAME, LOGIND_PATH,
                                      LOGIND_INTERFACE, "PrepareForSleep", on_prepare, NULL, bus);
        if (r >= 0)
                take_lock(bus);
        return r;
}

void sleep_forget(struct bus *bus)
{
        bus->sleep_lock = close_fd(bus->sleep_lock);
}
