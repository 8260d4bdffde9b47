/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The types of a message have been checked against the vtable by sd-bus: what is left is what the
 * strings say, and the options, which may be anything.
 */
#include "dbus/request.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "dbus/internal.h"
#include "dbus/methods.h"
#include "util/macro.h"

/* A boolean that is true may need an action of its own. */
struct option {
        const char *name, *type; /* b: a bool, u: a uint32_t, s: a pointer into the message */
        size_t offset;           /* in struct request */
        enum action action;      /* ACTION_FREE: the method's own */
};

static const struct option attach_options[] = {
        { "wait", "b", offsetof(struct request, attach.wait), ACTION_FREE },
        { "hold", "b", offsetof(struct request, attach.hold), ACTION_FREE },
        { "force", "b", offsetof(struct request, attach.force), ACTION_ATTACH_FORCED },
};

static const struct option rule_options[] = {
        { "file", "s", offsetof(struct request, place.file), ACTION_FREE },
        { "before", "u", offsetof(struct request, place.line), ACTION_FREE },
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
        bool is_policys;
        int r;

        r = read_text(m, "guest", &text, ret_error);
        if (r < 0)
                return r;

        is_policys = !*text && may_be_none;
        if (is_policys)
                text = manager_guest_for(manager, request->device);
        if (!text)
                return error_set(ret_error, ERROR_NO_SUCH_GUEST,
                                 "Neither a rule nor DefaultGuest= names a guest for %s: say which "
                                 "one is to have it.",
                                 device_id(request->device));

        request->guests = text;
        if (is_policys && strcspn(text, ",*") < strlen(text))
                return 0;

        return manager_find_guest(manager, text, &request->guest, ret_error);
}

static int read_rules(struct request *request, sd_bus_message *m, struct error *ret_error)
{
        int r;

        r = sd_bus_message_read_basic(m, 's', &request->rules);
        if (r < 0)
                return broken(ret_error, r);
        if (strlen(request->rules) > REQUEST_RULES_MAX)
                return error_set(ret_error, ERROR_INVALID_ARGS,
                                 "Rules have at most %i bytes of text here, these %zu.",
                                 REQUEST_RULES_MAX, strlen(request->rules));
        return 0;
}

static int read_rule_place(struct request *request, sd_bus_message *m, struct error *ret_error)
{
        int r;

        r = read_text(m, "file", &request->place.file, ret_error);
        if (r < 0)
                return r;
        r = sd_bus_message_read_basic(m, 'u', &request->place.line);
        if (r < 0)
                return broken(ret_error, r);

        return read_rules(request, m, ret_error);
}

static int refuse_option(const char *name, const struct option *options, size_t n,
                         struct error *ret_error)
{
        char known[128] = "none";
        size_t length = 0;

        for (size_t i = 0; i < n && length < sizeof(known); i++)
                length += (size_t)snprintf(known + length, sizeof(known) - length, "%s%s",
                                           i > 0 ? ", " : "", options[i].name);

        return error_set(ret_error, ERROR_INVALID_ARGS,
                         "There is no option \"%.64s\" here; known: %s.", name, known);
}

/* The types are the same. */
static int read_value(struct request *request, const struct option *option, sd_bus_message *m)
{
        void *target = (char *)request + option->offset;
        int value, r;

        if (*option->type != 'b')
                return sd_bus_message_read(m, "v", option->type, target);

        r = sd_bus_message_read(m, "v", "b", &value);
        if (r < 0)
                return r;

        *(bool *)target = value;
        if (value && option->action != ACTION_FREE)
                request->action = option->action;
        return 0;
}

static int read_option(struct request *request, const struct option *options, size_t n,
                       sd_bus_message *m, unsigned *seen, struct error *ret_error)
{
        const char *name, *contents;
        size_t i = 0;
        int r;

        r = sd_bus_message_read_basic(m, 's', &name);
        if (r < 0)
                return broken(ret_error, r);

        while (i < n && strcmp(options[i].name, name) != 0)
                i++;
        if (i == n)
                return refuse_option(name, options, n, ret_error);
        if (*seen & 1u << i)
                return error_set(ret_error, ERROR_INVALID_ARGS, "The option \"%s\" is given twice.",
                                 name);
        *seen |= 1u << i;

        r = sd_bus_message_peek_type(m, NULL, &contents);
        if (r < 0)
                return broken(ret_error, r);
        if (strcmp(contents, options[i].type) != 0)
                return error_set(ret_error, ERROR_INVALID_ARGS,
                                 "The option \"%s\" is of type %s, not %.32s.", name,
                                 options[i].type, contents);

        r = read_value(request, &options[i], m);
        return r < 0 ? broken(ret_error, r) : 0;
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
        struct request request = { .place.file = "" };
        int r;

        set_target(&request, object);
        r = sd_bus_message_rewind(m, true);
        if (r < 0)
                return broken(ret_error, r);

        if (takes & TAKES_RULES)
                r = read_rules(&request, m, ret_error);
        if (r >= 0 && takes & TAKES_DEVICE)
                r = read_device(&request, m, ret_error);
        if (r >= 0 && takes & (TAKES_GUEST | TAKES_GUEST_OR_NONE))
                r = read_guest(&request, takes & TAKES_GUEST_OR_NONE, m, ret_error);
        if (r >= 0 && takes & TAKES_ATTACH_OPTIONS)
                r = read_options(&request, attach_options, ELEMENTS(attach_options), m, ret_error);
        if (r >= 0 && takes & TAKES_NO_OPTIONS)
                r = read_options(&request, NULL, 0, m, ret_error);
        if (r >= 0 && takes & TAKES_RULE_OPTIONS)
                r = read_options(&request, rule_options, ELEMENTS(rule_options), m, ret_error);
        if (r >= 0 && takes & TAKES_RULE_PLACE)
                r = read_rule_place(&request, m, ret_error);
        if (r < 0)
                return r;

        *ret = request;
        return 0;
}
