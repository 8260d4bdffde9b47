#pragma once
/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A boot sector for a PC's BIOS that writes one line to the first serial port and halts.
 */
#include <stdint.h>

enum { BOOT_SECTOR_SIZE = 512, BOOT_SECTOR_LINE_MAX = 400 };

/* The line without its end, which is CR LF; cut at BOOT_SECTOR_LINE_MAX. */
void boot_sector_write(uint8_t sector[BOOT_SECTOR_SIZE], const char *line);
