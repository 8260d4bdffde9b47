#pragma once
/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What a policy says of a device, and why, as it is told on the bus.
 */
#include <systemd/sd-bus.h>

#include "daemon/manager.h"

/*
 * Puts the entries of an a{sv}, which are described in usbredird(8). The device's verdict is of
 * that policy. Returns 0 or a negative errno.
 */
int explain_put(sd_bus_message *m, const struct manager *manager, const struct policy *policy,
                const struct device *d);
