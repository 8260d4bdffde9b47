#pragma once
/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The usbfs ioctls that are answered, named as linux/usbdevice_fs.h names them without USBDEVFS_.
 * Counts, faults and the report go by these names.
 */

#define USBFS_IOCTLS(I)                                                                            \
        I(GET_CAPABILITIES)                                                                        \
        I(GET_SPEED)                                                                               \
        I(CONNECTINFO)                                                                             \
        I(CLAIMINTERFACE)                                                                          \
        I(RELEASEINTERFACE)                                                                        \
        I(GETDRIVER)                                                                               \
        I(IOCTL)                                                                                   \
        I(DISCONNECT_CLAIM)                                                                        \
        I(SETCONFIGURATION)                                                                        \
        I(SETINTERFACE)                                                                            \
        I(RESET)                                                                                   \
        I(CLEAR_HALT)                                                                              \
        I(CONTROL)                                                                                 \
        I(SUBMITURB)                                                                               \
        I(REAPURB)                                                                                 \
        I(REAPURBNDELAY)                                                                           \
        I(DISCARDURB)                                                                              \
        I(ALLOC_STREAMS)                                                                           \
        I(FREE_STREAMS)

/*
 * Not ioctls of their own, but counted by a name: what IOCTL asks of the kernel driver, an opening
 * of the node, and a URB that was accepted.
 */
#define USBFS_EVENTS(I)                                                                            \
        I(DISCONNECT)                                                                              \
        I(CONNECT)                                                                                 \
        I(OPEN)                                                                                    \
        I(URB)

enum usbfs_call {
#define I(name) CALL_##name,
        USBFS_IOCTLS(I) USBFS_EVENTS(I)
#undef I
                USBFS_CALL_COUNT
};
