#pragma once
/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The messages between the daemon and a session process, over a SOCK_SEQPACKET socket, each
 * described once, here. Both ends may be of different versions: a session lives on when the daemon
 * is upgraded. Therefore a message is a type, and a body that only ever grows at its end: what a
 * shorter one lacks is zero, what a longer one has more is ignored, and so are unknown types.
 */
#include <stdbool.h>
#include <stdint.h>

#include "session/reason.h"
#include "session/state.h"

/* Sizes include the terminating 0. */
#define CONTROL_PORT_SIZE    32  /* "BBB-P.P.P.P.P.P.P" */
#define CONTROL_GUEST_SIZE   68  /* a guest's name, 64 */
#define CONTROL_CHANNEL_SIZE 288 /* "tcp:" and a host name of 255 */
#define CONTROL_VERSION_SIZE 68  /* of a peer's hello, 64 */
#define CONTROL_MESSAGE_SIZE 256 /* a sentence */

enum control_purpose {
        CONTROL_REDIRECT = 1, /* the device to the guest, until told to end */
        CONTROL_RETURN = 2,   /* a device that a dead session had: back to the host's drivers */
};

enum {
        CONTROL_NO_RESET = 1 << 0,     /* never reset the device */
        CONTROL_BY_HAND = 1 << 1,      /* not the session's business; kept for the daemon */
        CONTROL_NODE_BY_PATH = 1 << 2, /* no node is passed: open it by bus and address */
};

/* daemon -> session, with the open device node (unless BY_PATH) and the guest's socket, if any. */
struct control_order {
        uint32_t number;  /* of the session, as on D-Bus */
        uint32_t purpose; /* enum control_purpose */
        uint32_t flags;
        uint32_t usbfs_memory;    /* share, in bytes */
        uint64_t since_usec;      /* CLOCK_REALTIME */
        uint32_t greeting_sec;    /* no hello for so long: silent */
        uint32_t log_level;       /* enum log_level */
        uint16_t vendor, product; /* the device must have these; it may have been exchanged */
        uint8_t bus, address;
        uint8_t configuration; /* CONTROL_RETURN: to be restored; 0: leave it */
        uint8_t reserved;
        char port[CONTROL_PORT_SIZE];
        char guest[CONTROL_GUEST_SIZE];
        char channel[CONTROL_CHANNEL_SIZE];
};

/* session -> daemon, on each change of a state, and when asked. */
struct control_status {
        uint32_t link_state, device_state; /* of state.h */
        uint32_t is_silent;                /* no hello within greeting_sec */
        uint32_t peer_caps;                /* 0 before its hello */
        uint32_t pid;
        uint32_t usbfs_memory;
        uint64_t bytes_received, bytes_sent; /* on the guest's socket */
        uint64_t packets_received, packets_sent;
        char peer_version[CONTROL_VERSION_SIZE];
};

const char *control_capability(uint32_t bit); /* "connect_device_version"…; NULL if unknown */
