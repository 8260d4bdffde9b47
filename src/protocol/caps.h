#pragma once
/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Capabilities: what a side of a connection announced in its hello, as the first and only word of
 * the wire's array that is in use. Optional fields of a packet are there if both sides have the
 * capability; whether a packet may be sent at all depends on the receiver's.
 *
 * Source: usbredir protocol 0.7, "usb_redir_hello".
 */
#include <stddef.h>
#include <stdint.h>

/*    name                     bit */
#define USBREDIR_CAPABILITIES(C)                                                                   \
        C(BULK_STREAMS, 0)                                                                         \
        C(CONNECT_DEVICE_VERSION, 1)                                                               \
        C(FILTER, 2)                                                                               \
        C(DEVICE_DISCONNECT_ACK, 3)                                                                \
        C(EP_INFO_MAX_PACKET_SIZE, 4)                                                              \
        C(64BIT_IDS, 5)                                                                            \
        C(BULK_LENGTH_32BIT, 6)                                                                    \
        C(BULK_RECEIVING, 7)

/* Sets of capabilities are or-ed in a uint32_t; ALWAYS is the need of nothing. */
enum {
        CAP_ALWAYS = 0,
#define CAP_BIT(name, bit) CAP_##name = 1u << (bit),
        USBREDIR_CAPABILITIES(CAP_BIT)
#undef CAP_BIT
                CAP_ALL = 0xff,
};

/* Bytes of one word of the array on the wire. */
#define CAPS_WORD 4

/*
 * The one consistency rule: bulk streams need the endpoints' packet sizes. Returns caps without
 * BULK_STREAMS if EP_INFO_MAX_PACKET_SIZE is not there.
 */
uint32_t caps_consistent(uint32_t caps);

/* Reads the array of a hello; words that are missing count as 0, words not known are ignored. */
uint32_t caps_get(const uint8_t *bytes, size_t size);

/* Writes one word. */
void caps_put(uint8_t bytes[static CAPS_WORD], uint32_t caps);

/* "64BIT_IDS" for CAP_64BIT_IDS, a single bit; NULL for others. The string is constant. */
const char *caps_name(uint32_t bit);
