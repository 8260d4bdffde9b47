#pragma once
/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Names of numbers, for people. NULL for those that have none.
 */
#include <stdint.h>

/* From the hardware database; valid until the next call of either. */
const char *names_vendor(uint16_t vendor);
const char *names_product(uint16_t vendor, uint16_t product);

/* Of a device or an interface; and of a device capability in a BOS. */
const char *names_class(uint8_t code);
const char *names_capability(uint8_t type);
