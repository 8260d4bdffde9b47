/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The table, with the four objects' methods one after another.
 */
#include "dbus/methods.h"

#include <string.h>

#include "util/macro.h"

#define ROW(object, member, action, takes, function)                                               \
        { OBJECT_##object, member, ACTION_##action, takes, function },
#define MANAGER_ROW(member, action, takes, function, ...)                                          \
        ROW(MANAGER, member, action, takes, function)
#define DEVICE_ROW(member, action, takes, function, ...)                                           \
        ROW(DEVICE, member, action, takes, function)
#define GUEST_ROW(member, action, takes, function, ...) ROW(GUEST, member, action, takes, function)
#define SESSION_ROW(member, action, takes, function, ...)                                          \
        ROW(SESSION, member, action, takes, function)

/* clang-format off */
const struct method methods[] = {
        MANAGER_METHODS(MANAGER_ROW)
        DEVICE_METHODS(DEVICE_ROW)
        GUEST_METHODS(GUEST_ROW)
        SESSION_METHODS(SESSION_ROW)
        { 0 },
};
/* clang-format on */

const struct method *method_find(const char *interface, const char *member)
{
        for (const struct method *method = methods; method->member; method++)
                if (!strcmp(method->member, member) &&
                    !strcmp(object_classes[method->kind].interface, interface))
                        return method;

        return NULL;
}

const char *action_name(enum action action)
{
        static const char *const names[] = {
#define ACTION_NAME(action, name) [ACTION_##action] = name,
                ACTIONS(ACTION_NAME)
#undef ACTION_NAME
        };

        return names[action];
}
