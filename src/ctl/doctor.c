/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * usbredirctl doctor: a table of checks. Each says at least one line: that all is well, or what is
 * not and what to do. What only the daemon knows is asked for once; what the host knows is read
 * here, so that there is something to say also when the daemon does not run.
 */
#include "ctl/doctor.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ctl/bus.h"
#include "ctl/commands.h"
#include "ctl/host.h"
#include "ctl/listing.h"
#include "ctl/value.h"
#include "util/cleanup.h"
#include "util/macro.h"

#define UNIT_PATH   "/org/freedesktop/systemd1/unit/usbredird_2eservice"
#define POLKIT_NAME "org.freedesktop.PolicyKit1"
#define UDEV_RULES  "60-usbredir.rules"
#define BOOT_WORD   "usbredird.disable"

/* What the daemon leaves to other programs; with less than that a transfer of 1 MiB goes in pieces.
 */
#define USBFS_RESERVE_MB 2
#define USBFS_ENOUGH_MB  4

static const char *const level_names[] = {
#define LEVEL_NAME(level, name) [LEVEL_##level] = name,
        LEVELS(LEVEL_NAME)
#undef LEVEL_NAME
};

void doctor_say(struct doctor *d, enum level level, const char *format, ...)
{
        CLEANUP(freep) char *text = NULL;
        va_list arguments;
        int n;

        va_start(arguments, format);
        n = vasprintf(&text, format, arguments);
        va_end(arguments);
        if (n < 0)
                text = NULL;

        d->n_problems += level == LEVEL_PROBLEM;
        if (!text || json_array_append_new(d->findings,
                                           json_pack("{s:s, s:s, s:s}", "check", d->check, "result",
                                                     level_names[level], "text", text)) < 0)
                d->is_out_of_memory = true;
}

/* A property of the daemon's unit; NULL where there is no systemd. To be freed. */
static char *unit_property(struct doctor *d, const char *name)
{
        char *value = NULL;

        if (sd_bus_get_property_string(d->ctl->bus, "org.freedesktop.systemd1", UNIT_PATH,
                                       "org.freedesktop.systemd1.Unit", name, NULL, &value) < 0)
                return NULL;
        return value;
}

/* Is the name there, or would the bus start who has it? */
static bool bus_has(struct doctor *d, const char *name, bool or_could)
{
        static const char *const lists[] = { "ListNames", "ListActivatableNames" };
        bool found = false;

        for (size_t i = 0; i < (or_could ? 2 : 1) && !found; i++) {
                CLEANUP(sd_bus_message_unrefp) sd_bus_message *reply = NULL;
                char **names = NULL;

                if (sd_bus_call_method(d->ctl->bus, BUS_NAME, "/org/freedesktop/DBus", BUS_NAME,
                                       lists[i], NULL, &reply, "") < 0 ||
                    sd_bus_message_read_strv(reply, &names) < 0)
                        continue;
                for (char **n = names; *n; n++) {
                        found |= !strcmp(*n, name);
                        free(*n);
                }
                free(names);
        }

        return found;
}

static void check_unit(struct doctor *d)
{
        CLEANUP(freep) char *active = unit_property(d, "ActiveState");
        CLEANUP(freep) char *enabled = unit_property(d, "UnitFileState");

        if (!d->manager && active && !strcmp(active, "failed"))
                doctor_say(d, LEVEL_PROBLEM,
                           "usbredird has failed: journalctl -u usbredird says why");
        else if (!d->manager)
                doctor_say(d, LEVEL_PROBLEM, "usbredird is not running: systemctl start usbredird");
        else
                doctor_say(d, LEVEL_OK, "usbredird %s is running",
                           value_string(d->manager, "Version"));

        if (enabled && (!strcmp(enabled, "disabled") || !strcmp(enabled, "masked")))
                doctor_say(
                        d, LEVEL_WARNING,
                        "usbredird does not start at boot, its unit is %s: systemctl %s usbredird",
                        enabled, enabled[0] == 'm' ? "unmask" : "enable");
}

static void check_daemon(struct doctor *d)
{
        if (!d->ctl->bus) {
                doctor_say(d, LEVEL_PROBLEM,
                           "the system bus cannot be reached: systemctl start dbus");
                return;
        }
        check_unit(d);
}

static void check_files(struct doctor *d)
{
        const json_t *errors = json_object_get(d->manager, "ConfigurationErrors"), *entry;
        size_t index;

        json_array_foreach (errors, index, entry) {
                const char *file, *text;
                json_int_t line, column;

                if (json_unpack((json_t *)entry, "[s, I, I, s]", &file, &line, &column, &text) < 0)
                        continue;
                if (line > 0)
                        doctor_say(d, LEVEL_PROBLEM, "%s:%lld:%lld: %s", file, (long long)line,
                                   (long long)column, text);
                else
                        doctor_say(d, LEVEL_PROBLEM, "%s: %s", file, text);
        }
        if (json_array_size(errors) == 0)
                doctor_say(d, LEVEL_OK, "all files of the configuration are in force");
}

static void check_pause(struct doctor *d)
{
        bool is_paused = json_is_true(json_object_get(d->manager, "Paused"));

        if (is_paused)
                doctor_say(d, LEVEL_WARNING, "no rule acts: usbredirctl resume");
        if (host_has_boot_word(d->ctl->root, BOOT_WORD))
                doctor_say(d, LEVEL_WARNING,
                           "no rule acts, as the kernel was started with " BOOT_WORD
                           ": boot without it");
        else if (!is_paused)
                doctor_say(d, LEVEL_OK, "rules act");
}

static void check_usbfs(struct doctor *d)
{
        size_t n = d->all ? doctor_count(d, OBJECT_SESSION) : 0;
        unsigned mb, share;

        if (host_usbfs_memory(d->ctl->root, &mb) < 0) {
                doctor_say(d, LEVEL_PROBLEM, "the kernel has no USB: modprobe usbcore");
                return;
        }
        if (mb == 0) {
                doctor_say(d, LEVEL_OK, "the memory of usbfs has no limit");
                return;
        }

        share = (mb > USBFS_RESERVE_MB ? mb - USBFS_RESERVE_MB : 0) / (unsigned)MAX(n, (size_t)1);
        if (share < USBFS_ENOUGH_MB)
                doctor_say(
                        d, LEVEL_WARNING,
                        "usbfs has %u MiB, %u for each of %zu sessions, less than fast devices use: echo "
                        "%zu > /sys/module/usbcore/parameters/usbfs_memory_mb, and at boot "
                        "usbcore.usbfs_memory_mb=",
                        mb, share, n, USBFS_RESERVE_MB + MAX(n, (size_t)1) * 2 * USBFS_ENOUGH_MB);
        else
                doctor_say(d, LEVEL_OK, "usbfs has %u MiB, shared by %zu sessions", mb, n);
}

static void check_polkit(struct doctor *d)
{
        if (!d->ctl->bus)
                return;
        if (bus_has(d, POLKIT_NAME, true))
                doctor_say(d, LEVEL_OK, "polkit says who may do what");
        else
                doctor_say(d, LEVEL_WARNING, "there is no polkit: only root may change anything");
}

static void check_udev(struct doctor *d)
{
        if (host_has_udev_rules(d->ctl->root, UDEV_RULES))
                doctor_say(d, LEVEL_OK, "udev has " UDEV_RULES);
        else
                doctor_say(d, LEVEL_WARNING,
                           "udev has no " UDEV_RULES ", or it is masked: smartcard readers are not "
                           "redirected by themselves; install it, then udevadm trigger");
}

static const struct {
        const char *name;
        bool needs_daemon;
        void (*run)(struct doctor *d);
} checks[] = {
        { "daemon", false, check_daemon },       { "files", true, check_files },
        { "rules", true, check_pause },          { "guests", true, doctor_check_guests },
        { "text", true, doctor_check_text },     { "devices", true, doctor_check_devices },
        { "guards", true, doctor_check_guards }, { "usbfs", false, check_usbfs },
        { "polkit", false, check_polkit },       { "udev", false, check_udev },
};

static void print_findings(const json_t *findings)
{
        const json_t *finding;
        size_t index;

        json_array_foreach (findings, index, finding) {
                printf("%-8s %-8s ", value_string(finding, "result"),
                       value_string(finding, "check"));
                text_print(stdout, value_string(finding, "text"));
                putchar('\n');
        }
}

static enum ctl_exit examine(struct doctor *d)
{
        enum ctl_exit result = CTL_DONE;

        if (d->ctl->bus && bus_has(d, USBREDIR_NAME, false)) {
                result = bus_read(d->ctl, &d->manager, "a{sv}", USBREDIR_PATH, PROPERTY_INTERFACE,
                                  "GetAll", "s", MANAGER_INTERFACE);
                if (result == CTL_DONE)
                        result = objects_get(d->ctl, &d->all);
        }
        if (result != CTL_DONE)
                return result;

        for (size_t i = 0; i < ELEMENTS(checks); i++) {
                d->check = checks[i].name;
                if (d->manager || !checks[i].needs_daemon)
                        checks[i].run(d);
        }
        if (d->is_out_of_memory)
                return out_of_memory();

        if (d->ctl->json)
                result = print_json(d->findings, JSON_INDENT(2));
        else
                print_findings(d->findings);
        return result == CTL_DONE && d->n_problems > 0 ? CTL_FAILURE : result;
}

enum ctl_exit command_doctor(struct ctl *ctl, char **arguments)
{
        struct doctor d = { .ctl = ctl, .findings = json_array() };
        enum ctl_exit result;

        /* Without, there is still something to say. */
        if (!ctl->bus)
                bus_open(ctl);
        result = d.findings ? examine(&d) : out_of_memory();
        json_decref(d.manager);
        json_decref(d.all);
        json_decref(d.findings);
        return result;
}
