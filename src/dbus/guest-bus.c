/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A guest: org.usbredir1.Guest.
 */
#include "daemon/guest.h"

#include "dbus/call.h"
#include "dbus/property.h"

int method_connect(struct call *call, const struct request *request, struct error *ret_error)
{
        int r;

        r = manager_connect_guest(call->bus->manager, request->guest, ret_error);
        return r < 0 ? r : call_reply(call, "");
}

int method_disconnect(struct call *call, const struct request *request, struct error *ret_error)
{
        manager_disconnect_guest(call->bus->manager, request->guest);
        return call_reply(call, "");
}

/* The id of the device that has the channel, or for which it is being connected; "" for none. */
static const char *device_on(const struct manager *manager, const struct channel *c)
{
        const struct guest *g = channel_guest(c);

        for (const struct redirection *r = manager_sessions(manager); r; r = r->next)
                if (r->channel == c)
                        return r->device ? device_id(r->device) : "";
        for (const struct waiter *w = guest_queue(g); w; w = w->next)
                if (w->channel == c)
                        return device_id(device_of_waiter(w));

        return "";
}

static int put_channels(sd_bus_message *m, const struct object *o)
{
        int r;

        r = sd_bus_message_open_container(m, 'a', "(sss)");
        for (const struct channel *c = guest_channels(o->target); c && r >= 0;
             c = channel_next(c)) {
                r = sd_bus_message_open_container(m, 'r', "sss");
                if (r >= 0)
                        r = put_text(m, channel_text(c));
                if (r >= 0)
                        r = sd_bus_message_append(m, "ss", channel_state_string(channel_state(c)),
                                                  device_on(o->bus->manager, c));
                if (r >= 0)
                        r = sd_bus_message_close_container(m);
        }
        return r < 0 ? r : sd_bus_message_close_container(m);
}

/* The devices that wait, in their order. */
static int put_queue(sd_bus_message *m, const struct object *o)
{
        int r;

        r = sd_bus_message_open_container(m, 'a', "o");
        for (const struct waiter *w = guest_queue(o->target); w && r >= 0; w = w->next)
                r = put_object(m, o, OBJECT_DEVICE, device_of_waiter(w));
        return r < 0 ? r : sd_bus_message_close_container(m);
}

static int put_sessions(sd_bus_message *m, const struct object *o)
{
        int r;

        r = sd_bus_message_open_container(m, 'a', "o");
        for (const struct redirection *s = manager_sessions(o->bus->manager); s && r >= 0;
             s = s->next)
                if (s->channel && channel_guest(s->channel) == o->target)
                        r = put_object(m, o, OBJECT_SESSION, s);
        return r < 0 ? r : sd_bus_message_close_container(m);
}

#define PUT(type, value) sd_bus_message_append(m, type, value)

/* clang-format off */
#define GUEST_PROPERTIES(P) \
        P(Name,        "s",      CONST,        put_text(m, guest_name(g))) \
        P(Description, "s",      EMITS_CHANGE, put_text(m, guest_config(g)->description)) \
        P(State,       "s",      EMITS_CHANGE, PUT("s", guest_state_string(guest_state(g)))) \
        P(Channels,    "a(sss)", EMITS_CHANGE, put_channels(m, o)) \
        P(Queue,       "ao",     EMITS_CHANGE, put_queue(m, o)) \
        P(Sessions,    "ao",     EMITS_CHANGE, put_sessions(m, o)) \
        P(Exposed,     "b",      EMITS_CHANGE, PUT("b", guest_config_is_exposed(guest_config(g)))) \
        P(RetryAtUSec, "t",      EMITS_CHANGE, PUT("t", guest_retry_at_usec(g))) \
        P(LastError,   "s",      EMITS_CHANGE, put_text(m, guest_last_error(g)))

#define GETTER(name, types, changes, put) PROPERTY_GETTER(name, const struct guest *g, put)
GUEST_PROPERTIES(GETTER)

const sd_bus_vtable guest_vtable[] = {
        SD_BUS_VTABLE_START(0),
        GUEST_METHODS(METHOD_ENTRY)
        GUEST_PROPERTIES(PROPERTY_ENTRY)
        SD_BUS_VTABLE_END,
};
/* clang-format on */
