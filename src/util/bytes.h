#pragma once
/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Little-endian integers at any address, on machines of any byte order: bytes and shifts only,
 * which compilers turn into single loads and stores where the machine allows it.
 */
#include <stdint.h>

static inline uint16_t get_le16(const uint8_t *p)
{
        return (uint16_t)(p[0] | p[1] << 8);
}

static inline uint32_t get_le32(const uint8_t *p)
{
        return (uint32_t)get_le16(p) | (uint32_t)get_le16(p + 2) << 16;
}

static inline uint64_t get_le64(const uint8_t *p)
{
        return (uint64_t)get_le32(p) | (uint64_t)get_le32(p + 4) << 32;
}

static inline void put_le16(uint8_t *p, uint16_t value)
{
        p[0] = (uint8_t)value;
        p[1] = (uint8_t)(value >> 8);
}

static inline void put_le32(uint8_t *p, uint32_t value)
{
        put_le16(p, (uint16_t)value);
        put_le16(p + 2, (uint16_t)(value >> 16));
}

static inline void put_le64(uint8_t *p, uint64_t value)
{
        put_le32(p, (uint32_t)value);
        put_le32(p + 4, (uint32_t)(value >> 32));
}
