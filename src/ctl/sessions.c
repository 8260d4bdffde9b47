/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * usbredirctl sessions: what there is to know of sessions.
 */
#include "ctl/commands.h"
#include "ctl/listing.h"
#include "ctl/value.h"
#include "util/macro.h"

static json_t *session_number(const struct object *o)
{
        return object_name(OBJECT_SESSION, o->path);
}

static json_t *session_device(const struct object *o)
{
        return object_name(OBJECT_DEVICE, value_string(o->properties, "Device"));
}

static json_t *session_guest(const struct object *o)
{
        return object_name(OBJECT_GUEST, value_string(o->properties, "Guest"));
}

static const struct column columns[] = {
        { "session", .value = session_number, .is_shown = true },
        { "device", .value = session_device, .is_shown = true },
        { "guest", .value = session_guest, .is_shown = true },
        { "channel", "Channel", .is_shown = true, .is_wide = true },
        { "state", "State", .is_shown = true, .is_colored = true },
        { "since", "SinceUSec", .is_shown = true, .format = TEXT_TIME },
        { "by-hand", "ByHand" },
        { "encrypted", "Encrypted" },
        { "peer-version", "PeerVersion" },
        { "peer-capabilities", "PeerCapabilities" },
        { "unit", "Unit" },
        { "pid", "Pid" },
};

const struct listing session_listing = { OBJECT_SESSION, columns, ELEMENTS(columns) };

enum ctl_exit command_sessions(struct ctl *ctl, char **arguments)
{
        return listing_run(ctl, &session_listing);
}
