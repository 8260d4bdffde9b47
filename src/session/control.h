#pragma once
/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The messages between the daemon and a session process, over a SOCK_SEQPACKET socket, each
 * described once, here. Both ends may be of different versions: a session lives on when the daemon
 * is upgraded. Therefore a message is a type, and a body that only ever grows at its end: what a
 * shorter one lacks is zero, what a longer one has more is ignored, and so are unknown types.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "session/reason.h"
#include "session/state.h"

/* Sizes include the terminating 0, and keep bodies free of padding at their end. */
#define CONTROL_PORT_SIZE    32  /* "BBB-P.P.P.P.P.P.P" */
#define CONTROL_GUEST_SIZE   72  /* a guest's name, 64 */
#define CONTROL_CHANNEL_SIZE 288 /* "tcp:" and a host name of 255 */
#define CONTROL_VERSION_SIZE 72  /* of a peer's hello, 64 */
#define CONTROL_NAME_SIZE    256 /* a host name of 255 */
#define CONTROL_KEY_SIZE     128 /* the name of a pre-shared key */
#define CONTROL_MESSAGE_SIZE 256 /* a sentence */
#define CONTROL_UNIT_SIZE    64  /* "usbredir-session@", three numbers, ".service" */

/* How the name of a session's unit begins. */
#define CONTROL_UNIT_PREFIX "usbredir-session@"

/* Room for a body that has grown; no message is longer. */
#define CONTROL_BODY_MAX 4096

/* An open device node, a guest's socket, TLS files, and room for what a later version adds. */
#define CONTROL_FDS_MAX   8
#define CONTROL_FILES_MAX 3

enum control_side {
        CONTROL_DAEMON,
        CONTROL_SESSION,
};

/* clang-format off */
/*        message      number  sender   body */
#define CONTROL_MESSAGES(M) \
        M(START,       1,      DAEMON,  order)  /* first and once: this is to be done */ \
        M(END,         2,      DAEMON,  none)   /* return the device and exit */ \
        M(DESCRIBE,    3,      DAEMON,  none)   /* answered by STATUS, then DESCRIPTION */ \
        M(MEMORY,      4,      DAEMON,  memory) /* the share of usbfs memory from now on */ \
        M(STATUS,      65,     SESSION, status) /* on each change of a state, and when asked */ \
        M(DESCRIPTION, 66,     SESSION, order)  /* what START said */ \
        M(ENDED,       67,     SESSION, ended)  /* the last one */
/* clang-format on */

enum control_type {
#define CONTROL_TYPE(name, number, sender, body) CONTROL_##name = (number),
        CONTROL_MESSAGES(CONTROL_TYPE)
#undef CONTROL_TYPE
};

enum control_purpose {
        CONTROL_REDIRECT = 1, /* the device to the guest, until told to end */
        CONTROL_RETURN = 2,   /* a device that a dead session had: back to the host's drivers */
        CONTROL_HOLD = 3,     /* a device whose port is claimed: the host's drivers leave it */
};

enum {
        CONTROL_NO_RESET = 1 << 0,     /* never reset the device */
        CONTROL_BY_HAND = 1 << 1,      /* not the session's business; kept for the daemon */
        CONTROL_NODE_BY_PATH = 1 << 2, /* no node is passed: open it by bus and address */
        CONTROL_ACCEPTED = 1 << 3,     /* the guest has dialled in: we are the server of TLS */
        CONTROL_KTLS = 1 << 4,         /* what is sent is encrypted by the kernel, if it can */
};

/* How the guest is talked to, and the files that come with that. */
enum control_tls {
        CONTROL_CLEAR = 0,
        CONTROL_X509 = 1,           /* the certificates that we trust */
        CONTROL_X509_CERTIFIED = 2, /* the same, our certificate, its key */
        CONTROL_PSK = 3,            /* pre-shared keys, as QEMU's keys.psk */
};

/*
 * daemon -> session, with the open device node (unless BY_PATH), TLS files and the guest's socket,
 * if any. The socket is the last: a session that knew nothing of TLS would take a file for it and
 * fail, and not go on in clear text.
 */
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
        uint8_t configuration; /* RETURN: to be restored; REDIRECT: if it has none; 0: leave it */
        uint8_t reserved;
        char port[CONTROL_PORT_SIZE];
        char guest[CONTROL_GUEST_SIZE];
        char channel[CONTROL_CHANNEL_SIZE];
        uint32_t tls;              /* enum control_tls */
        uint32_t user_timeout_sec; /* an answer of TCP's is due for so long: gone; 0: never */
        char peer_name[CONTROL_NAME_SIZE];   /* X509: host name or address in its certificate */
        char psk_identity[CONTROL_KEY_SIZE]; /* PSK: which key */
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
        char unit[CONTROL_UNIT_SIZE]; /* systemd's, or "" */
        uint64_t packets_dropped;     /* isochronous ones, that the guest did not take in time */
};

struct control_memory {
        uint32_t usbfs_memory; /* in bytes */
};

struct control_ended {
        uint32_t reason;   /* enum session_reason */
        uint32_t returned; /* given back to the host, or never taken */
        char message[CONTROL_MESSAGE_SIZE];
};

/* A message without one has an empty body. */
struct control_none {
};

struct control_message {
        enum control_type type;
        union {
                struct control_order order;
                struct control_status status;
                struct control_memory memory;
                struct control_ended ended;
                struct control_none none;
        };
};

/* What comes with an order; -1: none. */
struct control_fds {
        int node, guest;
        int files[CONTROL_FILES_MAX]; /* in the order of enum control_tls */
};

#define CONTROL_NO_FDS                                                                             \
        {                                                                                          \
                .node = -1, .guest = -1, .files = { -1, -1, -1 }                                   \
        }

void control_fds_close(struct control_fds *fds);

/* Is that the descriptor of a socket such as messages go through? */
bool control_is_socket(int fd);

/*
 * Sends a message, with copies of these descriptors; does not wait. Returns 0 or a negative errno:
 * -EAGAIN if the peer has not read what came before, -EPIPE if it is gone.
 */
int control_send(int fd, const struct control_message *message, const int *fds, size_t n_fds);

/* The same for START, with those of the descriptors that belong to the order. */
int control_send_order(int fd, const struct control_order *order, const struct control_fds *fds);

/*
 * Receives a message from that side; does not wait. Texts are terminated, states, reasons and
 * other numbers of ours are in their range; texts are not checked for what they say. What comes
 * with a START is the caller's; other descriptors are closed. Returns 0 or
 *
 *      -EAGAIN   nothing is there
 *      -ENOMSG   it was of a type that we do not know: to be ignored
 *      -EPIPE    the peer has closed
 *      -EBADMSG  it was no message of that side's: the peer is not to be listened to any more
 *
 * or another errno of the socket. *ret_fds is set with a START only, and may be NULL where none can
 * come.
 */
int control_receive(int fd, enum control_side sender, struct control_message *ret,
                    struct control_fds *ret_fds);

/* Does a device node come with that order; a guest's socket; how many files? */
bool control_order_has_node(const struct control_order *order);
bool control_order_has_guest(const struct control_order *order);
size_t control_order_files(const struct control_order *order);

/* "connect_device_version" for a single bit of peer_caps; NULL if unknown. */
const char *control_capability(uint32_t bit);
