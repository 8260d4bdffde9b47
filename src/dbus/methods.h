#pragma once
/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The table of methods: who may call each, what it takes, and the function that does it. Vtables,
 * authorization and tests are made of these rows; a method without one cannot be called.
 */
#include <systemd/sd-bus.h>

#include "daemon/error.h"
#include "dbus/object.h"
#include "dbus/request.h"

struct call;

/* clang-format off */
/*        action           polkit's name; Attach has the second with the option "force" */
#define ACTIONS(A) \
        A(ATTACH,          "org.usbredir1.attach") \
        A(ATTACH_FORCED,   "org.usbredir1.attach-forced") \
        A(DETACH,          "org.usbredir1.detach") \
        A(MANAGE_POLICY,   "org.usbredir1.manage-policy") \
        A(MANAGE,          "org.usbredir1.manage") \
        A(CAPTURE,         "org.usbredir1.capture")

enum action {
        ACTION_FREE,    /* anybody's, answered at once */
        ACTION_COUNTED, /* anybody's, but takes time: no user may have too many under way */
#define ACTION_VALUE(action, name) ACTION_##action,
        ACTIONS(ACTION_VALUE)
#undef ACTION_VALUE
};

#define ARG(name) SD_BUS_PARAM(name)

/*        member, action, takes, function; types and names, in and out */
#define MANAGER_METHODS(M) \
        M("Attach", ATTACH, TAKES_DEVICE | TAKES_GUEST_OR_NONE | TAKES_ATTACH_OPTIONS, \
          method_attach, "ssa{sv}", ARG(device) ARG(guest) ARG(options), "o", ARG(session)) \
        M("Detach", DETACH, TAKES_DEVICE | TAKES_NO_OPTIONS, \
          method_detach, "sa{sv}", ARG(device) ARG(options), "", "") \
        M("DetachAll", DETACH, 0, method_detach_all, "", "", "", "") \
        M("GetDevice", FREE, TAKES_DEVICE, method_get_device, "s", ARG(device), "o", ARG(path)) \
        M("GetGuest", FREE, TAKES_GUEST, method_get_guest, "s", ARG(guest), "o", ARG(path)) \
        M("Explain", FREE, TAKES_DEVICE, method_explain, "s", ARG(device), "a{sv}", ARG(answer)) \
        M("TestRules", COUNTED, TAKES_RULES | TAKES_DEVICE, \
          method_test_rules, "ss", ARG(rules) ARG(device), "a{sv}", ARG(answer)) \
        M("ListRules", FREE, 0, method_list_rules, "", "", "a(sussa{sv})", ARG(rules)) \
        M("AddRule", MANAGE_POLICY, TAKES_RULES | TAKES_RULE_OPTIONS, \
          method_add_rule, "sa{sv}", ARG(rule) ARG(options), "", "") \
        M("RemoveRule", MANAGE_POLICY, TAKES_RULE_PLACE, \
          method_remove_rule, "sus", ARG(file) ARG(line) ARG(text), "", "") \
        M("Reload", MANAGE, 0, method_reload, "", "", "", "") \
        M("Pause", MANAGE, 0, method_pause, "", "", "", "") \
        M("Resume", MANAGE, 0, method_resume, "", "", "", "")

#define DEVICE_METHODS(M) \
        M("Attach", ATTACH, TAKES_GUEST_OR_NONE | TAKES_ATTACH_OPTIONS, \
          method_attach, "sa{sv}", ARG(guest) ARG(options), "o", ARG(session)) \
        M("Detach", DETACH, TAKES_NO_OPTIONS, method_detach, "a{sv}", ARG(options), "", "")

#define GUEST_METHODS(M) \
        M("Connect", MANAGE, 0, method_connect, "", "", "", "") \
        M("Disconnect", MANAGE, 0, method_disconnect, "", "", "", "")

#define SESSION_METHODS(M) \
        M("GetStatistics", COUNTED, 0, method_get_statistics, "", "", "a{sv}", ARG(statistics))
/* clang-format on */

/*
 * Does what was asked. Returns 0 when the call has been answered, CALL_PENDING when the manager
 * will tell, or a negative errno with the error.
 */
#define CALL_PENDING 1
typedef int (*method_function)(struct call *call, const struct request *request,
                               struct error *ret_error);

#define METHOD_DECLARATION(member, action, takes, function, ...)                                   \
        int function(struct call *call, const struct request *request, struct error *ret_error);
MANAGER_METHODS(METHOD_DECLARATION)
DEVICE_METHODS(METHOD_DECLARATION)
GUEST_METHODS(METHOD_DECLARATION)
SESSION_METHODS(METHOD_DECLARATION)
#undef METHOD_DECLARATION

struct method {
        enum object_kind kind;
        const char *member;
        enum action action;
        unsigned takes;
        method_function function;
};

/* All of them; the last has no member. */
extern const struct method methods[];

const struct method *method_find(const char *interface, const char *member);

/* NULL for ACTION_FREE and ACTION_COUNTED. */
const char *action_name(enum action action);

/* A row as an entry of its vtable. Whatever is called, call_dispatch() is first. */
int call_dispatch(sd_bus_message *m, void *userdata, sd_bus_error *ret_error);
#define METHOD_ENTRY(member, action, takes, function, in, in_names, out, out_names)                \
        SD_BUS_METHOD_WITH_NAMES(member, in, in_names, out, out_names, call_dispatch,              \
                                 SD_BUS_VTABLE_UNPRIVILEGED),
