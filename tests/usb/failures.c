/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The table. libusb has words for EBUSY and ENODEV, for ENOMEM when a bulk or interrupt URB is
 * submitted, and for EPIPE as the end of a URB; everything else is -EIO, or FAILED.
 *
 * Almost every row ends with the device as it was found. The last of a release are the exception:
 * when the very ioctl that attaches a driver, or restores the configuration, fails, there
 * is nobody left to try again; what can be attached without it is.
 */
#include "usb/failures.h"

#include <errno.h>

const struct bed_state left_states[LEFT_COUNT] = {
        [ATTACHED] = { .bound = BED_ALL, .configuration = 1 },
        [HELD] = { .claimed = BED_ALL, .configuration = 1 },
        [HELD_ALT] = { .claimed = BED_ALL, .configuration = 1, .alt = 1 },
        [HELD_2] = { .claimed = 1, .configuration = 2 },
        [DETACHED] = { .configuration = 1 },
        [ONLY_0] = { .bound = 1, .configuration = 1 },
        [ONLY_1] = { .bound = 2, .configuration = 1 },
        [ATTACHED_2] = { .bound = 1, .configuration = 2 },
};

const enum left verb_leaves[VERB_COUNT] = {
        [OPEN] = ATTACHED,      [CLAIM] = HELD,       [SET_CONFIGURATION] = HELD_2,
        [SET_ALT] = HELD_ALT,   [RESET] = HELD,       [CLEAR_HALT] = HELD,
        [CONTROL_IN] = HELD,    [CONTROL_OUT] = HELD, [CONTROL_NONE] = HELD,
        [BULK_IN] = HELD,       [BULK_OUT] = HELD,    [INTERRUPT_IN] = HELD,
        [INTERRUPT_OUT] = HELD, [CANCEL] = HELD,      [RELEASE] = ATTACHED,
        [RESTORE] = ATTACHED,
};

/* clang-format off */
#define NO_MATTER { 0 }
#define ALL(r)    { r, r, r, r, r, r }
#define LOST      ALL(-ENODEV)
/*                  EBUSY   EACCES ENODEV   EPIPE ENOMEM EIO */
#define TOLD      { -EBUSY, -EIO,  -ENODEV, -EIO, -EIO,  -EIO }
#define NO_BUSY   { -EIO,   -EIO,  -ENODEV, -EIO, -EIO,  -EIO }
/* In a release a device that is gone is no error, nor is a driver that is there already. */
#define RETURNING { -EBUSY, -EIO,  0,       -EIO, -EIO,  -EIO }
#define UNRESET   { -EIO,   -EIO,  0,       -EIO, -EIO,  -EIO }
#define ATTACHING { 0,      -EIO,  0,       -EIO, -EIO,  -EIO }
#define REFUSED   { -EIO,   -EIO,  -ENODEV, -EIO, -ENOMEM, -EIO }
#define ENDED     { USB_STATUS_FAILED, USB_STATUS_FAILED, USB_STATUS_FAILED, \
                    USB_STATUS_STALL, USB_STATUS_FAILED, USB_STATUS_FAILED }

/* A completed URB stays to be reaped: a failure of REAPURBNDELAY only delays it. */
#define TRANSFER(verb, submission)                         \
        { verb, "SUBMITURB",     0, submission, HELD },    \
        { verb, "REAPURBNDELAY", 0, NO_MATTER,  HELD },    \
        { verb, "URB",           0, ENDED,      HELD }

const struct failure failures[] = {
        /* libusb does without the capabilities. */
        { OPEN, "GET_CAPABILITIES", 0, NO_MATTER, ATTACHED },

        { CLAIM, "DISCONNECT_CLAIM", 0, TOLD,      ATTACHED },
        { CLAIM, "DISCONNECT_CLAIM", 1, TOLD,      ATTACHED }, /* with interface 0 claimed */
        { CLAIM, "RELEASEINTERFACE", 0, NO_MATTER, HELD }, /* around the reset, by libusb again */
        { CLAIM, "RELEASEINTERFACE", 1, NO_MATTER, HELD },
        { CLAIM, "RESET",            0, { 0, 0, -ESTALE, 0, 0, 0 }, HELD, ATTACHED },
        { CLAIM, "DISCONNECT_CLAIM", 2, ALL(-ESTALE), ATTACHED }, /* after the reset */
        { CLAIM, "DISCONNECT_CLAIM", 3, ALL(-ESTALE), ATTACHED },

        /* What is still claimed makes the kernel refuse the configuration. */
        { SET_CONFIGURATION, "RELEASEINTERFACE", 0, ALL(-EBUSY), HELD },
        { SET_CONFIGURATION, "RELEASEINTERFACE", 1, ALL(-EBUSY), HELD },
        { SET_CONFIGURATION, "SETCONFIGURATION", 0, TOLD,        HELD },
        { SET_CONFIGURATION, "DISCONNECT_CLAIM", 0, LOST,        ATTACHED_2 },

        { SET_ALT, "SETINTERFACE", 0, NO_BUSY, HELD },

        { RESET, "RELEASEINTERFACE", 0, NO_MATTER, HELD },
        { RESET, "RELEASEINTERFACE", 1, NO_MATTER, HELD },
        { RESET, "RESET",            0, NO_BUSY,   HELD, DETACHED },
        { RESET, "DISCONNECT_CLAIM", 0, LOST,      DETACHED },
        { RESET, "DISCONNECT_CLAIM", 1, LOST,      DETACHED },

        { CLEAR_HALT, "CLEAR_HALT", 0, NO_BUSY, HELD },

        /* libusb tells of no memory for control as of any error. */
        TRANSFER(CONTROL_IN, NO_BUSY),
        TRANSFER(CONTROL_OUT, NO_BUSY),
        TRANSFER(CONTROL_NONE, NO_BUSY),
        TRANSFER(BULK_IN, REFUSED),
        TRANSFER(BULK_OUT, REFUSED),
        TRANSFER(INTERRUPT_IN, REFUSED),
        TRANSFER(INTERRUPT_OUT, REFUSED),

        /* What cannot be discarded stays out, and ends with the release of its interface. */
        { CANCEL, "DISCARDURB",    0, ALL(1),    HELD },
        { CANCEL, "REAPURBNDELAY", 0, NO_MATTER, HELD },

        { RELEASE, "RELEASEINTERFACE", 0, NO_MATTER, ATTACHED },
        { RELEASE, "RELEASEINTERFACE", 1, NO_MATTER, ATTACHED },
        { RELEASE, "RESET",            0, UNRESET,   ATTACHED },
        /* Attaching itself: the other interface gets its driver. IOCTL is what carries CONNECT. */
        { RELEASE, "IOCTL",   0, ATTACHING, ONLY_1, .end = ONLY_1 },
        { RELEASE, "IOCTL",   1, ATTACHING, ONLY_0, .end = ONLY_0 },
        { RELEASE, "CONNECT", 0, ATTACHING, ONLY_1, .end = ONLY_1 },
        { RELEASE, "CONNECT", 1, ATTACHING, ONLY_0, .end = ONLY_0 },

        { RESTORE, "RELEASEINTERFACE", 0, NO_MATTER, ATTACHED },
        { RESTORE, "RESET",            0, UNRESET,   ATTACHED },
        /* In this case there is no driver to detach. IOCTL is what carries DISCONNECT. */
        { RESTORE, "GETDRIVER",        0, NO_MATTER, ATTACHED },
        { RESTORE, "IOCTL",            0, NO_MATTER, ATTACHED },
        { RESTORE, "DISCONNECT",       0, NO_MATTER, ATTACHED },
        /* Restoring itself: the configuration that stays gets its driver. */
        { RESTORE, "SETCONFIGURATION", 0, RETURNING, ATTACHED_2, .end = ATTACHED_2 },
};
/* clang-format on */

const size_t failure_count = sizeof(failures) / sizeof(failures[0]);
