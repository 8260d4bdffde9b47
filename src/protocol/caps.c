/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Capability sets. Unknown bits are kept: a newer peer may announce more than we know, and nothing
 * here ever asks for them.
 */
#include "protocol/caps.h"

#include "util/bytes.h"

uint32_t caps_consistent(uint32_t caps)
{
        if (!(caps & CAP_EP_INFO_MAX_PACKET_SIZE))
                caps &= ~(uint32_t)CAP_BULK_STREAMS;

        return caps;
}

uint32_t caps_get(const uint8_t *bytes, size_t size)
{
        return size >= CAPS_WORD ? get_le32(bytes) : 0;
}

void caps_put(uint8_t bytes[static CAPS_WORD], uint32_t caps)
{
        put_le32(bytes, caps);
}

const char *caps_name(uint32_t bit)
{
        switch (bit) {
#define CAP_NAME(name, number)                                                                     \
        case 1u << (number): return #name;
                USBREDIR_CAPABILITIES(CAP_NAME)
#undef CAP_NAME
        }

        return NULL;
}
