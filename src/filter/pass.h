#pragma once
/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A device is judged in passes, one for each class it shows: its own, then that of each interface
 * (protocol document, "Filter").
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "filter/facts.h"

#define PASSES_MAX  (1 + FACTS_INTERFACES_MAX)
#define PASS_DEVICE (-1)

struct pass {
        int interface; /* an index into the facts' interfaces, or PASS_DEVICE */
        uint8_t class; /* the class to judge in this pass */
};

/*
 * Writes the passes over a device, in their order; returns how many, possibly none. Without
 * every_interface, HID interfaces that are no boot device are left out of devices with others.
 */
size_t pass_list(const struct facts *facts, bool every_interface, struct pass ret[PASSES_MAX]);
