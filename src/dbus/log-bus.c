/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * org.freedesktop.LogControl1, as "systemctl service-log-level" expects it. sd-bus itself lets
 * nobody but root and our own user write these properties.
 */
#include <string.h>

#include "dbus/internal.h"
#include "util/log.h"
#include "util/macro.h"

#define LOG_PATH      "/org/freedesktop/LogControl1"
#define LOG_INTERFACE "org.freedesktop.LogControl1"

/* syslog's names. Those above "err" are not used here: they say the same as it. */
static const struct {
        const char *name;
        enum log_level level;
} levels[] = {
        { "debug", LOG_LEVEL_DEBUG },   { "info", LOG_LEVEL_INFO },
        { "notice", LOG_LEVEL_NOTICE }, { "warning", LOG_LEVEL_WARNING },
        { "err", LOG_LEVEL_ERROR },     { "crit", LOG_LEVEL_ERROR },
        { "alert", LOG_LEVEL_ERROR },   { "emerg", LOG_LEVEL_ERROR },
};

static int get_level(sd_bus *connection, const char *path, const char *interface,
                     const char *property, sd_bus_message *m, void *userdata,
                     sd_bus_error *ret_error)
{
        size_t i = 0;

        while (!log_enabled(levels[i].level))
                i++;

        return sd_bus_message_append(m, "s", levels[i].name);
}

static int set_level(sd_bus *connection, const char *path, const char *interface,
                     const char *property, sd_bus_message *value, void *userdata,
                     sd_bus_error *ret_error)
{
        const char *name;
        int r;

        r = sd_bus_message_read(value, "s", &name);
        if (r < 0)
                return r;

        for (size_t i = 0; i < ELEMENTS(levels); i++)
                if (!strcmp(levels[i].name, name)) {
                        log_set_level(levels[i].level);
                        return 0;
                }

        return sd_bus_error_setf(ret_error, SD_BUS_ERROR_INVALID_ARGS,
                                 "\"%.32s\" is no log level; err, warning, notice, info and debug "
                                 "are.",
                                 name);
}

static const char *target(void)
{
        return log_is_journal() ? "journal" : "console";
}

static int get_target(sd_bus *connection, const char *path, const char *interface,
                      const char *property, sd_bus_message *m, void *userdata,
                      sd_bus_error *ret_error)
{
        return sd_bus_message_append(m, "s", target());
}

static int set_target(sd_bus *connection, const char *path, const char *interface,
                      const char *property, sd_bus_message *value, void *userdata,
                      sd_bus_error *ret_error)
{
        const char *name;
        int r;

        r = sd_bus_message_read(value, "s", &name);
        if (r < 0)
                return r;

        /* systemctl writes back what it has read, or "auto". */
        if (!strcmp(name, target()) || !strcmp(name, "auto"))
                return 0;

        return sd_bus_error_setf(ret_error, SD_BUS_ERROR_INVALID_ARGS,
                                 "The log goes to standard error, which is the %s here; that can "
                                 "be changed in the unit only.",
                                 target());
}

static int get_identifier(sd_bus *connection, const char *path, const char *interface,
                          const char *property, sd_bus_message *m, void *userdata,
                          sd_bus_error *ret_error)
{
        return sd_bus_message_append(m, "s", "usbredird");
}

static const sd_bus_vtable vtable[] = {
        SD_BUS_VTABLE_START(0),
        SD_BUS_WRITABLE_PROPERTY("LogLevel", "s", get_level, set_level, 0, 0),
        SD_BUS_WRITABLE_PROPERTY("LogTarget", "s", get_target, set_target, 0, 0),
        SD_BUS_PROPERTY("SyslogIdentifier", "s", get_identifier, 0, SD_BUS_VTABLE_PROPERTY_CONST),
        SD_BUS_VTABLE_END,
};

int log_bus_add(struct bus *bus)
{
        return sd_bus_add_object_vtable(bus->connection, NULL, LOG_PATH, LOG_INTERFACE, vtable,
                                        bus);
}
