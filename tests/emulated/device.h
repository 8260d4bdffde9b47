#pragma once
/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * An emulated USB device, and the kernel's side of it: what a test describes, may break, may ask.
 *
 * A device is plugged into a testbed (testbed.h), whose thread answers the usbfs ioctls. Every
 * function here may be called from any thread, except from inside the device's own callbacks,
 * which run with the device locked.
 */
#include <errno.h>
#include <linux/usb/ch9.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "util/cleanup.h"

struct emulated_device;

enum {
        EMULATED_CONFIGURATIONS_MAX = 4,
        EMULATED_INTERFACES_MAX = 32,
        EMULATED_STRINGS_MAX = 8,
        /* A callback's answer: not now. Asked again when anything changed at the device. */
        EMULATED_NAK = -EAGAIN,
        EMULATED_STALL = -EPIPE,
        EMULATED_ALL_ENDPOINTS = -1,
        EMULATED_FOREVER = 0,
};

/*
 * What the device does. A transfer callback gets the room of an IN transfer or the data of an OUT
 * transfer and returns the bytes transferred, EMULATED_NAK, EMULATED_STALL, or another negative
 * errno as the status of the URB. A stalled endpoint answers -EPIPE by itself until its halt is
 * cleared. Each callback may be NULL; transfers then stall.
 */
struct emulated_ops {
        /* Class and vendor requests, and standard ones nobody else knows. */
        int (*control)(struct emulated_device *device, const struct usb_ctrlrequest *setup,
                       uint8_t *data, size_t length);
        int (*bulk)(struct emulated_device *device, uint8_t endpoint, uint8_t *data, size_t length);
        int (*interrupt)(struct emulated_device *device, uint8_t endpoint, uint8_t *data,
                         size_t length);
        void (*on_reset)(struct emulated_device *device);
        void (*on_set_configuration)(struct emulated_device *device, int configuration);
        void (*on_set_interface)(struct emulated_device *device, uint8_t interface, uint8_t alt);
        void (*on_clear_halt)(struct emulated_device *device, uint8_t endpoint);
        /* The kernel driver that takes this interface, NULL for none; by class if not given. */
        const char *(*driver)(struct emulated_device *device,
                              const struct usb_interface_descriptor *interface);
        /* Adds the device's own lines to the report. */
        void (*report)(struct emulated_device *device, FILE *file);
};

/* All that is pointed to outlives the device. */
struct emulated_description {
        const char *port; /* as in sysfs: "1-1", "1-1.4" */
        uint8_t busnum;   /* 1 to 9; must be the first number of port */
        uint8_t devnum;   /* 2 to 127 */
        enum usb_device_speed speed;
        const uint8_t *device_descriptor;
        const uint8_t *bos; /* or NULL */
        /* With all that follows each of them; the first is active when plugged in. */
        const uint8_t *configurations[EMULATED_CONFIGURATIONS_MAX];
        /* ASCII, by string descriptor index; [0] is not used. */
        const char *strings[EMULATED_STRINGS_MAX];
        const struct emulated_ops *ops;
        void *owner; /* for the callbacks */
};

int emulated_device_new(struct emulated_device **ret,
                        const struct emulated_description *description);

/* Only after the testbed is freed. */
struct emulated_device *emulated_device_free(struct emulated_device *device);
DEFINE_CLEANUP(struct emulated_device, emulated_device_free)

const struct emulated_description *emulated_description(const struct emulated_device *device);

/* Told in plain words of each thing that happens; called with the device locked. */
void emulated_watch(struct emulated_device *device,
                    void (*on_event)(void *userdata, const char *text), void *userdata);

/*
 * From the outside, around touching what the callbacks touch. The unlocking lets the NAKed
 * transfers try again.
 */
void emulated_lock(struct emulated_device *device);
void emulated_unlock(struct emulated_device *device);

/*
 * Makes an ioctl fail: the first after_n calls from now pass, the next "times" calls fail with
 * this errno (EMULATED_FOREVER: all of them). The name is the ioctl's without USBDEVFS_
 * ("CLAIMINTERFACE"), or "DISCONNECT", "CONNECT", or "URB" for URBs that complete with -errno
 * without the device seeing them, "URB-81" for those of one endpoint.
 * -EINVAL: no such name, or error is not a positive errno. "OPEN" is counted, but cannot fail.
 */
int emulated_fail(struct emulated_device *device, const char *name, int error, unsigned after_n,
                  unsigned times);

/* The same as text: "NAME=ERRNO[@N[xTIMES]]", the N-th (1) call and those behind it (1). */
int emulated_fail_text(struct emulated_device *device, const char *text);

/* Pulls the device out: sysfs and node vanish, URBs complete with -ESHUTDOWN, ioctls get ENODEV. */
void emulated_unplug(struct emulated_device *device);

/* Waits for a condition, looked at with the device locked. False: not within this time. */
bool emulated_wait(struct emulated_device *device,
                   bool (*is_so)(struct emulated_device *device, void *userdata), void *userdata,
                   unsigned milliseconds);

/* Waits for at least so many URBs in flight at an endpoint, or for none, or at all endpoints. */
bool emulated_wait_in_flight(struct emulated_device *device, int endpoint, size_t count,
                             unsigned milliseconds);
bool emulated_wait_idle(struct emulated_device *device, int endpoint, unsigned milliseconds);

/* Waits until an ioctl (names as for emulated_fail) was called so often since the beginning. */
bool emulated_wait_count(struct emulated_device *device, const char *name, unsigned count,
                         unsigned milliseconds);

/* Waits until nobody has the node open. */
bool emulated_wait_closed(struct emulated_device *device, unsigned milliseconds);

bool emulated_is_plugged(struct emulated_device *device);
int emulated_configuration(struct emulated_device *device); /* bConfigurationValue, 0 for none */
int emulated_alt_setting(struct emulated_device *device, uint8_t interface);    /* or -ENOENT */
const char *emulated_driver(struct emulated_device *device, uint8_t interface); /* NULL: unbound */
bool emulated_is_claimed(struct emulated_device *device, uint8_t interface);    /* through usbfs */
bool emulated_is_halted(struct emulated_device *device, uint8_t endpoint);
size_t emulated_in_flight(struct emulated_device *device, int endpoint);
size_t emulated_abandoned(struct emulated_device *device); /* URBs still in flight at close */
size_t emulated_clients(struct emulated_device *device);   /* open descriptors */
unsigned emulated_count(struct emulated_device *device, const char *name);

/* The state as "key=value" lines. */
void emulated_report(struct emulated_device *device, FILE *file);
