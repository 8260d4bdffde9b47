#pragma once
/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The socket that a device is plugged into. One for USB 3 is two ports of the kernel's: the device
 * is at "2-1" at full speed, and at "1-5" with a slow cable or after a fall back to USB 2.
 */
#include "filter/facts.h"

/*
 * The name of the device's socket: of its two ports the one on the lower bus, which is that of USB
 * 2; also behind hubs, whose two halves number their ports alike. Where the kernel tells of no
 * second port, the device's own one. The syspath is the device's.
 */
void place_find(char ret[FACTS_PORT_MAX + 1], const char *syspath, const char *port);

/*
 * udev's ID_PATH of the same socket by that name, made from the device's own. "" if it is the same,
 * or cannot be told.
 */
void place_path(char ret[FACTS_PATH_MAX + 1], const char *place, const char *port,
                const char *id_path);
