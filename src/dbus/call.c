/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Authorization takes time: a person may have to type a password. Nothing that the arguments name
 * is kept meanwhile but the message itself; afterwards they are looked up again, and must be
 * what polkit has been told: a stick that was exchanged in between is another stick.
 *
 * A call has one owner at a time: the slot that waits for an answer about it, or the manager. The
 * list of the bus is there to forget all when the connection is lost.
 */
#include "dbus/call.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <utlist.h>

#include "dbus/auth.h"
#include "util/log.h"

struct call *call_free(struct call *call)
{
        if (!call)
                return NULL;

        if (call->is_at_manager)
                manager_forget(call->bus->manager, call);
        sd_bus_slot_unref(call->watch);
        sd_bus_slot_unref(call->query);
        sd_bus_message_unref(call->message);
        DL_DELETE(call->bus->calls, call);
        free(call);

        return NULL;
}

static int call_new(struct call **ret, struct bus *bus, const struct method *method,
                    sd_bus_message *m)
{
        struct call *call;

        call = calloc(1, sizeof(*call));
        if (!call)
                return -ENOMEM;

        *call = (struct call){ .bus = bus,
                               .method = method,
                               .action = method->action,
                               .message = sd_bus_message_ref(m) };
        DL_APPEND(bus->calls, call);
        *ret = call;
        return 0;
}

static void log_failure(const struct call *call, int r)
{
        if (r < 0 && r != -ENOTCONN && r != -ECONNRESET)
                log_warning("cannot answer %s(): %s", call->method->member, strerror(-r));
}

static int reply_error(sd_bus_message *m, const struct error *error)
{
        sd_bus_error e = SD_BUS_ERROR_MAKE_CONST(error_kind_name(error->kind), error->text);

        return sd_bus_reply_method_error(m, &e);
}

void call_refuse(struct call *call, const struct error *error)
{
        objects_flush(call->bus);
        log_failure(call, reply_error(call->message, error));
        bus_loop_wake(call->bus->loop);
        call_free(call);
}

int call_send(struct call *call, sd_bus_message *reply)
{
        int r;

        objects_flush(call->bus);
        r = sd_bus_send(NULL, reply, NULL);
        log_failure(call, r);
        bus_loop_wake(call->bus->loop);
        return 0;
}

int call_reply(struct call *call, const char *types, ...)
{
        CLEANUP(sd_bus_message_unrefp) sd_bus_message *reply = NULL;
        va_list arguments;
        int r;

        r = sd_bus_message_new_method_return(call->message, &reply);
        if (r < 0)
                return r;

        va_start(arguments, types);
        r = *types ? sd_bus_message_appendv(reply, types, arguments) : 0;
        va_end(arguments);
        return r < 0 ? r : call_send(call, reply);
}

void call_attached(void *userdata, struct redirection *redirection, const struct error *error)
{
        CLEANUP(call_freep) struct call *call = userdata;

        call->is_at_manager = false;
        if (error)
                call_refuse(TAKE(call), error);
        else
                call_reply(call, "o", object_path(call->bus, OBJECT_SESSION, redirection));
}

void call_detached(void *userdata, const struct error *error)
{
        CLEANUP(call_freep) struct call *call = userdata;

        call->is_at_manager = false;
        if (error)
                call_refuse(TAKE(call), error);
        else
                call_reply(call, "");
}

static void run(struct call *call, const struct request *request)
{
        struct error error;
        int r;

        /* Set before: freeing the call then takes it from the manager. */
        call->is_at_manager = true;
        r = call->method->function(call, request, &error);
        if (r == CALL_PENDING)
                return;

        call->is_at_manager = false;
        if (r == -EINVAL) {
                call_refuse(call, &error);
                return;
        }
        if (r < 0) {
                error_set(&error, ERROR_FAILED, "%s() failed: %s.", call->method->member,
                          strerror(-r));
                call_refuse(call, &error);
                return;
        }
        call_free(call);
}

static void describe(const struct request *request, struct call_details *ret)
{
        const struct device *d = request->device;

        *ret = (struct call_details){ 0 };
        if (d) {
                const struct facts *facts = &d->info.facts;

                snprintf(ret->device, sizeof(ret->device), "%s", device_id(d));
                snprintf(ret->vidpid, sizeof(ret->vidpid), "%04x:%04x", facts->vendor,
                         facts->product);
                snprintf(ret->serial, sizeof(ret->serial), "%s", facts->serial);
        }
        if (request->guests)
                snprintf(ret->guest, sizeof(ret->guest), "%s", request->guests);
        else if (request->guest)
                snprintf(ret->guest, sizeof(ret->guest), "%s", guest_name(request->guest));
}

static bool details_equal(const struct call_details *a, const struct call_details *b)
{
        return !strcmp(a->device, b->device) && !strcmp(a->vidpid, b->vidpid) &&
               !strcmp(a->serial, b->serial) && !strcmp(a->guest, b->guest);
}

/* What the call is about, once more. Returns 0 or -EINVAL with the error. */
static int read_again(struct call *call, struct request *ret, struct error *ret_error)
{
        struct object *o = object_find_path(call->bus, sd_bus_message_get_path(call->message));
        struct call_details details;
        int r;

        if (!o)
                return error_set(ret_error,
                                 call->method->kind == OBJECT_GUEST ? ERROR_NO_SUCH_GUEST
                                                                    : ERROR_NO_SUCH_DEVICE,
                                 "%s is gone meanwhile.", sd_bus_message_get_path(call->message));

        r = request_read(ret, o, call->method->takes, call->message, ret_error);
        if (r < 0)
                return r;

        describe(ret, &details);
        if (!details_equal(&details, &call->details))
                return error_set(ret_error, ERROR_ACCESS_DENIED,
                                 "What was authorized is not there any more: another device or "
                                 "guest is in its place. Call again.");
        return 0;
}

void call_authorized(struct call *call)
{
        struct request request;
        struct error error;

        if (read_again(call, &request, &error) < 0)
                call_refuse(call, &error);
        else
                run(call, &request);
}

int call_dispatch(sd_bus_message *m, void *userdata, sd_bus_error *ret_error)
{
        struct object *o = userdata;
        const char *interface = sd_bus_message_get_interface(m);
        const char *member = sd_bus_message_get_member(m);
        const struct method *method = method_find(interface, member);
        struct request request;
        struct error error;
        struct call *call;
        int r;

        if (!method)
                return sd_bus_error_setf(ret_error, SD_BUS_ERROR_ACCESS_DENIED,
                                         "Nobody may call %s.%s.", interface, member);

        r = request_read(&request, o, method->takes, m, &error);
        if (r < 0) {
                reply_error(m, &error);
                return 1;
        }

        r = call_new(&call, o->bus, method, m);
        if (r < 0)
                return r;

        if (method->action == ACTION_FREE) {
                run(call, &request);
                return 1;
        }

        if (request.action)
                call->action = request.action;
        describe(&request, &call->details);
        auth_start(call);
        return 1;
}
