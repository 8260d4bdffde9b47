/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Three questions, one after the other, none of them waited for:
 *
 *      the bus     to tell when the caller goes away; unique names are never used again
 *      the bus     whose user the caller is, which it fails to say if it is gone already
 *      polkit      whether it may, unless the user may do everything
 *
 * What is not clearly allowed is refused: a bus or a polkit that fails is a no.
 */
#include "dbus/auth.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <utlist.h>

#include "dbus/call.h"
#include "util/log.h"
#include "util/macro.h"

/* A person looks for the password. */
#define INTERACTIVE_TIMEOUT_USEC (UINT64_C(600) * 1000 * 1000)
#define TIMEOUT_USEC             (UINT64_C(25) * 1000 * 1000)

#define POLKIT_INTERACTIVE UINT32_C(1) /* AllowUserInteraction */

static void refuse(struct call *call, enum error_kind kind, const char *format, ...) PRINTF(3, 4);
static void refuse(struct call *call, enum error_kind kind, const char *format, ...)
{
        struct error error;
        va_list arguments;
        char text[sizeof(error.text)];

        va_start(arguments, format);
        vsnprintf(text, sizeof(text), format, arguments);
        va_end(arguments);
        error_set(&error, kind, "%s", text);
        call_refuse(call, &error);
}

/* A bus that fails for want of memory, or that goes away. */
static void refuse_failure(struct call *call, int r)
{
        refuse(call, ERROR_ACCESS_DENIED, "The authorization could not be looked up: %s.",
               strerror(-r));
}

static int on_polkit(sd_bus_message *reply, void *userdata, sd_bus_error *ret_error)
{
        struct call *call = userdata;
        const char *action = action_name(call->action);
        const sd_bus_error *e = sd_bus_message_get_error(reply);
        int authorized, challenge, r;

        if (sd_bus_error_has_name(e, SD_BUS_ERROR_SERVICE_UNKNOWN) ||
            sd_bus_error_has_name(e, SD_BUS_ERROR_NAME_HAS_NO_OWNER)) {
                refuse(call, ERROR_ACCESS_DENIED,
                       "Only root may do that (%s), as polkit does not run here.", action);
                return 0;
        }
        if (e) {
                log_warning("polkit does not tell about %s: %s: %s", action, e->name, e->message);
                refuse(call, ERROR_ACCESS_DENIED, "polkit could not tell about %s: %s", action,
                       e->message);
                return 0;
        }

        r = sd_bus_message_enter_container(reply, 'r', "bba{ss}");
        if (r >= 0)
                r = sd_bus_message_read(reply, "bb", &authorized, &challenge);
        if (r < 0)
                refuse_failure(call, r);
        else if (authorized)
                call_authorized(call);
        else if (challenge)
                refuse(call, ERROR_INTERACTION_REQUIRED,
                       "%s needs authentication: call again with interaction allowed, in a session "
                       "that has a polkit agent, or as root.",
                       action);
        else
                refuse(call, ERROR_ACCESS_DENIED,
                       "polkit denies %s: see its rules, or call as root.", action);

        return 0;
}

static int append_details(sd_bus_message *m, const struct call_details *details)
{
        const struct {
                const char *name, *value;
        } rows[] = {
                { "device", details->device },
                { "vidpid", details->vidpid },
                { "serial", details->serial },
                { "guest", details->guest },
        };
        int r;

        r = sd_bus_message_open_container(m, 'a', "{ss}");
        for (size_t i = 0; i < ELEMENTS(rows) && r >= 0; i++)
                if (rows[i].value[0])
                        r = sd_bus_message_append(m, "{ss}", rows[i].name, rows[i].value);
        return r < 0 ? r : sd_bus_message_close_container(m);
}

static int ask_polkit(struct call *call)
{
        CLEANUP(sd_bus_message_unrefp) sd_bus_message *m = NULL;
        sd_bus *bus = call->bus->connection;
        bool interactive;
        int r;

        interactive = sd_bus_message_get_allow_interactive_authorization(call->message) > 0;
        r = sd_bus_message_new_method_call(
                bus, &m, "org.freedesktop.PolicyKit1", "/org/freedesktop/PolicyKit1/Authority",
                "org.freedesktop.PolicyKit1.Authority", "CheckAuthorization");
        if (r < 0)
                return r;
        r = sd_bus_message_append(m, "(sa{sv})s", "system-bus-name", 1, "name", "s",
                                  sd_bus_message_get_sender(call->message),
                                  action_name(call->action));
        if (r >= 0)
                r = append_details(m, &call->details);
        if (r >= 0)
                r = sd_bus_message_append(m, "us", interactive ? POLKIT_INTERACTIVE : 0, "");
        if (r < 0)
                return r;

        call->query = sd_bus_slot_unref(call->query);
        return sd_bus_call_async(bus, &call->query, m, on_polkit, call,
                                 interactive ? INTERACTIVE_TIMEOUT_USEC : TIMEOUT_USEC);
}

static bool is_trusted(const struct call *call, uid_t uid)
{
        return !call->bus->config.trusts_nobody && (uid == 0 || uid == getuid());
}

/* Counts the call for its user. Are there too many? */
static bool count(struct call *call)
{
        const struct call *other;
        unsigned n = 0;

        DL_FOREACH (call->bus->calls, other)
                if (other->is_counted && other->uid == call->uid)
                        n++;
        call->is_counted = true;
        return n >= CALLS_PER_USER_MAX;
}

static int on_user(sd_bus_message *reply, void *userdata, sd_bus_error *ret_error)
{
        struct call *call = userdata;
        int r;

        if (sd_bus_message_is_method_error(reply, SD_BUS_ERROR_NAME_HAS_NO_OWNER)) {
                call_free(call);
                return 0;
        }

        r = sd_bus_message_is_method_error(reply, NULL)
                    ? -sd_bus_message_get_errno(reply)
                    : sd_bus_message_read(reply, "u", &call->uid);
        if (r < 0) {
                refuse_failure(call, r);
                return 0;
        }

        if (is_trusted(call, call->uid)) {
                call_authorized(call);
        } else if (count(call)) {
                refuse(call, ERROR_LIMIT_REACHED,
                       "User %u has %i calls under way already: wait for their answers.", call->uid,
                       CALLS_PER_USER_MAX);
        } else if (call->action == ACTION_COUNTED) {
                call_authorized(call);
        } else {
                r = ask_polkit(call);
                if (r < 0)
                        refuse_failure(call, r);
        }

        return 0;
}

static int on_caller_gone(sd_bus_message *m, void *userdata, sd_bus_error *ret_error)
{
        call_free(userdata);
        return 0;
}

static int on_watching(sd_bus_message *reply, void *userdata, sd_bus_error *ret_error)
{
        /* Without the match the call goes on all the same; its answer then goes nowhere. */
        return 0;
}

void auth_start(struct call *call)
{
        const char *sender = sd_bus_message_get_sender(call->message);
        sd_bus *bus = call->bus->connection;
        char match[512];
        int r;

        snprintf(match, sizeof(match),
                 "type='signal',sender='org.freedesktop.DBus',path='/org/freedesktop/DBus',"
                 "interface='org.freedesktop.DBus',member='NameOwnerChanged',arg0='%s',arg2=''",
                 sender);
        r = sd_bus_add_match_async(bus, &call->watch, match, on_caller_gone, on_watching, call);
        if (r >= 0)
                r = sd_bus_call_method_async(bus, &call->query, "org.freedesktop.DBus",
                                             "/org/freedesktop/DBus", "org.freedesktop.DBus",
                                             "GetConnectionUnixUser", on_user, call, "s", sender);
        if (r < 0)
                refuse_failure(call, r);
}
