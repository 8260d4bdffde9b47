/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The daemon as a whole: org.usbredir1.Manager at /org/usbredir1.
 */
#include "daemon/manager.h"

#include "dbus/call.h"
#include "dbus/property.h"

int method_detach_all(struct call *call, const struct request *request, struct error *ret_error)
{
        manager_detach_all(call->bus->manager, call_detached, call);
        return CALL_PENDING;
}

int method_get_device(struct call *call, const struct request *request, struct error *ret_error)
{
        return call_reply(call, "o", object_path(call->bus, OBJECT_DEVICE, request->device));
}

int method_get_guest(struct call *call, const struct request *request, struct error *ret_error)
{
        return call_reply(call, "o", object_path(call->bus, OBJECT_GUEST, request->guest));
}

int method_reload(struct call *call, const struct request *request, struct error *ret_error)
{
        int r;

        r = manager_reload(call->bus->manager, ret_error);
        return r < 0 ? r : call_reply(call, "");
}

int method_pause(struct call *call, const struct request *request, struct error *ret_error)
{
        int r = manager_set_paused(call->bus->manager, true, ret_error);

        return r < 0 ? r : call_reply(call, "");
}

int method_resume(struct call *call, const struct request *request, struct error *ret_error)
{
        int r = manager_set_paused(call->bus->manager, false, ret_error);

        return r < 0 ? r : call_reply(call, "");
}

int manager_bus_tell_end(struct bus *bus, const struct redirection *r, enum session_reason reason,
                         const char *message)
{
        CLEANUP(sd_bus_message_unrefp) sd_bus_message *m = NULL;
        int e;

        e = sd_bus_message_new_signal(bus->connection, &m, BUS_PATH, BUS_NAME ".Manager",
                                      "SessionEnded");
        if (e >= 0)
                e = sd_bus_message_append(m, "oos", object_path(bus, OBJECT_SESSION, r),
                                          object_path(bus, OBJECT_DEVICE, r->device),
                                          session_reason_name(reason));
        if (e >= 0)
                e = put_text(m, message);
        return e < 0 ? e : sd_bus_send(NULL, m, NULL);
}

static uint32_t count_sessions(const struct manager *manager)
{
        uint32_t n = 0;

        for (const struct redirection *r = manager_sessions(manager); r; r = r->next)
                n++;

        return n;
}

static int put_errors(sd_bus_message *m, const struct config *config)
{
        int r;

        r = sd_bus_message_open_container(m, 'a', "(suus)");
        for (size_t i = 0; i < config->n_errors && r >= 0; i++) {
                const struct config_error *error = &config->errors[i];

                r = sd_bus_message_open_container(m, 'r', "suus");
                if (r >= 0)
                        r = put_text(m, error->file);
                if (r >= 0)
                        r = sd_bus_message_append(m, "uu", error->line, error->column);
                if (r >= 0)
                        r = put_text(m, error->text);
                if (r >= 0)
                        r = sd_bus_message_close_container(m);
        }
        return r < 0 ? r : sd_bus_message_close_container(m);
}

#define PUT(type, value) sd_bus_message_append(m, type, value)

/* clang-format off */
#define MANAGER_PROPERTIES(P) \
        P(Version,             "s",       CONST,        PUT("s", PACKAGE_VERSION)) \
        P(Paused,              "b",       EMITS_CHANGE, PUT("b", (int)manager_is_paused(manager))) \
        P(Disabled,            "b",       CONST,        PUT("b", (int)manager_is_disabled(manager))) \
        P(SessionCount,        "u",       EMITS_CHANGE, PUT("u", count_sessions(manager))) \
        P(ConfigurationErrors, "a(suus)", EMITS_CHANGE, put_errors(m, manager_config(manager)))

#define GETTER(name, types, changes, put) PROPERTY_GETTER(name, const struct manager *manager, put)
MANAGER_PROPERTIES(GETTER)

const sd_bus_vtable manager_vtable[] = {
        SD_BUS_VTABLE_START(0),
        MANAGER_METHODS(METHOD_ENTRY)
        SD_BUS_SIGNAL_WITH_NAMES("SessionEnded", "ooss",
                                 ARG(session) ARG(device) ARG(reason) ARG(message), 0),
        MANAGER_PROPERTIES(PROPERTY_ENTRY)
        SD_BUS_VTABLE_END,
};
/* clang-format on */
