#pragma once
/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the fake device sends and expects: byte i of an endpoint's data is the low byte of
 * i ^ i >> 8, again after each 64 KiB.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PATTERN_SIZE 65536u

/* To be called once before the others. */
void pattern_init(void);

/* Writes size bytes of the data from offset on. */
void pattern_fill(uint8_t *bytes, size_t size, uint64_t offset);

/* Are these the bytes from offset on? Only the first and the last of them, unless thorough. */
bool pattern_is_at(const uint8_t *bytes, size_t size, uint64_t offset, bool thorough);
