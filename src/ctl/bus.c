/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The daemon's messages say what to do next: they are printed as they come, but for characters
 * that could do more to a terminal than print. A daemon that does not run is never started by a
 * question: whoever stopped it wants it stopped.
 */
#include "ctl/bus.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "ctl/text.h"
#include "ctl/value.h"
#include "util/cleanup.h"
#include "util/macro.h"

#define SECOND 1000000ULL

/* The daemon answers questions at once; sd-bus alone would wait longer than a person does. */
#define READ_PATIENCE (10 * SECOND)

/* Orders wait for a password to be typed, then for the guest (20 s). */
#define ORDER_PATIENCE (300 * SECOND)

#define ERROR_(name) "org.usbredir1.Error." name
#define DBUS(name)   "org.freedesktop.DBus.Error." name

#define NOT_RUNNING "usbredird is not running: systemctl start usbredird"
#define NOT_UNDERSTOOD                                                                             \
        "usbredird has answered what this usbredirctl does not understand: are both of the same "  \
        "version?"
#define NO_ANSWER "usbredird does not answer: systemctl status usbredird"

/* What is no plain failure. With a text of ours where the bus knows less than we do. */
static const struct {
        const char *name;
        enum ctl_exit exit;
        const char *text;
} errors[] = {
        { DBUS("InvalidArgs"), CTL_USAGE, NULL },
        { ERROR_("NoSuchDevice"), CTL_NOT_FOUND, NULL },
        { ERROR_("AmbiguousDevice"), CTL_NOT_FOUND, NULL },
        { ERROR_("NoSuchGuest"), CTL_NOT_FOUND, NULL },
        { ERROR_("NoSuchRule"), CTL_NOT_FOUND, NULL },
        { ERROR_("Denied"), CTL_DENIED, NULL },
        { DBUS("AccessDenied"), CTL_DENIED, NULL },
        { DBUS("InteractiveAuthorizationRequired"), CTL_DENIED, NULL },
        { DBUS("ServiceUnknown"), CTL_NO_DAEMON, NOT_RUNNING },
        { DBUS("NameHasNoOwner"), CTL_NO_DAEMON, NOT_RUNNING },
        { DBUS("NoReply"), CTL_NO_DAEMON, NO_ANSWER },
        { DBUS("Timeout"), CTL_NO_DAEMON, NO_ANSWER },
};

static void print_error(const char *text)
{
        text_print(stderr, text);
        fputc('\n', stderr);
}

enum ctl_exit bus_error(const sd_bus_error *error, int r)
{
        for (size_t i = 0; i < ELEMENTS(errors); i++)
                if (sd_bus_error_has_name(error, errors[i].name)) {
                        print_error(errors[i].text ? errors[i].text : error->message);
                        return errors[i].exit;
                }

        /* The bus itself is gone: there is no daemon's error. */
        if (r == -ENOTCONN || r == -ECONNRESET || r == -EPIPE) {
                print_error("the connection to the system bus was lost");
                return CTL_NO_DAEMON;
        }

        if (sd_bus_error_is_set(error))
                print_error(error->message && *error->message ? error->message : error->name);
        else
                print_error(r == -EBADMSG || r == -ENXIO ? NOT_UNDERSTOOD : strerror(-r));

        return CTL_FAILURE;
}

enum ctl_exit bus_open(struct ctl *ctl)
{
        int r;

        r = sd_bus_open_system_with_description(&ctl->bus, "usbredirctl");
        if (r < 0) {
                fprintf(stderr, "cannot reach the system bus: %s\n", strerror(-r));
                return CTL_NO_DAEMON;
        }

        return CTL_DONE;
}

bool bus_has_daemon(struct ctl *ctl)
{
        CLEANUP(sd_bus_message_unrefp) sd_bus_message *reply = NULL;
        int r, has_owner = false;

        r = sd_bus_open_system_with_description(&ctl->bus, "usbredirctl");
        if (r >= 0)
                r = sd_bus_call_method(ctl->bus, "org.freedesktop.DBus", "/org/freedesktop/DBus",
                                       "org.freedesktop.DBus", "NameHasOwner", NULL, &reply, "s",
                                       USBREDIR_NAME);
        if (r >= 0)
                r = sd_bus_message_read(reply, "b", &has_owner);

        return r >= 0 && has_owner;
}

static enum ctl_exit call(struct ctl *ctl, sd_bus_message *m, uint64_t patience,
                          const char *returns, json_t **ret)
{
        CLEANUP(sd_bus_error_free) sd_bus_error error = SD_BUS_ERROR_NULL;
        CLEANUP(sd_bus_message_unrefp) sd_bus_message *reply = NULL;
        int r;

        r = sd_bus_message_set_auto_start(m, false);
        if (r >= 0)
                r = sd_bus_call(ctl->bus, m, patience, &error, &reply);
        if (r >= 0 && ret)
                r = value_read_only(reply, returns, ret);

        return r < 0 ? bus_error(&error, r) : CTL_DONE;
}

/* As sd_bus_message_new_method_call() and sd_bus_message_appendv(). */
static int new_call(struct ctl *ctl, const char *path, const char *interface, const char *member,
                    const char *types, va_list arguments, sd_bus_message **ret)
{
        CLEANUP(sd_bus_message_unrefp) sd_bus_message *m = NULL;
        int r;

        r = sd_bus_message_new_method_call(ctl->bus, &m, USBREDIR_NAME, path, interface, member);
        if (r >= 0)
                r = sd_bus_message_appendv(m, types, arguments);
        if (r < 0)
                return r;

        *ret = TAKE(m);
        return 0;
}

enum ctl_exit bus_read(struct ctl *ctl, json_t **ret, const char *returns, const char *path,
                       const char *interface, const char *member, const char *types, ...)
{
        CLEANUP(sd_bus_message_unrefp) sd_bus_message *m = NULL;
        va_list arguments;
        int r;

        va_start(arguments, types);
        r = new_call(ctl, path, interface, member, types, arguments, &m);
        va_end(arguments);

        return r < 0 ? bus_error(NULL, r) : call(ctl, m, READ_PATIENCE, returns, ret);
}

enum ctl_exit bus_order(struct ctl *ctl, json_t **ret, const char *returns, const char *member,
                        const char *types, ...)
{
        CLEANUP(sd_bus_message_unrefp) sd_bus_message *m = NULL;
        va_list arguments;
        int r;

        va_start(arguments, types);
        r = new_call(ctl, USBREDIR_PATH, MANAGER_INTERFACE, member, types, arguments, &m);
        va_end(arguments);
        if (r >= 0)
                r = sd_bus_message_set_allow_interactive_authorization(m, !ctl->no_ask_password);

        return r < 0 ? bus_error(NULL, r) : call(ctl, m, ORDER_PATIENCE, returns, ret);
}
