/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * usbredirctl reload, pause, resume: the daemon as a whole.
 */
#include "ctl/bus.h"
#include "ctl/commands.h"

enum ctl_exit command_reload(struct ctl *ctl, char **arguments)
{
        return bus_order(ctl, NULL, "", "Reload", "");
}

enum ctl_exit command_pause(struct ctl *ctl, char **arguments)
{
        return bus_order(ctl, NULL, "", "Pause", "");
}

enum ctl_exit command_resume(struct ctl *ctl, char **arguments)
{
        return bus_order(ctl, NULL, "", "Resume", "");
}
