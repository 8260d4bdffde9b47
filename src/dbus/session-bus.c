/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A session: org.usbredir1.Session. What its process has told is bounded, but it is its text.
 */
#include "daemon/redirection.h"

#include <errno.h>
#include <string.h>

#include "dbus/call.h"
#include "dbus/property.h"

static const struct control_status *status_of(const struct redirection *s)
{
        static const struct control_status nothing;

        return s->worker ? worker_status(s->worker) : &nothing;
}

static bool is_encrypted(const struct redirection *s)
{
        return s->worker && worker_order(s->worker)->tls != CONTROL_CLEAR;
}

static int reply_statistics(struct call *call, const struct redirection *s)
{
        CLEANUP(sd_bus_message_unrefp) sd_bus_message *m = NULL;
        const struct control_status *status = status_of(s);
        const struct {
                const char *key;
                uint64_t value;
        } rows[] = {
                { "bytes-received", status->bytes_received },
                { "bytes-sent", status->bytes_sent },
                { "packets-received", status->packets_received },
                { "packets-sent", status->packets_sent },
                { "packets-dropped", status->packets_dropped },
                { "usbfs-memory", status->usbfs_memory },
        };
        int r;

        r = sd_bus_message_new_method_return(call->message, &m);
        if (r >= 0)
                r = sd_bus_message_open_container(m, 'a', "{sv}");
        for (size_t i = 0; i < ELEMENTS(rows) && r >= 0; i++)
                r = put_entry(m, rows[i].key, "t", rows[i].value);
        if (r >= 0)
                r = sd_bus_message_close_container(m);
        return r < 0 ? r : call_send(call, m);
}

static void on_described(void *userdata, struct redirection *s, const struct error *error)
{
        CLEANUP(call_freep) struct call *call = userdata;

        call->is_at_manager = false;
        if (error)
                call_refuse(TAKE(call), error);
        else
                reply_statistics(call, s);
}

int method_get_statistics(struct call *call, const struct request *request, struct error *ret_error)
{
        int r;

        r = manager_describe(call->bus->manager, request->session, on_described, call, ret_error);
        return r < 0 ? r : CALL_PENDING;
}

static const void *guest_of(const struct redirection *s)
{
        return s->channel ? channel_guest(s->channel) : NULL;
}

/* Up to the end of its field, should the 0 be missing. */
static int put_version(sd_bus_message *m, const struct control_status *status)
{
        char text[sizeof(status->peer_version) + 1] = "";

        memcpy(text, status->peer_version, sizeof(status->peer_version));
        return put_text(m, text);
}

static int put_capabilities(sd_bus_message *m, uint32_t caps)
{
        int r;

        r = sd_bus_message_open_container(m, 'a', "s");
        for (unsigned i = 0; i < 32 && r >= 0; i++) {
                const char *name =
                        caps & UINT32_C(1) << i ? control_capability(UINT32_C(1) << i) : NULL;

                if (name)
                        r = sd_bus_message_append_basic(m, 's', name);
        }
        return r < 0 ? r : sd_bus_message_close_container(m);
}

#define PUT(type, value) sd_bus_message_append(m, type, value)

/* clang-format off */
#define SESSION_PROPERTIES(P) \
        P(Device,           "o",  EMITS_CHANGE, put_object(m, o, OBJECT_DEVICE, s->device)) \
        P(Guest,            "o",  EMITS_CHANGE, put_object(m, o, OBJECT_GUEST, guest_of(s))) \
        P(Channel,          "s",  CONST,        put_text(m, s->channel ? channel_text(s->channel) : "")) \
        P(State,            "s",  EMITS_CHANGE, PUT("s", redirection_state_name(s->state))) \
        P(SinceUSec,        "t",  CONST,        PUT("t", s->since_usec)) \
        P(ByHand,           "b",  EMITS_CHANGE, PUT("b", s->is_by_hand)) \
        P(PeerVersion,      "s",  EMITS_CHANGE, put_version(m, status_of(s))) \
        P(PeerCapabilities, "as", EMITS_CHANGE, put_capabilities(m, status_of(s)->peer_caps)) \
        P(Encrypted,        "b",  CONST,        PUT("b", is_encrypted(s))) \
        P(Unit,             "s",  EMITS_CHANGE, put_text(m, s->worker ? worker_unit(s->worker) : "")) \
        P(Pid,              "u",  EMITS_CHANGE, PUT("u", s->worker ? (uint32_t)worker_pid(s->worker) : 0))

#define GETTER(name, types, changes, put) PROPERTY_GETTER(name, const struct redirection *s, put)
SESSION_PROPERTIES(GETTER)

const sd_bus_vtable session_vtable[] = {
        SD_BUS_VTABLE_START(0),
        SESSION_METHODS(METHOD_ENTRY)
        SESSION_PROPERTIES(PROPERTY_ENTRY)
        SD_BUS_VTABLE_END,
};
/* clang-format on */
