#pragma once
/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the files of the emulation share and tests do not see: the device with all its state.
 * Everything in it is protected by its lock.
 */
#include <linux/usbdevice_fs.h>
#include <pthread.h>
#include <sys/ioctl.h>
#include <sys/queue.h>

#include "emulated/device.h"
#include "emulated/ioctls.h"

/* GLib has its own; where its headers came before, ours are meant. */
#undef MIN
#undef MAX
#include "util/macro.h"

struct emulated_client;

/* A URB between SUBMITURB and the REAPURB that hands it back. */
struct emulated_urb {
        TAILQ_ENTRY(emulated_urb) link;
        struct emulated_client *client;
        unsigned long address; /* in the client's memory */
        uint8_t type;          /* USBDEVFS_URB_TYPE_ */
        uint8_t endpoint;
        struct usb_ctrlrequest setup; /* of a control URB */
        uint8_t *data;                /* what was sent, or room for what is received */
        size_t length;
        size_t actual;
        int fault; /* injected: the status it completes with, 0 for none */
        int status;
        void *memory; /* how usbfs.c reaches the client's URB */
};
TAILQ_HEAD(emulated_urbs, emulated_urb);

/* One open descriptor of the node. */
struct emulated_client {
        TAILQ_ENTRY(emulated_client) link;
        struct emulated_device *device;
        struct emulated_urbs completed; /* to be reaped, the oldest first */
        void *connection;               /* of usbfs.c: umockdev's side of it */
        void *waiting;                  /* of usbfs.c: inside a REAPURB that found nothing */
        size_t read_offset;
};

struct emulated_interface {
        struct emulated_client *claimed_by;
        const char *driver; /* never together with claimed_by */
        uint8_t alt;
};

struct emulated_fault {
        TAILQ_ENTRY(emulated_fault) link;
        enum usbfs_call call;
        int endpoint; /* of "URB-81"; EMULATED_ALL_ENDPOINTS */
        int error;
        unsigned after;
        unsigned times; /* EMULATED_FOREVER */
};

/* What the testbed does when the state changes. Called with the device locked. */
struct emulated_hooks {
        void (*on_interface_added)(void *userdata, uint8_t interface);
        void (*on_interface_gone)(void *userdata, uint8_t interface); /* still in configuration */
        void (*on_driver)(void *userdata, uint8_t interface);         /* kernel_driver() changed */
        void (*on_alt_setting)(void *userdata, uint8_t interface);
        void (*on_configuration)(void *userdata);
        void (*on_unplug)(void *userdata);
        /* There is something to reap, or nothing any more. */
        void (*on_reapable)(void *userdata, bool reapable);
};

struct emulated_device {
        pthread_mutex_t lock;
        pthread_cond_t changed;
        struct emulated_description description;

        const struct emulated_hooks *hooks;
        void *hooks_userdata;
        void (*on_event)(void *userdata, const char *text);
        void *event_userdata;

        bool plugged;
        const uint8_t *configuration; /* NULL: not configured */
        struct emulated_interface interfaces[EMULATED_INTERFACES_MAX];
        uint32_t halted; /* a bit for each endpoint, see endpoint_bit() */

        TAILQ_HEAD(, emulated_client) clients;
        struct emulated_urbs in_flight; /* of all endpoints, as they were submitted */
        size_t memory;                  /* bytes held by URBs */
        size_t abandoned;

        unsigned counts[USBFS_CALL_COUNT];
        TAILQ_HEAD(, emulated_fault) faults;
};

static inline uint32_t endpoint_bit(uint8_t endpoint)
{
        return 1U << ((endpoint & USB_DIR_IN) >> 3 | (endpoint & USB_ENDPOINT_NUMBER_MASK));
}

/* device.c: the string of a descriptor's index, NULL for none. */
const char *emulated_string(const struct emulated_device *device, uint8_t index);
void device_event(struct emulated_device *device, const char *format, ...) PRINTF(2, 3);

/* fault.c: counts a call; 0, or the negative errno it is to fail with. */
int fault_count(struct emulated_device *device, enum usbfs_call call, uint8_t endpoint);
int fault_find_call(const char *name, enum usbfs_call *ret_call, int *ret_endpoint);
const char *fault_call_name(enum usbfs_call call);
