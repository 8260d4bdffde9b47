/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The types of a message have been checked against the vtable by sd-bus: what is left is what the
 * strings say, and the options, which may be anything.
 */
#include "dbus/request.h"

#include <errno.h>
#include <string.h>

#include "dbus/internal.h"
#include "util/macro.h"

/* All that an option can be is a boolean, so far. */
struct option {
        const char *name;
        size_t offset; /* of the bool in struct attach_options */
};

static const struct option attach_options[] = {
        { "wait", offsetof(struct attach_options, wait) },
};

static int broken(struct error *ret_error, int r)
{
        return error_set(ret_error, ERROR_INVALID_ARGS, "The arguments cannot be read: %s.",
                         strerror(-r));
}

static int read_text(sd_bus_message *m, const char *what, const char **ret, struct error *ret_error)
{
        int r;

        r = sd_bus_message_read_basic(m, 's', ret);
        if (r < 0)
                return broken(ret_error, r);
        if (strlen(*ret) > REQUEST_TEXT_MAX)
                return error_set(ret_error, ERROR_INVALID_ARGS,
                                 "The name of a %s has at most %i bytes, this one %zu.", what,
                                 REQUEST_TEXT_MAX, strlen(*ret));
        return 0;
}

static int read_device(struct request *request, sd_bus_message *m, struct error *ret_error)
{
        const char *text;
        int r;

        r = read_text(m, "device", &text, ret_error);
        if (r < 0)
                return r;

        return manager_find_device(request->object->bus->manager, text, &request->device,
                                   ret_error);
}

static int read_guest(struct request *request, bool may_be_none, sd_bus_message *m,
                      struct error *ret_error)
{
        struct manager *manager = request->object->bus->manager;
        const char *text;
        int r;

        r = read_text(m, "guest", &text, ret_error);
        if (r < 0)
                return r;

        if (!*text && may_be_none)
                text = manager_guest_for(manager, request->device);
        if (!text)
                return error_set(ret_error, ERROR_NO_SUCH_GUEST,
                                 "Neither a rule nor DefaultGuest= names a guest for %s: say which "
                                 "one is to have it.",
                                 device_id(request->device));

        return manager_find_guest(manager, text, &request->guest, ret_error);
}

static int read_option(struct request *request, const struct option *options, size_t n,
                       sd_bus_message *m, unsigned *seen, struct error *ret_error)
{
        const char *name, *contents;
        size_t i = 0;
        int value, r;

        r = sd_bus_message_read_basic(m, 's', &name);
        if (r < 0)
                return broken(ret_error, r);

        while (i < n && strcmp(options[i].name, name) != 0)
                i++;
        if (i == n)
                return error_set(ret_error, ERROR_INVALID_ARGS,
                                 "There is no option \"%.64s\" here; known: %s.", name,
                                 n > 0 ? options[0].name : "none");
        if (*seen & 1u << i)
                return error_set(ret_error, ERROR_INVALID_ARGS, "The option \"%s\" is given twice.",
                                 name);
        *seen |= 1u << i;

        r = sd_bus_message_peek_type(m, NULL, &contents);
        if (r < 0)
                return broken(ret_error, r);
        if (strcmp(contents, "b") != 0)
                return error_set(ret_error, ERROR_INVALID_ARGS,
                                 "The option \"%s\" is a boolean (b), not of type %.32s.", name,
                                 contents);
        r = sd_bus_message_read(m, "v", "b", &value);
        if (r < 0)
                return broken(ret_error, r);

        *(bool *)((char *)&request->attach + options[i].offset) = value;
        return 0;
}

static int read_options(struct request *request, const struct option *options, size_t n,
                        sd_bus_message *m, struct error *ret_error)
{
        unsigned seen = 0;
        int r;

        r = sd_bus_message_enter_container(m, 'a', "{sv}");
        if (r < 0)
                return broken(ret_error, r);

        while ((r = sd_bus_message_enter_container(m, 'e', "sv")) > 0) {
                r = read_option(request, options, n, m, &seen, ret_error);
                if (r < 0)
                        return r;
                r = sd_bus_message_exit_container(m);
                if (r < 0)
                        break;
        }
        if (r < 0)
                return broken(ret_error, r);

        r = sd_bus_message_exit_container(m);
        return r < 0 ? broken(ret_error, r) : 0;
}

static void set_target(struct request *request, struct object *o)
{
        request->object = o;
        switch (o->kind) {
        case OBJECT_DEVICE: request->device = o->target; break;
        case OBJECT_GUEST: request->guest = o->target; break;
        case OBJECT_SESSION: request->session = o->target; break;
        case OBJECT_MANAGER:
        case OBJECT_KINDS_END: break;
        }
}

int request_read(struct request *ret, struct object *object, unsigned takes, sd_bus_message *m,
                 struct error *ret_error)
{
        struct request request = { 0 };
        int r;

        set_target(&request, object);
        r = sd_bus_message_rewind(m, true);
        if (r < 0)
                return broken(ret_error, r);

        if (takes & TAKES_DEVICE)
                r = read_device(&request, m, ret_error);
        if (r >= 0 && takes & (TAKES_GUEST | TAKES_GUEST_OR_NONE))
                r = read_guest(&request, takes & TAKES_GUEST_OR_NONE, m, ret_error);
        if (r >= 0 && takes & TAKES_ATTACH_OPTIONS)
                r = read_options(&request, attach_options, ELEMENTS(attach_options), m, ret_error);
        if (r >= 0 && takes & TAKES_NO_OPTIONS)
                r = read_options(&request, NULL, 0, m, ret_error);
        if (r < 0)
                return r;

        *ret = request;
        return 0;
}
