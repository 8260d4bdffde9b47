/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A device: org.usbredir1.Device. Attach and Detach are the manager's too (manager-bus.c), which
 * has the device named.
 */
#include "daemon/device.h"

#include <errno.h>

#include "dbus/call.h"
#include "dbus/property.h"

int method_attach(struct call *call, const struct request *request, struct error *ret_error)
{
        int r;

        r = manager_attach(call->bus->manager, request->device,
                           request->guest ? guest_name(request->guest) : "", &request->attach,
                           call_attached, call, ret_error);
        return r < 0 ? r : CALL_PENDING;
}

int method_detach(struct call *call, const struct request *request, struct error *ret_error)
{
        int r;

        r = manager_detach(call->bus->manager, request->device, call_detached, call, ret_error);
        return r < 0 ? r : CALL_PENDING;
}

static int put_interfaces(sd_bus_message *m, const struct device_info *info)
{
        int r;

        r = sd_bus_message_open_container(m, 'a', "(yyyy)");
        for (uint32_t i = 0; i < info->facts.n_interfaces && r >= 0; i++) {
                const struct facts_interface *f = &info->facts.interfaces[i];

                r = sd_bus_message_append(m, "(yyyy)", info->interface_numbers[i], f->class,
                                          f->subclass, f->protocol);
        }
        return r < 0 ? r : sd_bus_message_close_container(m);
}

/* The guests it may go to. */
static int put_guests(sd_bus_message *m, const struct object *o)
{
        const struct manager *manager = o->bus->manager;
        int r;

        r = sd_bus_message_open_container(m, 'a', "s");
        for (size_t i = 0; i < manager_n_guests(manager) && r >= 0; i++) {
                const char *name = guest_name(manager_guest(manager, i));

                if (manager_may_go_to(manager, o->target, name))
                        r = put_text(m, name);
        }
        return r < 0 ? r : sd_bus_message_close_container(m);
}

#define PUT(type, value) sd_bus_message_append(m, type, value)

/* clang-format off */
#define DEVICE_PROPERTIES(P) \
        P(Id,         "s",       CONST,        put_text(m, device_id(d))) \
        P(Path,       "s",       EMITS_CHANGE, put_text(m, facts_best_path(&d->info.facts))) \
        P(Bus,        "y",       EMITS_CHANGE, PUT("y", d->info.bus)) \
        P(Address,    "y",       EMITS_CHANGE, PUT("y", d->info.address)) \
        P(VendorId,   "q",       EMITS_CHANGE, PUT("q", d->info.facts.vendor)) \
        P(ProductId,  "q",       EMITS_CHANGE, PUT("q", d->info.facts.product)) \
        P(VersionBcd, "q",       EMITS_CHANGE, PUT("q", d->info.facts.version_bcd)) \
        P(Class,      "y",       EMITS_CHANGE, PUT("y", d->info.facts.class)) \
        P(Subclass,   "y",       EMITS_CHANGE, PUT("y", d->info.facts.subclass)) \
        P(Protocol,   "y",       EMITS_CHANGE, PUT("y", d->info.facts.protocol)) \
        P(Vendor,     "s",       EMITS_CHANGE, put_text(m, d->info.vendor)) \
        P(Product,    "s",       EMITS_CHANGE, put_text(m, d->info.product)) \
        P(Serial,     "s",       EMITS_CHANGE, put_text(m, d->info.facts.serial)) \
        P(Speed,      "s",       EMITS_CHANGE, put_text(m, d->info.speed)) \
        P(Interfaces, "a(yyyy)", EMITS_CHANGE, put_interfaces(m, &d->info)) \
        P(State,      "s",       EMITS_CHANGE, PUT("s", device_phase_name(d->phase))) \
        P(Verdict,    "s",       EMITS_CHANGE, PUT("s", verdict_kind_name(d->verdict.kind))) \
        P(Rule,       "s",       EMITS_CHANGE, put_text(m, d->rule)) \
        P(Guard,      "s",       EMITS_CHANGE, put_text(m, d->guard)) \
        P(Settled,    "b",       EMITS_CHANGE, PUT("b", d->info.is_settled)) \
        P(Inhibited,  "b",       EMITS_CHANGE, PUT("b", d->is_inhibited)) \
        P(Held,       "b",       EMITS_CHANGE, PUT("b", d->is_held)) \
        P(Guests,     "as",      EMITS_CHANGE, put_guests(m, o)) \
        P(Session,    "o",       EMITS_CHANGE, put_object(m, o, OBJECT_SESSION, d->redirection)) \
        P(LastError,  "s",       EMITS_CHANGE, put_text(m, d->last_error))

#define GETTER(name, types, changes, put) PROPERTY_GETTER(name, const struct device *d, put)
DEVICE_PROPERTIES(GETTER)

const sd_bus_vtable device_vtable[] = {
        SD_BUS_VTABLE_START(0),
        DEVICE_METHODS(METHOD_ENTRY)
        DEVICE_PROPERTIES(PROPERTY_ENTRY)
        SD_BUS_VTABLE_END,
};
/* clang-format on */
